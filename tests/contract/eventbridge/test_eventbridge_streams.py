"""Event streams: a queue's messages reach a function in batches, in the shape that is expected, and leave when taken."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT

from .streams import DEAD, Stream, batches


def test_a_full_window_is_pushed_at_once(cloud: Cloud, stream: Stream) -> None:
    queue = stream(count=3)
    began = cloud.clock.now()
    for number in range(7):
        queue.send(str(number))
    cloud.clock.settle(within=1)
    assert batches(cloud) == [["0", "1", "2"], ["3", "4", "5"]]
    assert cloud.clock.now() - began < 2
    cloud.settle()
    assert batches(cloud)[2:] == [["6"]]
    assert cloud.clock.now() - began >= 5
    assert (queue.active(), queue.hidden()) == (0, 0)


def test_a_window_that_does_not_fill_is_pushed_when_its_time_is_over(cloud: Cloud, stream: Stream) -> None:
    queue = stream(seconds=15)
    queue.send("a")
    cloud.clock.settle(within=10)
    queue.send("b")
    assert batches(cloud) == []
    cloud.settle()
    assert batches(cloud) == [["a", "b"]]


def test_no_seconds_mean_at_once(cloud: Cloud, stream: Stream) -> None:
    stream(seconds=0).send("a")
    cloud.clock.settle(within=0.5)
    assert batches(cloud) == [["a"]]


def test_what_was_in_the_queue_before_is_taken_too(cloud: Cloud, stream: Stream) -> None:
    cloud.mns.create(ACCOUNT, "cn-hangzhou", "q", visibility_timeout=600).send("early")
    stream()
    cloud.settle()
    assert batches(cloud) == [["early"]]


def test_a_member_is_an_event_of_the_queue(cloud: Cloud, stream: Stream) -> None:
    stream().send("hello")
    cloud.settle()
    ((member,),) = [json.loads(one.payload) for one in cloud.fc.invocations]
    assert {"specversion", "id", "source", "type", "time", "subject", "data", "aliyunaccountid"} <= set(member)
    assert (member["source"], member["type"]) == ("acs:mns", "mns:Queue:SendMessage")
    assert member["subject"] == f"acs:mns:cn-hangzhou:{ACCOUNT}:queues/q"
    assert set(member["data"]) == {"requestId", "messageId", "messageBody"}
    assert member["data"]["messageId"] == member["id"]


EVENT = {"specversion": "1.0", "id": "e", "data": {"n": 1}}
TEXT = json.dumps(EVENT)
NOTHING = "def handler(event, context):\n    pass\n"


@pytest.mark.parametrize(
    ("shape", "schema", "body_of"),
    [
        pytest.param("text", "CloudEvents", lambda m: json.loads(m["data"]["messageBody"]), id="envelope, text"),
        pytest.param("object", "CloudEvents", lambda m: m["data"]["messageBody"], id="envelope, object"),
        pytest.param("string", "CloudEvents", lambda m: json.loads(json.loads(m)["data"]["messageBody"]), id="string"),
        pytest.param("event", "CloudEvents", lambda m: m, id="the event itself"),
        pytest.param("text", "RawData", lambda m: json.loads(m["messageBody"]), id="raw data"),
        pytest.param("string", "RawData", lambda m: json.loads(json.loads(m)["messageBody"]), id="raw data, string"),
    ],
)
def test_the_shape_of_a_member_is_a_switch(
    cloud: Cloud, stream: Stream, shape: Any, schema: str, body_of: Callable[[Any], Any]
) -> None:
    cloud.switches.queue_event = shape
    stream(code=NOTHING, eventSinkConfig={"deliveryOption": {"eventSchema": schema}}).send(TEXT)
    cloud.settle()
    ((member,),) = [json.loads(one.payload) for one in cloud.fc.invocations]
    assert body_of(member) == EVENT


@pytest.mark.parametrize(
    ("decode", "sent", "got"),
    [
        pytest.param({"IsBase64Decode": True}, base64.b64encode(b"x").decode(), "x", id="decoded"),
        pytest.param({"IsBase64Decode": True}, "not base64!", "not base64!", id="not in Base64"),
        pytest.param({"IsBase64Decode": False}, "eA==", "eA==", id="left alone"),
    ],
)
def test_bodies_in_base64(cloud: Cloud, stream: Stream, decode: dict[str, bool], sent: str, got: str) -> None:
    stream(source=decode).send(sent)
    cloud.settle()
    assert batches(cloud) == [[got]]


def test_a_batch_that_fails_is_tried_again_whole_and_then_goes_to_the_dead_letters(
    cloud: Cloud, stream: Stream
) -> None:
    queue = stream(count=2)
    for body in ("bad", "good", "next"):
        queue.send(body)
    cloud.settle()
    assert batches(cloud) == [["bad", "good"]] * 4 + [["next"]]
    pushes = [push for push in cloud.events.log.deliveries if push.error]
    assert all(10 <= later.at - earlier.at < 21 for earlier, later in pairwise(pushes))
    letters = [json.loads(m.body)["data"]["messageBody"] for m in cloud.mns.at(DEAD).receive(16)]
    assert letters == ["bad", "good"]
    assert (queue.active(), queue.hidden()) == (0, 0)


def test_messages_are_deleted_only_after_success(cloud: Cloud, stream: Stream) -> None:
    queue = stream(seconds=0)
    queue.send("bad")
    cloud.clock.settle(within=9)
    assert (len(cloud.fc.invocations), queue.active(), queue.hidden()) == (1, 0, 1)


def test_without_tolerance_a_batch_blocks_those_behind_it_and_all_stay_in_the_queue(
    cloud: Cloud, stream: Stream
) -> None:
    queue = stream(count=1, options={"errorsTolerance": "NONE"})
    queue.send("bad")
    queue.send("good")
    cloud.settle()
    assert batches(cloud) == [["bad"]] * 4
    assert not cloud.mns.at(DEAD).active()
    cloud.clock.advance(600)
    assert [m.body for m in queue.peek()] == ["good", "bad"]


@pytest.mark.slow
def test_a_queue_that_hides_for_less_than_the_retries_take_delivers_twice(cloud: Cloud, stream: Stream) -> None:
    queue = stream(count=2, queue={"visibility_timeout": 5})
    queue.send("bad")
    cloud.settle()
    assert len(cloud.fc.invocations) > 4, "seen again while it was on its way"
    assert len(cloud.events.log.dead_letters) >= 1


def test_an_asynchronous_push_is_taken_when_it_is_accepted(cloud: Cloud, stream: Stream) -> None:
    queue = stream(synchronous=False, seconds=0)
    queue.send("bad")
    cloud.settle()
    assert [(one.kind, one.ok) for one in cloud.fc.invocations] == [("async", False)]
    assert queue.hidden() == 0
    (letter,) = cloud.mns.at(DEAD).receive(16)
    assert json.loads(json.loads(letter.body)["requestPayload"])[0]["data"]["messageBody"] == "bad"


def test_a_batch_is_no_larger_than_an_invocation_may_be(cloud: Cloud, stream: Stream) -> None:
    queue = stream(count=100, synchronous=False)
    for _ in range(10):
        queue.send("x" * 30_000)
    cloud.settle()
    assert [len(batch) for batch in batches(cloud)] == [4, 4, 2]
    assert all(len(one.payload) <= 128 * 1024 for one in cloud.fc.invocations)


def test_the_filter_pattern_looks_at_the_queues_event(cloud: Cloud, stream: Stream) -> None:
    queue = stream(eventRuleFilterPattern='{"data": {"messageBody": [{"prefix": "yes"}]}}')
    queue.send("no")
    queue.send("yes")
    cloud.settle()
    assert batches(cloud) == [["yes"]]
    assert (queue.active(), queue.hidden()) == (0, 0)


def test_a_function_that_is_removed_leaves_its_queue_alone(cloud: Cloud, stream: Stream) -> None:
    queue = stream()
    queue.send("a")
    cloud.fc.remove("take")
    cloud.settle()
    assert not cloud.fc.invocations
    assert queue.active() == 1
    assert cloud.events.streams == {}


def test_a_second_deployment_replaces_the_stream(cloud: Cloud, stream: Stream) -> None:
    stream().send("a")
    stream()
    cloud.settle()
    assert batches(cloud) == [["a"]]


def test_the_trigger_names_its_stream(cloud: Cloud, stream: Stream) -> None:
    stream()
    trigger = cloud.fc.find("", "", "take").triggers["s"]
    assert trigger.source_arn == f"acs:eventbridge:cn-hangzhou:{ACCOUNT}:eventstreaming/take-s"
