"""Queues: what is sent is received until it is deleted, and nothing is lost in between."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from fakecloud.mns import exceptions
from fakecloud.mns.models import Queue

REGION = "cn-hangzhou"


@pytest.fixture
def queue(cloud: Cloud) -> Queue:
    return cloud.mns.create(ACCOUNT, REGION, "q")


def bodies(queue: Queue, count: int = 16) -> list[str]:
    return [message.body for message in queue.receive(count)]


def test_messages_are_received_in_the_order_of_sending(queue: Queue) -> None:
    for body in "abc":
        queue.send(body)
    assert bodies(queue, 2) == ["a", "b"]
    assert (queue.active(), queue.hidden()) == (1, 2)


def test_a_received_message_is_hidden_until_its_time_is_over(cloud: Cloud, queue: Queue) -> None:
    queue.send("a")
    assert bodies(queue) == ["a"]
    cloud.clock.advance(29)
    assert bodies(queue) == []
    cloud.clock.advance(2)
    (again,) = queue.receive()
    assert (again.body, again.dequeued) == ("a", 2)


def test_a_deleted_message_never_comes_back(cloud: Cloud, queue: Queue) -> None:
    queue.send("a")
    (message,) = queue.receive()
    queue.delete(message.receipt)
    cloud.clock.advance(100)
    assert (queue.active(), queue.hidden()) == (0, 0)


@pytest.mark.parametrize("seconds", [31, 0], ids=["of a reception that is over", "of no reception"])
def test_only_the_handle_of_the_present_reception_deletes(cloud: Cloud, queue: Queue, seconds: int) -> None:
    queue.send("a")
    (message,) = queue.receive()
    old = message.receipt if seconds else "1-NONE"
    cloud.clock.advance(seconds)
    assert len(queue.receive()) == (1 if seconds else 0)
    with pytest.raises(exceptions.MessageNotFound):
        queue.delete(old)
    assert queue.hidden() == 1


def test_a_delayed_message_waits(cloud: Cloud, queue: Queue) -> None:
    queue.send("later", delay=10)
    assert bodies(queue) == []
    cloud.clock.advance(11)
    assert bodies(queue) == ["later"]


def test_a_message_expires_after_its_retention(cloud: Cloud) -> None:
    queue = cloud.mns.create(ACCOUNT, REGION, "short", retention_seconds=60)
    queue.send("old")
    cloud.clock.advance(30)
    queue.send("new")
    cloud.clock.advance(31)
    assert bodies(queue) == ["new"]


def test_a_message_may_have_64_kb(queue: Queue) -> None:
    queue.send("x" * 65_536)
    with pytest.raises(exceptions.InvalidArgument, match="65536 bytes"):
        queue.send("é" * 32_769)


@pytest.mark.parametrize(
    ("name", "attributes", "error"),
    [
        pytest.param("-q", {}, exceptions.InvalidQueueName, id="begins with a hyphen"),
        pytest.param("a_b", {}, exceptions.InvalidQueueName, id="underscore"),
        pytest.param("q" * 257, {}, exceptions.InvalidQueueName, id="too long"),
        pytest.param("q", {"visibility_timeout": 0}, exceptions.InvalidArgument, id="no visibility"),
        pytest.param("q", {"visibility_timeout": 43_201}, exceptions.InvalidArgument, id="over 12 hours"),
        pytest.param("q", {"maximum_size": True}, exceptions.InvalidArgument, id="no number"),
        pytest.param("q", {"colour": 1}, exceptions.InvalidArgument, id="unknown attribute"),
    ],
)
def test_what_makes_no_queue(cloud: Cloud, name: str, attributes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        cloud.mns.create(ACCOUNT, REGION, name, **attributes)
    assert cloud.mns.queues() == []


def test_creating_again_gives_the_same_queue_and_other_attributes_are_refused(cloud: Cloud, queue: Queue) -> None:
    assert cloud.mns.create(ACCOUNT, REGION, "q") is queue
    assert cloud.mns.create(ACCOUNT, "cn-beijing", "q") is not queue
    with pytest.raises(exceptions.QueueExists):
        cloud.mns.create(ACCOUNT, REGION, "q", visibility_timeout=31)


@pytest.mark.parametrize(
    "arn",
    [
        "acs:mns:cn-hangzhou:{}:queues/q",
        "acs:mns:cn-hangzhou:{}:/queues/q",
        "acs:mns:cn-hangzhou:{}:/queues/q/messages",
    ],
)
def test_a_queue_is_found_by_each_form_of_its_arn(cloud: Cloud, queue: Queue, arn: str) -> None:
    assert cloud.mns.at(arn.format(ACCOUNT)) is queue
    with pytest.raises(exceptions.QueueNotFound):
        cloud.mns.at(arn.format("99"))


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.sampled_from(["send", "receive", "delete", "late delete", "wait", "wait long"]), max_size=40))
def test_a_message_is_active_hidden_or_deleted_and_nothing_else(steps: list[str]) -> None:
    cloud = Cloud()
    queue = cloud.mns.create(ACCOUNT, REGION, "q")
    sent, deleted, held = 0, 0, list[str]()
    for step in steps:
        match step:
            case "send":
                queue.send(str(sent))
                sent += 1
            case "receive":
                held += [message.receipt for message in queue.receive(3)]
            case "delete" | "late delete" if held:
                try:
                    queue.delete(held.pop(0 if step == "late delete" else -1))
                    deleted += 1
                except exceptions.MessageNotFound:
                    pass
            case "wait" | "wait long":
                cloud.clock.advance(10 if step == "wait" else 40)
        assert queue.active() + queue.hidden() + deleted == sent
    cloud.clock.advance(31)
    assert queue.active() == sent - deleted
