"""All ways in which two mappings treat an instance differently, each proven by an example. Never claims that two are the same
without a proof: what was not decided is named.

For a cell of the old mapping and one of the new (cells.py) an instance is sought that is in both. Where an earlier rule
matches it, another is sought that escapes this rule as well, and so on, until one is in both cells or none can exist. Each
instance that is found on the way is evaluated by both mappings, and counts where they differ.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from shared.mapping.canonical import meaning
from shared.mapping.cells import Cell, Values, cells, certain, clash, filled, never_both, same_text
from shared.mapping.conditions import ALWAYS, Condition, Not
from shared.mapping.contents import Mapping
from shared.mapping.effort import Effort, Undecided
from shared.mapping.solve import Solver, witness_instance
from shared.mapping.treatment import Treatment, treatment
from shared.model.instance import Instance

MAX_EFFORT_A_PAIR = 200_000
MAX_EFFORT = 3_000_000
"""Steps spent on one pair of cells and on the whole comparison: some seconds. What is not proven by then is undecided."""
EFFORT_OF_AN_EXAMPLE = 25
"""Steps that count for making an example and evaluating both mappings on it: about the time of as many."""
MAX_RULE_PAIRS = 20
"""Pairs of rules that are told of one difference; more are not sought."""


class RulePair(msgspec.Struct, frozen=True, kw_only=True):
    """The rules that decide on an instance in the old and the new mapping, "" = no rule; and such an instance."""

    old_rule: str
    new_rule: str
    example: Instance


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A change in treatment that happens to some instances. by: at least one pair of rules.

    complete: whether all pairs of rules are named that do this."""

    old: Treatment
    new: Treatment
    by: tuple[RulePair, ...]
    complete: bool = True


class OpenQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A pair of rules of which it is not proven whether an instance is treated so, or so: the effort has ended.

    old, new: None = in whatever way these rules treat instances that tags choose a role for.
    """

    old_rule: str
    new_rule: str
    old: Treatment | None
    new: Treatment | None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """differences: each proven. undecided: all that may be there besides; () = there are no others."""

    differences: tuple[Difference, ...]
    undecided: tuple[OpenQuestion, ...]


def compare(old: Mapping, new: Mapping, *, effort: int = MAX_EFFORT) -> Comparison:
    """Search for all pairs of treatments that differ and happen to one instance. effort: steps in all."""
    search = _Search(_Side(old), _Side(new), Effort(effort))
    for before, after in search.rule_pairs():
        search.seek(before, after)
    return search.result()


class _Side:
    """One of the two mappings, prepared for the search. Its rules go by their place; one past the last is no rule."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.names = [*(rule.name for rule in mapping.rules), ""]
        self.places = {name: place for place, name in enumerate(self.names)}
        self.whens: list[Condition] = [*(rule.when for rule in mapping.rules), ALWAYS]
        self.certain = list(map(certain, self.whens))
        self.meanings = list(map(meaning, self.whens))
        self.first: dict[str, int] = {}
        for place, text in enumerate(self.meanings):
            self.first.setdefault(text, place)
        self.cells = cells(mapping)
        self.more = [[certain(cell.also or ALWAYS) for cell in of_rule] for of_rule in self.cells]
        self.by_role = [{cell.treatment.role: place for place, cell in enumerate(of_rule)} for of_rule in self.cells]

    def escape(self, cell: Cell, rule: str, instance: Instance) -> Condition:
        """Return a condition that all instances of the cell meet, and this one does not: that rule decided on it otherwise.

        Raises Undecided where there is none that helps.
        """
        if self.places[rule] != cell.index:
            return Not(self.whens[self.places[rule]])
        if cell.also is None or cell.template is None:
            raise Undecided
        return Not(filled((key, instance.tags[key]) for key in cell.template.keys))


