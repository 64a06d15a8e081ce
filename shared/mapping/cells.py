"""A mapping cut into cells: a rule and one way in which it treats instances, with the conditions under which it does.

The last cell is that of no rule. That no earlier rule matches is not among a cell's conditions: see comparison.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

import msgspec

from shared.mapping.conditions import ALWAYS, AllOf, AnyOf, Condition, Has, Not, all_of, tag
from shared.mapping.contents import Mapping, Rule
from shared.mapping.effort import Effort, Undecided
from shared.mapping.globs import is_literal
from shared.mapping.role_template import RoleTemplate
from shared.mapping.treatment import IGNORED, REFUSED, Treatment, of_no_rule, of_rule

MAX_BINDINGS = 1_000
MAX_BINDING_EFFORT = 100_000
"""Ways of filling a template that are listed for one role, and steps spent on finding them."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """index: of the rule; one past the last for no rule. also: beside the rule's own conditions; None = too many to be listed.
    template: that gives the role, None = the role is named."""

    index: int
    treatment: Treatment
    also: Condition | None = ALWAYS
    template: RoleTemplate | None = None


def cells(mapping: Mapping) -> tuple[tuple[Cell, ...], ...]:
    """Return the cells of each rule in turn, and last that of no rule."""
    found = [tuple(_cells(mapping, index, rule)) for index, rule in enumerate(mapping.rules)]
    return (*found, (Cell(index=len(mapping.rules), treatment=of_no_rule(mapping)),))


def _cells(mapping: Mapping, index: int, rule: Rule) -> Iterator[Cell]:
    template = rule.role
    if template is None:
        yield Cell(index=index, treatment=IGNORED)
    elif not template.keys:
        yield Cell(index=index, treatment=of_rule(mapping, rule, template.text))
    else:
        for role in mapping.roles:
            also = _gives(template, role)
            if also != AnyOf(()):
                yield Cell(index=index, treatment=of_rule(mapping, rule, role), also=also, template=template)
        yield Cell(index=index, treatment=REFUSED, template=template)


def _gives(template: RoleTemplate, role: str) -> Condition | None:
    """Return the condition under which the template gives the role; None where its ways of being filled are too many."""
    try:
        bindings = list(islice(template.bindings(role, Effort(MAX_BINDING_EFFORT)), MAX_BINDINGS + 1))
    except Undecided:
        return None
    if len(bindings) > MAX_BINDINGS:
        return None
    ways = tuple(filled(binding.items()) for binding in bindings)
    return ways[0] if len(ways) == 1 else AnyOf(ways)


def filled(binding: Iterable[tuple[str, str]]) -> Condition:
    """Return the condition that these tags have these values, so that a template yields one certain text."""
    return all_of(Has(tag(key), (value,)) for key, value in binding)


def same_text(one: RoleTemplate | None, other: RoleTemplate | None) -> bool:
    """Return whether both are templates that yield the same text for each instance."""
    return one is not None and other is not None and (one.literals, one.keys) == (other.literals, other.keys)


def never_both(old: Cell, new: Cell, old_roles: Collection[str], new_roles: Collection[str]) -> bool:
    """Return whether one template on both sides rules it out: it yields the same text for an instance, whatever the file."""
    if not same_text(old.template, new.template):
        return False
    role, then = old.treatment.role, new.treatment.role
    if role and then:
        return role != then
    return (role or then) in (new_roles if role else old_roles)


Values = dict[str, frozenset[str] | None]
"""Subject -> the only values that it may have; None = it is not there."""


def certain(condition: Condition) -> Values:
    """Return what the condition says of single subjects without any choice: less than is true, never more."""
    found: Values = {}
    parts = [condition]
    while parts:
        part = parts.pop()
        if isinstance(part, AllOf):
            parts.extend(part.parts)
        elif isinstance(part, Not) and isinstance(part.part, Has) and "*" in part.part.globs:
            found[part.part.subject] = None
        elif isinstance(part, Has) and all(map(is_literal, part.globs)):
            known = found.get(part.subject, frozenset(part.globs))
            found[part.subject] = known if known is None else known & frozenset(part.globs)
    return found


def clash(one: Values, other: Values) -> bool:
    """Return whether no instance can meet both."""
    fewer, more = sorted((one, other), key=len)
    for subject, allowed in fewer.items():
        if subject in more:
            also = more[subject]
            if (allowed is None) != (also is None) or (allowed and also and not allowed & also):
                return True
    return False
