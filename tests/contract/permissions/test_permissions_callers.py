"""Who is judged, and by what: accounts, users, sessions, tokens of the metadata service, callers of other accounts."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from fakecloud.cloud import Cloud
from fakecloud.http import Request
from fakecloud.identity import ACCOUNT, ROOT_KEY, AccessKey, Identity
from fakecloud.sidedoor import SideDoor
from tests.contract.permissions.callers import Caller, allow, deny, refused, session, user

DESCRIBE = allow("ecs:DescribeInstanceStatus", "*")
OTHER = "9999999999999999"


def status(caller: Caller) -> dict[str, Any]:
    return caller.ecs("describe_instance_status")


def test_nothing_is_judged_while_permissions_is_off(judging: Cloud, one: str) -> None:
    judging.switches.permissions = "off"
    someone = user(judging)
    someone.attach(one)
    assert status(someone)["TotalCount"] == 1
    assert not list(judging.judgements)


def test_permissions_is_off_in_a_new_cloud_and_after_a_reset(cloud: Cloud) -> None:
    assert cloud.switches.permissions == "off"
    cloud.switches.set({"permissions": "on"})
    cloud.reset()
    assert cloud.switches.permissions == "off"


def test_the_side_door_turns_permissions_on(cloud: Cloud) -> None:
    request = Request.of("POST", "http://x/_fakecloud/switches", {}, b'{"permissions": "on"}')
    assert SideDoor(cloud).handle(request).status == 200
    assert refused(status, user(cloud)).code == "Forbidden.RAM"


def test_an_account_may_do_all_and_is_not_judged(judging: Cloud, one: str) -> None:
    Caller(AccessKey(*ROOT_KEY, Identity("Account", ACCOUNT))).attach(one)
    assert not list(judging.judgements)


@pytest.mark.parametrize("caller", [pytest.param(user, id="RAM user"), pytest.param(session, id="session of a role")])
def test_a_caller_may_do_what_its_policies_allow_and_nothing_else(judging: Cloud, one: str, caller: Any) -> None:
    someone = caller(judging, DESCRIBE)
    assert status(someone)["TotalCount"] == 1
    error = refused(someone.ecs, "stop_instance", instance_id=one)
    assert (error.statusCode, error.code) == (403, "Forbidden.RAM")


def test_a_user_gains_and_loses_by_policies_attached_and_detached(judging: Cloud) -> None:
    someone, admin = user(judging), user(judging, allow("*", "*"), name="admin")
    named = {"UserName": "alice", "PolicyType": "System", "PolicyName": "AliyunECSReadOnlyAccess"}
    assert refused(status, someone).code == "Forbidden.RAM"
    admin.rpc("ram", "AttachPolicyToUser", **named)
    status(someone)
    admin.rpc("ram", "DetachPolicyFromUser", **named)
    assert refused(status, someone).code == "Forbidden.RAM"


def test_a_new_default_version_counts_at_once_and_others_do_not(judging: Cloud) -> None:
    someone, admin = user(judging, DESCRIBE), user(judging, allow("*", "*"), name="admin")
    text = json.dumps({"Version": "1", "Statement": [deny("*", "*")]})
    admin.rpc("ram", "CreatePolicyVersion", PolicyName="of-alice", PolicyDocument=text)
    status(someone)
    admin.rpc("ram", "SetDefaultPolicyVersion", PolicyName="of-alice", VersionId="v2")
    assert refused(status, someone).data["AccessDeniedDetail"]["NoPermissionType"] == "ExplicitDeny"


def test_a_session_of_a_role_that_was_deleted_may_do_nothing(judging: Cloud) -> None:
    someone = session(judging, DESCRIBE)
    state = judging.ram.account(ACCOUNT)
    role = state.role("worker")
    state.detach(role, *next(iter(role.attached)))
    state.delete_role("worker")
    assert refused(status, someone).code == "Forbidden.RAM"


def test_a_session_policy_narrows_and_never_widens(judging: Cloud, one: str) -> None:
    may = allow(["ecs:DescribeInstanceStatus", "ecs:DescribeRegions"], "*")
    narrowed = session(judging, may, narrowed=allow(["ecs:DescribeRegions", "ecs:StopInstance"], "*"))
    narrowed.ecs("describe_regions")
    assert refused(status, narrowed).code == "Forbidden.RAM"
    assert refused(narrowed.ecs, "stop_instance", instance_id=one).code == "Forbidden.RAM"


def assume(caller: Caller, role: str, **more: str) -> Caller:
    made = caller.rpc("sts", "AssumeRole", RoleArn=role, RoleSessionName="test", **more)["Credentials"]
    identity = Identity("AssumedRoleUser", ACCOUNT)
    return Caller(AccessKey(made["AccessKeyId"], made["AccessKeySecret"], identity, made["SecurityToken"]))


def test_a_user_assumes_the_role_it_may_and_works_with_the_roles_policies(judging: Cloud) -> None:
    for name in ("deputy", "boss"):
        judging.ram.put_role(ACCOUNT, name, services=(), policies=["AliyunECSReadOnlyAccess"])
    someone = user(judging, allow("sts:AssumeRole", f"acs:ram:*:{ACCOUNT}:role/deputy"))
    assert refused(status, someone).code == "Forbidden.RAM"
    status(assume(someone, f"acs:ram::{ACCOUNT}:role/deputy"))
    error = refused(assume, someone, f"acs:ram::{ACCOUNT}:role/boss")
    assert (error.statusCode, error.code) == (403, "NoPermission")
    assert error.data["AccessDeniedDetail"]["AuthAction"] == "sts:AssumeRole"


def test_the_policy_of_assume_role_narrows_the_session(judging: Cloud) -> None:
    judging.ram.put_role(ACCOUNT, "deputy", services=(), policies=["AliyunECSReadOnlyAccess"])
    someone = user(judging, allow("sts:AssumeRole", "*"))
    policy = json.dumps({"Version": "1", "Statement": [allow("ecs:DescribeRegions", "*")]})
    narrowed = assume(someone, f"acs:ram::{ACCOUNT}:role/deputy", Policy=policy)
    narrowed.ecs("describe_regions")
    assert refused(status, narrowed).data["AccessDeniedDetail"]["PolicyType"] == "SessionPolicy"


def test_assuming_needs_the_trust_of_the_role_besides(judging: Cloud) -> None:
    someone = user(judging, allow("sts:AssumeRole", "*"))
    error = refused(assume, someone, f"acs:ram::{ACCOUNT}:role/web")
    assert (error.code, error.data.get("AccessDeniedDetail")) == ("NoPermission", None)


@pytest.mark.parametrize(
    ("resource", "trusted", "allowed"),
    [
        pytest.param(f"acs:ram:*:{ACCOUNT}:role/guest", True, True, id="permission and trust"),
        pytest.param(f"acs:ram:*:{OTHER}:role/guest", True, False, id="permission on the role of its own account only"),
        pytest.param(f"acs:ram:*:{ACCOUNT}:role/guest", False, False, id="permission without trust"),
    ],
)
def test_a_user_of_another_account_assumes_a_role_here(
    judging: Cloud, resource: str, trusted: bool, allowed: bool
) -> None:
    judging.ram.put_role(ACCOUNT, "guest", services=(), policies=["AliyunECSReadOnlyAccess"])
    if trusted:
        principal = {"RAM": [f"acs:ram::{OTHER}:root"]}
        text = json.dumps(
            {"Version": "1", "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": principal}]}
        )
        root = Caller(AccessKey(*ROOT_KEY, Identity("Account", ACCOUNT)))
        root.rpc("ram", "UpdateRole", RoleName="guest", NewAssumeRolePolicyDocument=text)
    judging.ecs.make()
    stranger = user(judging, allow("sts:AssumeRole", resource), account=OTHER)
    arn = f"acs:ram::{ACCOUNT}:role/guest"
    if allowed:
        assert status(assume(stranger, arn))["TotalCount"] == 1
    else:
        assert refused(assume, stranger, arn).code == "NoPermission"


def test_an_administrator_of_another_account_reaches_nothing_here(judging: Cloud, one: str) -> None:
    stranger = user(judging, allow("*", "*"), account=OTHER)
    assert status(stranger)["TotalCount"] == 0
    assert refused(stranger.attach, one).code == "InvalidInstanceId.NotFound"


def test_a_malformed_role_arn_is_refused_as_such(judging: Cloud) -> None:
    assert refused(assume, user(judging), "web").code == "InvalidParameter.RoleArn"


def test_a_source_identity_needs_an_action_of_its_own(judging: Cloud) -> None:
    judging.ram.put_role(ACCOUNT, "deputy", services=())
    someone = user(judging, allow("sts:AssumeRole", "*"))
    error = refused(assume, someone, f"acs:ram::{ACCOUNT}:role/deputy", SourceIdentity="alice")
    assert error.data["AccessDeniedDetail"]["AuthAction"] == "sts:SetSourceIdentity"


def test_who_one_is_may_be_asked_without_any_permission(judging: Cloud) -> None:
    assert user(judging).rpc("sts", "GetCallerIdentity")["IdentityType"] == "RAMUser"


def from_metadata(instance_id: str, role: str) -> Caller:
    """The token that the instance itself gets from the metadata service."""
    base = f"http://100.100.100.200/_fakecloud/instances/{instance_id}/latest/meta-data/ram/security-credentials/"
    body = requests.get(base + role, timeout=5).json()
    identity = Identity("AssumedRoleUser", ACCOUNT)
    return Caller(AccessKey(body["AccessKeyId"], body["AccessKeySecret"], identity, body["SecurityToken"]))


def test_a_token_of_the_metadata_service_is_judged_by_its_roles_policies(judging: Cloud) -> None:
    judging.ram.put_role(ACCOUNT, "reader", policies=["AliyunECSReadOnlyAccess"])
    (instance,) = judging.ecs.make(role="reader")
    machine = from_metadata(instance.instance_id, "reader")
    assert status(machine)["TotalCount"] == 1
    assert refused(machine.ecs, "stop_instance", instance_id=instance.instance_id).code == "Forbidden.RAM"
    assert refused(machine.rpc, "ram", "ListRoles").code == "NoPermission"


def test_the_policy_of_an_attach_narrows_the_instances_token(judging: Cloud, one: str) -> None:
    judging.ram.put_role(ACCOUNT, "reader", policies=["AliyunECSReadOnlyAccess"])
    root = Caller(AccessKey(*ROOT_KEY, Identity("Account", ACCOUNT)))
    policy = json.dumps({"Version": "1", "Statement": [allow("ecs:DescribeRegions", "*")]})
    root.ecs("attach_instance_ram_role", instance_ids=[one], ram_role_name="reader", policy=policy)
    machine = from_metadata(one, "reader")
    machine.ecs("describe_regions")
    assert refused(status, machine).data["AccessDeniedDetail"]["PolicyType"] == "SessionPolicy"


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        pytest.param({"IpAddress": {"acs:SourceIp": "127.0.0.0/8"}}, True, id="from this machine"),
        pytest.param({"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}, False, id="from elsewhere"),
        pytest.param({"DateLessThan": {"acs:CurrentTime": "2099-01-01T00:00:00Z"}}, True, id="in time"),
        pytest.param({"DateLessThan": {"acs:CurrentTime": "2020-01-01T00:00:00Z"}}, False, id="too late"),
        pytest.param({"Bool": {"acs:SecureTransport": "true"}}, True, id="over TLS"),
        pytest.param({"Bool": {"acs:MFAPresent": "true"}}, False, id="with a second factor"),
        pytest.param({"StringEquals": {"acs:PrincipalARN": f"acs:ram::{ACCOUNT}:user/alice"}}, True, id="by that user"),
        pytest.param({"StringLike": {"acs:PrincipalARN": "acs:ram:*:*:role/*"}}, False, id="by a role"),
        pytest.param(
            {"StringEquals": {"acs:Service": "ecs.aliyuncs.com"}}, False, id="acs:Service is PassRole's alone"
        ),
    ],
)
def test_every_request_has_the_common_condition_keys(judging: Cloud, condition: Any, allowed: bool) -> None:
    someone = user(judging, allow("ecs:DescribeInstanceStatus", "*", condition))
    if allowed:
        status(someone)
    else:
        assert refused(status, someone).code == "Forbidden.RAM"


def test_the_principal_of_a_session_is_its_role_in_lower_case(judging: Cloud) -> None:
    condition = {"StringEquals": {"acs:PrincipalARN": f"acs:ram::{ACCOUNT}:role/worker-one"}}
    status(session(judging, allow("ecs:*", "*", condition), name="Worker-One"))
