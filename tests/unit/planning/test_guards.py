"""The guards by their numbers: what the brake lets through, what it refuses, and when it must know how many hold a role."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping import Brake
from shared.model.decision import Reason
from shared.model.plan import Change
from shared.planning.guards import (
    GUARDS,
    REMOVAL_GUARDS,
    Facts,
    Verdict,
    allowance,
    brake,
    judge,
    needs_holders,
    stopped,
    too_many,
)
from tests.unit.planning.changes import change

LIMIT = Brake(max_removals=0.2, at_least=10)
REMOVALS = tuple(change(f"i-{number}", "detach") for number in range(300))


def facts(holders: int | None = 0, **given: Any) -> Facts:
    return Facts(limit=LIMIT, holders=holders, **given)


@pytest.mark.parametrize(
    ("removals", "holders", "allowed"),
    [
        pytest.param(0, 0, True, id="none"),
        pytest.param(9, 9, True, id="all of them, but below the least number"),
        pytest.param(10, 49, False, id="the least number, above the share"),
        pytest.param(10, 50, True, id="exactly the share"),
        pytest.param(11, 54, False, id="one above the share"),
        pytest.param(20, 100, True, id="exactly the share of a hundred"),
        pytest.param(21, 100, False, id="one more than that"),
        pytest.param(9, None, True, id="fewer than the least number, where nobody can say how many hold a role"),
        pytest.param(10, None, False, id="where nothing could be counted it acts"),
        pytest.param(10, 0, False, id="where none holds one it acts"),
    ],
)
def test_all_or_none(removals: int, holders: int | None, allowed: bool) -> None:
    verdict = brake(REMOVALS[:removals], facts(holders))
    assert (len(verdict.allowed), len(verdict.refused)) == ((removals, 0) if allowed else (0, removals))
    assert {refusal.reason for refusal in verdict.refused} <= {Reason.BRAKE}
    assert too_many(removals, facts(holders)) == (not allowed)


@pytest.mark.parametrize(("removals", "asked"), [(0, False), (9, False), (10, True), (30, True)])
def test_holders_are_counted_only_where_the_removals_are_at_least_the_least_number(removals: int, asked: bool) -> None:
    assert needs_holders(removals, facts(None)) == asked
    assert needs_holders(0, facts(None, removed=removals)) == asked, "what was removed before counts too"


@pytest.mark.parametrize("known", [{"lifted": True}, {"braked": True}], ids=str)
def test_nobody_is_counted_where_the_number_changes_nothing(known: dict[str, bool]) -> None:
    assert not needs_holders(300, facts(None, **known))


@pytest.mark.parametrize(("before", "allowed"), [(0, 5), (5, 5), (15, 5), (16, 0), (100, 0)])
def test_what_was_removed_before_counts_too(before: int, allowed: int) -> None:
    assert len(brake(REMOVALS[:5], facts(100, removed=before)).allowed) == allowed


def test_what_the_brake_refused_earlier_in_the_run_it_refuses_again() -> None:
    assert not brake(REMOVALS[:1], facts(1_000, braked=True)).allowed


@pytest.mark.parametrize("holders", [0, None, 300])
def test_where_it_is_lifted_all_are_let_through(holders: int | None) -> None:
    assert brake(REMOVALS, facts(holders, lifted=True)) == Verdict(REMOVALS)
    assert allowance(facts(holders, lifted=True)) is None


@given(st.integers(0, 300), st.none() | st.integers(0, 300), st.integers(0, 60))
def test_each_removal_is_judged_once_and_never_more_than_the_limit_are_let_through(
    removals: int, holders: int | None, before: int
) -> None:
    known = facts(holders, removed=before)
    verdict = judge(REMOVALS[:removals], known, REMOVAL_GUARDS)
    assert [*verdict.allowed, *(refusal.change for refusal in verdict.refused)] == list(REMOVALS[:removals])
    assert not (verdict.allowed and verdict.refused)
    total = before + removals
    within = total < LIMIT.at_least or total <= LIMIT.max_removals * (holders or 0)
    assert (len(verdict.allowed) == removals) == (within or not removals)
    if not needs_holders(removals, known):
        assert within, "where the number is not asked for, it would have changed nothing"


@given(st.integers(0, 300), st.integers(0, 2_000), st.floats(0, 1), st.integers(0, 40))
def test_the_allowance_is_the_most_that_is_not_too_many(
    removals: int, holders: int, share: float, at_least: int
) -> None:
    known = Facts(limit=Brake(max_removals=share, at_least=at_least), holders=holders)
    most = allowance(known)
    assert most is not None
    assert not too_many(max(0, most), known) or most < 0
    assert too_many(most + 1, known)


@pytest.mark.parametrize("reason", [Reason.CANARY, Reason.MAX_ERRORS])
def test_nothing_begins_in_a_run_that_has_stopped(reason: Reason) -> None:
    some = [change("i-1"), change("i-2", "swap")]
    verdict = judge(some, facts(stopped=reason))
    assert [(refusal.change, refusal.reason) for refusal in verdict.refused] == [(one, reason) for one in some]
    assert verdict.allowed == ()
    assert judge(some, facts()) == Verdict(tuple(some))
    assert stopped in GUARDS


def test_a_change_is_refused_by_the_first_guard_that_does_not_let_it_through() -> None:
    """A guard sees only what those before it allowed, and the reasons of all are told."""

    def named(name: str, reason: Reason) -> Any:
        def guard(changes: tuple[Change, ...], facts: Facts) -> Verdict:
            left = tuple(one for one in changes if one.instance_id != name)
            seen.append(len(changes))
            refused = brake([one for one in changes if one not in left], Facts(braked=True)).refused
            return Verdict(left, refused)

        return guard

    seen = list[int]()
    some = [change("i-1"), change("i-2"), change("i-3")]
    verdict = judge(some, facts(), [named("i-1", Reason.CANARY), named("i-2", Reason.BRAKE)])
    assert seen == [3, 2]
    assert verdict.allowed == (some[2],)
    assert [refusal.change for refusal in verdict.refused] == some[:2]


def test_where_nobody_can_say_how_many_hold_a_role_it_is_as_if_none_did() -> None:
    assert allowance(Facts(limit=Brake(max_removals=1.0, at_least=0))) == 0
