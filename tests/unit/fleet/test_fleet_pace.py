"""The pace on a clock of its own: rates, stops, budget, deadline, bill."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_mock import MockerFixture

from shared.errors import BudgetSpent, OutOfTime, PermanentError, Throttled, TransientError
from shared.pace import MINUTE, Pace, rates


class Time:
    """Seconds that only waiting moves. Begins twenty seconds into a minute."""

    def __init__(self) -> None:
        self.now = 999_980.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(mocker: MockerFixture) -> Time:
    made = Time()
    mocker.patch("time.monotonic", side_effect=lambda: made.now)
    mocker.patch("shared.pace.wall", side_effect=lambda: made.now)
    return made


def pace(clock: Time, per_minute: int = 1_000, **given: Any) -> Pace:
    return Pace(rates({}, per_minute), pause=clock.sleep, **given)


class Api:
    """What is called: remembers when. fails: what it raises, call by call."""

    def __init__(self, clock: Time, *fails: Exception | None, takes: float = 0.0) -> None:
        self.clock, self.fails, self.takes = clock, list(fails), takes
        self.at: list[float] = []

    def __call__(self) -> str:
        self.at.append(self.clock.now)
        self.clock.sleep(self.takes)
        error = self.fails.pop(0) if self.fails else None
        if error:
            raise error
        return "answer"


@given(
    limit=st.integers(1, 7), waits=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.3, 7.0, 59.9995, 61.0]), max_size=40),
)  # fmt: skip
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_minute_ever_sees_more_calls_than_the_rate(clock: Time, limit: int, waits: list[float]) -> None:
    keeper, api = pace(clock, limit), Api(clock)
    for wait in waits:
        clock.sleep(wait)
        keeper("Look", api, read=True)
    for at in api.at:
        assert bisect_right(api.at, at + MINUTE) - api.at.index(at) <= limit


def test_calls_within_the_rate_do_not_wait_and_each_api_has_its_own(clock: Time) -> None:
    began, api = clock.now, Api(clock)
    keeper = Pace(rates({"Look": 3}, 2), pause=clock.sleep)
    for action in ("Look", "Look", "Look", "Attach", "Attach"):
        keeper(action, api, read=True)
    assert clock.now == began
    keeper("Attach", api, read=False)
    assert clock.now == pytest.approx(began + MINUTE, abs=1.1)


def throttled() -> Throttled:
    return Throttled("Look", "Throttling", "slow down")


def test_a_throttle_stops_that_api_until_the_next_minute_and_both_calls_are_on_the_bill(clock: Time) -> None:
    keeper, api, began = pace(clock), Api(clock, throttled()), clock.now
    assert keeper("Look", api, read=True) == "answer"
    assert api.at == [began, began + MINUTE - began % MINUTE]
    keeper("Attach", api, read=False)
    assert keeper.told() == {"reads": 2, "writes": 1, "calls": {"Attach": 1, "Look": 2}}


def test_another_call_of_a_stopped_api_waits_and_other_apis_do_not(clock: Time) -> None:
    keeper, began = pace(clock), clock.now
    keeper._stop("Look")
    keeper("Attach", Api(clock), read=False)
    assert clock.now == began
    keeper("Look", Api(clock), read=True)
    assert clock.now % MINUTE == 0


@pytest.mark.parametrize("read", [True, False], ids=["read", "write"])
def test_after_three_minutes_of_refusals_it_gives_up(clock: Time, read: bool) -> None:
    api = Api(clock, *[throttled() for _ in range(5)])
    with pytest.raises(Throttled):
        pace(clock)("Look", api, read=read)
    assert [int(at // MINUTE) for at in api.at] == [int(api.at[0] // MINUTE) + n for n in range(3)]


@pytest.mark.parametrize(
    ("read", "losses", "calls", "answered"),
    [(True, 1, 2, True), (True, 2, 2, False), (False, 1, 1, False)],
    ids=["a read is asked again", "but once", "a write never"],
)
def test_a_lost_answer(clock: Time, read: bool, losses: int, calls: int, answered: bool) -> None:
    api = Api(clock, *[TransientError("Look", "", "lost") for _ in range(losses)])
    if answered:
        assert pace(clock)("Look", api, read=read) == "answer"
    else:
        with pytest.raises(TransientError):
            pace(clock)("Look", api, read=read)
    assert len(api.at) == calls


def test_what_is_refused_for_good_is_not_asked_again(clock: Time) -> None:
    api = Api(clock, PermanentError("Look", "Forbidden", "no"))
    with pytest.raises(PermanentError):
        pace(clock)("Look", api, read=True)
    assert len(api.at) == 1


@pytest.mark.parametrize("fail", [None, throttled, lambda: TransientError("Look", "", "lost")])
def test_the_budget_is_hard_whatever_fails(clock: Time, fail: Callable[[], Exception] | None) -> None:
    keeper = pace(clock, max_calls=4)
    api = Api(clock, *([fail()] if fail else []))

    def again_and_again() -> None:
        while True:
            keeper("Look", api, read=True)

    with pytest.raises(BudgetSpent, match="may make 4 calls"):
        again_and_again()
    assert len(api.at) == keeper.bill.total() == 4


def test_calls_that_are_held_are_for_who_holds_them(clock: Time) -> None:
    keeper, api = pace(clock, max_calls=10), Api(clock)
    with ThreadPoolExecutor(1) as other, keeper.hold(4):
        for _ in range(6):
            other.submit(keeper, "Look", api, read=True).result()
        with pytest.raises(BudgetSpent):
            other.submit(keeper, "Look", api, read=True).result()
        with pytest.raises(BudgetSpent):
            other.submit(keeper.hold(1).__enter__).result()
        for _ in range(3):
            keeper("Attach", api, read=False)
    keeper("Look", api, read=True)  # the one that was held and not made is free again
    with pytest.raises(BudgetSpent):
        keeper("Look", api, read=True)
    assert keeper.bill.total() == 10


def test_no_call_begins_after_the_end_and_none_that_would_have_to_wait_until_then(clock: Time) -> None:
    keeper, api = pace(clock, 1, until=clock.now + 90), Api(clock)
    keeper("Look", api, read=True)
    keeper("Look", api, read=True)
    before = clock.now
    with pytest.raises(OutOfTime):
        keeper("Look", api, read=True)
    assert clock.now == before, "it does not wait for what it will not do"
    keeper("Attach", api, read=False)
    clock.sleep(30)
    with pytest.raises(OutOfTime):
        keeper("Detach", api, read=False)
    assert (len(api.at), keeper.bill.total()) == (3, 3)


def test_a_throttle_shortly_before_the_end_is_out_of_time(clock: Time) -> None:
    with pytest.raises(OutOfTime):
        pace(clock, until=clock.now + 20)("Look", Api(clock, throttled()), read=True)


@pytest.mark.parametrize(("made", "waits"), [(0, False), (7, False), (8, True), (24, True)])
def test_a_swap_has_both_its_turns_at_one_moment(clock: Time, made: int, waits: bool) -> None:
    """Else the instances would be without a role while the attach waits for its turn."""
    keeper = pace(clock, 8, max_calls=1_000)
    for _ in range(made):
        keeper("Attach", Api(clock), read=False)
    before = clock.now
    with keeper.hold(32):
        keeper.book("Detach", "Attach")
        assert (clock.now > before + 50) == waits
        booked = clock.now
        with ThreadPoolExecutor(1) as other:  # what others do meanwhile takes no turn away
            for _ in range(7):
                other.submit(keeper, "Detach", Api(clock), read=False).result()
        keeper("Detach", Api(clock), read=False)
        keeper("Attach", Api(clock), read=False)
    assert clock.now == booked


def test_turns_that_were_booked_and_not_used_are_nobodys(clock: Time) -> None:
    keeper = pace(clock, 2)
    with keeper.hold(1):
        keeper.book("Detach", "Attach")
    keeper("Attach", Api(clock), read=False)
    before = clock.now
    keeper("Attach", Api(clock), read=False)
    assert clock.now > before + 50, "the turn stays taken"


def test_a_swap_waits_until_neither_api_is_stopped_or_says_there_is_no_time(clock: Time) -> None:
    keeper = pace(clock, until=clock.now + 100)
    keeper._stop("Attach")
    keeper.book("Detach", "Attach")
    assert clock.now % MINUTE < 0.01
    clock.sleep(30)
    keeper._stop("Detach")
    with pytest.raises(OutOfTime):
        keeper.book("Detach", "Attach")


def test_a_turn_that_was_booked_waits_for_the_end_of_a_stop_all_the_same(clock: Time) -> None:
    keeper, api = pace(clock), Api(clock)
    with keeper.hold(2):
        keeper.book("Attach")
        keeper._stop("Attach")
        keeper("Attach", api, read=False)
    assert api.at[0] % MINUTE == 0


@pytest.mark.parametrize(("lasting", "in_time"), [(5.0, True), (10.0, False)])
def test_what_begins_must_have_the_time_to_end(clock: Time, lasting: float, in_time: bool) -> None:
    """Counted from when its turn comes, not from when it is asked for."""
    keeper = pace(clock, 1, until=clock.now + 70)
    keeper("Attach", Api(clock), read=False)
    if in_time:
        keeper.book("Detach", "Attach", lasting=lasting)
        assert clock.now + lasting < keeper.until
    else:
        with pytest.raises(OutOfTime):
            keeper.book("Detach", "Attach", lasting=lasting)
