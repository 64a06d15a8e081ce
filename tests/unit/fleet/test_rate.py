"""The rate on a clock of its own: rates, stops, budget, deadline, bill."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.engine.rate import CallLimits, Rate
from shared.engine.turns import MINUTE
from shared.errors import BudgetSpent, OutOfTime, PermanentError, Throttled, TransientError
from shared.model.rate_use import Bill
from tests.clocks import Time
from tests.unit.fleet.rated import Api, rate_on, throttled


@pytest.fixture
def clock() -> Time:
    return Time()


@given(
    limit=st.integers(1, 7),
    waits=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.3, 7.0, 59.9995, 61.0]), max_size=40),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_minute_ever_sees_more_calls_than_the_rate(clock: Time, limit: int, waits: list[float]) -> None:
    rate, api = rate_on(clock, limit), Api(clock)
    for wait in waits:
        clock.sleep(wait)
        rate("Look", api, read=True)
    for at in api.at:
        assert bisect_right(api.at, at + MINUTE) - api.at.index(at) <= limit


def test_calls_within_the_rate_do_not_wait_and_each_api_has_its_own(clock: Time) -> None:
    began, api = clock.at, Api(clock)
    rate = Rate(CallLimits(per_minute={"": 2, "Look": 3}), clock=clock)
    for action in ("Look", "Look", "Look", "Attach", "Attach"):
        rate(action, api, read=True)
    assert clock.at == began
    rate("Attach", api, read=False)
    assert clock.at == pytest.approx(began + MINUTE, abs=1.1)


def test_a_throttle_stops_that_api_until_the_next_minute_and_both_calls_are_on_the_bill(clock: Time) -> None:
    rate, api, began = rate_on(clock), Api(clock, throttled()), clock.at
    assert rate("Look", api, read=True) == "answer"
    assert api.at == [began, began + MINUTE - began % MINUTE]
    rate("Attach", api, read=False)
    assert rate.bill() == Bill(reads=2, writes=1, calls={"Attach": 1, "Look": 2})


def test_another_call_of_a_stopped_api_waits_and_other_apis_do_not(clock: Time) -> None:
    rate, began = rate_on(clock), clock.at
    rate.refused("Look")
    rate("Attach", Api(clock), read=False)
    assert clock.at == began
    rate("Look", Api(clock), read=True)
    assert clock.at % MINUTE == 0


@pytest.mark.parametrize("read", [True, False], ids=["read", "write"])
def test_after_three_minutes_of_refusals_it_gives_up(clock: Time, read: bool) -> None:
    api = Api(clock, *[throttled() for _ in range(5)])
    with pytest.raises(Throttled):
        rate_on(clock)("Look", api, read=read)
    assert [int(at // MINUTE) for at in api.at] == [int(api.at[0] // MINUTE) + n for n in range(3)]


@pytest.mark.parametrize(
    ("read", "losses", "calls", "answered"),
    [(True, 1, 2, True), (True, 2, 2, False), (False, 1, 1, False)],
    ids=["a read is asked again", "but once", "a write never"],
)
def test_a_lost_answer(clock: Time, read: bool, losses: int, calls: int, answered: bool) -> None:
    api = Api(clock, *[TransientError("Look", "", "lost") for _ in range(losses)])
    if answered:
        assert rate_on(clock)("Look", api, read=read) == "answer"
    else:
        with pytest.raises(TransientError):
            rate_on(clock)("Look", api, read=read)
    assert len(api.at) == calls


def test_what_is_refused_for_good_is_not_asked_again(clock: Time) -> None:
    api = Api(clock, PermanentError("Look", "Forbidden", "no"))
    with pytest.raises(PermanentError):
        rate_on(clock)("Look", api, read=True)
    assert len(api.at) == 1


@pytest.mark.parametrize("fail", [None, throttled, lambda: TransientError("Look", "", "lost")])
def test_the_budget_is_hard_whatever_fails(clock: Time, fail: Callable[[], Exception] | None) -> None:
    rate = rate_on(clock, max_calls=4)
    api = Api(clock, *([fail()] if fail else []))

    def again_and_again() -> None:
        while True:
            rate("Look", api, read=True)

    with pytest.raises(BudgetSpent, match="may make 4 calls"):
        again_and_again()
    assert len(api.at) == rate.bill().total == 4


def test_no_call_begins_after_the_end_and_none_that_would_have_to_wait_until_then(clock: Time) -> None:
    rate, api = rate_on(clock, 1, until=clock.at + 90), Api(clock)
    rate("Look", api, read=True)
    rate("Look", api, read=True)
    before = clock.at
    with pytest.raises(OutOfTime):
        rate("Look", api, read=True)
    assert clock.at == before, "it does not wait for what it will not do"
    rate("Attach", api, read=False)
    clock.sleep(30)
    with pytest.raises(OutOfTime):
        rate("Detach", api, read=False)
    assert (len(api.at), rate.bill().total) == (3, 3)


def test_a_throttle_shortly_before_the_end_is_out_of_time(clock: Time) -> None:
    with pytest.raises(OutOfTime):
        rate_on(clock, until=clock.at + 20)("Look", Api(clock, throttled()), read=True)
