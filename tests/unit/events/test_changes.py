"""Calls that change an attribute that rules may ask for, or the role: what they changed, on which instances, and where they are ignored."""

from __future__ import annotations

import json

import msgspec
import pytest

from shared.events import read
from shared.events.changes import CALLS
from shared.mapping.conditions import ATTRIBUTES
from shared.model.ignored import Ignored
from shared.model.instance import ROLE, Instance
from shared.model.trigger import Trigger
from tests.unit.events.builders import ACCOUNT, A, B, C, Json, call

RM = "ResourceManager"


def attached(*rows: tuple[str, bool]) -> Json:
    """The answer of AttachInstanceRamRole."""
    results = [{"InstanceId": name, "Code": "200" if good else "Odd", "Success": good} for name, good in rows]
    return {
        "FailCount": sum(not good for _, good in rows),
        "AttachInstanceRamRoleResults": {"AttachInstanceRamRoleResult": results},
    }


def moved(*rows: tuple[str, str, str, str]) -> Json:
    """The flattened request of MoveResources: of each resource its service, type, id and region."""
    keys = ("Service", "ResourceType", "ResourceId", "RegionId")
    named = {
        f"Resources.{n}.{key}": value for n, row in enumerate(rows, 1) for key, value in zip(keys, row, strict=True)
    }
    return {"ResourceGroupId": "rg-1", **named}


def outcomes(event: Json) -> tuple[Trigger | Ignored, ...]:
    return read(json.dumps(event), account_id=ACCOUNT, own_role="rolekeeper-fc", region="cn-hangzhou")


BOTH = json.dumps([A, B])
HANGZHOU, BEIJING = "cn-hangzhou", "cn-beijing"


