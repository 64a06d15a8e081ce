"""The shortest list of what would have to change on an instance for a role: found by the solver, proven by evaluating the changed one.

All that stays as it is becomes a constant in the conditions, so that the solver is asked about the few subjects that may change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice

import msgspec

from shared.mapping.compiled import compile_condition
from shared.mapping.conditions import ALWAYS, ANYWHERE, TAG, AllOf, AnyOf, Condition, Has, Not, subjects, tag
from shared.mapping.contents import Mapping, Rule
from shared.mapping.effort import Effort, Undecided
from shared.mapping.solve import Solver, Witness
from shared.mapping.trace import value_of
from shared.model.instance import Instance

MAX_EFFORT = 2_000_000
MAX_BINDINGS = 200
"""Steps of the search for one answer: some seconds; ways of filling a template that are tried."""
SET_UP = 10
"""Steps that a condition counts for, each time it is put before the solver."""
NEVER: Condition = AnyOf(())
FIXED = ("region", "zone", "vpc")
"""Attributes that nobody changes in passing: a list without them is sought, too."""


class Edit(msgspec.Struct, frozen=True):
    """One change of an instance. before, after: None = it is not there."""

    subject: str
    before: str | None
    after: str | None


class RoleRoute(msgspec.Struct, frozen=True):
    """Edits after which the rule gives the role. instance: with them."""

    rule: str
    edits: tuple[Edit, ...]
    instance: Instance

    @property
    def is_easy(self) -> bool:
        return not any(edit.subject in FIXED for edit in self.edits)


class Toward(msgspec.Struct, frozen=True):
    """ways: the shortest; and where that changes what is FIXED, the shortest that does not, if there is one. proven: whether there is
    none shorter, and, without a way, none at all."""

    role: str
    ways: tuple[RoleRoute, ...]
    proven: bool


def toward(mapping: Mapping, instance: Instance, role: str, *, effort: int = MAX_EFFORT) -> Toward:
    """Return what would have to change so that the mapping wants this listed role for the instance, which is what the role requires."""
    search = _Search(mapping, instance, role, Effort(effort))
    shortest = search.shortest(())
    easy = search.shortest(FIXED) if shortest and not shortest.is_easy else None
    found = [way for way in (shortest, easy) if way]
    return Toward(role, tuple(found), search.complete)


class _Search:
    """One instance and one role. complete: nothing was left out for want of effort."""

    def __init__(self, mapping: Mapping, instance: Instance, role: str, effort: Effort) -> None:
        self._mapping, self._instance, self._role, self._effort = mapping, instance, role, effort
        self._tags = {key.lower(): value for key, value in instance.tags.items()}
        self._required = tuple(mapping.roles[role].require.values())
        self._solver, self._met = Solver(), dict[Has, bool]()
        self.complete = True

    def shortest(self, fixed: Sequence[str]) -> RoleRoute | None:
        """Return the way with the fewest edits, of those that leave `fixed` alone; of equal ones the first rule's."""
        best: RoleRoute | None = None
        for index, rule in enumerate(self._mapping.rules):
            try:
                for given in self._given(rule):
                    found = self._through(index, given, fixed, len(best.edits) - 1 if best else None)
                    best = found or best
            except Undecided:
                self.complete = False
        return best

    def _given(self, rule: Rule) -> Iterator[Condition]:
        """Yield conditions under which the rule gives the role."""
        if rule.role is None or not rule.role.keys:
            if rule.role is not None and rule.role.text == self._role:
                yield ALWAYS
            return
        bindings = list(islice(rule.role.bindings(self._role, self._effort), MAX_BINDINGS + 1))
        self.complete = self.complete and len(bindings) <= MAX_BINDINGS
        for binding in bindings[:MAX_BINDINGS]:
            yield AllOf(tuple(Has(tag(key), (value,)) for key, value in binding.items()))

    def _through(self, index: int, given: Condition, fixed: Sequence[str], most: int | None) -> RoleRoute | None:
        """Look for a way to this rule with at most so many edits: more and more of them, past the earlier rules that take what is found.

        Each set of subjects is asked of fewer conditions than there are, so that one which is refused is refused for good.
        """
        rule, taken = self._mapping.rules[index], set[int]()
        size, refused = 0, set[frozenset[str]]()
        while True:
            wanted = [
                rule.when,
                given,
                *self._required,
                *(Not(self._mapping.rules[other].when) for other in sorted(taken)),
            ]
            free = [
                name for name in dict.fromkeys(name for part in wanted for name in subjects(part)) if name not in fixed
            ]
            if size > len(free) or (most is not None and size > most):
                return None
            free.sort(key=lambda name: (not name.startswith(TAG), name in FIXED))
            for chosen in combinations(free, size):
                if frozenset(chosen) in refused:
                    continue
                self._effort.spend(SET_UP * len(wanted))
                values = self._solver.witness(self._with(wanted, chosen), self._effort)
                if values is None:
                    refused.add(frozenset(chosen))
                    continue
                changed = self._changed(chosen, values)
                by = self._mapping.desired(changed).rule
                if by == rule.name:
                    return self._way(rule, changed, chosen)
                before = next((n for n, other in enumerate(self._mapping.rules[:index]) if other.name == by), None)
                if before is not None:
                    taken.add(before)
                    break
                refused.add(frozenset(chosen))
            else:
                size += 1

    def _with(self, wanted: Sequence[Condition], chosen: Sequence[str]) -> list[Condition]:
        """Return the conditions on the chosen subjects. An attribute is never taken away from an instance."""
        kept = [Has(name, ("*",)) for name in chosen if not name.startswith(TAG) and self._value(name) is not None]
        return [*(self._settled(part, frozenset(chosen)) for part in wanted), *kept]

    def _settled(self, condition: Condition, chosen: frozenset[str]) -> Condition:
        """Return the condition with each test of another subject as the constant that it is for this instance."""
        if isinstance(condition, Has):
            if condition.subject in chosen:
                return condition
            if condition not in self._met:
                self._met[condition] = compile_condition(condition)(self._instance, self._tags)
            return ALWAYS if self._met[condition] else NEVER
        if isinstance(condition, Not):
            return Not(self._settled(condition.part, chosen))
        return type(condition)(tuple(self._settled(part, chosen) for part in condition.parts))

    def _changed(self, chosen: Sequence[str], values: Witness) -> Instance:
        tags = {key: value for key, value in self._instance.tags.items() if tag(key) not in chosen}
        names = {tag(key): key for key in self._instance.tags}
        attributes = dict[str, str]()
        for name in chosen:
            if not name.startswith(TAG):
                attributes[name] = values.get(name, "")
            elif name in values:
                tags[names.get(name, name[len(TAG) :])] = values[name]
        return msgspec.structs.replace(self._instance, tags=tags, **attributes)

    def _way(self, rule: Rule, changed: Instance, chosen: Sequence[str]) -> RoleRoute | None:
        """Return the way, with values that read better where they do as well; None where the role is not what comes of it."""
        for name in chosen:
            for better in self._better(name, changed):
                if self._gives(rule, better):
                    changed = better
                    break
        if not self._gives(rule, changed):
            return None
        edits = (Edit(name, self._value(name), _value(name, changed)) for name in chosen)
        return RoleRoute(rule.name, tuple(edit for edit in edits if edit.before != edit.after), changed)

    def _better(self, name: str, changed: Instance) -> Iterator[Instance]:
        value = _value(name, changed)
        if name in ANYWHERE:
            yield msgspec.structs.replace(changed, **{name: ANYWHERE[name]})
        elif name.startswith(TAG) and value is not None and (not value or value.endswith(("-", "_", "."))):
            tags = {key: value + "1" if tag(key) == name else other for key, other in changed.tags.items()}
            yield msgspec.structs.replace(changed, tags=tags)

    def _gives(self, rule: Rule, instance: Instance) -> bool:
        desired = self._mapping.desired(instance)
        given = desired.verdict == "role" and (desired.role, desired.rule) == (self._role, rule.name)
        return given and not self._mapping.unmet(self._role, instance)

    def _value(self, name: str) -> str | None:
        return value_of(name, self._instance, self._tags)


def _value(name: str, instance: Instance) -> str | None:
    return value_of(name, instance, {key.lower(): value for key, value in instance.tags.items()})
