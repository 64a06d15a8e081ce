"""What an invocation has used of the running minute, handed over to the next, which has other clocks; or written by somebody else."""

from __future__ import annotations

from bisect import bisect_right

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.engine.rate import CallLimits, Rate
from shared.engine.turns import MINUTE, WINDOW
from shared.errors import OutOfTime, Throttled
from shared.model.rate_use import SLICE, SLICES, ApiUse, RateUse
from tests.clocks import Time
from tests.unit.fleet.rated import Api, rate_on, throttled


@pytest.fixture
def clock() -> Time:
    return Time()


def onward(rate: Rate, clock: Time, **limits: float) -> Rate:
    """The rate of the next invocation."""
    used = msgspec.json.decode(msgspec.json.encode(rate.used()), type=RateUse)
    return Rate(msgspec.structs.replace(rate.limits, **limits), clock=clock, used=used)


@given(
    limit=st.integers(1, 7),
    steps=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.3, 4.999, 7.0, 59.9995, 61.0, None]), max_size=40),
    ahead=st.sampled_from([0.0, 1.5]),
)
def test_no_minute_sees_more_calls_than_the_rate_however_often_it_is_handed_over(
    limit: int, steps: list[float | None], ahead: float
) -> None:
    """steps: a wait and a call, or a hand-over. ahead: of every second invocation's clock."""
    clock = Time()
    rate, api = rate_on(clock, limit), Api(clock)
    for step in steps:
        if step is None:
            rate = onward(rate, clock)
            clock.ahead = ahead - clock.ahead
        else:
            clock.sleep(step)
            rate("Look", api, read=True)
    for at in api.at:
        assert bisect_right(api.at, at + MINUTE) - api.at.index(at) <= limit


def test_what_is_left_of_the_minute_is_had_at_once(clock: Time) -> None:
    rate, api = rate_on(clock, 10), Api(clock)
    for _ in range(6):
        rate("Look", api, read=True)
    clock.sleep(20)
    rate, before = onward(rate, clock), clock.at
    for _ in range(4):
        rate("Look", api, read=True)
    for _ in range(10):
        rate("Attach", api, read=False)
    assert clock.at == before
    rate("Look", api, read=True)
    assert before + WINDOW - 20 <= clock.at <= before + WINDOW - 20 + SLICE + 3, "the first six are a minute old"


def test_a_stop_after_a_throttle_is_handed_over(clock: Time) -> None:
    rate, api = rate_on(clock, until=clock.at + 10), Api(clock, throttled())
    with pytest.raises(OutOfTime):
        rate("Look", api, read=True)
    rate, before = onward(rate, clock, until=clock.at + 1_000), clock.at
    rate("Attach", api, read=False)
    assert clock.at == before
    rate("Look", api, read=True)
    assert clock.at // MINUTE == before // MINUTE + 1
    assert clock.at % MINUTE <= 4


def test_nothing_is_handed_over_of_what_is_a_minute_old(clock: Time) -> None:
    rate = rate_on(clock)
    rate("Look", Api(clock), read=True)
    clock.sleep(WINDOW)
    assert rate.used() == RateUse(at=int(clock.wall()))


written = st.builds(
    RateUse,
    at=st.sampled_from([0, 999_000, 999_970, 999_980, 1_000_500, 99_999_999_999]),
    apis=st.dictionaries(
        st.sampled_from(["Look", "Attach"]),
        st.builds(
            ApiUse,
            refused=st.sampled_from([0, 1, 60]),
            calls=st.lists(st.sampled_from([0, 1, 3, 9_999_999]), max_size=SLICES).map(tuple),
        ),
    ),
)


@given(used=written)
def test_whatever_is_written_there_a_run_waits_a_minute_at_most_and_is_never_faster(used: RateUse) -> None:
    clock = Time()
    began, api = clock.at, Api(clock)
    rate = Rate(CallLimits(per_minute={"": 3}), clock=clock, used=used)
    for _ in range(3):
        rate("Look", api, read=True)
    assert clock.at <= began + WINDOW
    rate("Look", api, read=True)
    assert api.at[3] >= api.at[0] + MINUTE


@pytest.mark.parametrize("calls", [[-1], [10**7], ["1"], [1.5], [0] * (SLICES + 1), 1, None])
def test_what_cannot_be_is_no_use(calls: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode({"at": 1, "apis": {"Look": [0, calls]}}), type=RateUse)


@pytest.mark.parametrize("use", [[-1], [61], [0, [], 0], {}])
def test_nor_is_what_has_another_form(use: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode({"at": 1, "apis": {"Look": use}}), type=RateUse)


def test_an_invocation_that_could_only_wait_waits_until_its_end(clock: Time) -> None:
    first = rate_on(clock, 1)
    first("Look", Api(clock), read=True)
    rate = onward(first, clock, until=clock.at + 50)
    assert not rate.wait_out(), "nothing was asked for yet"
    with pytest.raises(OutOfTime):
        rate("Look", Api(clock), read=True)
    before = clock.at
    assert rate.wait_out()
    assert clock.at == before + 50
    assert not rate.wait_out(), "its time is over"
    onward(rate, clock, until=clock.at + 50)("Look", Api(clock), read=True)


def test_a_throttle_is_waited_out_and_still_counts_as_nothing_done(clock: Time) -> None:
    rate, end = rate_on(clock, until=clock.at + 20), clock.at + 20
    with pytest.raises(OutOfTime):
        rate("Look", Api(clock, Throttled("Look", "Throttling", "slow down")), read=True)
    assert not rate.wait_out()
    assert clock.at == end
