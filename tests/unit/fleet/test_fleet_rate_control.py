"""Concurrency, max errors and canary: their numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.decision import Reason
from shared.model.progress import Cursor
from shared.model.trigger import Remedy, Share
from shared.plan import BATCH
from shared.rate_control import RateControl


def part(value: float) -> Share:
    return Share(part=value)


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
    control = RateControl(Remedy(concurrency=concurrency))
    assert control.needs_total == (concurrency is not None and concurrency.part is not None)
    if control.needs_total:
        control.total(total)
    assert (control.batch(), control.at_once(4)) == (batch, at_once)


@given(st.integers(1, 5_000), st.integers(1, 16))
def test_never_more_at_once_than_was_said(count: int, most: int) -> None:
    control = RateControl(Remedy(concurrency=Share(count=count)))
    assert 1 <= control.batch() <= BATCH
    assert control.batch() * control.at_once(most) <= count


@pytest.mark.parametrize(
    ("limit", "total", "fails", "stops_after"),
    [
        pytest.param(Share(count=0), 0, [0, 1], 2, id="none may fail"),
        pytest.param(Share(count=2), 0, [1, 1, 1], 3, id="more than the number"),
        pytest.param(part(0.1), 30, [3, 1], 2, id="more than the share"),
        pytest.param(None, 0, [100, 100], None, id="however many"),
    ],
)
def test_it_stops_once_more_failed_than_may(
    limit: Share | None, total: int, fails: list[int], stops_after: int | None
) -> None:
    control = RateControl(Remedy(max_errors=limit))
    if control.needs_total:
        control.total(total)
    stopped = None
    for number, failed in enumerate(fails, 1):
        control.ended(failed, canary=False)
        if control.stopped and stopped is None:
            stopped = number
    assert stopped == stops_after
    assert control.stopped == (Reason.MAX_ERRORS if stops_after else None)


def test_a_canary_that_fails_stops_it_whatever_may_fail() -> None:
    control = RateControl(Remedy(canary=1, max_errors=Share(count=50)))
    control.ended(1, canary=True)
    assert control.stopped == Reason.CANARY


def test_it_goes_on_where_an_earlier_part_of_the_run_left_off() -> None:
    remedy = Remedy(canary=5, max_errors=Share(count=3))
    control = RateControl(remedy, Cursor(tried=2, failed=3))
    assert (control.canary, control.stopped) == (3, None)
    control.ended(1, canary=False)
    assert control.stopped == Reason.MAX_ERRORS
    assert RateControl(remedy, Cursor(stopped=Reason.CANARY)).stopped == Reason.CANARY


def test_a_percentage_is_one_of_each_parts_own_changes_and_failures() -> None:
    control = RateControl(Remedy(max_errors=part(0.1)), Cursor(failed=40))
    control.total(100)
    control.ended(10, canary=False)
    assert control.stopped is None
    control.ended(1, canary=False)
    assert control.stopped == Reason.MAX_ERRORS
