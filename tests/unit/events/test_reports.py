"""What Function Compute sends to a dead-letter queue, given back to a function: the event in it is what counts."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.events import read
from shared.model.ignored import Ignored
from shared.model.progress import Progress
from shared.model.trigger import Trigger
from shared.proof import Key, seal
from tests.unit.events.builders import ACCOUNT, A, B, call, state, tag_event

Json = Any
KEY = Key("k" * 32)


def report(payload: Json) -> Json:
    """As its page prints it."""
    context = {
        "requestId": "1-2",
        "functionArn": "acs:fc:::functions/f",
        "condition": "UnhandledInvocationError",
        "approximateInvokeCount": 4,
    }
    return {
        "timestamp": 1660120276975,
        "requestContext": context,
        "requestPayload": payload,
        "responseContext": {"statusCode": 200, "functionError": "UnhandledInvocationError"},
        "responsePayload": "{}",
    }


def message(body: Json) -> Json:
    return {
        "specversion": "1.0",
        "id": "m",
        "source": "acs:mns",
        "type": "mns:Queue:SendMessage",
        "data": {"requestId": "r", "messageId": "m", "messageBody": body},
    }


def in_base64(value: Json) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


WAYS: dict[str, Callable[[Json], Json]] = {
    "text": lambda event: report(json.dumps(event)),
    "pretty text": lambda event: report("\n" + json.dumps(event, indent=2)),
    "object": report,
    "a text in JSON": lambda event: report(json.dumps(json.dumps(event))),
    "Base64": lambda event: report(in_base64(event)),
    "keys in capitals": lambda event: {key.title(): value for key, value in report(json.dumps(event)).items()},
    "a batch": lambda event: report(json.dumps([event])),
    "nested": lambda event: report(json.dumps(report(json.dumps(event)))),
    "nested objects": lambda event: report(report(event)),
    "nested four times": lambda event: report(json.dumps(report(report(json.dumps(report(json.dumps(event))))))),
    "in a list": lambda event: [report(json.dumps(event))],
    "a string": lambda event: json.dumps(report(json.dumps(event))),
    "in a queue": lambda event: [message(json.dumps(report(json.dumps(event))))],
    "in a queue, as an object": lambda event: [message(report(event))],
    "in a queue, in Base64": lambda event: [message(in_base64(report(json.dumps(event))))],
    "of a batch of a queue": lambda event: report(json.dumps([message(json.dumps(event))])),
    "of a batch of a queue, in a queue": lambda event: [
        message(json.dumps(report(json.dumps([json.dumps(message(json.dumps(event)))]))))
    ],
    "on a bus": lambda event: {"specversion": "1.0", "type": "fc:x", "data": report(json.dumps(event))},
    "without what came back": lambda event: {
        key: value for key, value in report(json.dumps(event)).items() if not key.startswith("response")
    },
}
EVENTS: dict[str, Json] = {
    "a launch": call("RunInstances", responseElements={"InstanceIdSets": {"InstanceIdSet": [A, B]}}),
    "a change of state": state(),
    "a tag event": tag_event(),
    "the timer": {"triggerTime": "2026-11-23T08:00:00Z", "triggerName": "tick", "payload": ""},
    "an operator's payload": {"remediate": {"instance_ids": [A], "reason": "INC-7"}},
    "a bare one": {"tags": {"app": "web"}, "dry_run": True},
    "a reconcile by hand": {"reconcile": {"lift_brake": True}},
    "a hand-over": {"rolekeeper": {"kind": "reconcile", "source": "timer", "cursor": {"link": 1, "instance_ids": [A]}}},
}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("way", WAYS)
def test_a_report_is_read_as_the_event_in_it(way: str, event: str) -> None:
    expected = read(json.dumps(EVENTS[event]), account_id=ACCOUNT, region="cn-hangzhou")
    assert isinstance(expected[0], Trigger)
    assert read(json.dumps(WAYS[way](EVENTS[event])), account_id=ACCOUNT, region="cn-hangzhou") == expected


@pytest.mark.parametrize("way", WAYS)
def test_a_sealed_hand_over_is_as_sealed_in_a_report(way: str) -> None:
    whole = {"kind": "reconcile", "source": "timer", "cursor": {"link": 1}}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()
    event = {"seal": seal([KEY], text), "rolekeeper": whole}
    (found,) = read(json.dumps(WAYS[way](event)), proof_keys=(KEY,))
    assert isinstance(found, Trigger), found
    assert found.progress == Progress(link=1)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param("", "empty", id="no text"),
        pytest.param(None, "empty", id="null"),
        pytest.param("hello", "not-json", id="no JSON"),
        pytest.param("{", "not-json", id="half of it"),
        pytest.param(7, "not-json", id="a number"),
        pytest.param([], "empty", id="an empty list"),
        pytest.param({"x": 1}, "unknown-event", id="of nobody"),
    ],
)
def test_a_report_of_nothing_that_can_be_read_says_so(payload: Json, reason: str) -> None:
    (found,) = read(json.dumps(report(payload)))
    assert isinstance(found, Ignored)
    assert found.reason == reason


def test_no_report_is_opened_for_ever() -> None:
    event: Json = state()
    for _ in range(200):
        event = report(event)
    (found,) = read(json.dumps(event))
    assert isinstance(found, Ignored)
    assert found.reason == "not-json"
