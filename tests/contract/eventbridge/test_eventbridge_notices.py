"""What the cloud's own services put on the bus: ActionTrail records, changes of state, changes of tags."""

from __future__ import annotations

from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.errors import CloudError
from fakecloud.eventbridge.notices import action_trail, instance_state, tag_change
from fakecloud.eventbridge.patterns import compile_pattern
from fakecloud.http import Request
from fakecloud.identity import ACCOUNT, Identity
from fakecloud.service import Call

ENVELOPE = {
    "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data", "aliyunaccountid",
    "aliyunpublishtime", "aliyuneventbusname", "aliyunregionid", "aliyunpublishaddr", "aliyunoriginalaccountid",
}  # fmt: skip


def call(cloud: Cloud, action: str = "TagResources", service: str = "ecs", **params: str) -> Call:
    headers = {"x-acs-version": "2014-05-26", "user-agent": "terraform", "x-acs-action": action}
    request = Request("POST", "ecs-cn-hangzhou.aliyuncs.com", "/", tuple(params.items()), headers)
    whole = Call(cloud, service, action, request)
    whole.identity = Identity("AssumedRoleUser", ACCOUNT, "deployer", "session")
    whole.params = params
    return whole


TAGGING = {
    "RegionId": "cn-beijing", "ResourceType": "instance", "ResourceId.1": "i-1", "ResourceId.2": "i-2",
    "Tag.1.Key": "app", "Tag.1.Value": "web",
}  # fmt: skip


def test_a_call_is_recorded_as_action_trail_does(cloud: Cloud) -> None:
    made = call(cloud, **TAGGING)
    event = action_trail(made, {"RequestId": "x", "TagResourcesResult": 1}, None)
    assert set(event) == ENVELOPE
    assert (event["source"], event["type"]) == ("acs.ecs", "ecs:ActionTrail:ApiCall")
    assert (event["aliyunregionid"], event["aliyunaccountid"]) == ("cn-beijing", ACCOUNT)
    record = event["data"]
    assert set(record) == {
        "eventId",
        "eventVersion",
        "eventName",
        "eventType",
        "eventRW",
        "eventSource",
        "eventTime",
        "serviceName",
        "apiVersion",
        "acsRegion",
        "requestId",
        "requestParameters",
        "responseElements",
        "sourceIpAddress",
        "userAgent",
        "userIdentity",
        "recipientAccountId",
        "referencedResources",
    }
    assert record["requestParameters"] == TAGGING
    assert record["responseElements"] == {"TagResourcesResult": 1}
    assert (record["eventName"], record["eventRW"], record["serviceName"]) == ("TagResources", "Write", "Ecs")
    assert (record["apiVersion"], record["acsRegion"], record["requestId"]) == (
        "2014-05-26",
        "cn-beijing",
        made.request_id,
    )
    assert (record["eventSource"], record["userAgent"]) == ("ecs-cn-hangzhou.aliyuncs.com", "terraform")
    assert record["userIdentity"]["userName"] == "deployer:session"
    assert record["recipientAccountId"] == ACCOUNT
    assert record["referencedResources"] == {"ACS::ECS::Instance": ["i-1", "i-2"]}


def test_a_call_that_failed_has_an_error_and_no_answer(cloud: Cloud) -> None:
    error = CloudError("No such instance.", code="InvalidInstanceId.NotFound", status=404)
    record = action_trail(call(cloud), None, error)["data"]
    assert (record["errorCode"], record["errorMessage"]) == ("InvalidInstanceId.NotFound", "No such instance.")
    assert "responseElements" not in record


def test_a_call_without_a_region_is_recorded_in_hangzhou(cloud: Cloud) -> None:
    event = action_trail(call(cloud, "CreateRole", "ram", RoleName="web"), {}, None)
    assert (event["type"], event["source"], event["aliyunregionid"]) == (
        "ram:ActionTrail:ApiCall",
        "acs.ram",
        "cn-hangzhou",
    )
    assert event["data"]["referencedResources"] == {"ACS::RAM::Role": ["web"]}


REFERENCED = [
    pytest.param({"InstanceId": "i-1"}, {}, ["i-1"], id="one instance"),
    pytest.param({"InstanceIds": '["i-1","i-2"]'}, {}, ["i-1", "i-2"], id="JSON list"),
    pytest.param({"InstanceId.1": "i-1", "InstanceId.2": "i-2"}, {}, ["i-1", "i-2"], id="numbered"),
    pytest.param({"Amount": "2"}, {"InstanceIdSets": {"InstanceIdSet": ["i-8", "i-9"]}}, ["i-8", "i-9"], id="made"),
    pytest.param({}, {"InstanceId": "i-9"}, ["i-9"], id="made by CreateInstance"),
    pytest.param({"ResourceType": "disk", "ResourceId.1": "d-1"}, {}, None, id="another resource"),
]


@pytest.mark.parametrize(("params", "answer", "ids"), REFERENCED)
def test_the_instances_of_a_call_are_referenced(
    cloud: Cloud, params: dict[str, str], answer: dict[str, Any], ids: list[str] | None
) -> None:
    record = action_trail(call(cloud, "RunInstances", **params), answer, None)["data"]
    assert record["referencedResources"].get("ACS::ECS::Instance") == ids


def test_a_change_of_state_says_which_instance_and_which_state(cloud: Cloud) -> None:
    event = instance_state(cloud, ACCOUNT, "cn-beijing", "i-1", "Created")
    assert set(event) == ENVELOPE
    assert event["data"] == {"resourceId": "i-1", "resourceType": "ALIYUN::ECS::Instance", "state": "Created"}
    assert event["subject"] == f"acs:ecs:cn-beijing:{ACCOUNT}:instance/i-1"
    pattern = {"source": ["acs.ecs"], "type": ["ecs:Instance:StateChange"], "data": {"state": ["Created", "Pending"]}}
    assert compile_pattern(pattern).matches(event)


def test_a_change_of_tags_carries_the_keys_and_the_tags_after_it(cloud: Cloud) -> None:
    event = tag_change(cloud, ACCOUNT, "cn-hangzhou", "i-1", ["app", "gone"], {"app": "web"})
    assert set(event) == ENVELOPE
    assert (event["source"], event["type"]) == ("acs.tag", "tag:CloudMonitor:Tag[ChangeOnResource]")
    assert event["data"] == {
        "product": "ecs",
        "resourceType": "instance",
        "resourceId": "i-1",
        "changedTagKeys": ["app", "gone"],
        "tags": {"app": "web"},
    }


def test_each_notice_has_an_id_of_its_own(cloud: Cloud) -> None:
    ids = {instance_state(cloud, ACCOUNT, "cn-hangzhou", "i-1", "Running")["id"] for _ in range(50)}
    assert len(ids) == 50
