"""The evaluation of one instance, step by step: each rule in order, each condition with what it asks, the value it met, yes or no.

Nothing is evaluated here a second way: each yes or no is that of the compiled condition, as the functions ask it, and the end is what
Mapping.desired() says.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from shared.mapping.compiled import compile_condition
from shared.mapping.conditions import TAG, Condition, Has, Not
from shared.mapping.contents import Mapping, Rule
from shared.model.instance import Desired, Instance


class Asked(msgspec.Struct, frozen=True):
    """A condition, and whether the instance meets it. value: that a Has met, None = the tag or attribute is not there. parts: of any
    other condition."""

    condition: Condition
    met: bool
    value: str | None = None
    parts: tuple[Asked, ...] = ()


class TracedRule(msgspec.Struct, frozen=True):
    """One rule. decides: it is the first whose conditions are met."""

    rule: Rule
    asked: Asked
    decides: bool

    @property
    def met(self) -> bool:
        return self.asked.met


class Trace(msgspec.Struct, frozen=True):
    """The whole of it. steps: all rules in the order of the file, those after the one that decides too."""

    instance: Instance
    desired: Desired
    steps: tuple[TracedRule, ...]

    @property
    def winner(self) -> TracedRule | None:
        return next((step for step in self.steps if step.decides), None)


def trace(mapping: Mapping, instance: Instance) -> Trace:
    """Return how the mapping comes to what it wants for the instance."""
    desired = mapping.desired(instance)
    tags = {key.lower(): value for key, value in instance.tags.items()}
    steps, decided = list[TracedRule](), False
    for rule in mapping.rules:
        asked = ask(rule.when, instance, tags)
        steps.append(TracedRule(rule, asked, asked.met and not decided))
        decided = decided or asked.met
    return Trace(instance, desired, tuple(steps))


def ask(condition: Condition, instance: Instance, tags: dict[str, str]) -> Asked:
    """Return how the instance meets the condition. tags: its tags, keys in lower case."""
    met = compile_condition(condition)(instance, tags)
    if isinstance(condition, Has):
        return Asked(condition, met, value_of(condition.subject, instance, tags))
    parts = (condition.part,) if isinstance(condition, Not) else condition.parts
    return Asked(condition, met, parts=tuple(ask(part, instance, tags) for part in parts))


def value_of(subject: str, instance: Instance, tags: dict[str, str]) -> str | None:
    """Return the value of a tag or an attribute; None where it is not there."""
    if subject.startswith(TAG):
        return tags.get(subject[len(TAG) :])
    found: str = getattr(instance, subject)
    return found or None


def leaves(asked: Asked, wanted: bool = True) -> Iterator[tuple[Asked, bool]]:
    """Yield each single test, and whether it has to hold for the condition to be met."""
    if isinstance(asked.condition, Has):
        yield asked, wanted
        return
    turned = wanted is not isinstance(asked.condition, Not)
    for part in asked.parts:
        yield from leaves(part, turned)
