"""Near misses: the rules that an instance would have met but for a letter's case, a blank, a look-alike character, or one condition."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from shared.mapping.characters import plain
from shared.mapping.conditions import TAG, AllOf, Has
from shared.mapping.globs import is_literal, matcher
from shared.mapping.trace import Asked, Trace, TracedRule, leaves
from shared.suggestions import closest

Likeness = Literal["case", "white space", "separators", "look-alike characters", "several of these", "spelling"]
Turn = Callable[[str], str]


class Near(msgspec.Struct, frozen=True):
    """A test that is not met and nearly is. likeness: all in which the value differs from `glob`; key: the tag that the instance has
    in place of the one that is asked for, "" = its key is right."""

    test: Has
    value: str
    glob: str
    likeness: Likeness
    key: str = ""


class NearMiss(msgspec.Struct, frozen=True):
    """A rule that would have matched. unmet: of its conditions that must all be met, those that are not. near: what is nearly met."""

    step: TracedRule
    unmet: tuple[Asked, ...]
    near: tuple[Near, ...]


_DIGITS = re.compile(r"\d+")
_SEPARATORS = re.compile(r"[-_.:/\s]+")


def _despaced(text: str) -> str:
    return "".join(text.split())


def _unseparated(text: str) -> str:
    return _SEPARATORS.sub("", text)


def _all_of_them(text: str) -> str:
    return _unseparated(plain(text)).casefold()


TURNS: tuple[tuple[Likeness, Turn], ...] = (
    ("case", str.casefold),
    ("white space", _despaced),
    ("separators", _unseparated),
    ("look-alike characters", plain),
    ("several of these", _all_of_them),
)
"""Ways in which two texts are one to a reader. A glob's * and ? stay what they are."""


def near_misses(traced: Trace) -> tuple[NearMiss, ...]:
    """Return the rules before the one that decides which the instance nearly met: in all that is not met a near value, or one condition
    of several not met. The nearest come first."""
    found = []
    for step in traced.steps:
        if step.decides:
            break
        unmet = tuple(part for part in together(step.asked) if not part.met)
        near = [tuple(_near(part, traced)) for part in unmet]
        if all(near) or (
            len(unmet) == 1 and any(map(_says_something, (part for part in together(step.asked) if part.met)))
        ):
            found.append(NearMiss(step, unmet, tuple(one for some in near for one in some)))
    return tuple(sorted(found, key=lambda miss: (not miss.near, len(miss.unmet))))


def together(asked: Asked) -> tuple[Asked, ...]:
    """Return the conditions that must all be met."""
    if not isinstance(asked.condition, AllOf):
        return (asked,)
    return tuple(inner for part in asked.parts for inner in together(part))


def _says_something(met: Asked) -> bool:
    """Return whether what is met is on account of what the instance has, and not of what it lacks."""
    return any(wanted and leaf.met for leaf, wanted in leaves(met))


def _near(asked: Asked, traced: Trace) -> Iterator[Near]:
    for leaf, wanted in leaves(asked):
        if wanted and not leaf.met and (found := likely(leaf, traced)):
            yield found


def likely(leaf: Asked, traced: Trace) -> Near | None:
    """Return what was probably intended to meet a single test that is not met."""
    test = leaf.condition
    if not isinstance(test, Has):
        return None
    return _near_value(test, leaf.value) if leaf.value is not None else _near_key(test, traced)


def _near_value(test: Has, value: str, key: str = "") -> Near | None:
    for likeness, turn in TURNS:
        for glob in test.globs:
            if matcher((turn(glob),))(turn(value)):
                return Near(test, value, glob, likeness, key)
    spelt = test.subject.startswith(TAG) or test.subject == "name"  # other attributes are ids, which people copy
    meant = _misspelt(value, [glob for glob in test.globs if is_literal(glob)]) if spelt else ""
    return Near(test, value, meant, "spelling", key) if meant else None


def _misspelt(word: str, known: Sequence[str]) -> str:
    """Return the known word that differs from this one in a letter or two, and in more than its digits; "" = none."""
    letters = [other for other in known if _DIGITS.sub("", other) != _DIGITS.sub("", word)]
    return closest(word, letters, likeness=0.8)


def _near_key(test: Has, traced: Trace) -> Near | None:
    """Find a tag of the instance with a key that reads as the one which is asked for, and a value that is right."""
    if not test.subject.startswith(TAG):
        return None
    wanted, right = test.subject[len(TAG) :], matcher(test.globs)
    for likeness, turn in TURNS:
        for key, value in traced.instance.tags.items():
            if turn(key.lower()) == turn(wanted) and right(value):
                return Near(test, value, wanted, likeness, key)
    others = {key.lower(): key for key, value in traced.instance.tags.items() if right(value)}
    key = _misspelt(wanted, list(others))
    if key and "*" not in test.globs:
        return Near(test, traced.instance.tags[others[key]], wanted, "spelling", others[key])
    return None
