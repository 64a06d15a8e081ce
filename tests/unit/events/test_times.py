"""Every way in which a time is written comes out as one; a time that cannot be read costs nothing but itself."""

from __future__ import annotations

import time
import unicodedata
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import times
from tests.unit.events.builders import call, envelope, state, trigger


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z"),
        ("2026-11-23T08:00:00.123Z", "2026-11-23T08:00:00.123Z"),
        ("2026-11-23T08:00:00.000Z", "2026-11-23T08:00:00Z"),
        ("2026-11-23T08:00:00.123456789Z", "2026-11-23T08:00:00.123456Z"),
        ("2026-11-23T08:00:00,5Z", "2026-11-23T08:00:00.500Z"),
        ("2026-11-23T16:00:00+08:00", "2026-11-23T08:00:00Z"),
        ("2026-11-23T16:00:00+0800", "2026-11-23T08:00:00Z"),
        ("2026-11-23T16:00:00+08", "2026-11-23T08:00:00Z"),
        ("2026-11-23T03:30:00-04:30", "2026-11-23T08:00:00Z"),
        ("2020-11-19T21:04:42.179PRC", "2020-11-19T13:04:42.179Z"),
        ("2020-11-19T21:04:42.149Asia/Shanghai", "2020-11-19T13:04:42.149Z"),
        ("2020-11-19T21:04:42+08:00[Asia/Shanghai]", "2020-11-19T13:04:42Z"),
        ("20190409T121826.922+0800", "2019-04-09T04:18:26.922Z"),
        ("2026-11-23T08:00Z", "2026-11-23T08:00:00Z"),
        ("2026-11-23T08:00:00", "2026-11-23T08:00:00Z"),
        ("2026-11-23 08:00:00", "2026-11-23T08:00:00Z"),
        ("2026-11-23 08:00:00 UTC", "2026-11-23T08:00:00Z"),
        ("  2026-11-23t08:00:00z ", "2026-11-23T08:00:00Z"),
        ("2026-11-23", "2026-11-23T00:00:00Z"),
        (1637659288, "2021-11-23T09:21:28Z"),
        (1637659288.5, "2021-11-23T09:21:28.500Z"),
        ("1637659288", "2021-11-23T09:21:28Z"),
        (1637659288123, "2021-11-23T09:21:28.123Z"),
        ("1637659288000", "2021-11-23T09:21:28Z"),
    ],
)
def test_a_time_is_read(written: object, expected: str) -> None:
    text, moment = times.first(written)
    assert text == expected
    assert moment == datetime.fromisoformat(expected.replace("Z", "+00:00"))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("yesterday", "yesterday"),
        ("2026-02-30T00:00:00Z", "2026-02-30T00:00:00Z"),
        ("2026-11-23T25:00:00Z", "2026-11-23T25:00:00Z"),
        ("2026-11-23T08:00:00+99:00", "2026-11-23T08:00:00+99:00"),
        ("2026-11-23T08:00:00Mars/Olympus", "2026-11-23T08:00:00Mars/Olympus"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
        ("2026-11-\n23", "2026-11- 23"),
        ("x" * 500, "x" * 63 + "…"),
        (7, "7"),
        (10**30, ""),
        (True, ""),
        (None, ""),
        ({}, ""),
        (1e300, ""),
    ],
)
def test_a_time_that_cannot_be_read_stays_as_written(written: object, shown: str) -> None:
    assert times.first(written) == (shown, None)
    event = {**state(), "time": written}
    outcome = trigger(event)
    assert (outcome.event_time, outcome.event_at) == (shown, None)


@given(st.datetimes(min_value=datetime(1000, 1, 1)))
def test_what_is_written_is_read_again(moment: datetime) -> None:
    aware = moment.replace(tzinfo=timezone.utc)
    assert times.parse(times.written(aware)) == aware


@given(st.text() | st.floats() | st.integers() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?[A-Z+-]?[\d:]{0,6}"))
def test_no_time_makes_the_reader_fail(written: object) -> None:
    text, moment = times.first(written)
    assert len(text) <= 64
    assert not {unicodedata.category(character) for character in text} & {"Cc", "Zl", "Zp"}
    assert moment is None or moment.utcoffset() is not None


def test_the_first_time_that_can_be_read_counts() -> None:
    record = call("AddTags", {"ResourceId": "i-1"}, eventTime="soon")
    outcome = trigger(envelope("ecs:ActionTrail:ApiCall", record, time="2026-11-23T16:00:00PRC"))
    assert outcome.event_time == "2026-11-23T08:00:00Z"


def test_the_time_of_the_call_goes_before_that_of_its_publishing() -> None:
    record = call("AddTags", {"ResourceId": "i-1"}, eventTime="2026-11-23T07:50:00Z")
    assert trigger(envelope("ecs:ActionTrail:ApiCall", record)).event_time == "2026-11-23T07:50:00Z"


def test_the_time_of_publishing_stands_in_for_a_missing_one() -> None:
    event = envelope("ecs:Instance:StateChange", state()["data"], time=None, aliyunpublishtime="2026-11-23T08:00:01Z")
    assert trigger(event).event_time == "2026-11-23T08:00:01Z"


def test_a_moment_is_written_in_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert times.written(datetime(2026, 11, 23, 8, tzinfo=timezone.utc)) == "2026-11-23T08:00:00Z"
    finally:
        monkeypatch.undo()
        time.tzset()
