"""Rules that give the instances of a fleet the roles that they hold: for each role the cheapest conditions that tell its holders from
all others. Pure.

A greedy set cover: of all conditions, alone and up to three together, the one that gives most holders their role for its price
comes first, then the best for those who are left. Greedy, for the exact smallest cover takes time without bound, and is of no use to who
reads the rules. A rule may be wrong for one in twenty of those that it matches, since roles put on by hand are never without an
oversight; who it is wrong for is an exception, which is named. Every rule is judged by the whole fleet, so no rule depends on another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from shared.mapping.clues import Atom, Clue, Fleet, Members, in_list
from shared.mapping.conditions import TAG, Has
from shared.mapping.globs import is_literal

RULE_COST = 30
MOST_CONDITIONS = 3
WIDTH = 12
"""Joined conditions that are tried further, of each number."""
ONE_WRONG_IN = 20
WRONG = 5
"""Holders that a rule must give their role for each instance that it is wrong for, to be as good."""
EVIDENCE = {1: 2, 2: 4, 3: 8}
"""Holders that a rule of so many conditions must give their role: conditions that happen to hold for a few are easily found."""
ONE_RULE_IN = 50
"""And the share of the role's holders: what tells fewer than one in fifty is an exception, and no rule."""
MOST_RULES = 50
"""For one role; what needs more is no rule."""


class LearnedRule(msgspec.Struct, frozen=True, kw_only=True):
    """met: who meets its conditions. wrong: how many of them do not hold the role."""

    role: str
    conditions: tuple[Atom, ...]
    met: Members
    wrong: int


class _Draft(msgspec.Struct, frozen=True, kw_only=True):
    clues: tuple[Clue, ...]
    met: Members
    covered: int = 0
    wrong: int = 0

    @property
    def cost(self) -> int:
        return RULE_COST + sum(clue.cost for clue in self.clues)

    def better(self) -> tuple[float, int, str]:
        """Return the place in the order: the least is the best."""
        return (
            -(self.covered - WRONG * self.wrong) / self.cost,
            self.cost,
            str([clue.condition for clue in self.clues]),
        )


def learn(fleet: Fleet, roles: Sequence[str]) -> tuple[LearnedRule, ...]:
    """Return the rules in the order of the file: those that are never wrong first, by role."""
    found = [rule for role in roles for rule in _rules(fleet, role)]
    share = {role: fleet.holders[role].bit_count() for role in roles}
    return tuple(
        sorted(
            found,
            key=lambda rule: (
                rule.wrong > 0,
                -len(rule.conditions) if rule.wrong else 0,
                -share[rule.role],
                rule.role,
                -rule.met.bit_count(),
            ),
        )
    )


def _rules(fleet: Fleet, role: str) -> list[LearnedRule]:
    """Return the rules of one role; none where they would leave out more of its holders than they know."""
    holders = fleet.holders[role]
    clues = [*fleet.clues, *_lists(fleet, holders, fleet.everyone)]
    left, drafts = holders, list[_Draft]()
    while left and len(drafts) < MOST_RULES and (best := _best(fleet, clues, holders, left)):
        drafts.append(best)
        left &= ~best.met
    made = [
        LearnedRule(
            role=role, conditions=tuple(clue.condition for clue in draft.clues), met=draft.met, wrong=draft.wrong
        )
        for draft in _needed(drafts, holders)
    ]
    covered = (holders & ~left).bit_count()
    return _merged(made) if covered * 2 >= holders.bit_count() else []


def _lists(fleet: Fleet, holders: Members, among: Members) -> Iterator[Clue]:
    """Yield for each subject the list of the values that tell holders from others, among those who meet other conditions."""
    for subject in fleet.subjects():
        values = {
            value: met
            for value, met in fleet.values[subject].items()
            if met & holders & among and _is_right((met & among & ~holders).bit_count(), (met & among).bit_count())
        }
        if len(values) > 1:
            yield in_list(subject, values)


def _is_right(wrong: int, matched: int) -> bool:
    return wrong * ONE_WRONG_IN <= matched


