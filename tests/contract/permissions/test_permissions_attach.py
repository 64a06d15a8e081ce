"""Attaching and detaching roles: the action on both resources, and ram:PassRole for ecs.aliyuncs.com."""

from __future__ import annotations

from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.contract.permissions.callers import HZ, ROLE, TO_ECS, Statement, allow, deny, refused, session, user

BOTH = ["ecs:AttachInstanceRamRole", "ecs:DetachInstanceRamRole"]
ON_INSTANCES, ON_WEB = allow(BOTH, f"{HZ}/*"), allow(BOTH, f"{ROLE}/web")
PASS_WEB = allow("ram:PassRole", f"{ROLE}/web", TO_ECS)
LEAST = [ON_INSTANCES, ON_WEB, PASS_WEB]
ATTACH_REFUSALS = [
    pytest.param([ON_INSTANCES, PASS_WEB], "Forbidden.RAM", id="only the instance"),
    pytest.param([ON_WEB, PASS_WEB], "Forbidden.RAM", id="only the role"),
    pytest.param([], "Forbidden.RAM", id="nothing"),
    pytest.param([ON_INSTANCES, allow(BOTH, f"{ROLE}/db"), PASS_WEB], "Forbidden.RAM", id="another role"),
    pytest.param([*LEAST, deny(BOTH, f"{ROLE}/web")], "Forbidden.RAM", id="the role denied"),
    pytest.param([*LEAST, deny("ecs:*", f"{HZ}/*")], "Forbidden.RAM", id="the instances denied"),
    pytest.param([allow(BOTH, f"acs:ecs:cn-beijing:{ACCOUNT}:instance/*"), ON_WEB, PASS_WEB], "Forbidden.RAM", id="another region"),
    pytest.param([allow(BOTH, "acs:ecs:*:42:instance/*"), ON_WEB, PASS_WEB], "Forbidden.RAM", id="another account"),
    pytest.param([ON_INSTANCES, ON_WEB], "InvalidUser.PassRoleForbidden", id="no PassRole"),
    pytest.param([ON_INSTANCES, ON_WEB, allow("ram:PassRole", f"{ROLE}/db", TO_ECS)], "InvalidUser.PassRoleForbidden", id="PassRole of another role"),
    pytest.param([ON_INSTANCES, ON_WEB, allow("ram:PassRole", f"{ROLE}/web", {"StringEquals": {"acs:Service": "fc.aliyuncs.com"}})], "InvalidUser.PassRoleForbidden", id="PassRole to another service"),
    pytest.param([*LEAST, deny("ram:PassRole", "*")], "InvalidUser.PassRoleForbidden", id="PassRole denied"),
    pytest.param([*LEAST, deny("ram:PassRole", "*", {"StringLike": {"acs:Service": "ecs.*"}})], "InvalidUser.PassRoleForbidden", id="PassRole to ECS denied"),
]  # fmt: skip


def held(cloud: Cloud, instance_id: str) -> str:
    instance = cloud.ecs.instance(instance_id)
    assert instance is not None
    return instance.role


@pytest.mark.parametrize("caller", [pytest.param(user, id="RAM user"), pytest.param(session, id="session of a role")])
def test_the_action_on_both_resources_and_pass_role_attach_and_detach(judging: Cloud, one: str, caller: Any) -> None:
    someone = caller(judging, *LEAST)
    someone.attach(one)
    assert held(judging, one) == "web"
    someone.detach(one)
    assert held(judging, one) == ""


@pytest.mark.parametrize("caller", [pytest.param(user, id="RAM user"), pytest.param(session, id="session of a role")])
@pytest.mark.parametrize(("statements", "code"), ATTACH_REFUSALS)
def test_an_attach_is_refused_with(
    judging: Cloud, one: str, caller: Any, statements: list[Statement], code: str
) -> None:
    error = refused(caller(judging, *statements).attach, one)
    assert (error.statusCode, error.code) == (403, code)
    assert held(judging, one) == ""


@pytest.mark.parametrize(("statements", "code"), ATTACH_REFUSALS)
def test_a_detach_is_refused_as_an_attach_is(judging: Cloud, statements: list[Statement], code: str) -> None:
    (instance,) = judging.ecs.make(role="web")
    assert refused(user(judging, *statements).detach, instance.instance_id).code == code
    assert instance.role == "web"