CHANGES = [
        pytest.param(call("AttachInstanceRamRole", {"InstanceIds": BOTH}), (A, B), (ROLE,), id="attach, a text of JSON"),
    pytest.param(call("AttachInstanceRamRole", {"InstanceIds": [A, B]}), (A, B), (ROLE,), id="attach, a list"),
    pytest.param(call("DetachInstanceRamRole", {"InstanceIds.1": A, "InstanceIds.2": B}), (A, B), (ROLE,), id="detach, flattened"),
    pytest.param(
        call("AttachInstanceRamRole", {"InstanceIds": BOTH}, responseElements=attached((A, False), (B, True))),
        (B,), (ROLE,), id="one of two was refused",
    ),
    pytest.param(
        call("AttachInstanceRamRole", {"InstanceIds": BOTH}, responseElements={"FailCount": 2}),
        (A, B), (ROLE,), id="an answer that names no instance says nothing",
    ),
    pytest.param(call("JoinResourceGroup", {"ResourceType": "instance", "ResourceId": A}), (A,), ("resource_group",), id="join"),
    pytest.param(call("JoinResourceGroup", {"ResourceId": A}), (A,), ("resource_group",), id="join without a type"),
    pytest.param(call("ModifyInstanceAttribute", {"InstanceId": A, "InstanceName": ""}), (A,), ("name",), id="an empty name"),
    pytest.param(call("ReplaceSystemDisk", {"InstanceId": A}), (A,), ("image",), id="disk"),
    pytest.param(call("ModifyInstanceSpec", {"InstanceId": A, "InstanceType": "ecs.g7.large"}), (A,), ("instance_type", "zone"), id="type"),
    pytest.param(call("ModifyInstanceSpec", {"InstanceId": A, "AllowMigrateAcrossZone": True}), (A,), ("instance_type", "zone"), id="zone"),
    pytest.param(call("ModifyPrepayInstanceSpec", {"InstanceId": A}), (A,), ("instance_type", "zone"), id="subscription"),
    pytest.param(call("ModifyInstanceMetadataOptions", {"InstanceId": A, "HttpTokens": "required"}), (A,), ("http_tokens",), id="IMDSv2"),
    pytest.param(call("ModifyInstanceVpcAttribute", {"InstanceId": A, "VpcId": "vpc-1"}), (A,), ("vpc",), id="vpc"),
    pytest.param(
        call("MoveResources", moved(("ecs", "instance", A, HANGZHOU), ("vpc", "vpc", "vpc-1", HANGZHOU), ("ens", "instance", "i-ens", HANGZHOU)), RM),
        (A,), ("resource_group",), id="of a move, the instances of ECS",
    ),
    pytest.param(
        call("MoveResources", {"Resources": [{"service": "ECS", "resourceType": "ACS::ECS::Instance", "resourceId": A}]}, RM),
        (A,), ("resource_group",), id="a move in other words",
    ),
    pytest.param(
        call("MoveResources", moved(("ecs", "instance", A, HANGZHOU), ("ecs", "instance", B, HANGZHOU)), RM,
             responseElements={"Responses": [{"ResourceId": A, "Status": "FAIL", "ErrorCode": "Odd"}, {"ResourceId": B, "Status": "SUCCESS"}]}),
        (B,), ("resource_group",), id="one of a move was refused",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("event", "ids", "attributes"), CHANGES)
def test_a_change_names_its_instances_and_what_it_changed(
    event: Json, ids: tuple[str, ...], attributes: tuple[str, ...]
) -> None:
    (outcome,) = outcomes(event)
    assert isinstance(outcome, Trigger), outcome
    assert (outcome.kind, outcome.instance_ids, outcome.attributes) == ("changed", ids, attributes)


OURS = {"type": "assumed-role", "userName": "Rolekeeper-FC:functions"}


NOTHING_OF_OURS = [
        pytest.param(call("AttachInstanceRamRole", {"InstanceIds": BOTH}, userIdentity=OURS), "own-write", id="our own attach"),
    pytest.param(call("DetachInstanceRamRole", {"InstanceIds": BOTH}, userIdentity=OURS), "own-write", id="our own detach"),
    pytest.param(call("DetachInstanceRamRole", {"InstanceIds": BOTH}, errorCode="Forbidden.RAM"), "failed-call", id="refused"),
    pytest.param(
        call("AttachInstanceRamRole", {"InstanceIds": BOTH}, responseElements=attached((A, False), (B, False))),
        "failed-call", id="each refused in an answer of HTTP 200",
    ),
    pytest.param(call("ModifyInstanceSpec", {"InstanceId": A, "InstanceType": "x"}, errorCode="DryRunOperation"), "failed-call", id="a dry run"),
    pytest.param(call("AttachInstanceRamRole", {"InstanceIds": BOTH}, recipientAccountId="9" * 16), "foreign-account", id="of another account"),
    pytest.param(call("AttachInstanceRamRole", {"InstanceIds": BOTH}, eventRW="Read"), "not-for-us", id="a copy among the reads"),
    pytest.param(call("AttachInstanceRamRole", {}), "no-instance", id="attach to nothing"),
    pytest.param(call("AttachInstanceRamRole", {"InstanceIds": BOTH}, service="Eci"), "not-for-us", id="of another product"),
    pytest.param(call("JoinResourceGroup", {"ResourceType": "eni", "ResourceId": "eni-1"}), "not-an-instance", id="an eni joins"),
    pytest.param(call("JoinResourceGroup", {"ResourceType": "managedinstance", "ResourceId": "mi-1"}), "not-an-instance", id="no ECS instance"),
    pytest.param(call("JoinResourceGroup", {"ResourceType": "instance", "ResourceId": A}, service="Rds"), "not-for-us", id="a call that RDS has too"),
    pytest.param(call("MoveResources", moved(("vpc", "vpc", "vpc-1", HANGZHOU)), RM), "not-an-instance", id="a VPC is moved"),
    pytest.param(call("MoveResources", {}, RM), "no-instance", id="nothing is moved"),
    pytest.param(call("MoveResources", moved(("ecs", "instance", A, HANGZHOU))), "not-for-us", id="not of ECS"),
    pytest.param(call("ModifyInstanceAttribute", {"InstanceId": A, "Description": "d"}), "no-rule-reads-it", id="a description"),
    pytest.param(call("ModifyInstanceSpec", {"InstanceId": A, "InternetMaxBandwidthOut": 5}), "no-rule-reads-it", id="a bandwidth"),
    pytest.param(call("ModifyInstanceVpcAttribute", {"InstanceId": A, "VSwitchId": "vsw-1"}), "no-rule-reads-it", id="in the same VPC"),
    pytest.param(call("ModifyInstanceNetworkSpec", {"InstanceId": A}), "not-for-us", id="what no rule can read"),
    pytest.param(call("ModifyInstanceMetadataOptions", {"InstanceId": A, "HttpEndpoint": "disabled"}), "no-rule-reads-it", id="no metadata service"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "reason"), NOTHING_OF_OURS)
def test_what_changes_nothing_of_ours_is_ignored_with_its_reason(event: Json, reason: str) -> None:
    (outcome,) = outcomes(event)
    assert isinstance(outcome, Ignored), outcome
    assert outcome.reason == reason
    assert outcome.detail


def test_a_move_is_told_by_the_region_of_each_resource() -> None:
    """The record is of cn-hangzhou wherever they are; one that names no region is where the event arrived."""
    request = moved(("ecs", "instance", A, BEIJING), ("ecs", "instance", B, HANGZHOU), ("ecs", "instance", C, ""))
    event = {**call("MoveResources", request, RM), "acsRegion": "cn-shanghai"}
    found = [outcome for outcome in outcomes(event) if isinstance(outcome, Trigger)]
    assert [(one.region, one.instance_ids) for one in found] == [(BEIJING, (A,)), (HANGZHOU, (B, C))]


def test_the_attributes_are_those_that_rules_may_ask_for() -> None:
    named = {name for calls in CALLS.values() for change in calls.values() for name in change.attributes}
    assert named <= {field.name for field in msgspec.structs.fields(Instance)}
    assert named - {ROLE, "http_tokens"} <= set(ATTRIBUTES), "and what a role may require beside"
    assert set(ATTRIBUTES) - named == {"region"}, "an instance never leaves its region"
