"""Runs of a timer: how they are spread, and which task of the run before holds one up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.engine.timed_runs import SPREAD_SECONDS, jitter, prefix, still_running
from shared.errors import CloudCallError, PermanentError, Throttled, TransientError
from shared.gateways.fc import TASK_ID, Task

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
OWN = "run-1_cn-hangzhou_new"
REGIONS = ("cn-hangzhou", "cn-beijing", "us-west-1", "eu-central-1", "ap-southeast-5", "me-east-1")
PLACES = st.tuples(st.from_regex("[0-9]{1,20}", fullmatch=True), st.sampled_from(REGIONS))


class Listing:
    """Functions of which this is the newest task, or whose listing fails."""

    def __init__(self, answer: Task | CloudCallError | None) -> None:
        self.answer, self.asked = answer, list[str]()

    def start(self, payload: bytes, task_id: str, *, delay: float = 0.0) -> bool:
        raise AssertionError("nothing is started")

    def latest(self, prefix: str) -> Task | None:
        self.asked.append(prefix)
        if isinstance(self.answer, CloudCallError):
            raise self.answer
        return self.answer


def task(
    *, running: bool = True, since: datetime | None = NOW - timedelta(minutes=40), of: str = "run-1_cn-hangzhou_old"
) -> Task:
    return Task(f"{of}-3", running, since)


@pytest.mark.parametrize(
    ("newest", "held_up"),
    [
        pytest.param(task(), True, id="it runs"),
        pytest.param(task(since=None), True, id="it runs, and nothing says since when"),
        pytest.param(task(since=NOW + timedelta(minutes=1)), True, id="clocks differ"),
        pytest.param(task(since=NOW - timedelta(hours=23)), True, id="it runs long"),
        pytest.param(task(since=NOW - timedelta(hours=25)), False, id="longer than any invocation may"),
        pytest.param(task(running=False), False, id="it has ended"),
        pytest.param(task(of=OWN), False, id="it is of the same run"),
        pytest.param(None, False, id="there is none"),
    ],
)
def test_a_run_is_held_up_by_a_task_of_the_run_before(
    newest: Task | None, held_up: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    listing = Listing(newest)
    assert still_running(listing, "1", "cn-hangzhou", NOW, OWN) == (newest if held_up else None)
    assert listing.asked == ["run-1_cn-hangzhou_"]
    assert not capsys.readouterr().out


@pytest.mark.parametrize("kind", [PermanentError, TransientError, Throttled])
def test_a_run_begins_where_the_one_before_cannot_be_asked_for_and_a_line_says_why(
    kind: Callable[..., CloudCallError], capsys: pytest.CaptureFixture[str]
) -> None:
    listing = Listing(kind("ListAsyncTasks", "AccessDenied", "not authorized", "r-1"))
    assert still_running(listing, "1", "cn-hangzhou", NOW, OWN) is None
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["run_before"], line["region"], line["account_id"]) == ("not known", "cn-hangzhou", "1")
    assert "ListAsyncTasks: AccessDenied" in line["error"]


@given(PLACES, st.floats(min_value=0.001, max_value=3600))
def test_a_place_has_its_moment_within_the_bound(place: tuple[str, str], most: float) -> None:
    assert 0 <= jitter(*place, most) < most
    assert jitter(*place, most) == jitter(*place, most)


def test_the_moment_of_a_place_stays_the_same_for_ever() -> None:
    """A change of the digest would move the runs of every deployment."""
    assert jitter("1234567890123456", "cn-hangzhou", 300) == pytest.approx(173.99465410566427)


def test_many_places_are_spread_over_the_whole_time() -> None:
    moments = sorted(jitter(str(10**15 + account), region) for account in range(12) for region in REGIONS)
    tenths = {int(moment / SPREAD_SECONDS * 10) for moment in moments}
    assert (len(moments), tenths) == (72, set(range(10)))
    assert len({round(moment, 3) for moment in moments}) == 72


@given(PLACES, PLACES)
def test_the_tasks_of_a_place_begin_as_those_of_no_other(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert TASK_ID.fullmatch(prefix(*one) + "x-0")
    if one != other:
        assert not prefix(*one).startswith(prefix(*other))
