"""Conditions in words: what each asks, and what it met. Prints nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.view.examples import quoted
from shared.mapping.conditions import TAG, AnyOf, Has, Not
from shared.mapping.near_misses import Near, likely, together
from shared.mapping.trace import Asked, Trace

MOST_VALUES = 6
"""Values of one condition that are named."""
MOST_LACKS = 3


def subject_words(subject: str) -> str:
    if subject == "http_tokens":
        return "HttpTokens (imdsv2)"
    return f"tag {quoted(subject[len(TAG) :])}" if subject.startswith(TAG) else subject


def values_words(globs: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or 7 more`."""
    named = [quoted(glob) for glob in globs[:MOST_VALUES]]
    named += [f"{len(globs) - MOST_VALUES} more"] if len(globs) > MOST_VALUES else []
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} or {named[-1]}"


def test_words(asked: Asked) -> str:
    """Return a single test and what it met: `tag env is prod: it is dev`."""
    test, asks = _test(asked)
    return f"{subject_words(test.subject)} is {asks}: {_met(_bare(asked)[0])}"


def lack_words(asked: Asked) -> str:
    """Return what an instance lacks to meet a condition: `tag env is dev (wanted: prod)`."""
    inner, turned = _bare(asked)
    if isinstance(inner.condition, Has):
        test, asks = _test(asked)
        met = "not there" if inner.value is None else quoted(inner.value)
        wanted = "" if asks == "there" else f" (wanted: {asks})"
        return f"{subject_words(test.subject)} is {met}{wanted}"
    parts = [lack_words(part) for part in inner.parts if part.met is turned and _single(part)]
    lacks = parts[:MOST_LACKS] + [f"{len(parts) - MOST_LACKS} more"] * (len(parts) > MOST_LACKS)
    return (
        f"{heading(inner, turned)} must hold: {'; '.join(lacks)}"
        if lacks and not turned
        else f"{heading(inner, turned)} of its conditions"
    )


def _bare(asked: Asked) -> tuple[Asked, bool]:
    """Return the condition inside of any `not`, and whether they turn it around."""
    turned = False
    while isinstance(asked.condition, Not):
        asked, turned = asked.parts[0], not turned
    return asked, turned


def _single(asked: Asked) -> bool:
    return isinstance(_bare(asked)[0].condition, Has)


def _test(asked: Asked) -> tuple[Has, str]:
    inner, turned = _bare(asked)
    assert isinstance(inner.condition, Has)
    there = "*" in inner.condition.globs
    return inner.condition, f"{'not ' if turned else ''}{'there' if there else values_words(inner.condition.globs)}"


def _met(asked: Asked) -> str:
    return "it is not there" if asked.value is None else f"it is {quoted(asked.value)}"


def heading(asked: Asked, turned: bool) -> str:
    """Return the words over a group of conditions. turned: there is a `not` before it."""
    if isinstance(asked.condition, AnyOf):
        return "none of these" if turned else "any of these"
    return "not all of these" if turned else "all of these"


def asked_lines(asked: Asked, traced: Trace, indent: str = "   ") -> Iterator[tuple[str, bool]]:
    """Yield a line for each condition, and whether it is nearly met. A group of several is a line and those in it, further in."""
    parts = together(asked)
    for part in parts:
        yield from _lines(part, traced, indent, wanted=True)
    if not parts:
        yield f"{indent}yes  no condition: it matches every instance", False


def _lines(asked: Asked, traced: Trace, indent: str, *, wanted: bool) -> Iterator[tuple[str, bool]]:
    mark = "yes" if asked.met else "no "
    inner, turned = _bare(asked)
    if isinstance(inner.condition, Has):
        found = likely(inner, traced) if wanted and not turned and not inner.met else None
        near = f" ({likeness_words(found)})" if found else ""
        yield f"{indent}{mark}  {test_words(asked)}{near}", bool(near)
        return
    yield f"{indent}{mark}  {heading(inner, turned)}:", False
    for part in inner.parts:
        yield from _lines(part, traced, indent + "     ", wanted=wanted is not turned)


def near_words(near: Near) -> str:
    """Return what a test asks, what it met, and how the two differ."""
    if near.key:
        return f"tag {quoted(near.key)} is {quoted(near.value)}, and {subject_words(near.test.subject)} is wanted ({likeness_words(near)})"
    wanted = values_words(near.test.globs)
    return f"{subject_words(near.test.subject)} is {quoted(near.value)} (wanted: {wanted}; {likeness_words(near)})"


def likeness_words(near: Near) -> str:
    which = f"key {quoted(near.key)}" if near.key else "it"
    other = quoted(near.glob)
    if near.likeness == "spelling":
        return f"{which} is spelt nearly as {other}"
    if near.likeness == "several of these":
        return f"{which} reads nearly as {other}: case, blanks, separators or look-alike characters differ"
    return f"{which} differs from {other} in {near.likeness} alone"