class _Search:
    def __init__(self, old: _Side, new: _Side, effort: Effort) -> None:
        self._old, self._new, self._effort = old, new, effort
        self._solver = Solver()
        self._found: dict[tuple[Treatment, Treatment], dict[tuple[int, int], RulePair]] = {}
        self._incomplete: set[tuple[Treatment, Treatment]] = set()
        self._open: dict[OpenQuestion, None] = {}

    def rule_pairs(self) -> Iterator[tuple[int, int]]:
        """Yield the places of rules that may decide on one instance, without those of which it is plain that they do not.

        A rule whose conditions are also those of a rule further up on the other side meets no instance that gets further down there.
        """
        old, new = self._old, self._new
        for before, text in enumerate(old.meanings):
            last = new.first.get(text, len(new.meanings))
            if old.first[text] < before:
                continue
            for after in range(min(last + 1, len(new.meanings))):
                covered = old.first.get(new.meanings[after], before) < before or new.first[new.meanings[after]] < after
                if not covered and not clash(old.certain[before], new.certain[after]):
                    yield before, after

    def seek(self, before: int, after: int) -> None:
        """Search each pair of cells of these rules that are treated differently."""
        old, new = self._old.cells[before], self._new.cells[after]
        try:
            if len(old) + len(new) > 2 and self._apart(before, after):
                return
            pairs = list(self._pairs(before, after))
        except Undecided:
            self._ask(
                before, after, old[0].treatment if len(old) == 1 else None, new[0].treatment if len(new) == 1 else None
            )
            return
        for one, other in pairs:
            told = self._found.get((one.treatment, other.treatment), {})
            if len(told) >= MAX_RULE_PAIRS:
                self._incomplete.add((one.treatment, other.treatment))
            elif (before, after) not in told:
                self._seek(one, other)

    def _pairs(self, before: int, after: int) -> Iterator[tuple[Cell, Cell]]:
        """Yield the pairs of cells that are treated differently and do not plainly exclude each other. Raises Undecided."""
        old, new = self._old, self._new
        theirs = list(zip(new.cells[after], new.more[after], strict=True))
        for one, known in zip(old.cells[before], old.more[before], strict=True):
            if clash(known, new.certain[after]):
                continue
            near = self._near(one, after) if same_text(one.template, new.cells[after][0].template) else theirs
            self._effort.spend(2 * len(near))
            for other, also_known in near:
                if (
                    one.treatment != other.treatment
                    and not never_both(one, other, old.mapping.roles, new.mapping.roles)
                    and not clash(known, also_known)
                    and not clash(also_known, old.certain[before])
                ):
                    yield one, other

    def _near(self, one: Cell, after: int) -> list[tuple[Cell, Values]]:
        """Return the cells of a rule with the same template that an instance of this cell can be in: of the same role, or refused; of
        those that are refused, the roles that the old mapping does not list."""
        places, role = self._new.by_role[after], one.treatment.role
        listed = self._old.mapping.roles
        wanted = (role, "") if role else [name for name in places if name not in listed]
        found = [places[name] for name in wanted if name in places]
        return [(self._new.cells[after][place], self._new.more[after][place]) for place in found]

    def _ask(self, before: int, after: int, old: Treatment | None, new: Treatment | None) -> None:
        names = self._old.names[before], self._new.names[after]
        self._open[OpenQuestion(old_rule=names[0], new_rule=names[1], old=old, new=new)] = None

    def _apart(self, before: int, after: int) -> bool:
        """Return whether no instance meets the conditions of both rules, as far as a part of the effort tells. Raises Undecided past all."""
        self._effort.spend(1)
        try:
            effort = Effort(MAX_EFFORT_A_PAIR, self._effort)
            return self._solver.witness([self._old.whens[before], self._new.whens[after]], effort) is None
        except Undecided:
            return False

    def _seek(self, one: Cell, other: Cell) -> None:
        old, new = self._old, self._new
        wanted = [old.whens[one.index], new.whens[other.index], one.also or ALWAYS, other.also or ALWAYS]
        effort = Effort(MAX_EFFORT_A_PAIR, self._effort)
        try:
            while (values := self._solver.witness(wanted, effort)) is not None:
                effort.spend(EFFORT_OF_AN_EXAMPLE)
                instance = witness_instance(values)
                rule, treated = treatment(old.mapping, instance)
                then_rule, then_treated = treatment(new.mapping, instance)
                if treated != then_treated:
                    self._note(treated, then_treated, RulePair(old_rule=rule, new_rule=then_rule, example=instance))
                missed = len(wanted)
                if (old.places[rule], treated) != (one.index, one.treatment):
                    wanted.append(old.escape(one, rule, instance))
                if (new.places[then_rule], then_treated) != (other.index, other.treatment):
                    wanted.append(new.escape(other, then_rule, instance))
                if len(wanted) == missed:
                    return
        except Undecided:
            self._ask(one.index, other.index, one.treatment, other.treatment)

    def _note(self, treated: Treatment, then_treated: Treatment, pair: RulePair) -> None:
        told = self._found.setdefault((treated, then_treated), {})
        places = self._old.places[pair.old_rule], self._new.places[pair.new_rule]
        if places not in told and len(told) >= MAX_RULE_PAIRS:
            self._incomplete.add((treated, then_treated))
        else:
            told.setdefault(places, pair)

    def result(self) -> Comparison:
        """Return what was found, in the order of the rules. What is proven is no question; only its rules may be more."""
        found, asked = self._found, [(question, (question.old, question.new)) for question in self._open]
        open_ones = [question for question, treated in asked if treated not in found]
        incomplete = {*self._incomplete, *(treated for _, treated in asked)}
        anything = any(None in treated for treated in incomplete)
        differences = [
            Difference(
                old=old,
                new=new,
                by=tuple(pair for _, pair in sorted(told.items(), key=lambda item: item[0])),
                complete=not anything and (old, new) not in incomplete,
            )
            for (old, new), told in sorted(self._found.items(), key=lambda item: min(item[1]))
        ]
        return Comparison(differences=tuple(differences), undecided=tuple(open_ones))
