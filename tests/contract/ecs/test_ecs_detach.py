"""DetachInstanceRamRole and DescribeInstanceRamRole through the real client, under every switch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.cloud import Cloud

Ask = Callable[..., Any]


def items(body: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = body["DetachInstanceRamRoleResults"]["DetachInstanceRamRoleResult"]
    return rows


def pairs(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(i["InstanceId"], i["RamRoleName"]) for i in body["InstanceRamRoleSets"]["InstanceRamRoleSet"]]


@pytest.mark.parametrize("named", ["web", None])
def test_a_detached_role_is_gone_and_the_answer_says_which_it_was(
    ask: Ask, cloud: Cloud, roles: None, held: Callable[[str], str], named: str | None
) -> None:
    made = cloud.ecs.make(role="web")[0].instance_id
    body = ask("detach_instance_ram_role", ram_role_name=named, instance_ids=[made])
    assert held(made) == ""
    assert body["RamRoleName"] == (named or "")
    sets = {"InstanceRamRoleSet": [{"InstanceId": made, "RamRoleName": "web"}]}
    assert items(body) == [
        {"InstanceId": made, "Code": "200", "Message": "Success", "Success": True, "InstanceRamRoleSets": sets}
    ]


@pytest.mark.parametrize(("switch", "role"), [("detach_nothing", ""), ("detach_other", "db")])
@pytest.mark.parametrize("setting", ["success", "item", "request"])
def test_a_role_that_is_not_there_to_detach_is_as_the_switch_says(
    ask: Ask, refused: Ask, cloud: Cloud, roles: None, held: Callable[[str], str], switch: str, role: str, setting: str
) -> None:
    cloud.switches.set({switch: setting})
    bad, good = cloud.ecs.make(role=role)[0].instance_id, cloud.ecs.make(role="web")[0].instance_id
    given = {"ram_role_name": "web", "instance_ids": [bad, good]}
    if setting == "request":
        assert refused("detach_instance_ram_role", **given) == (403, "InvalidInstance.RamRoleNotAttached")
        assert held(good) == "web"
    else:
        body = ask("detach_instance_ram_role", **given)
        assert body["FailCount"] == (setting == "item")
        assert [i["Success"] for i in items(body)] == [setting == "success", True]
        assert held(good) == ""
    assert held(bad) == role


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"instance_ids": "[]"}, (400, "InvalidInstanceIds.Malformed"), id="no ids"),
        pytest.param({"instance_ids": "{}"}, (400, "InvalidInstanceIds.Malformed"), id="not an array"),
        pytest.param({"instance_ids": [f"i-{n}" for n in range(101)]}, (400, "InvalidInstanceIds.Malformed"), id="101"),
        pytest.param({"instance_ids": ["i-nope"]}, (404, "InvalidInstanceId.NotFound"), id="unknown id"),
        pytest.param({"instance_ids": None}, (400, "MissingParameter.InstanceIds"), id="ids missing"),
        pytest.param({"region_id": "mars-1"}, (404, "InvalidRegionId.NotFound"), id="unknown region"),
    ],
)
def test_a_detach_that_cannot_be_is_refused_whole(
    refused: Ask, one: str, fields: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refused("detach_instance_ram_role", **{"instance_ids": [one], **fields}) == expected


@pytest.mark.parametrize("action", ["detach_instance_ram_role", "describe_instance_ram_role"])
def test_classic_instances_are_refused_whole_where_the_switch_says(
    ask: Ask, refused: Ask, cloud: Cloud, action: str
) -> None:
    made = cloud.ecs.make(network="classic")[0].instance_id
    assert refused(action, instance_ids=[made]) == (403, "InvalidNetworkType.MismatchRamRole")
    cloud.switches.classic_network = "item"
    body = ask(action, instance_ids=[made])
    if action.startswith("detach"):
        assert items(body)[0]["Code"] == "InvalidNetworkType.MismatchRamRole"
    else:
        assert pairs(body) == []


def test_the_role_of_instances_is_described(ask: Ask, cloud: Cloud) -> None:
    web, none = cloud.ecs.make(role="web")[0].instance_id, cloud.ecs.make()[0].instance_id
    body = ask("describe_instance_ram_role", instance_ids=[web, none])
    assert pairs(body) == [(web, "web")]
    assert (body["TotalCount"], body["RegionId"]) == (1, "cn-hangzhou")
    cloud.switches.roleless = "empty"
    assert pairs(ask("describe_instance_ram_role", instance_ids=[web, none])) == [(web, "web"), (none, "")]
    assert pairs(ask("describe_instance_ram_role", instance_ids=[web, none], ram_role_name="web")) == [(web, "web")]
    assert pairs(ask("describe_instance_ram_role", instance_ids=[web], ram_role_name="db")) == []


def test_fifty_ids_with_the_default_page_show_ten(ask: Ask, cloud: Cloud) -> None:
    made = [i.instance_id for i in cloud.ecs.make(50, role="web")]
    body = ask("describe_instance_ram_role", instance_ids=made)
    assert (len(pairs(body)), body["TotalCount"]) == (10, 50)
    assert len(pairs(ask("describe_instance_ram_role", instance_ids=made, page_size=50))) == 50
    third = ask("describe_instance_ram_role", instance_ids=made, page_number=3)
    assert [i for i, _ in pairs(third)] == made[20:30]


def test_the_holders_of_a_role_are_paged_by_number(ask: Ask, cloud: Cloud) -> None:
    made = [i.instance_id for i in cloud.ecs.make(75, role="web")]
    cloud.ecs.make(5, role="db")
    pages = [ask("describe_instance_ram_role", ram_role_name="web", page_size=50, page_number=n) for n in (1, 2, 3)]
    assert [len(pairs(p)) for p in pages] == [50, 25, 0]
    assert [i for p in pages for i, _ in pairs(p)] == made
    assert {p["TotalCount"] for p in pages} == {75}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, (403, "InvalidParameter.AllEmpty"), id="neither ids nor role"),
        pytest.param(
            {"instance_ids": [f"i-{n}" for n in range(51)]}, (400, "InvalidInstanceIds.Malformed"), id="51 ids"
        ),
        pytest.param({"instance_ids": "nonsense"}, (400, "InvalidInstanceIds.Malformed"), id="not JSON"),
        pytest.param({"instance_ids": ["i-nope"]}, (404, "InvalidInstanceId.NotFound"), id="unknown id"),
        pytest.param({"ram_role_name": "web", "page_size": 51}, (400, "InvalidParameter.PageSize"), id="page of 51"),
        pytest.param({"ram_role_name": "web", "page_size": 0}, (400, "InvalidParameter.PageSize"), id="page of 0"),
        pytest.param({"ram_role_name": "web", "page_number": 0}, (400, "InvalidParameter.PageNumber"), id="page 0"),
    ],
)
def test_a_describe_that_cannot_be_is_refused(
    refused: Ask, cloud: Cloud, fields: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refused("describe_instance_ram_role", **fields) == expected


def test_an_unknown_instance_may_just_be_missing_from_the_description(ask: Ask, cloud: Cloud) -> None:
    cloud.switches.unknown_instance = "item"
    made = cloud.ecs.make(role="web")[0].instance_id
    assert pairs(ask("describe_instance_ram_role", instance_ids=["i-nope", made])) == [(made, "web")]


def test_a_role_that_ram_has_lost_stays_on_the_instance(ask: Ask, cloud: Cloud) -> None:
    made = cloud.ecs.make(role="long-gone")[0].instance_id
    assert pairs(ask("describe_instance_ram_role", ram_role_name="long-gone")) == [(made, "long-gone")]
    assert ask("detach_instance_ram_role", ram_role_name="long-gone", instance_ids=[made])["FailCount"] == 0
