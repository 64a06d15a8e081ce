"""Each field that a source reads, by itself: what it adds, and what stays without it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from shared.events.values import text
from shared.model.ignored import Ignored
from tests.unit.events.builders import ACCOUNT, A, B, Json, call, envelope, ignored, one, state, tag_event, trigger

TAGGED = call("TagResources", {"ResourceId.1": A}, "")
BY_ARN = call("TagResources", {"ResourceType": "disk", "ResourceARN.1": f"arn:acs:ecs:*:*:instance/{A}"}, "")
NAMELESS = {"specversion": "1.0", "type": "x", "source": "", "data": TAGGED}
SYSTEM: Json = {"name": "Instance:StateChange", "product": "ECS", "content": {"state": "Running", "resourceId": A}}
ELSEWHERE = "me-east-1"


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        pytest.param(BY_ARN, "TagResources on disk", id="no service is ECS, which says on what"),
        pytest.param({**BY_ARN, "eventSource": "Tag.aliyuncs.com"}, "", id="a host of Tag, whose ARNs say it"),
        pytest.param({**NAMELESS, "type": "oss:ActionTrail:ApiCall"}, "call TagResources of oss", id="a type"),
        pytest.param({**NAMELESS, "type": "", "source": "acs.oss"}, "call TagResources of oss", id="a source"),
        pytest.param({**NAMELESS, "type": "oss:ActionTrail:ApiCall", "source": "acs.ecs"}, "", id="one of two is ours"),
        pytest.param({**NAMELESS, "type": "ecs:ActionTrail:ApiCall", "source": "acs.tag"}, "", id="both are ours"),
        pytest.param(
            {**TAGGED, "eventName": "", "type": "ecs:ActionTrail:ApiCall", "data": {}},
            "an ActionTrail record without eventName",
            id="no name",
        ),
        pytest.param(
            {**TAGGED, "errorCode": {"a": 1}},
            "TagResources was refused: errorCode is set",
            id="an error without a text",
        ),
        pytest.param({**TAGGED, "errorCode": "Throttling"}, "TagResources was refused: Throttling", id="an error"),
    ],
)
def test_a_record_says_by_itself_whether_it_is_for_us(event: Json, detail: str) -> None:
    assert getattr(one(event), "detail", "") == detail


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({**TAGGED, "acsRegion": ELSEWHERE}, id="acsRegion"),
        pytest.param({**TAGGED, "acsRegion": "", "regionId": ELSEWHERE}, id="regionId of a record"),
        pytest.param(
            {**SYSTEM, "content": {**SYSTEM["content"], "regionId": ELSEWHERE}},
            id="regionId of a system event's content",
        ),
        pytest.param({**SYSTEM, "regionId": ELSEWHERE}, id="regionId of a system event"),
        pytest.param(
            {"state": "Created", "resourceId": A, "content": {"regionId": ELSEWHERE}}, id="regionId of a content"
        ),
        pytest.param({"state": "Created", "resourceId": A, "acsRegion": ELSEWHERE}, id="acsRegion of a state"),
        pytest.param({**state(), "aliyunregionid": ELSEWHERE}, id="aliyunregionid"),
    ],
)
def test_the_region_is_read_from(event: Json) -> None:
    assert trigger(event, region="cn-beijing").region == ELSEWHERE


@pytest.mark.parametrize("name", ["eventTime", "time"])
def test_the_time_of_a_system_event_is_read_from(name: str) -> None:
    assert trigger({**SYSTEM, name: "20261123T160000.000+0800"}).event_time == "2026-11-23T08:00:00Z"


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        pytest.param(
            {"specversion": "1.0", **state(), "type": "ecs:Instance:StateChange"},
            "created",
            id="specversion, type and data",
        ),
        pytest.param({"type": "ecs:Instance:StateChange", "data": state()["data"]}, "created", id="type and data"),
        pytest.param(
            {"specversion": "1.0", "type": "ecs:Instance:StateChange", "state": "Created", "resourceId": A},
            "unknown-event",
            id="an envelope without data",
        ),
        pytest.param({"data": 1, "state": "Created", "resourceId": A}, "created", id="data that is no envelope's"),
        pytest.param({"type": 1, "state": "Created", "resourceId": A}, "created", id="a type that is no envelope's"),
        pytest.param({"state": "Created", "instanceId": A}, "created", id="an instanceId"),
        pytest.param({"state": "Created", "id": A}, "unknown-event", id="a state of nothing"),
        pytest.param({"resourceId": A}, "unknown-event", id="an id without a state"),
        pytest.param({"triggerTime": "2026-11-23T08:00:00Z"}, "reconcile", id="a timer's time"),
        pytest.param({"triggerName": "t", "payload": ""}, "reconcile", id="a timer's name and payload"),
        pytest.param({"triggerName": "t"}, "unknown-event", id="a timer's name"),
        pytest.param({"payload": ""}, "unknown-event", id="a timer's payload"),
        pytest.param(
            envelope("rds:CloudMonitor:Instance:StateChange", {"state": "Running", "resourceId": A}),
            "not-for-us",
            id="a system event of another product",
        ),
        pytest.param(
            envelope("ecs:CloudMonitor:Instance:StateChange", {"state": "Running", "resourceId": A}),
            "created",
            id="a system event of ECS",
        ),
        pytest.param(
            envelope("ecs:cloudmonitor:Instance:StateChange", {"state": "Running", "resourceId": A}),
            "not-for-us",
            id="in another case",
        ),
        pytest.param(tag_event(), "changed", id="a change of tags"),
    ],
)
def test_a_shape_is_known_by(event: Json, kind: str) -> None:
    outcome = one(event)
    assert (outcome.reason if isinstance(outcome, Ignored) else outcome.kind) == kind


def test_only_an_assumed_role_can_be_our_own() -> None:
    user = {"type": "ram-user", "userName": "rolekeeper-fc:session"}
    trigger(call("AddTags", {"ResourceId": A}, userIdentity=user), own_role="rolekeeper-fc")


def deep(value: Any, levels: int, way: str) -> Any:
    for _ in range(levels):
        value = [value] if way == "list" else {"a": value} if way == "object" else json.dumps([value])
    return value


@pytest.mark.parametrize("way", ["list", "object"])
def test_ids_are_found_so_deep_and_no_deeper(way: str) -> None:
    assert trigger(call("TagResources", {"ResourceId": deep(A, 7, way)})).instance_ids == (A,)
    assert ignored(call("TagResources", {"ResourceId": deep(A, 8, way)})).reason == "no-instance"


def test_an_id_has_the_region_of_the_object_that_it_is_in() -> None:
    resources = [{"regionId": ELSEWHERE, "ids": [[A]]}, [B]]
    found = one(call("TagResources", {"ResourceId": resources[0]}, acsRegion="cn-hangzhou"))
    assert not isinstance(found, Ignored)
    assert (found.region, found.instance_ids) == (ELSEWHERE, (A,))
    assert trigger(call("TagResources", {"ResourceId": resources[1]}, acsRegion="cn-hangzhou")).region == "cn-hangzhou"


def test_what_is_no_instance_is_named_in_eighty_characters() -> None:
    assert ignored(call("TagResources", {"ResourceId": "d-" + "x" * 100})).detail == f"about d-{'x' * 77}…"


def test_an_ignored_event_tells_where_it_was() -> None:
    found = ignored({**state(state="Stopped"), "aliyunregionid": "cn-beijing"}, region="cn-hangzhou")
    assert (found.source, found.region, found.account_id) == ("state_change", "cn-beijing", ACCOUNT)
    assert ignored({"state": "Stopped", "resourceId": A}, region="cn-hangzhou").region == "cn-hangzhou"


def test_what_is_no_envelope_has_no_id_and_no_account_of_one() -> None:
    assert trigger({"state": "Created", "resourceId": A, "id": "x"}).event_id == ""
    assert ignored({"state": "Stopped", "resourceId": A}).account_id == ""


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"messageBody": json.dumps(state())}, id="a body alone"),
        pytest.param(
            {"messageId": "1", "messageBody": "!" + base64.b64encode(json.dumps(state()).encode()).decode()},
            id="signs beside Base64",
        ),
    ],
)
def test_what_is_no_message_is_not_opened(message: Json) -> None:
    assert ignored(message).reason == "unknown-event"


@pytest.mark.parametrize(
    ("number", "shown"), [(10**20 - 1, "9" * 20), (10**20, ""), (-(10**20), ""), (True, ""), (1.5, "")]
)
def test_a_whole_number_of_twenty_digits_is_a_text(number: float, shown: str) -> None:
    assert text(number) == shown