@pytest.mark.parametrize(("statements", "code"), ATTACH_REFUSALS)
def test_a_detach_that_names_no_role_is_judged_on_the_role_taken_off(
    judging: Cloud, statements: list[Statement], code: str
) -> None:
    (instance,) = judging.ecs.make(role="web")
    assert refused(user(judging, *statements).detach, instance.instance_id, None).code == code
    assert instance.role == "web"


def test_a_detach_that_names_no_role_takes_off_the_role_that_is_allowed(judging: Cloud) -> None:
    (instance,) = judging.ecs.make(role="web")
    user(judging, *LEAST).detach(instance.instance_id, None)
    assert instance.role == ""


def test_every_instance_of_a_batch_is_judged(judging: Cloud) -> None:
    mine, other = judging.ecs.make(2)
    someone = user(judging, allow(BOTH, f"{HZ}/{mine.instance_id}"), ON_WEB, PASS_WEB)
    ids = [mine.instance_id, other.instance_id]
    error = refused(someone.ecs, "attach_instance_ram_role", instance_ids=ids, ram_role_name="web")
    assert (error.code, mine.role) == ("Forbidden.RAM", "")
    someone.attach(mine.instance_id)
    assert mine.role == "web"


def test_the_refusal_says_who_was_refused_what_and_by_which_policies(judging: Cloud, one: str) -> None:
    detail = refused(user(judging, *LEAST, deny("ram:PassRole", "*")).attach, one).data["AccessDeniedDetail"]
    assert (detail["AuthAction"], detail["AuthPrincipalType"], detail["AuthPrincipalOwnerId"]) == (
        "ram:PassRole",
        "SubUser",
        ACCOUNT,
    )
    assert (detail["PolicyType"], detail["NoPermissionType"]) == ("AccountLevelIdentityBasedPolicy", "ExplicitDeny")
    detail = refused(session(judging, *LEAST, narrowed=ON_WEB).attach, one).data["AccessDeniedDetail"]
    assert (detail["AuthPrincipalType"], detail["AuthPrincipalDisplayName"]) == ("AssumedRoleUser", "worker:s-1")
    assert (detail["PolicyType"], detail["NoPermissionType"]) == ("SessionPolicy", "ImplicitDeny")


@pytest.mark.parametrize("action", ["run_instances", "create_instance"])
def test_a_launch_with_a_role_needs_pass_role(judging: Cloud, action: str) -> None:
    launches = allow(["ecs:RunInstances", "ecs:CreateInstance"], "*")
    may, may_not = user(judging, launches, PASS_WEB), user(judging, launches, name="bob")
    fields = {"image_id": "m-1", "instance_type": "ecs.g7.large"}
    assert refused(may_not.ecs, action, **fields, ram_role_name="web").code == "InvalidUser.PassRoleForbidden"
    assert refused(may.ecs, action, **fields, ram_role_name="db").code == "InvalidUser.PassRoleForbidden"
    may.ecs(action, **fields, ram_role_name="web")
    may_not.ecs(action, **fields)
    assert [instance.role for instance in judging.ecs.regions()[0].instances.values()] == ["web", ""]


def test_a_detach_needs_no_pass_role_where_the_switch_says_so(judging: Cloud) -> None:
    judging.switches.detach_needs_pass_role = "no"
    (instance,) = judging.ecs.make(role="web")
    user(judging, ON_INSTANCES, ON_WEB).detach(instance.instance_id)
    assert instance.role == ""


def test_the_region_of_the_roles_arn_is_a_switch(judging: Cloud, one: str) -> None:
    someone = user(judging, ON_INSTANCES, allow(BOTH, f"acs:ram::{ACCOUNT}:role/web"), PASS_WEB)
    assert refused(someone.attach, one).code == "Forbidden.RAM"
    judging.switches.ecs_role_region = "empty"
    someone.attach(one)
    assert held(judging, one) == "web"


def test_a_role_is_judged_by_its_name_in_lower_case(judging: Cloud, one: str) -> None:
    judging.ram.put_role(ACCOUNT, "WebReader")
    lower = [ON_INSTANCES, allow([*BOTH, "ram:PassRole"], f"{ROLE}/webreader")]
    written = [ON_INSTANCES, allow([*BOTH, "ram:PassRole"], f"{ROLE}/WebReader")]
    capitals = user(judging, *written, name="bob")
    assert refused(capitals.attach, one, "WebReader").code == "Forbidden.RAM"
    judging.switches.role_name_in_policy = "case-ignored"
    capitals.attach(one, "WebReader")
    judging.switches.role_name_in_policy = "as-written"
    user(judging, *lower).detach(one, "WebReader")
    assert held(judging, one) == ""