def _best(fleet: Fleet, clues: Sequence[Clue], holders: Members, left: Members) -> _Draft | None:
    """Return the best rule for those who are left: a beam search over conditions together."""
    useful = [clue for clue in clues if clue.met & left]
    others, number = fleet.everyone & ~holders, holders.bit_count()
    beam, best = [_Draft(clues=(), met=fleet.everyone)], list[_Draft]()
    for _ in range(MOST_CONDITIONS):
        drafts = list(_longer(fleet, beam, useful, left, others))
        good = [
            draft for draft in drafts if _is_right(draft.wrong, draft.met.bit_count()) and _is_evidence(draft, number)
        ]
        best = sorted([*best, *good], key=_Draft.better)[:1]
        unclear = [draft for draft in drafts if not _is_right(draft.wrong, draft.met.bit_count())]
        beam = sorted(unclear, key=lambda draft: (draft.wrong - draft.covered, *draft.better()))[:WIDTH]
    return best[0] if best and best[0].covered > WRONG * best[0].wrong else None


def _longer(
    fleet: Fleet, beam: Sequence[_Draft], clues: Sequence[Clue], left: Members, others: Members
) -> Iterator[_Draft]:
    """Yield the drafts with one more condition each that changes who is met."""
    seen = set()
    for draft in beam:
        asked = {clue.subject for clue in draft.clues}
        lists = _lists(fleet, fleet.everyone & ~others, draft.met) if draft.clues else ()
        for clue in (*clues, *lists):
            met = draft.met & clue.met
            if clue.subject in asked or met == draft.met or not met & left or not (draft.clues or clue.alone):
                continue
            together = tuple(sorted((*draft.clues, clue), key=lambda one: one.subject))
            key = tuple((one.subject, str(one.condition)) for one in together)
            if key not in seen:
                seen.add(key)
                covered, wrong = (met & left).bit_count(), (met & others).bit_count()
                yield _Draft(clues=together, met=met, covered=covered, wrong=wrong)


def _is_evidence(draft: _Draft, holders: int) -> bool:
    """Return whether it rests on enough of the holders: one instance alone is told by a tag's value, or not at all."""
    condition = draft.clues[0].condition
    by_value = isinstance(condition, Has) and condition.subject.startswith(TAG) and condition.globs != ("*",)
    enough = EVIDENCE[len(draft.clues)] if len(draft.clues) > 1 or not by_value else 1
    return draft.covered >= max(enough, holders // ONE_RULE_IN)


def _needed(drafts: Sequence[_Draft], holders: Members) -> list[_Draft]:
    """Return them without those whose holders the others know as well."""
    kept = list(drafts)
    for draft in drafts:
        others = 0
        for other in kept:
            others |= 0 if other is draft else other.met
        if not draft.met & holders & ~others:
            kept.remove(draft)
    return kept


def _merged(rules: Sequence[LearnedRule]) -> list[LearnedRule]:
    """Return them with one rule in place of two that differ in the values of one subject alone."""
    merged: list[LearnedRule] = []
    for rule in rules:
        for place, other in enumerate(merged):
            joined = _join(other, rule)
            if joined is not None:
                merged[place] = joined
                break
        else:
            merged.append(rule)
    return merged if len(merged) == len(rules) else _merged(merged)


def _join(one: LearnedRule, other: LearnedRule) -> LearnedRule | None:
    if len(one.conditions) != len(other.conditions):
        return None
    differing = [pair for pair in zip(one.conditions, other.conditions, strict=True) if pair[0] != pair[1]]
    if len(differing) != 1:
        return None
    (this, that), both = differing[0], one.met | other.met
    if not (isinstance(this, Has) and isinstance(that, Has) and this.subject == that.subject):
        return None
    if not all(map(is_literal, (*this.globs, *that.globs))):
        return None
    listed = Has(this.subject, tuple(sorted({*this.globs, *that.globs})))
    conditions = tuple(listed if condition == this else condition for condition in one.conditions)
    wrong = one.wrong + other.wrong  # no instance has two values of one subject
    return LearnedRule(role=one.role, conditions=conditions, met=both, wrong=wrong)
