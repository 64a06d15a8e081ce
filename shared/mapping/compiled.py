"""Conditions compiled to closures: the quick form, for a hundred thousand instances. Must mean what solve.py means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter

from shared.mapping.conditions import TAG, AllOf, Condition, Has, Not
from shared.mapping.globs import is_literal, matcher
from shared.model.instance import Instance

Predicate = Callable[[Instance, Mapping[str, str]], bool]
"""(instance, its tags with keys in lower case) -> whether the condition holds."""


def compile_condition(condition: Condition) -> Predicate:
    if isinstance(condition, Has):
        return _tag(condition) if condition.subject.startswith(TAG) else _attribute(condition)
    if isinstance(condition, Not):
        part = compile_condition(condition.part)
        return lambda instance, tags: not part(instance, tags)
    parts = [compile_condition(part) for part in condition.parts]
    if len(parts) == 1:
        return parts[0]
    return _every(parts) if isinstance(condition, AllOf) else _some(parts)


def _tag(test: Has) -> Predicate:
    key, matches = test.subject[len(TAG) :], matcher(test.globs)
    if len(test.globs) == 1 and is_literal(test.globs[0]):
        literal = test.globs[0]
        return lambda instance, tags: tags.get(key) == literal
    if "*" in test.globs:
        return lambda instance, tags: key in tags

    def tag_matches(instance: Instance, tags: Mapping[str, str]) -> bool:
        value = tags.get(key)
        return value is not None and matches(value)

    return tag_matches


def _attribute(test: Has) -> Predicate:
    attribute, matches = attrgetter(test.subject), matcher(test.globs)

    def attribute_matches(instance: Instance, tags: Mapping[str, str]) -> bool:
        value = attribute(instance)
        return value != "" and matches(value)

    return attribute_matches


def _every(parts: list[Predicate]) -> Predicate:
    def every(instance: Instance, tags: Mapping[str, str]) -> bool:
        for part in parts:  # noqa: SIM110 (all() over a generator takes three times as long)
            if not part(instance, tags):
                return False
        return True

    return every


def _some(parts: list[Predicate]) -> Predicate:
    def some(instance: Instance, tags: Mapping[str, str]) -> bool:
        for part in parts:  # noqa: SIM110
            if part(instance, tags):
                return True
        return False

    return some
