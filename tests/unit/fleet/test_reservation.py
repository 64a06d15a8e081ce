"""What a step reserves: calls of the budget, two turns at one moment, and to be brought to its end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.engine.rate import CallLimits, Rate, Reservation, Stop
from shared.engine.turns import MINUTE
from shared.errors import BudgetSpent, Interrupted, OutOfTime
from shared.model.rate_use import Bill
from tests.clocks import Time
from tests.unit.fleet.rated import Api, rate_on, throttled


@pytest.fixture
def clock() -> Time:
    return Time()


def test_reserved_calls_are_for_their_step(clock: Time) -> None:
    rate, api = rate_on(clock, max_calls=10), Api(clock)
    with ThreadPoolExecutor(1) as other, rate.reserve(4) as step:
        for _ in range(6):
            other.submit(rate, "Look", api, read=True).result()
        with pytest.raises(BudgetSpent):
            other.submit(rate, "Look", api, read=True).result()
        with pytest.raises(BudgetSpent):
            other.submit(rate.reserve(1).__enter__).result()
        for _ in range(3):
            step("Attach", api, read=False)
    rate("Look", api, read=True)  # the one that was reserved and not made is free again
    with pytest.raises(BudgetSpent):
        rate("Look", api, read=True)
    assert rate.bill().total == 10


def test_some_of_them_are_for_certain_actions_alone(clock: Time) -> None:
    rate = rate_on(clock, max_calls=4)
    with rate.reserve(4, ("Attach",), 2) as step:
        for _ in range(2):
            step("Look", Api(clock), read=True)
        with pytest.raises(BudgetSpent):
            step("Look", Api(clock), read=True)
        for _ in range(2):
            step("Attach", Api(clock), read=False)
    assert rate.bill() == Bill(reads=2, writes=2, calls={"Attach": 2, "Look": 2})


class Operator(Stop):
    """Stops the run in its first wait. waited: for how long it would have waited."""

    def __init__(self, clock: Time) -> None:
        super().__init__(clock)
        self.waited = list[float]()

    def stopped(self) -> bool:
        return bool(self.waited)

    def idle(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.clock.sleep(0.1)


WAITS: dict[str, Callable[[Reservation], object]] = {
    "for a turn": lambda step: step("Attach", lambda: pytest.fail("must not be made"), read=False),
    "for two at one moment": lambda step: step.book("Attach", "Detach"),
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_a_stop_wakes_whoever_waits_and_the_call_is_not_on_the_bill(
    clock: Time, wait: Callable[[Reservation], object]
) -> None:
    operator, api, before = Operator(clock), Api(clock), clock.at
    rate = Rate(CallLimits(per_minute={"": 1}), operator, clock)
    rate("Attach", api, read=False)
    with rate.reserve(2) as step, pytest.raises(Interrupted):
        wait(step)
    with pytest.raises(Interrupted), rate.reserve(1):
        pytest.fail("nothing begins any more")
    assert (clock.at, len(api.at), rate.bill().total) == (before + 0.1, 1, 1)
    assert isinstance(rate.cut_short, Interrupted)


def test_a_step_that_has_sent_a_write_is_brought_to_its_end(clock: Time) -> None:
    operator, api = Operator(clock), Api(clock)
    rate = Rate(CallLimits(per_minute={"": 1}), operator, clock)
    with rate.reserve(4) as step:
        step("Detach", api, read=False)
        operator.idle(0)
        step("Look", api, read=True)
        step("Detach", api, read=False)  # its turn is waited for
        assert clock.at > api.at[0] + MINUTE
    with pytest.raises(Interrupted):
        rate("Look", api, read=True)


def test_a_write_that_was_throttled_has_begun_nothing(clock: Time) -> None:
    operator, api = Operator(clock), Api(clock, throttled())
    rate = Rate(CallLimits(per_minute={"": 9}), operator, clock)
    with rate.reserve(4) as step, pytest.raises(Interrupted):
        step("Detach", api, read=False)
    assert len(api.at) == 1


@pytest.mark.parametrize(("made", "waits"), [(0, False), (7, False), (8, True), (24, True)])
def test_a_swap_has_both_its_turns_at_one_moment(clock: Time, made: int, waits: bool) -> None:
    """Else the instances would be without a role while the attach waits for its turn."""
    rate = rate_on(clock, 8, max_calls=1_000)
    for _ in range(made):
        rate("Attach", Api(clock), read=False)
    before = clock.at
    with rate.reserve(32) as step:
        step.book("Detach", "Attach")
        assert (clock.at > before + 50) == waits
        booked = clock.at
        with ThreadPoolExecutor(1) as other:  # what others do meanwhile takes no turn away
            for _ in range(7):
                other.submit(rate, "Detach", Api(clock), read=False).result()
        step("Detach", Api(clock), read=False)
        step("Attach", Api(clock), read=False)
    assert clock.at == booked


def test_turns_that_were_booked_and_not_used_are_nobodys(clock: Time) -> None:
    rate = rate_on(clock, 2)
    with rate.reserve(1) as step:
        step.book("Detach", "Attach")
    rate("Attach", Api(clock), read=False)
    before = clock.at
    rate("Attach", Api(clock), read=False)
    assert clock.at > before + 50, "the turn stays taken"


def test_a_swap_waits_until_neither_api_is_stopped_or_says_there_is_no_time(clock: Time) -> None:
    rate = rate_on(clock, until=clock.at + 100)
    with rate.reserve(2) as step:
        rate.refused("Attach")
        step.book("Detach", "Attach")
        assert clock.at % MINUTE < 0.01
        clock.sleep(30)
        rate.refused("Detach")
        with pytest.raises(OutOfTime):
            step.book("Detach", "Attach")


def test_a_turn_that_was_booked_waits_for_the_end_of_a_stop_all_the_same(clock: Time) -> None:
    rate, api = rate_on(clock), Api(clock)
    with rate.reserve(2) as step:
        step.book("Attach")
        rate.refused("Attach")
        step("Attach", api, read=False)
    assert api.at[0] % MINUTE == 0


@pytest.mark.parametrize(("lasting", "in_time"), [(5.0, True), (10.0, False)])
def test_what_begins_must_have_the_time_to_end(clock: Time, lasting: float, in_time: bool) -> None:
    """Counted from when its turn comes, not from when it is asked for."""
    rate = rate_on(clock, 1, until=clock.at + 70)
    rate("Attach", Api(clock), read=False)
    with rate.reserve(2) as step:
        if in_time:
            step.book("Detach", "Attach", lasting=lasting)
            assert clock.at + lasting < rate.limits.until
        else:
            with pytest.raises(OutOfTime):
                step.book("Detach", "Attach", lasting=lasting)
