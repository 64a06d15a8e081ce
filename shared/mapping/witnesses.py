"""An example instance for each rule, found by the solver: what `rolekeeper test --new` writes as cases. Claims only what was tried."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from shared.mapping.conditions import TAG, Condition, Has, tag
from shared.mapping.contents import Mapping, Rule
from shared.mapping.described import Described
from shared.mapping.effort import Effort, Undecided
from shared.mapping.overlap import MAX_BINDING_EFFORT, Overlap
from shared.mapping.solve import Witness
from shared.model.instance import Desired

BINDINGS_A_ROLE = 5
"""Ways of filling a template that are tried for one role."""
NONE = "no rule matches"
"""The name of the case in which no rule decides."""


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """name: the rule's, or NONE. fields: tags and attributes of the instance. desired: what the mapping wants for it."""

    name: str
    fields: dict[str, Any]
    desired: Desired


def examples(mapping: Mapping) -> Iterator[Example | str]:
    """Yield an instance for each rule, in their order, then one that no rule matches. A text: the name of a rule for which none was found."""
    overlap = Overlap(mapping.rules)
    for index, rule in enumerate(mapping.rules):
        values = _granted(overlap, index, rule, mapping)
        yield rule.name if values is None else _example(rule.name, values, mapping)
    if (values := overlap.past_all()) is not None:
        taken = {rule.name for rule in mapping.rules}
        yield _example(next(name for name in (NONE, f"({NONE})", f"(({NONE}))") if name not in taken), values, mapping)


def _granted(overlap: Overlap, index: int, rule: Rule, mapping: Mapping) -> Witness | None:
    """An instance that also is what the role requires comes first. A template is tried with the tags that give a listed role; where
    none does, with any: it is refused then."""
    for wanted in _wanted(rule, mapping):
        if (values := overlap.through(index, wanted)) is not None:
            return values
    return overlap.through(index)


def _wanted(rule: Rule, mapping: Mapping) -> Iterator[list[Condition]]:
    """Yield what must hold for the rule to give a listed role."""
    if rule.role is None:
        return
    for role in mapping.roles if rule.role.keys else (rule.role.text,):
        required = list(mapping.roles[role].require.values())
        try:
            bindings = list(islice(rule.role.bindings(role, Effort(MAX_BINDING_EFFORT)), BINDINGS_A_ROLE))
        except Undecided:
            continue
        for binding in bindings:
            given = [Has(tag(key), (value,)) for key, value in binding.items()]
            yield [*given, *required]
            if required:
                yield list(given)


def _example(name: str, values: Witness, mapping: Mapping) -> Example:
    desired = _desired(values, mapping)
    for subject, value in values.items():
        longer = {**values, subject: value + "1"}
        if (not value or value.endswith("-")) and _desired(longer, mapping) == desired:
            values = longer  # a value that only begins one, as batch-*, reads better with an end
    return Example(name=name, fields=_fields(values), desired=desired)


def _desired(values: Witness, mapping: Mapping) -> Desired:
    return mapping.desired(Described(_fields(values)).instance())


def _fields(values: Witness) -> dict[str, Any]:
    tags = {subject[len(TAG) :]: value for subject, value in values.items() if subject.startswith(TAG)}
    return {**({"tags": tags} if tags else {}), **{s: v for s, v in values.items() if not s.startswith(TAG)}}
