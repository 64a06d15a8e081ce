"""AttachInstanceRamRole through the real client: who may hold which role, and how a refusal comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import Identity
from tests.contract import sdk

Ask = Callable[..., Any]


def items(body: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = body["AttachInstanceRamRoleResults"]["AttachInstanceRamRoleResult"]
    return rows


def test_an_attached_role_is_held_and_answered_item_by_item(ask: Ask, one: str, held: Callable[[str], str]) -> None:
    body = ask("attach_instance_ram_role", ram_role_name="web", instance_ids=[one])
    assert held(one) == "web"
    assert (body["RamRoleName"], body["TotalCount"], body["FailCount"]) == ("web", 1, 0)
    assert items(body) == [{"InstanceId": one, "Code": "200", "Message": "success", "Success": True}]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"ram_role_name": "nobody"}, (404, "InvalidRamRole.NotFound"), id="role missing"),
        pytest.param({"ram_role_name": "fc"}, (404, "InvalidRamRole.NotEcsRole"), id="role does not trust ecs"),
        pytest.param({"instance_ids": "[]"}, (400, "InvalidInstanceIds.Malformed"), id="no ids"),
        pytest.param({"instance_ids": "i-1"}, (400, "InvalidInstanceIds.Malformed"), id="not JSON"),
        pytest.param({"instance_ids": '"i-1"'}, (400, "InvalidInstanceIds.Malformed"), id="not an array"),
        pytest.param({"instance_ids": "[1]"}, (400, "InvalidInstanceIds.Malformed"), id="not texts"),
        pytest.param(
            {"instance_ids": [f"i-{n}" for n in range(101)]}, (400, "InvalidInstanceIds.Malformed"), id="101 ids"
        ),
        pytest.param({"instance_ids": ["i-nope"]}, (404, "InvalidInstanceId.NotFound"), id="unknown id"),
        pytest.param({"region_id": "mars-1"}, (404, "InvalidRegionId.NotFound"), id="unknown region"),
        pytest.param({"region_id": "cn-beijing"}, (404, "InvalidInstanceId.NotFound"), id="id of another region"),
        pytest.param({"ram_role_name": None}, (400, "MissingParameter.RamRoleName"), id="no role named"),
        pytest.param({"instance_ids": None}, (400, "MissingParameter.InstanceIds"), id="ids missing"),
        pytest.param({"region_id": None}, (400, "MissingParameter.RegionId"), id="region missing"),
        pytest.param({"policy": "x" * 1025}, (400, "InvalidParameter.Policy"), id="session policy too long"),
        pytest.param({"policy": "no policy"}, (400, "MalformedPolicyDocument"), id="session policy no policy"),
    ],
)
def test_a_request_that_cannot_be_is_refused_whole(
    refused: Ask, one: str, held: Callable[[str], str], fields: dict[str, Any], expected: tuple[int, str]
) -> None:
    given = {"ram_role_name": "web", "instance_ids": [one], **fields}
    assert refused("attach_instance_ram_role", **given) == expected
    assert held(one) == ""


def test_a_hundred_instances_go_in_one_call(ask: Ask, cloud: Cloud, roles: None) -> None:
    made = [i.instance_id for i in cloud.ecs.make(100)]
    body = ask("attach_instance_ram_role", ram_role_name="web", instance_ids=made)
    assert (body["TotalCount"], body["FailCount"]) == (100, 0)
    assert [i["InstanceId"] for i in items(body)] == made


def test_an_id_given_twice_is_one_instance(ask: Ask, one: str) -> None:
    assert ask("attach_instance_ram_role", ram_role_name="web", instance_ids=[one, one])["TotalCount"] == 1


@pytest.mark.parametrize("second", ["web", "db"])
def test_an_instance_holds_one_role_only(ask: Ask, one: str, held: Callable[[str], str], second: str) -> None:
    ask("attach_instance_ram_role", ram_role_name="web", instance_ids=[one])
    body = ask("attach_instance_ram_role", ram_role_name=second, instance_ids=[one])
    assert (body["FailCount"], items(body)[0]["Success"]) == (1, False)
    assert items(body)[0]["Code"] == "InvalidInstance.RamRoleAlreadyAttached"
    assert held(one) == "web"


def test_a_failure_in_the_batch_does_not_stop_the_others(
    ask: Ask, cloud: Cloud, roles: None, held: Callable[[str], str]
) -> None:
    free, taken = cloud.ecs.make()[0].instance_id, cloud.ecs.make(role="db")[0].instance_id
    body = ask("attach_instance_ram_role", ram_role_name="web", instance_ids=[taken, free])
    assert (body["TotalCount"], body["FailCount"]) == (2, 1)
    assert (held(free), held(taken)) == ("web", "db")


def test_the_already_attached_switch_refuses_the_whole_request(
    refused: Ask, cloud: Cloud, roles: None, held: Callable[[str], str]
) -> None:
    free, taken = cloud.ecs.make()[0].instance_id, cloud.ecs.make(role="db")[0].instance_id
    cloud.switches.set({"already_attached": "request", "already_attached_code": "RoleThere"})
    assert refused("attach_instance_ram_role", ram_role_name="web", instance_ids=[free, taken]) == (403, "RoleThere")
    assert held(free) == ""


@pytest.mark.parametrize("shape", ["item", "request"])
@pytest.mark.parametrize("again", ["error", "success"])
def test_the_same_role_again_is_as_the_switch_says(
    ask: Ask, refused: Ask, cloud: Cloud, one: str, shape: str, again: str
) -> None:
    cloud.switches.set({"already_attached": shape, "same_role_again": again})
    given = {"ram_role_name": "web", "instance_ids": [one]}
    ask("attach_instance_ram_role", **given)
    if (again, shape) == ("error", "request"):
        assert refused("attach_instance_ram_role", **given)[0] == 403
    else:
        assert ask("attach_instance_ram_role", **given)["FailCount"] == (again == "error")


@pytest.mark.parametrize("switch", ["unknown_instance", "classic_network"])
@pytest.mark.parametrize("shape", ["item", "request"])
def test_an_instance_that_cannot_hold_a_role_fails_alone_or_the_request(
    ask: Ask, refused: Ask, cloud: Cloud, one: str, held: Callable[[str], str], switch: str, shape: str
) -> None:
    cloud.switches.set({switch: shape})
    bad = "i-nope" if switch == "unknown_instance" else cloud.ecs.make(network="classic")[0].instance_id
    error = (404, "InvalidInstanceId.NotFound") if bad == "i-nope" else (403, "InvalidNetworkType.MismatchRamRole")
    given = {"ram_role_name": "web", "instance_ids": [bad, one]}
    if shape == "request":
        assert refused("attach_instance_ram_role", **given) == error
        assert held(one) == ""
    else:
        body = ask("attach_instance_ram_role", **given)
        assert [(i["Code"], i["Success"]) for i in items(body)] == [(error[1], False), ("200", True)]
        assert held(one) == "web"


@pytest.mark.parametrize(("setting", "fails"), [("allow", 0), ("item", 1)])
def test_attaching_while_pending_is_as_the_switch_says(
    ask: Ask, cloud: Cloud, roles: None, setting: str, fails: int
) -> None:
    cloud.switches.set({"attach_while_pending": setting})
    born = ask("run_instances")["InstanceIdSets"]["InstanceIdSet"]
    body = ask("attach_instance_ram_role", ram_role_name="web", instance_ids=born)
    assert body["FailCount"] == fails
    assert items(body)[0]["Code"] == ("IncorrectInstanceStatus" if fails else "200")
    cloud.settle()
    assert ask("attach_instance_ram_role", ram_role_name="web", instance_ids=born)["FailCount"] == 1 - fails


@pytest.mark.parametrize("state", ["Running", "Starting", "Stopping", "Stopped"])
def test_a_role_can_be_attached_in_any_state(ask: Ask, cloud: Cloud, roles: None, state: str) -> None:
    made = cloud.ecs.make(status=state)[0].instance_id
    assert ask("attach_instance_ram_role", ram_role_name="web", instance_ids=[made])["FailCount"] == 0


@pytest.mark.parametrize(("setting", "code"), [("string", "200"), ("integer", 200)])
def test_the_code_of_an_item_is_a_string_or_an_integer(
    ask: Ask, cloud: Cloud, one: str, setting: str, code: Any
) -> None:
    cloud.switches.set({"code_type": setting})
    assert items(ask("attach_instance_ram_role", ram_role_name="web", instance_ids=[one]))[0]["Code"] == code


@pytest.mark.parametrize("setting", ["present", "absent"])
def test_older_answers_have_no_success_field(ask: Ask, cloud: Cloud, one: str, setting: str) -> None:
    cloud.switches.set({"success_field": setting})
    item = items(ask("attach_instance_ram_role", ram_role_name="web", instance_ids=[one]))[0]
    assert ("Success" in item) == (setting == "present")


def test_a_session_policy_is_kept_with_the_role(ask: Ask, cloud: Cloud, one: str) -> None:
    policy = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    ask("attach_instance_ram_role", ram_role_name="web", instance_ids=[one], policy=policy)
    instance = cloud.ecs.instance(one)
    assert instance is not None
    assert instance.role_policy == policy


def test_instances_and_roles_belong_to_the_callers_account(cloud: Cloud, one: str) -> None:
    other = cloud.keys.permanent(Identity("Account", "2222222222222222"))
    cfg = sdk.config(access_key_id=other.access_key_id, access_key_secret=other.secret)
    given = {"ram_role_name": "web", "instance_ids": f'["{one}"]'}
    assert sdk.refusal(sdk.ecs, cfg, "attach_instance_ram_role", **given)[1] == "InvalidInstanceId.NotFound"
    theirs = cloud.ecs.make(account="2222222222222222")[0].instance_id
    given["instance_ids"] = f'["{theirs}"]'
    assert sdk.refusal(sdk.ecs, cfg, "attach_instance_ram_role", **given)[1] == "InvalidRamRole.NotFound"
    cloud.ram.put_role("2222222222222222", "web")
    assert sdk.ecs(cfg, "attach_instance_ram_role", **given)["FailCount"] == 0
    assert sdk.ids(sdk.ecs(cfg, "describe_instances", max_results=10)) == [theirs]
    assert sdk.ids(sdk.ecs(sdk.config(), "describe_instances", max_results=10)) == [one]
    assert sdk.ecs(sdk.config(), "describe_instance_attribute", instance_id=one)["InstanceId"] == one
    assert sdk.refusal(sdk.ecs, cfg, "describe_instance_attribute", instance_id=one)[0] == 404
