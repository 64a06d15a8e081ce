"""Globs: `*` any text, `?` one character, all else itself ([ too); case matters. Matching, and a value that would match."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable

from shared.mapping.effort import Effort

Globs = tuple[str, ...]
States = frozenset[tuple[str, int]]
"""The progress in each glob: (glob, position in it)."""


def is_literal(glob: str) -> bool:
    return "*" not in glob and "?" not in glob


def matcher(globs: Globs) -> Callable[[str], bool]:
    """Return whether a value matches one of the globs, as quickly as these globs allow."""
    if all(is_literal(glob) for glob in globs):
        return frozenset(globs).__contains__
    if "*" in globs:
        return lambda value: True
    if len(globs) == 1 and globs[0].endswith("*") and is_literal(globs[0][:-1]):
        prefix = globs[0][:-1]
        return lambda value: value.startswith(prefix)
    # fnmatch's own translation never backtracks from one * into another, so no value can make a match slow.
    pattern = re.compile("|".join(fnmatch.translate(glob.replace("[", "[[]")) for glob in globs))
    return lambda value: pattern.match(value) is not None


def example(required: frozenset[Globs], forbidden: frozenset[Globs], empty: bool, effort: Effort) -> str | None:
    """A value that matches one glob of each required set and none of the forbidden; None where there is no such value.

    empty: whether the empty value is one. Raises Undecided where the effort does not suffice.
    """
    literal = next((globs for globs in required if all(map(is_literal, globs))), None)
    if literal is not None:
        wanted = [matcher(globs) for globs in required]
        unwanted = [matcher(globs) for globs in forbidden]
        effort.spend(len(literal) + len(required) + len(forbidden))
        fits = (v for v in literal if all(m(v) for m in wanted) and not any(m(v) for m in unwanted))
        return next((value for value in fits if value or empty), None)
    return _search(
        [_start(globs) for globs in required], _start(g for globs in forbidden for g in globs), empty, effort
    )


def _search(required: list[States], forbidden: States, empty: bool, effort: Effort) -> str | None:
    """Breadth first over the values, told apart only by how far each glob has been read: exact, and it ends."""
    first = (*required, forbidden)
    other = _other_than({char for states in first for glob, _ in states for char in glob})
    seen = {first}
    queue = [("", first)]
    for value, state in queue:  # grows while it is read
        *wanted, unwanted = state
        if (value or empty) and all(_accepts(states) for states in wanted) and not _accepts(unwanted):
            return value
        expected = {glob[at] for states in state for glob, at in states if at < len(glob)} - {"*", "?"}
        for char in (other, *sorted(expected)):
            effort.spend(sum(map(len, state)))
            after = tuple(_step(states, char) for states in state)
            if all(after[:-1]) and (after not in seen or not value):  # the first step leaves the empty value behind
                seen.add(after)
                queue.append((value + char, after))
    return None


def _start(globs: Iterable[str]) -> States:
    return frozenset(state for glob in globs for state in _past_stars(glob, 0))


def _step(states: States, char: str) -> States:
    after: set[tuple[str, int]] = set()
    for glob, at in states:
        if at == len(glob):
            continue
        if glob[at] == "*":
            after.update(_past_stars(glob, at))
        elif glob[at] in (char, "?"):
            after.update(_past_stars(glob, at + 1))
    return frozenset(after)


def _past_stars(glob: str, at: int) -> Iterable[tuple[str, int]]:
    yield glob, at
    while at < len(glob) and glob[at] == "*":
        at += 1
        yield glob, at


def _accepts(states: States) -> bool:
    return any(at == len(glob) for glob, at in states)


def _other_than(chars: set[str]) -> str:
    """A character that no glob names: it stands for all such characters, as globs cannot tell them apart."""
    return next(char for char in map(chr, range(ord("a"), 0x10FFFF)) if char not in chars and char.isprintable())
