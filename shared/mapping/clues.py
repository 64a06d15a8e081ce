"""The conditions that a first roles.yaml may use, and which instances of a fleet meet each. Pure.

A set of instances is a number: bit N is the instance at place N, so that two conditions are joined in one step. What names one
instance alone is no clue: ids, times, addresses, tags of which most instances have a value of their own, whole names.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from shared.mapping.conditions import TAG, Has, Not, tag
from shared.model.instance import DISPLACED_TAG, Instance

Members = int
"""A set of instances as bits."""
Atom = Has | Not

COST = {"tags": 10, "vpc": 30, "resource_group": 30, "name": 60, "zone": 60, "instance_type": 60, "image": 60}
"""The price of asking for something, in tenths of a tag's value: what people choose to say what an instance is for is cheap, what changes
with the machine is dear."""
MORE_VALUES, THERE, NOT_THERE = 3, 15, 40
"""Added to the price for each further value of a list, for asking whether a tag is there, and for asking that something is not so: a rule
that gives a role by what is not there gives it to whatever is made next."""
MOST_TEXT = 128
MOST_VALUES = 300
"""Of one subject."""
OWN = {DISPLACED_TAG, "rolekeeper", "ram-role-until"}
SHARED_BY = 2
"""Instances that a value must have at least, on average, to say something about more than one."""

_UNIQUE = re.compile(
    r"(?i)(?:i|eni|d|s|ami|m|asg|lb)-[a-z0-9]{6,}|[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}|\d{1,3}(?:\.\d{1,3}){3}(?:/\d+)?|\d{4}-\d\d-\d\d.*|\d{6,}"
)
_PREFIX = re.compile(r"[-_.]")


class Clue(msgspec.Struct, frozen=True, kw_only=True):
    """A condition about one subject. met: who meets it. alone: whether it may be a rule's only condition."""

    subject: str
    condition: Atom
    cost: int
    met: Members
    alone: bool = True


def is_text(text: str) -> bool:
    """Return whether the text can stand in a condition and mean itself."""
    return 0 < len(text) <= MOST_TEXT and text.isprintable() and text == text.strip() and not {"*", "?"} & set(text)


class Fleet:
    """Instances, and who has which value."""

    def __init__(self, instances: Sequence[Instance]) -> None:
        self.everyone: Members = (1 << len(instances)) - 1
        self.spelling: Mapping[str, str] = _spelling(instances)
        self.holders = _gathered((instance.role, place) for place, instance in enumerate(instances) if instance.role)
        found = _values(instances)
        self._there = {subject: _bits([place for _, place in values]) for subject, values in found.items()}
        self.values = {subject: _gathered(_telling(subject, values)) for subject, values in found.items()}
        self.clues = tuple(self._clues())

    def subjects(self) -> Iterator[str]:
        """Yield those of which several values can stand in one list."""
        yield from (subject for subject in sorted(self.values) if subject != "name")

    def _clues(self) -> Iterator[Clue]:
        for subject, there in sorted(self._there.items()):
            kind = "tags" if subject.startswith(TAG) else subject
            for value, met in sorted(self.values[subject].items()):
                one = f"{value}*" if subject == "name" else value
                if met != self.everyone:
                    has = Has(subject, (one,))
                    yield Clue(subject=subject, condition=has, cost=COST[kind], met=met)
                    if kind == "tags":
                        cost = COST[kind] + NOT_THERE
                        yield Clue(
                            subject=subject, condition=Not(has), cost=cost, met=self.everyone & ~met, alone=False
                        )
            if kind == "tags" and there != self.everyone:
                has = Has(subject, ("*",))
                yield Clue(subject=subject, condition=has, cost=COST[kind] + THERE, met=there)
                cost = COST[kind] + NOT_THERE
                yield Clue(subject=subject, condition=Not(has), cost=cost, met=self.everyone & ~there, alone=False)


def in_list(subject: str, values: Mapping[str, Members]) -> Clue:
    """Return the condition that the subject has one of these values."""
    cost = COST["tags" if subject.startswith(TAG) else subject] + MORE_VALUES * (len(values) - 1)
    return Clue(subject=subject, condition=Has(subject, tuple(sorted(values))), cost=cost, met=_union(values.values()))


def _values(instances: Sequence[Instance]) -> Mapping[str, list[tuple[str, int]]]:
    """Return each subject's values with the places of the instances that have them; a name has several beginnings."""
    found: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for place, instance in enumerate(instances):
        for key, value in instance.tags.items():
            if is_text(key) and key.lower() not in OWN and not key.lower().startswith(("acs:", "aliyun")):
                found[tag(key)].append((value, place))
        for name in COST:
            if name not in ("tags", "name") and (value := getattr(instance, name)):
                found[name].append((value, place))
        for beginning in _beginnings(instance.name):
            found["name"].append((beginning, place))
    return found


def _telling(subject: str, values: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """Yield the values that say something about more than one instance: the most frequent ones, so that memory is bounded."""
    counted = Counter(value for value, _ in values)
    is_tag = subject.startswith(TAG)
    if is_tag and len(counted) * SHARED_BY > len(values):
        return
    usable = [
        value
        for value in counted
        if (is_tag or counted[value] >= SHARED_BY) and is_text(value) and not _UNIQUE.fullmatch(value)
    ]
    kept = set(sorted(usable, key=lambda value: (-counted[value], value))[:MOST_VALUES])
    yield from (pair for pair in values if pair[0] in kept)


def _beginnings(name: str) -> Iterator[str]:
    """Yield what stands before each separator, with it: `web-prod-01` has `web-` and `web-prod-`."""
    yield from (name[: at.end()] for at in _PREFIX.finditer(name) if at.start() >= 2 and at.end() < len(name))


def _gathered(values: Iterable[tuple[str, int]]) -> dict[str, Members]:
    places: defaultdict[str, list[int]] = defaultdict(list)
    for value, place in values:
        places[value].append(place)
    return {value: _bits(of_value) for value, of_value in places.items()}


def _bits(places: Sequence[int]) -> Members:
    made = bytearray(max(places) // 8 + 1)
    for place in places:
        made[place // 8] |= 1 << place % 8
    return int.from_bytes(made, "little")


def _union(sets: Iterable[Members]) -> Members:
    found = 0
    for members in sets:
        found |= members
    return found


def _spelling(instances: Sequence[Instance]) -> dict[str, str]:
    """Return how most instances write each tag's key: rules do not tell cases apart, people do."""
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for instance in instances:
        for key in instance.tags:
            counted[tag(key)][key] += 1
    return {subject: min(keys, key=lambda key: (-keys[key], key)) for subject, keys in counted.items()}
