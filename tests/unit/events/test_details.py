"""What is said of a body that is no event, word by word: an operator has nothing else to go by."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.events import MAX_EVENT_BYTES, read
from shared.model.ignored import Ignored
from tests.unit.events.builders import A, Json, envelope, ignored, one, state

HINT = '; a manual payload is {"reconcile": {}}, or names one of instance_ids, tags, rule, role, drift, all'


def in_report(payload: object) -> Json:
    return {"requestContext": {}, "requestPayload": payload}


def in_messages(value: Any, count: int) -> Any:
    for _ in range(count):
        value = {"messageId": "1", "messageBody": json.dumps(value)}
    return value


@pytest.mark.parametrize(
    ("body", "reason", "detail"),
    [
        pytest.param("", "empty", "the event has no content", id="nothing"),
        pytest.param("[]", "empty", "a list without events", id="an empty list"),
        pytest.param("[" * 100_000, "not-json", "the JSON is nested too deeply", id="deep"),
        pytest.param(b'{"a": "\xff"}', "not-json", "not UTF-8: invalid start byte (byte 0)", id="no UTF-8"),
        pytest.param("{", "not-json", "Input data was truncated", id="cut off"),
        pytest.param(
            json.dumps(in_report("")), "empty", "a failure report whose requestPayload is empty", id="an empty report"
        ),
        pytest.param(
            json.dumps(in_report("x")),
            "not-json",
            "a failure report whose requestPayload is no JSON",
            id="a report of no JSON",
        ),
        pytest.param("null", "unknown-event", "expected a JSON object, got null", id="null"),
        pytest.param("true", "unknown-event", "expected a JSON object, got true or false", id="true"),
        pytest.param("1.5", "unknown-event", "expected a JSON object, got a number", id="a number"),
        pytest.param('"x"', "unknown-event", "expected a JSON object, got text", id="text"),
        pytest.param("[[[[[[]]]]]]", "unknown-event", "expected a JSON object, got a list", id="lists in lists"),
        pytest.param("{}", "unknown-event", f"no event has these keys: none{HINT}", id="no key"),
        pytest.param(
            '{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7}',
            "unknown-event",
            f"no event has these keys: a, b, c, d, e, f{HINT}",
            id="seven keys",
        ),
        pytest.param(
            json.dumps({"k" * 33: 1}), "unknown-event", f"no event has these keys: {'k' * 31}…{HINT}", id="a long key"
        ),
        pytest.param(
            json.dumps(envelope("oss:Object:Put", {})), "not-for-us", "events of type oss:Object:Put", id="another type"
        ),
    ],
)
def test_of_a_body_is_said(body: bytes | str, reason: str, detail: str) -> None:
    (found,) = read(body)
    assert isinstance(found, Ignored)
    assert (found.reason, found.detail, found.source) == (reason, detail, "")


@pytest.mark.parametrize(("more", "reason"), [(0, "unknown-event"), (1, "too-large")])
def test_the_largest_body_is_read(more: int, reason: str) -> None:
    (found,) = read('"' + "x" * (MAX_EVENT_BYTES - 2 + more) + '"')
    assert getattr(found, "reason", "") == reason


def test_a_long_error_of_the_decoder_is_cut() -> None:
    (found,) = read('{"a": ' + "1" * 30 + "x" * 500)
    assert isinstance(found, Ignored)
    assert 0 < len(found.detail) <= 200


@pytest.mark.parametrize("levels", [4, 5])
def test_lists_are_opened_four_deep(levels: int) -> None:
    (found,) = read("[" * levels + json.dumps(state()) + "]" * levels)
    assert isinstance(found, Ignored) == (levels > 4)


@pytest.mark.parametrize("count", [15, 16])
def test_fifteen_envelopes_are_opened(count: int) -> None:
    found = one(in_messages(state(), count))
    assert getattr(found, "detail", "") == ("more than 16 envelopes in one another" if count > 15 else "")


@pytest.mark.parametrize("context", ["requestContext", "responseContext"])
def test_a_report_is_known_by_either_context(context: str) -> None:
    found = one({context: {}, "requestPayload": json.dumps(state())})
    assert getattr(found, "instance_ids", ()) == (A,)


def test_a_payload_beside_nothing_else_is_no_report() -> None:
    assert ignored({"requestPayload": json.dumps(state())}).reason == "unknown-event"


def test_unless_said_no_region_and_no_role_is_ours() -> None:
    event = {"state": "Created", "resourceId": A}
    assert getattr(one(event), "region", None) == ""
