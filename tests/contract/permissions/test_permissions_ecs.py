"""The other ECS actions and the Tag service: which resources they are judged on, tags as conditions, empty lists."""

from __future__ import annotations

from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.contract import sdk
from tests.contract.permissions.callers import HZ, ROLE, Caller, Statement, allow, refused, user

SEE = "ecs:DescribeInstances"
DEV = {"StringEquals": {"acs:ResourceTag/team": "dev"}}


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({}, id="by numbers"),
        pytest.param({"max_results": 10}, id="by token"),
        pytest.param({"tag": {"team": "dev"}}, id="by tag"),
    ],
)
def test_describe_instances_without_permission_is_an_empty_list(judging: Cloud, one: str, asked: Any) -> None:
    body = user(judging).ecs("describe_instances", **asked)
    assert (body["Instances"], body["TotalCount"], body["NextToken"]) == ({"Instance": []}, 0, "")
    assert sdk.ids(user(judging, allow(SEE, "*"), name="bob").ecs("describe_instances", **asked)) == [one]


def test_only_a_dry_run_tells_an_empty_list_from_a_missing_permission(judging: Cloud, one: str) -> None:
    error = refused(user(judging).ecs, "describe_instances", dry_run=True)
    assert (error.statusCode, error.code) == (403, "Forbidden.RAM")
    may = user(judging, allow(SEE, "*"), name="bob")
    assert refused(may.ecs, "describe_instances", dry_run=True).code == "DryRunOperation"


def test_describe_instances_by_ids_is_judged_on_each(judging: Cloud, one: str) -> None:
    (other,) = judging.ecs.make()
    someone = user(judging, allow(SEE, f"{HZ}/{one}"))
    assert sdk.ids(someone.ecs("describe_instances", instance_ids=[one])) == [one]
    assert sdk.ids(someone.ecs("describe_instances", instance_ids=[one, other.instance_id])) == []
    assert sdk.ids(someone.ecs("describe_instances")) == []


def test_a_tag_condition_needs_the_tag_as_a_filter(judging: Cloud, one: str) -> None:
    someone = user(judging, allow(SEE, "*", DEV))
    assert sdk.ids(someone.ecs("describe_instances", tag={"team": "dev"})) == [one]
    assert sdk.ids(someone.ecs("describe_instances", tag={"team": "ops"})) == []
    assert sdk.ids(someone.ecs("describe_instances")) == []
    assert sdk.ids(someone.ecs("describe_instances", instance_ids=[one])) == [one]


@pytest.mark.parametrize(
    ("resource", "asked", "allowed"),
    [
        pytest.param(f"{HZ}/*", {"instance_ids": True}, True, id="the instance, asked by instance"),
        pytest.param(f"{ROLE}/web", {"instance_ids": True}, False, id="the role, asked by instance"),
        pytest.param(f"{ROLE}/web", {"ram_role_name": "web"}, True, id="the role, asked by role"),
        pytest.param(f"{HZ}/*", {"ram_role_name": "web"}, False, id="the instance, asked by role"),
        pytest.param(f"{ROLE}/web", {"ram_role_name": "db"}, False, id="another role"),
        pytest.param(
            [f"{HZ}/*", f"{ROLE}/web"], {"ram_role_name": "web", "instance_ids": True}, True, id="both, asked by both"
        ),
        pytest.param(f"{HZ}/*", {"ram_role_name": "web", "instance_ids": True}, False, id="one, asked by both"),
    ],
)
def test_describe_instance_ram_role_is_judged_on_what_it_names(
    judging: Cloud, one: str, resource: Any, asked: dict[str, Any], allowed: bool
) -> None:
    someone = user(judging, allow("ecs:DescribeInstanceRamRole", resource))
    given = {**asked, **({"instance_ids": [one]} if "instance_ids" in asked else {})}
    if allowed:
        someone.ecs("describe_instance_ram_role", **given)
    else:
        assert refused(someone.ecs, "describe_instance_ram_role", **given).code == "Forbidden.RAM"


STOP = "ecs:StopInstance"


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        pytest.param(allow(STOP, f"{HZ}/*"), True, id="any instance of the region"),
        pytest.param(allow(STOP, f"acs:ecs:cn-beijing:{ACCOUNT}:instance/*"), False, id="another region's"),
        pytest.param(allow(STOP, "*", DEV), True, id="with its tag"),
        pytest.param(
            allow(STOP, "*", {"StringEquals": {"ecs:tag/team": "dev"}}), True, id="with its tag, as once spelt"
        ),
        pytest.param(allow(STOP, "*", {"StringEquals": {"acs:ResourceTag/team": "ops"}}), False, id="with another tag"),
        pytest.param(
            allow(STOP, "*", {"StringEquals": {"acs:RequestTag/team": "dev"}}), False, id="not the request's tag"
        ),
        pytest.param({"Effect": "Allow", "NotAction": "ecs:Delete*", "Resource": "*"}, True, id="all but deleting"),
    ],
)
def test_an_action_on_one_instance_is_judged_where_it_is_and_by_its_tags(
    judging: Cloud, one: str, statement: Statement, allowed: bool
) -> None:
    someone = user(judging, statement)
    if allowed:
        someone.ecs("stop_instance", instance_id=one)
    else:
        assert refused(someone.ecs, "stop_instance", instance_id=one).code == "Forbidden.RAM"


