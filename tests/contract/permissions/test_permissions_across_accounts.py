"""A role of our account in another account: let in by trust and external id, narrowed by the session's policy, region by region."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from Tea.exceptions import TeaException

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, AccessKey
from tests.contract import sdk

OTHER, EXTERNAL = "2222222222222222", "rolekeeper-4711"
ROLE = f"acs:ram::{OTHER}:role/rolekeeper-member"
FORBIDDEN, REGIONS = (403, "NoPermission"), ("cn-hangzhou", "cn-beijing")
Act = Callable[..., Any]


def allow(*actions: str, resource: str = "*") -> dict[str, Any]:
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}]}


@pytest.fixture
def ours(cloud: Cloud) -> AccessKey:
    """Keys as a function has them: of the execution role, which may assume the other account's role and no other."""
    cloud.ram.put_role(
        ACCOUNT, "rolekeeper-fc", services=("fc.aliyuncs.com",), policies=(allow("sts:AssumeRole", resource=ROLE),)
    )
    member = cloud.ram.put_role(
        OTHER, "rolekeeper-member", policies=(allow("ecs:*InstanceRamRole", "ecs:DescribeInstances", "ram:PassRole"),)
    )
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"RAM": f"acs:ram::{ACCOUNT}:role/rolekeeper-fc"},
        "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL}},
    }
    member.trust_text = json.dumps({"Version": "1", "Statement": [trust]})
    member.trust = cloud.ram.trust_document("AssumeRolePolicyDocument", member.trust_text)
    cloud.ram.put_role(OTHER, "web")
    cloud.switches.permissions = "on"
    return cloud.sts.assume_for_service(ACCOUNT, "rolekeeper-fc", "fc.aliyuncs.com", "rolekeeper-reconcile", 3600)


def config(key: AccessKey, endpoint: str) -> Any:
    return sdk.config(
        access_key_id=key.access_key_id, access_key_secret=key.secret, security_token=key.token, endpoint=endpoint
    )


def assume(key: AccessKey, **given: str) -> Any:
    asked = {"RoleArn": ROLE, "RoleSessionName": "rolekeeper", "ExternalId": EXTERNAL, **given}
    sent = {name: value for name, value in asked.items() if value}
    answer = sdk.rpc(config(key, "sts.cn-hangzhou.aliyuncs.com"), "sts", "AssumeRole", sent)["Credentials"]
    return sdk.config(
        access_key_id=answer["AccessKeyId"],
        access_key_secret=answer["AccessKeySecret"],
        security_token=answer["SecurityToken"],
    )


def test_the_others_instances_are_seen_and_changed_in_each_region_and_ours_are_not(
    cloud: Cloud, ours: AccessKey
) -> None:
    theirs = {region: cloud.ecs.make(account=OTHER, region=region)[0] for region in REGIONS}
    own = cloud.ecs.make()[0]
    there = assume(ours)
    for region, instance in theirs.items():
        assert sdk.ids(sdk.ecs(there, "describe_instances", region_id=region)) == [instance.instance_id]
        given = {"region_id": region, "ram_role_name": "web", "instance_ids": json.dumps([instance.instance_id])}
        assert sdk.ecs(there, "attach_instance_ram_role", **given)["FailCount"] == 0
        assert instance.role == "web"
    given = {"ram_role_name": "web", "instance_ids": json.dumps([own.instance_id])}
    assert sdk.refusal(sdk.ecs, there, "attach_instance_ram_role", **given) == (404, "InvalidInstanceId.NotFound")


REFUSED = [
    pytest.param({"ExternalId": "rolekeeper-4712"}, id="another external id"),
    pytest.param({"ExternalId": ""}, id="no external id"),
    pytest.param({"RoleArn": f"acs:ram::{OTHER}:role/web"}, id="a role that our policy does not name"),
]


@pytest.mark.parametrize("given", REFUSED)
def test_who_is_not_meant_is_not_let_in(ours: AccessKey, given: dict[str, str]) -> None:
    assert sdk.refusal(assume, ours, **given) == FORBIDDEN


def test_another_role_of_our_account_is_not_let_in(cloud: Cloud, ours: AccessKey) -> None:
    cloud.ram.put_role(ACCOUNT, "intruder", services=("fc.aliyuncs.com",), policies=(allow("sts:AssumeRole"),))
    intruder = cloud.sts.assume_for_service(ACCOUNT, "intruder", "fc.aliyuncs.com", "f", 3600)
    assert sdk.refusal(assume, intruder) == FORBIDDEN


def may(there: Any, instance_id: str) -> tuple[bool, bool]:
    """Whether a session sees the instance, and whether it may attach a role to it."""
    given = {"ram_role_name": "web", "instance_ids": json.dumps([instance_id])}
    try:
        sdk.ecs(there, "attach_instance_ram_role", **given)
        attached = True
    except TeaException as error:
        assert error.statusCode == 403
        attached = False
    return bool(sdk.ids(sdk.ecs(there, "describe_instances"))), attached


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param(None, (True, True), id="no session policy: the role's own"),
        pytest.param(allow("ecs:DescribeInstances"), (True, False), id="narrower"),
        pytest.param(allow("ecs:AttachInstanceRamRole", "ram:PassRole"), (False, True), id="another part"),
        pytest.param(allow("*"), (True, True), id="wider gives nothing more"),
        pytest.param(allow("oss:*"), (False, False), id="nothing in common"),
    ],
)
def test_a_session_may_do_what_role_and_session_policy_both_allow(
    cloud: Cloud, ours: AccessKey, policy: dict[str, Any] | None, expected: tuple[bool, bool]
) -> None:
    instance = cloud.ecs.make(account=OTHER)[0]
    there = assume(ours, **({"Policy": json.dumps(policy)} if policy else {}))
    assert may(there, instance.instance_id) == expected
    tag = {"resource_type": "instance", "resource_id": [instance.instance_id], "tag": {"app": "web"}}
    assert sdk.refusal(sdk.ecs, there, "tag_resources", **tag)[0] == 403, "the role itself may not"


@pytest.mark.parametrize(("spare", "allowed"), [(0, True), (1, False)], ids=["2048 characters", "one more"])
def test_a_session_policy_has_at_most_2048_characters(ours: AccessKey, spare: int, allowed: bool) -> None:
    text = json.dumps(allow("ecs:DescribeInstances"))
    policy = text + " " * (2048 + spare - len(text))
    if allowed:
        assert assume(ours, Policy=policy)
    else:
        assert sdk.refusal(assume, ours, Policy=policy) == (400, "InvalidParameter.PolicySize")
