"""Rules that no instance reaches, and roles that no rule gives. Claims only what is proven.

A rule is tried with an instance that meets its conditions. Where an earlier rule takes that instance, another is sought
that escapes this earlier rule as well, and so on, until one gets through or none can exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from shared.mapping.compiled import Predicate, compile_condition
from shared.mapping.conditions import Condition, Has, Not, tag
from shared.mapping.contents import Rule
from shared.mapping.effort import Effort, Undecided
from shared.mapping.role_template import RoleTemplate
from shared.mapping.solve import Solver, Witness, witness_instance

MAX_EFFORT_A_RULE = 200_000
MAX_EFFORT = 3_000_000
"""Steps spent on one question and on the whole file: some seconds. What is not proven by then is not claimed."""
MAX_BINDINGS = 1_000
MAX_BINDING_EFFORT = 100_000
"""Ways of filling a template that are tried for one role, and steps spent on finding them; past it the role counts as given."""


class Overlap:
    def __init__(self, rules: Sequence[Rule]) -> None:
        self._conditions: list[Condition] = [rule.when for rule in rules]
        self._predicates: list[Predicate] = [compile_condition(rule.when) for rule in rules]
        self._rules = rules
        self._solver = Solver()
        self._effort = Effort(MAX_EFFORT)

    def unreachable(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """(index of a rule, indexes of the earlier rules that leave it nothing); () = it contradicts itself."""
        for index in range(len(self._rules)):
            cover = self.cover(index)
            if cover is not None:
                yield index, cover

    def cover(self, index: int, also: Sequence[Condition] = ()) -> tuple[int, ...] | None:
        """The earlier rules that take every instance which meets this rule (and `also`); None where one gets through."""
        wanted = [self._conditions[index], *also]
        taken: list[int] = []
        effort = Effort(MAX_EFFORT_A_RULE, self._effort)
        try:
            while (values := self._solver.witness([*wanted, *self._not(taken)], effort)) is not None:
                by = self._first(values, index)
                if by is None:
                    return None
                taken.append(by)
            return self._least(wanted, taken, effort)
        except Undecided:
            return None

    def reached(self, index: int, also: Sequence[Condition]) -> bool:
        """Return whether it is proven that an instance which meets `also` too gets through to this rule."""
        return self.through(index, also) is not None

    def through(self, index: int, also: Sequence[Condition] = ()) -> Witness | None:
        """Return the values of an instance that meets `also` and on which this rule decides; None where none is found."""
        effort = Effort(MAX_EFFORT_A_RULE, self._effort)
        taken: list[int] = []
        try:
            while (
                values := self._solver.witness([self._conditions[index], *also, *self._not(taken)], effort)
            ) is not None:
                by = self._first(values, index)
                if by is None:
                    return values
                taken.append(by)
        except Undecided:
            pass
        return None

    def past_all(self) -> Witness | None:
        """Return the values of an instance that no rule matches; None where none is found."""
        try:
            return self._solver.witness(self._not(range(len(self._rules))), Effort(MAX_EFFORT_A_RULE, self._effort))
        except Undecided:
            return None

    def gives(self, role: str) -> bool:
        """Return whether some instance gets this role from some rule."""
        return any(
            rule.role is not None and self._rule_gives(index, rule.role, role) for index, rule in enumerate(self._rules)
        )

    def _rule_gives(self, index: int, template: RoleTemplate, role: str) -> bool:
        try:
            effort = Effort(MAX_BINDING_EFFORT, self._effort)
            bindings = list(islice(template.bindings(role, effort), MAX_BINDINGS + 1))
        except Undecided:
            return True
        if len(bindings) > MAX_BINDINGS:
            return True
        return any(
            self.cover(index, [Has(tag(key), (value,)) for key, value in binding.items()]) is None
            for binding in bindings
        )

    def _not(self, indexes: Sequence[int]) -> list[Condition]:
        return [Not(self._conditions[index]) for index in indexes]

    def _first(self, values: Witness, before: int) -> int | None:
        instance = witness_instance(values)
        return next((i for i in range(before) if self._predicates[i](instance, instance.tags)), None)

    def _least(self, wanted: list[Condition], taken: list[int], effort: Effort) -> tuple[int, ...]:
        """Without the rules that are not needed for the proof, so that the message names the right ones."""
        for index in list(taken):
            others = [other for other in taken if other != index]
            if self._solver.witness([*wanted, *self._not(others)], effort) is None:
                taken = others
        return tuple(sorted(taken))
