"""Rules whose target is a queue, and the queues of dead letters."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT

from .conftest import Ask, event
from .test_eventbridge_rules import refused

ENDPOINT = f"acs:mns:cn-hangzhou:{ACCOUNT}:queues/q"
RULE = {"EventBusName": "default", "RuleName": "r", "FilterPattern": '{"source": ["acs.test"]}'}


def target(**more: Any) -> dict[str, Any]:
    params = [{"ResourceKey": "queue", "Form": "CONSTANT", "Value": "q"}, *more.pop("params", [])]
    return {"Id": "t", "Type": "acs.mns.queue", "Endpoint": ENDPOINT, "ParamList": params, **more}


BODIES = [
    pytest.param([], "{whole}", id="no body: the event"),
    pytest.param([{"ResourceKey": "Body", "Form": "ORIGINAL", "Value": ""}], "{whole}", id="the event"),
    pytest.param([{"ResourceKey": "Body", "Form": "JSONPATH", "Value": "$.data.n"}], "7", id="a part of it"),
    pytest.param(
        [{"ResourceKey": "Body", "Form": "TEMPLATE", "Value": '{"n": "$.data.n"}', "Template": "n is ${n}"}],
        "n is 7",
        id="a template",
    ),
    pytest.param(
        [{"ResourceKey": "Body", "Form": "CONSTANT", "Value": "é"},
         {"ResourceKey": "IsBase64Encode", "Form": "CONSTANT", "Value": "true"}],
        base64.b64encode("é".encode()).decode(),
        id="in Base64",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("params", "body"), BODIES)
def test_a_queue_gets_what_the_target_makes_of_the_event(
    cloud: Cloud, eventbridge: Ask, params: list[dict[str, str]], body: str
) -> None:
    queue = cloud.mns.create(ACCOUNT, "cn-hangzhou", "q")
    eventbridge("CreateRule", **RULE, EventTargets=[target(params=params)])
    cloud.events.emit(event(id="1", data={"n": 7}))
    cloud.events.emit(event(source="acs.other"))
    cloud.settle()
    (message,) = queue.receive(16)
    if body == "{whole}":
        assert json.loads(message.body)["id"] == "1"
    else:
        assert message.body == body
    (shown,) = eventbridge("GetRule", EventBusName="default", RuleName="r")["Data"]["Targets"]
    assert (shown["Type"], shown["Endpoint"]) == ("acs.mns.queue", ENDPOINT)


def test_a_queue_that_is_not_there_is_tried_again_and_then_a_dead_letter(cloud: Cloud, eventbridge: Ask) -> None:
    dead = f"acs:mns:cn-hangzhou:{ACCOUNT}:/queues/dead"
    cloud.mns.create(ACCOUNT, "cn-hangzhou", "dead")
    eventbridge("CreateRule", **RULE, EventTargets=[target(DeadLetterQueue={"Arn": dead})])
    cloud.events.emit(event(id="lost"))
    cloud.settle()
    assert [push.error.split(":")[0] for push in cloud.events.log.deliveries] == ["QueueNotExist"] * 4
    (letter,) = cloud.mns.at(dead).receive(16)
    assert json.loads(letter.body)["id"] == "lost"
    assert [(one["arn"], one["event"]["id"]) for one in cloud.events.log.dead_letters] == [(dead, "lost")]


def test_a_dead_letter_without_its_queue_is_lost_and_says_so(cloud: Cloud, eventbridge: Ask) -> None:
    eventbridge("CreateRule", **RULE, EventTargets=[target(DeadLetterQueue={"Arn": ENDPOINT})])
    cloud.events.emit(event())
    cloud.settle()
    (letter,) = cloud.events.log.dead_letters
    assert letter["deliveryError"].startswith("QueueNotExist")


REFUSED = [
    pytest.param({"Endpoint": ENDPOINT.replace("hangzhou", "beijing")}, "EventTargetInvalid", id="another region"),
    pytest.param({"Endpoint": ENDPOINT.replace("queues/q", "queues/p")}, "EventTargetInvalid", id="another queue"),
    pytest.param({"Endpoint": "acs:mns:cn-hangzhou:1:topics/t"}, "EventTargetInvalid", id="no queue"),
]


@pytest.mark.parametrize(("given", "code"), REFUSED)
def test_a_target_must_be_a_queue_of_the_rules_region(eventbridge: Ask, given: dict[str, Any], code: str) -> None:
    assert refused(lambda: eventbridge("CreateRule", **RULE, EventTargets=[target(**given)])) == code


@pytest.mark.not_emulated
def test_a_resource_key_that_is_not_known_is_refused_loudly(eventbridge: Ask) -> None:
    params = [{"ResourceKey": "Colour", "Form": "CONSTANT", "Value": "red"}]
    rule = {**RULE, "EventTargets": [target(params=params)]}
    assert refused(lambda: eventbridge("CreateRule", **rule)) == "Fakecloud.NotEmulated"
