"""Records and the lines on stdout: a closed list of fields, all of them texts."""

from __future__ import annotations

import io
import json
import sys
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from shared.lines import say
from shared.model.record import Record, RunRecord, age_ms

CLOSED_LIST = ["outcome", "reason", "action", "instance_id", "region", "account_id", "rule", "role", "role_before", "role_after", "trigger", "event_id", "event_time", "event_age_ms", "actor", "mode", "mapping_hash", "function", "request_id", "attempt", "error_code", "error_message", "cloud_request_ids", "duration_ms", "operator", "operator_reason", "gap_ms", "run_id"]  # fmt: skip
RESERVED = {"__time__", "__source__", "__topic__", "__raw__", "__extract_others__"}
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)


def test_a_record_has_the_fields_of_the_closed_list() -> None:
    assert set(Record.__struct_fields__) == set(CLOSED_LIST)
    assert len(set(CLOSED_LIST)) == len(CLOSED_LIST)


def test_a_run_record_says_the_same_by_the_same_words() -> None:
    assert set(RunRecord.__struct_fields__) - set(CLOSED_LIST) == {
        "run",
        "seen",
        "counts",
        "link",
        "brake",
        "reads",
        "writes",
        "calls",
        "running_task",
        "running_since",
    }


@pytest.mark.parametrize("kind", [Record, RunRecord])
def test_every_field_is_a_text_and_none_is_reserved_by_sls(kind: type[Any]) -> None:
    assert set(kind.__annotations__.values()) == {"str"}
    assert not set(kind.__struct_fields__) & RESERVED


def test_a_field_without_a_value_is_not_sent() -> None:
    record = Record(outcome="attached", reason="missing", action="attach", instance_id="i-1", region="r")
    assert record.fields() == {
        "outcome": "attached",
        "reason": "missing",
        "action": "attach",
        "instance_id": "i-1",
        "region": "r",
    }


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (None, ""),
        (timedelta(0), "0"),
        (timedelta(seconds=1.2345), "1234"),
        (timedelta(seconds=-5), "0"),
        (timedelta(days=400), "34560000000"),
    ],
)
def test_an_age_is_in_milliseconds_and_never_negative(age: timedelta | None, shown: str) -> None:
    assert age_ms(None if age is None else NOW - age, NOW) == shown


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "gbk"])
def test_a_line_is_flushed_at_once_whatever_the_locale(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, write_through=False))
    line = {"rule": "网页 \ud800\u2028\n", "n": 1}
    say(line)
    assert raw.getvalue().count(b"\n") == 1
    assert json.loads(raw.getvalue()) == line
