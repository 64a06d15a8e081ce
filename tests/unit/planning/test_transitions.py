"""How a run goes on, by its numbers: concurrency, max errors, canaries; what an invocation leaves to the next; when a run ends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.decision import Outcome, Reason
from shared.model.plan import Result
from shared.model.progress import MAX_LINKS, MAX_STALLED, Progress
from shared.model.trigger import RemediationRequest, Share
from shared.planning.steps import BATCH
from shared.planning.transitions import (
    RateControl,
    begun,
    braked,
    canaries_left,
    counted,
    executed,
    listed,
    onward,
    rate_control,
    why_it_ends,
)
from tests.unit.planning.changes import change, results


def part(value: float) -> Share:
    return Share(part=value)


def control(total: int | None = None, failed: int = 0, **asked: Any) -> RateControl:
    """As of a request. total: instances that this invocation changes, where that is known."""
    made = rate_control(RemediationRequest(**asked))
    return made if total is None else made.of(total, failed)


def ended(failures: int, others: int = 0) -> list[Result]:
    outcomes = [Outcome.FAILED] * failures + [Outcome.ATTACHED] * others
    return [Result(change=change(), outcome=outcome, reason=Reason.MISSING, role_after="") for outcome in outcomes]


@pytest.mark.parametrize(
    ("concurrency", "total", "batch", "at_once"),
    [
        pytest.param(None, 1_000, 100, 4, id="as much as may be"),
        pytest.param(Share(count=1), 1_000, 1, 1, id="one"),
        pytest.param(Share(count=7), 1_000, 7, 1, id="seven"),
        pytest.param(Share(count=100), 1_000, 100, 1, id="one full call"),
        pytest.param(Share(count=199), 1_000, 100, 1, id="less than two full calls"),
        pytest.param(Share(count=250), 1_000, 100, 2, id="two full calls"),
        pytest.param(Share(count=9_999), 1_000, 100, 4, id="no more calls than the settings allow"),
        pytest.param(part(0.1), 1_000, 100, 1, id="a tenth of a thousand"),
        pytest.param(part(0.1), 95, 9, 1, id="a tenth, rounded down"),
        pytest.param(part(0.1), 5, 1, 1, id="a tenth of five is still one"),
        pytest.param(part(0.5), 1_000, 100, 4, id="half"),
    ],
)
def test_instances_a_call_and_calls_at_once(concurrency: Share | None, total: int, batch: int, at_once: int) -> None:
    asked = control(concurrency=concurrency)
    assert asked.needs_total == (concurrency is not None and concurrency.part is not None)
    known = asked.of(total, 0)
    assert (known.batch, known.at_once(4)) == (batch, at_once)
    assert not known.needs_total


@given(st.integers(1, 5_000), st.integers(1, 16))
def test_never_more_at_once_than_was_said(count: int, most: int) -> None:
    asked = control(concurrency=Share(count=count))
    assert 1 <= asked.batch <= BATCH
    assert asked.batch * asked.at_once(most) <= count


@pytest.mark.parametrize(
    ("limit", "total", "fails", "stops_after"),
    [
        pytest.param(Share(count=0), None, [0, 1], 2, id="none may fail"),
        pytest.param(Share(count=2), None, [1, 1, 1], 3, id="more than the number"),
        pytest.param(part(0.1), 30, [3, 1], 2, id="more than the share"),
        pytest.param(None, None, [100, 100], None, id="however many"),
    ],
)
def test_it_stops_once_more_failed_than_may(
    limit: Share | None, total: int | None, fails: list[int], stops_after: int | None
) -> None:
    progress, stopped = Progress(), None
    for number, failed in enumerate(fails, 1):
        progress = executed(progress, ended(failed, others=5), control(total, max_errors=limit), canary=False)
        stopped = stopped or (number if progress.stopped else None)
    assert stopped == stops_after
    assert progress.stopped == (Reason.MAX_ERRORS if stops_after else None)


def test_a_canary_that_fails_stops_it_whatever_may_fail() -> None:
    asked = control(canary=1, max_errors=Share(count=50))
    assert executed(Progress(), ended(1), asked, canary=True).stopped == Reason.CANARY
    assert executed(Progress(), ended(0, 1), asked, canary=True).stopped is None
    assert executed(Progress(), ended(1), asked, canary=False).stopped is None


def test_it_goes_on_where_an_earlier_invocation_left_off() -> None:
    asked = control(canary=5, max_errors=Share(count=3))
    before = Progress(tried=2, failed=3)
    assert canaries_left(before, asked) == 3
    assert executed(before, ended(1), asked, canary=False).stopped == Reason.MAX_ERRORS
    for reason in (Reason.CANARY, Reason.MAX_ERRORS):
        assert executed(Progress(stopped=reason), ended(0, 1), asked, canary=False).stopped == reason


@given(st.integers(0, 9), st.integers(0, 9))
def test_no_more_canaries_are_tried_than_were_asked_for(asked: int, tried: int) -> None:
    assert canaries_left(Progress(tried=tried), control(canary=asked)) == max(0, asked - tried)


def test_a_percentage_is_one_of_each_invocations_own_changes_and_failures() -> None:
    known, before = control(100, 40, max_errors=part(0.1)), Progress(failed=40)
    enough = executed(before, ended(10), known, canary=False)
    assert enough.stopped is None
    assert executed(enough, ended(1), known, canary=False).stopped == Reason.MAX_ERRORS
    counts_all = control(100, 40, max_errors=Share(count=10))
    assert executed(before, ended(0), counts_all, canary=False).stopped == Reason.MAX_ERRORS, "a number is of the run"


progresses = st.builds(
    Progress,
    link=st.integers(0, 9),
    removed=st.integers(0, 9),
    failed=st.integers(0, 9),
    spent=st.integers(0, 9),
    listed=st.booleans(),
    stopped=st.none() | st.sampled_from([Reason.CANARY, Reason.MAX_ERRORS]),
    braked=st.booleans(),
    pages=st.integers(0, 9),
    stalled=st.integers(0, MAX_STALLED),
    token=st.sampled_from(["", "t"]),
    counts=st.dictionaries(st.sampled_from(["a/b", "failed/missing"]), st.integers(1, 9)),
)


@given(progresses, st.lists(results, max_size=5), st.booleans(), st.integers(0, 3))
def test_what_was_executed_is_counted_and_a_stop_is_for_good(
    before: Progress, what: list[Result], canary: bool, may_fail: int
) -> None:
    after = executed(before, what, control(max_errors=Share(count=may_fail)), canary=canary)
    gone = [r for r in what if r.change.removes and r.outcome in ("swapped", "detached")]
    failed = [r for r in what if r.outcome in ("failed", "retrying")]
    assert (after.removed, after.failed) == (before.removed + len(gone), before.failed + len(failed))
    assert not (before.stopped and not after.stopped)
    assert bool(after.stopped) == bool(before.stopped or (canary and failed) or after.failed > may_fail)


names = st.lists(st.sampled_from(["i-1", "i-2", "i-3", "i-4"]), max_size=5)


@given(progresses, names, names, st.integers(0, 9), st.booleans())
def test_nobody_is_lost_in_a_hand_over_and_held_removals_come_first(
    before: Progress, held: list[str], others: list[str], spent: int, stalled: bool
) -> None:
    after = onward(before, held=held, others=others, spent=spent, stalled=stalled)
    if after is None:
        assert before.listed
        assert not held + others
        return
    assert sorted(after.instance_ids) == sorted({*held, *others}), "each once"
    assert set(after.instance_ids[: after.held]) == set(held)
    assert (after.link, after.spent) == (before.link + 1, before.spent + spent)
    assert after.stalled == (before.stalled + 1 if stalled else 0)
    kept = ("counts", "removed", "failed", "stopped", "braked", "token", "listed")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]


ENDS = {
    "": "",
    "NoProgress": "not invoked again: 2 invocations in a row got nothing done; raise the function's timeout, or ROLEKEEPER_CALLS_PER_MINUTE",
    "TooManyLinks": "not invoked again: the run has taken 500 invocations; raise the function's timeout",
}


@pytest.mark.parametrize(
    ("progress", "code"),
    [
        pytest.param(Progress(stalled=MAX_STALLED), "", id="one that got nothing done may have met a slow minute"),
        pytest.param(Progress(link=MAX_LINKS), "", id="the last that may be"),
        pytest.param(
            onward(Progress(stalled=MAX_STALLED), held=[], others=[], spent=0, stalled=True), "NoProgress", id="stalled"
        ),
        pytest.param(
            onward(Progress(link=MAX_LINKS), held=[], others=[], spent=0, stalled=False), "TooManyLinks", id="long"
        ),
    ],
)
def test_a_chain_ends(progress: Progress, code: str) -> None:
    assert why_it_ends(progress) == (code, ENDS[code])


@given(progresses)
def test_an_invocation_begins_with_nothing_done_by_itself(before: Progress) -> None:
    assert begun(before) == begun(begun(before))
    assert begun(before).pages == 0
    assert begun(before).counts == before.counts


@given(progresses, st.lists(st.sampled_from(["a/b", "c/d"]), max_size=9))
def test_each_observation_that_ended_is_counted_once(before: Progress, ends: list[str]) -> None:
    after = before
    for end in ends:
        after = counted(after, *end.split("/"))
    assert sum(after.counts.values()) == sum(before.counts.values()) + len(ends)
    assert after.counts.get("a/b", 0) == before.counts.get("a/b", 0) + ends.count("a/b")


def test_the_brake_stays_on_and_that_nobody_could_count_stays_known() -> None:
    assert braked(braked(Progress(), uncounted=True), uncounted=False) == Progress(braked=True, uncounted=True)


def test_where_a_listing_stands() -> None:
    after = listed(Progress(token="a"), token="b", done=True, pages=3, restarts=1)
    assert (after.token, after.listed, after.pages, after.restarts) == ("b", True, 3, 1)
