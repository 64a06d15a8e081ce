"""ECS calls that change an instance's attributes, and MoveResources: through the real SDK clients, with what ActionTrail records of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from tests.contract import sdk

CFG = sdk.config()
RM = sdk.config(endpoint="resourcemanager.aliyuncs.com")


def shown(instance_id: str) -> dict[str, Any]:
    (found,) = sdk.ecs(CFG, "describe_instances", instance_ids=json.dumps([instance_id]))["Instances"]["Instance"]
    return dict(found)


CALLS = [
    ("join_resource_group", {"resource_id": "ID", "resource_type": "instance", "resource_group_id": "rg-web"}, "ResourceGroupId", "rg-web"),
    ("modify_instance_attribute", {"instance_id": "ID", "instance_name": "web-7"}, "InstanceName", "web-7"),
    ("replace_system_disk", {"instance_id": "ID", "image_id": "web.vhd"}, "ImageId", "web.vhd"),
    ("modify_instance_spec", {"instance_id": "ID", "instance_type": "ecs.g8.large"}, "InstanceType", "ecs.g8.large"),
    ("modify_prepay_instance_spec", {"instance_id": "ID", "instance_type": "ecs.g8.large"}, "InstanceType", "ecs.g8.large"),
    ("modify_instance_vpc_attribute", {"instance_id": "ID", "vpc_id": "vpc-web", "v_switch_id": "vsw-1"}, "VpcId", "vpc-web"),
]  # fmt: skip


def ask(action: str, fields: dict[str, str], instance_id: str) -> dict[str, Any]:
    return sdk.ecs(CFG, action, **{key: value.replace("ID", instance_id) for key, value in fields.items()})


@pytest.mark.parametrize(("action", "fields", "name", "value"), CALLS, ids=[row[0] for row in CALLS])
def test_an_attribute_is_changed_and_the_call_is_recorded(
    cloud: Cloud, action: str, fields: dict[str, str], name: str, value: str
) -> None:
    (instance,) = cloud.ecs.make(status="Stopped")
    ask(action, fields, instance.instance_id)
    made = shown(instance.instance_id)
    assert (made.get(name) or made["VpcAttributes"][name]) == value
    cloud.settle()
    (event,) = [event for event in cloud.events.log.events if event["type"] == "ecs:ActionTrail:ApiCall"]
    record = event["data"]
    assert record["eventName"] == action.title().replace("_", "")
    assert instance.instance_id in record["requestParameters"].values()
    assert record["referencedResources"] == {"ACS::ECS::Instance": [instance.instance_id]}


@pytest.mark.parametrize("action", ["replace_system_disk", "modify_instance_spec", "modify_instance_vpc_attribute"])
def test_what_needs_a_stopped_instance_is_refused_on_a_running_one(cloud: Cloud, action: str) -> None:
    (instance,) = cloud.ecs.make()
    fields = next(row[1] for row in CALLS if row[0] == action)
    assert sdk.refusal(ask, action, fields, instance.instance_id) == (403, "IncorrectInstanceStatus")


def test_a_dry_run_of_another_type_changes_nothing_and_its_record_is_of_a_failed_call(cloud: Cloud) -> None:
    (instance,) = cloud.ecs.make(status="Stopped")
    given = {"instance_id": instance.instance_id, "instance_type": "ecs.g8.large", "dry_run": True}
    assert sdk.refusal(sdk.ecs, CFG, "modify_instance_spec", **given)[1] == "DryRunOperation"
    assert instance.instance_type == "ecs.g7.large"
    cloud.settle()
    (event,) = cloud.events.log.events
    assert event["data"]["errorCode"] == "DryRunOperation"


def test_a_change_may_be_shown_late(cloud: Cloud) -> None:
    cloud.switches.attributes_after = 60.0
    (instance,) = cloud.ecs.make(name="old")
    sdk.ecs(CFG, "modify_instance_attribute", instance_id=instance.instance_id, instance_name="new")
    assert shown(instance.instance_id)["InstanceName"] == "old"
    cloud.settle()
    assert shown(instance.instance_id)["InstanceName"] == "new"


def move(*rows: tuple[str, str]) -> dict[str, Any]:
    query = {"ResourceGroupId": "rg-web"}
    for number, (name, region) in enumerate(rows, 1):
        row = {"Service": "ecs", "ResourceType": "instance", "ResourceId": name, "RegionId": region}
        query |= {f"Resources.{number}.{key}": value for key, value in row.items()}
    return sdk.rpc(RM, "resourcemanager", "MoveResources", query)


def test_resources_are_moved_each_with_a_result_and_recorded_in_the_central_region(cloud: Cloud) -> None:
    (one,) = cloud.ecs.make(region="cn-beijing")
    answer = move((one.instance_id, "cn-beijing"), ("i-none", "cn-hangzhou"))
    assert [row["Status"] for row in answer["Responses"]] == ["SUCCESS", "FAIL"]
    assert one.resource_group == "rg-web"
    cloud.settle()
    (event,) = cloud.events.log.events
    assert (event["source"], event["aliyunregionid"]) == ("acs.resourcemanager", "cn-hangzhou")
    record = event["data"]
    assert (record["serviceName"], record["eventName"]) == ("ResourceManager", "MoveResources")
    assert record["requestParameters"]["Resources.1.ResourceId"] == one.instance_id


def test_whether_a_move_is_on_the_bus_is_a_switch(cloud: Cloud) -> None:
    cloud.switches.resource_manager_events = "absent"
    (one,) = cloud.ecs.make()
    move((one.instance_id, "cn-hangzhou"))
    cloud.settle()
    assert not cloud.events.log.events