def test_an_instance_that_is_not_there_is_found_missing_only_with_permission(judging: Cloud) -> None:
    asked = {"instance_id": "i-bp1nothere"}
    assert refused(user(judging).ecs, "stop_instance", **asked).code == "Forbidden.RAM"
    may = user(judging, allow(STOP, "*"), name="bob")
    assert refused(may.ecs, "stop_instance", **asked).code == "InvalidInstanceId.NotFound"


@pytest.mark.parametrize(
    ("missing", "allowed"),
    [
        pytest.param("", True, id="all"),
        pytest.param("instance/", False, id="not the instance"),
        pytest.param("image/", False, id="not the image"),
        pytest.param("securitygroup/", False, id="not the security group"),
        pytest.param("keypair/", False, id="not the key pair"),
        pytest.param("vswitch/", False, id="not the vSwitch"),
    ],
)
def test_a_launch_is_judged_on_all_it_is_made_of(judging: Cloud, missing: str, allowed: bool) -> None:
    names = [
        f"acs:ecs:cn-hangzhou:{ACCOUNT}:{n}" for n in ("instance/*", "image/m-1", "securitygroup/sg-1", "keypair/k")
    ]
    names += [f"acs:vpc:cn-hangzhou:{ACCOUNT}:vswitch/vsw-1"]
    someone = user(judging, allow("ecs:RunInstances", [n for n in names if not missing or missing not in n]))
    fields = {"image_id": "m-1", "security_group_id": "sg-1", "key_pair_name": "k", "v_switch_id": "vsw-1"}
    if allowed:
        someone.ecs("run_instances", **fields)
    else:
        assert refused(someone.ecs, "run_instances", **fields).code == "Forbidden.RAM"


def test_a_launch_may_be_bound_to_the_tags_it_gives(judging: Cloud) -> None:
    someone = user(judging, allow("ecs:RunInstances", "*", {"StringEquals": {"acs:RequestTag/team": "dev"}}))
    someone.ecs("run_instances", tag={"team": "dev"})
    assert refused(someone.ecs, "run_instances", tag={"team": "ops"}).code == "Forbidden.RAM"
    assert refused(someone.ecs, "run_instances").code == "Forbidden.RAM"


def test_tagging_may_be_bound_to_the_tags_given_and_to_those_there(judging: Cloud, one: str) -> None:
    someone = user(
        judging,
        allow("ecs:TagResources", "*", {"StringEquals": {"acs:RequestTag/app": "web", "acs:ResourceTag/team": "dev"}}),
    )
    asked: dict[str, Any] = {"resource_type": "instance", "resource_id": [one]}
    someone.ecs("tag_resources", **asked, tag={"app": "web"})
    assert refused(someone.ecs, "tag_resources", **asked, tag={"app": "db"}).code == "Forbidden.RAM"
    assert refused(someone.ecs, "untag_resources", **asked, tag_key=["app"]).code == "Forbidden.RAM"
    (other,) = judging.ecs.make()
    asked["resource_id"] = [one, other.instance_id]
    assert refused(someone.ecs, "tag_resources", **asked, tag={"app": "web"}).code == "Forbidden.RAM"


def tag_service(caller: Caller, action: str, one: str) -> Any:
    tags = {"TagResources": {"Tags": '{"app":"web"}'}, "UntagResources": {"TagKey.1": "app"}}.get(action, {})
    arn = f"arn:acs:ecs:cn-hangzhou:{ACCOUNT}:instance/{one}"
    return caller.rpc("tag", action, RegionId="cn-hangzhou", **{"ResourceARN.1": arn}, **tags)


@pytest.mark.parametrize("action", ["TagResources", "UntagResources", "ListTagResources"])
def test_the_tag_service_needs_its_own_action_and_that_of_ecs(judging: Cloud, one: str, action: str) -> None:
    own, theirs = allow(f"tag:{action}", "*"), allow(f"ecs:{action}", f"{HZ}/{one}")
    tag_service(user(judging, own, theirs), action, one)
    for name, statement in (("bob", own), ("carol", theirs)):
        error = refused(tag_service, user(judging, statement, name=name), action, one)
        assert (error.statusCode, error.code) == (403, "NoPermission.Operator")


def test_the_tag_service_judges_by_the_tags_it_gives(judging: Cloud, one: str) -> None:
    for number, (value, allowed) in enumerate({"web": True, "db": False}.items()):
        condition = {"StringEquals": {"acs:RequestTag/app": value}}
        someone = user(judging, allow(["tag:TagResources", "ecs:TagResources"], "*", condition), name=f"user-{number}")
        if allowed:
            tag_service(someone, "TagResources", one)
        else:
            assert refused(tag_service, someone, "TagResources", one).code == "NoPermission.Operator"
