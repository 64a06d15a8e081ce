"""Asynchronous invocations: retries, age, limits, destinations; and timers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.fc.exceptions import TriggerNotFound
from fakecloud.fc.models import Function
from fakecloud.identity import ACCOUNT

from .conftest import Deploy, handler

QUEUE = f"acs:mns:cn-hangzhou:{ACCOUNT}:/queues/dead/messages"
TOPIC = f"acs:mns:cn-hangzhou:{ACCOUNT}:/topics/done/messages"
FLAKY = """
calls = 0
def handler(event, context):
    global calls
    calls += 1
    if calls <= int(event):
        raise RuntimeError(f"call {calls}")
    return f"retry {context.retry_count}"
"""


def hello(cloud: Cloud, name: str = "hello") -> Function:
    return cloud.fc.find(ACCOUNT, "cn-hangzhou", name)


def destinations(**arns: str) -> dict[str, Any]:
    return {"destinationConfig": {name: {"destination": arn} for name, arn in arns.items()}}


@pytest.mark.parametrize(
    ("config", "failing", "attempts"),
    [
        pytest.param({}, 9, 4, id="three retries by default"),
        pytest.param({}, 2, 3, id="no more after a success"),
        pytest.param({"asyncInvokeConfig": {"maxAsyncRetryAttempts": 0}}, 9, 1, id="none"),
        pytest.param({"asyncInvokeConfig": {"maxAsyncRetryAttempts": 8}}, 99, 9, id="eight"),
    ],
)
def test_a_handler_that_raises_is_tried_again(
    cloud: Cloud, deploy: Deploy, config: Any, failing: int, attempts: int
) -> None:
    deploy(FLAKY, **config)
    rid = cloud.fc.enqueue(hello(cloud), str(failing).encode())
    cloud.settle()
    seen = list(cloud.fc.invocations)
    assert [one.attempt for one in seen] == list(range(1, attempts + 1))
    assert {one.request_id for one in seen} == {rid}
    assert seen[-1].ok is (failing < attempts)
    if seen[-1].ok:
        assert seen[-1].result == f"retry {attempts - 1}".encode()


def test_a_synchronous_call_is_never_tried_again(cloud: Cloud, deploy: Deploy) -> None:
    deploy(FLAKY)
    assert not cloud.fc.invoke(hello(cloud), b"9").ok
    cloud.settle()
    assert len(cloud.fc.invocations) == 1


def test_a_request_that_grows_too_old_is_given_up(cloud: Cloud, deploy: Deploy) -> None:
    deploy(FLAKY, asyncInvokeConfig={"maxAsyncEventAgeInSeconds": 90, **destinations(onFailure=QUEUE)})
    cloud.fc.enqueue(hello(cloud), b"9")
    cloud.settle()
    assert [one.attempt for one in cloud.fc.invocations] == [1, 2]
    (letter,) = cloud.fc.destinations[QUEUE]
    assert letter["requestContext"]["condition"] == "EventAgeExceeded"


def test_a_refusal_for_want_of_instances_is_tried_again_and_costs_no_attempt(cloud: Cloud, deploy: Deploy) -> None:
    deploy(FLAKY)
    cloud.fc.invoker.instance_limit = 0
    cloud.fc.enqueue(hello(cloud), b"0")
    began = cloud.clock.now()
    cloud.clock.settle(within=10)
    refused = [one.error.split(":")[0] for one in cloud.fc.invocations]
    assert refused == ["ResourceExhausted"] * 5  # at 0, 0.5, 1.5, 3.5 and 7.5 seconds
    cloud.fc.invoker.instance_limit = 1
    cloud.settle()
    assert cloud.fc.invocations[-1].ok
    assert cloud.fc.invocations[-1].attempt == 1
    assert 15 < cloud.clock.now() - began < 17


def test_a_failure_is_reported_to_its_destination_with_request_and_answer(cloud: Cloud, deploy: Deploy) -> None:
    deploy(FLAKY, asyncInvokeConfig={"maxAsyncRetryAttempts": 1, **destinations(onFailure=QUEUE, onSuccess=TOPIC)})
    rid = cloud.fc.enqueue(hello(cloud), b"9")
    cloud.settle()
    assert not cloud.fc.destinations[TOPIC]
    (letter,) = cloud.fc.destinations[QUEUE]
    assert letter["requestContext"] == {
        "requestId": rid,
        "functionArn": f"acs:fc:cn-hangzhou:{ACCOUNT}:functions/hello",
        "condition": "UnhandledInvocationError",
        "approximateInvokeCount": 2,
    }
    assert letter["requestPayload"] == "9"
    assert letter["responseContext"] == {"statusCode": 200, "functionError": "UnhandledInvocationError"}
    assert json.loads(letter["responsePayload"])["errorMessage"] == "call 2"


def test_a_success_is_reported_to_its_own_destination(cloud: Cloud, deploy: Deploy) -> None:
    deploy(FLAKY, asyncInvokeConfig=destinations(onFailure=QUEUE, onSuccess=TOPIC))
    cloud.fc.enqueue(hello(cloud), b"0")
    cloud.settle()
    assert not cloud.fc.destinations[QUEUE]
    assert [letter["responsePayload"] for letter in cloud.fc.destinations[TOPIC]] == ["retry 0"]


def test_a_function_can_be_a_destination(cloud: Cloud, deploy: Deploy) -> None:
    arn = f"acs:fc:cn-hangzhou:{ACCOUNT}:functions/care"
    both = FLAKY + "def care(event, context):\n    return event\n"
    deploy(both, functionName="care", handler="index.care")
    deploy(both, asyncInvokeConfig={"maxAsyncRetryAttempts": 0, **destinations(onFailure=arn)})
    cloud.fc.enqueue(hello(cloud), b"9")
    cloud.settle()
    care = [one for one in cloud.fc.invocations if one.function == "care"]
    assert [json.loads(one.payload)["requestPayload"] for one in care] == ["9"]
    assert care[0].source == "destination"


def test_what_is_queued_for_a_function_that_was_removed_is_dropped(cloud: Cloud, deploy: Deploy) -> None:
    deploy(FLAKY)
    cloud.fc.enqueue(hello(cloud), b"0")
    cloud.fc.remove("hello")
    cloud.settle()
    assert not cloud.fc.invocations


def test_a_role_that_cannot_be_assumed_is_not_tried_again(cloud: Cloud, deploy: Deploy) -> None:
    deploy(FLAKY, role="nobody", asyncInvokeConfig=destinations(onFailure=QUEUE))
    cloud.fc.enqueue(hello(cloud), b"0")
    cloud.settle()
    assert len(cloud.fc.invocations) == 1
    assert cloud.fc.destinations[QUEUE][0]["requestContext"]["condition"] == "AccessDenied"


TIMER = {
    "triggerName": "tick",
    "triggerType": "timer",
    "triggerConfig": {"cronExpression": "@every 30m", "enable": True, "payload": "not json"},
}


def test_a_timer_carries_its_time_name_and_payload(cloud: Cloud, deploy: Deploy) -> None:
    deploy(handler("return event"), triggers=[TIMER])
    cloud.fc.fire_timer("hello", "tick")
    cloud.settle()
    (one,) = cloud.fc.invocations
    event = json.loads(one.payload)
    assert set(event) == {"triggerTime", "triggerName", "payload"}
    assert (event["triggerName"], event["payload"], one.source) == ("tick", "not json", "timer")
    with pytest.raises(TriggerNotFound):
        cloud.fc.fire_timer("hello", "tock")


def test_started_timers_tick_at_their_interval(cloud: Cloud, deploy: Deploy) -> None:
    deploy(handler("return event"), triggers=[TIMER])
    cloud.fc.start_timers()
    cloud.clock.settle(within=2 * 3600 + 1)
    assert len(cloud.fc.invocations) == 4
