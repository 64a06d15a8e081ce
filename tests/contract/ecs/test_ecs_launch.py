"""RunInstances to DeleteInstance through the real client: birth, boot, idempotency, dry run, and who may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from tests.contract.sdk import ids

Ask = Callable[..., Any]


def born(body: dict[str, Any]) -> list[str]:
    found: list[str] = body["InstanceIdSets"]["InstanceIdSet"]
    return found


@pytest.fixture
def status(ask: Ask) -> Callable[[str], str | None]:
    def of(instance_id: str) -> str | None:
        rows = ask("describe_instance_status", instance_id=[instance_id])["InstanceStatuses"]["InstanceStatus"]
        return rows[0]["Status"] if rows else None

    return of


def test_an_instance_boots_through_its_states(ask: Ask, cloud: Cloud, status: Callable[[str], str | None]) -> None:
    cloud.switches.boot_seconds = 60
    [made] = born(ask("run_instances"))
    seen = [status(made)]
    for _ in range(2):
        cloud.clock.settle(within=31)
        seen.append(status(made))
    assert seen == ["Pending", "Starting", "Running"]


def test_settling_lets_a_created_instance_stop_and_a_started_one_run(
    ask: Ask, refused: Ask, cloud: Cloud, status: Callable[[str], str | None]
) -> None:
    made = ask("create_instance", instance_type="ecs.g7.large")["InstanceId"]
    assert status(made) == "Pending"
    assert refused("start_instance", instance_id=made) == (403, "IncorrectInstanceStatus")
    seen = []
    for action in (None, "start_instance", "stop_instance"):
        if action:
            ask(action, instance_id=made)
            seen.append(status(made))
        cloud.settle()
        seen.append(status(made))
    assert seen == ["Stopped", "Starting", "Running", "Stopping", "Stopped"]
    ask("delete_instance", instance_id=made)
    assert status(made) is None


def test_an_instance_is_born_with_what_was_asked(ask: Ask, cloud: Cloud, roles: None) -> None:
    ask(
        "run_instances",
        amount=2,
        ram_role_name="web",
        tag={"app": "web"},
        instance_name="w-1",
        zone_id="cn-hangzhou-b",
        v_switch_id="vsw-7",
        resource_group_id="rg-1",
        image_id="m-1",
        instance_type="ecs.c6.small",
        http_tokens="required",
        deletion_protection=True,
        security_group_id="sg-1",
        user_data="IyE=",
    )
    shown = ask("describe_instances", additional_attributes=["META_OPTIONS"])["Instances"]["Instance"]
    assert len(shown) == 2
    for row in shown:
        assert (row["InstanceName"], row["ZoneId"], row["VpcAttributes"]["VSwitchId"]) == (
            "w-1",
            "cn-hangzhou-b",
            "vsw-7",
        )
        assert (row["ResourceGroupId"], row["ImageId"], row["InstanceType"]) == ("rg-1", "m-1", "ecs.c6.small")
        assert row["MetadataOptions"]["HttpTokens"] == "required"
        assert row["DeletionProtection"] is True
        assert row["Tags"]["Tag"] == [{"TagKey": "app", "TagValue": "web"}]
    holders = ask("describe_instance_ram_role", ram_role_name="web")
    assert holders["TotalCount"] == 2


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"ram_role_name": "fc"}, (401, "InvalidRamRole.NotEcsRole"), id="role does not trust ecs"),
        pytest.param({"ram_role_name": "nobody"}, (404, "InvalidRamRole.NotFound"), id="role missing"),
        pytest.param({"tag": {"acs:x": "v"}}, (400, "InvalidTagKey.Malformed"), id="reserved tag key"),
        pytest.param({"tag": {"k": "v", "K": "v"}}, (403, "TagKey.Duplication"), id="keys differ in case only"),
        pytest.param({"tag": {f"k{n}": "v" for n in range(21)}}, (400, "NumberExceed.Tags"), id="21 tags"),
        pytest.param({"amount": 0}, (403, "InvalidParam.Amount"), id="none"),
        pytest.param({"amount": 101}, (403, "InvalidParam.Amount"), id="101"),
        pytest.param({"amount": 1, "min_amount": 2}, (400, "InvalidMinAmount.Malformed"), id="more than amount"),
        pytest.param({"client_token": "x" * 65}, (400, "InvalidClientToken.ValueNotSupported"), id="long token"),
        pytest.param({"client_token": "é"}, (400, "InvalidClientToken.ValueNotSupported"), id="token not ASCII"),
        pytest.param({"instance_name": "w"}, (400, "InvalidInstanceName.Malformed"), id="name too short"),
        pytest.param({"http_tokens": "maybe"}, (400, "InvalidHttpTokens.NotSupported"), id="HttpTokens"),
        pytest.param({"http_endpoint": "maybe"}, (400, "InvalidHttpEndpoint.NotSupported"), id="HttpEndpoint"),
        pytest.param({"v_switch_id": "nope"}, (400, "InvalidParameter.VSwitchId"), id="no switch's id"),
        pytest.param({"region_id": "mars-1"}, (404, "InvalidRegionId.NotFound"), id="region"),
        pytest.param({"dry_run": True}, (400, "DryRunOperation"), id="dry run"),
        pytest.param(
            {"dry_run": True, "ram_role_name": "fc"}, (401, "InvalidRamRole.NotEcsRole"), id="dry run that fails"
        ),
    ],
)
def test_a_launch_that_cannot_be_makes_nothing(
    refused: Ask, cloud: Cloud, roles: None, asked: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refused("run_instances", **asked) == expected
    assert not any(region.instances for region in cloud.ecs.regions())


def test_a_client_token_makes_a_launch_happen_once(ask: Ask, refused: Ask, cloud: Cloud) -> None:
    first = born(ask("run_instances", amount=2, client_token="t-1"))
    assert born(ask("run_instances", amount=2, client_token="t-1")) == first
    assert refused("run_instances", amount=3, client_token="t-1") == (400, "IdempotentParameterMismatch")
    assert set(born(ask("run_instances", amount=2, client_token="t-2"))).isdisjoint(first)
    assert set(born(ask("run_instances", amount=2))).isdisjoint(first)
    assert len(ids(ask("describe_instances", max_results=100))) == 6


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        pytest.param({"instance_name": "web"}, ["web", "web"], id="as given"),
        pytest.param({"instance_name": "web", "unique_suffix": True}, ["web001", "web002"], id="UniqueSuffix"),
        pytest.param({"instance_name": "w[9,3]-x"}, ["w009-x", "w010-x"], id="counted"),
        pytest.param({"instance_name": "w[,]"}, ["w000000", "w000001"], id="counted by default"),
    ],
)
def test_instances_of_a_batch_are_named(ask: Ask, cloud: Cloud, asked: dict[str, Any], names: list[str]) -> None:
    ask("run_instances", amount=2, **asked)
    assert [i["InstanceName"] for i in ask("describe_instances")["Instances"]["Instance"]] == names


def test_a_new_instance_is_shown_only_after_a_while(ask: Ask, refused: Ask, cloud: Cloud, roles: None) -> None:
    old = cloud.ecs.make(3)
    cloud.switches.visible_after = 30
    [made] = born(ask("run_instances", ram_role_name="web"))

    def seen() -> list[bool]:
        status = ask("describe_instance_status")
        holders = ask("describe_instance_ram_role", ram_role_name="web")
        tags = ask("list_tag_resources", resource_type="instance", resource_id=[made])
        return [
            made in ids(ask("describe_instances", max_results=10)),
            made in ids(ask("describe_instances", instance_ids=[made])),
            made in ids(ask("describe_instances", page_size=10)),
            holders["TotalCount"] == 1,
            status["TotalCount"] == 4,
            made in str(status),
            made in str(holders),
            made in str(tags) or not tags["TagResources"]["TagResource"],
        ]

    assert seen()[:-1] == [False] * 7
    assert (
        refused("attach_instance_ram_role", ram_role_name="web", instance_ids=[made])[1] == "InvalidInstanceId.NotFound"
    )
    assert refused("describe_instance_attribute", instance_id=made)[1] == "InvalidInstanceId.NotFound"
    tag = {"resource_type": "instance", "resource_id": [made], "tag": {"a": "b"}}
    assert refused("tag_resources", **tag)[1] == "InvalidResourceId.NotFound"
    first = ask("describe_instances", page_size=2, page_number=1)
    assert (ids(first), first["TotalCount"]) == ([i.instance_id for i in old[:2]], 3)
    cloud.clock.advance(31)
    assert seen() == [True] * 8


@pytest.mark.parametrize(
    ("properties", "asked", "expected"),
    [
        pytest.param({}, {}, (403, "IncorrectInstanceStatus"), id="running"),
        pytest.param({"status": "Pending"}, {}, (403, "IncorrectInstanceStatus.Initializing"), id="still booting"),
        pytest.param(
            {"deletion_protection": True}, {"force": True}, (403, "InvalidOperation.DeletionProtection"), id="protected"
        ),
        pytest.param({"status": "Stopped"}, {"dry_run": True}, (400, "DryRunOperation"), id="dry run"),
        pytest.param({}, {"force": True}, None, id="forced"),
        pytest.param({"status": "Stopped"}, {}, None, id="stopped"),
    ],
)
def test_only_what_may_go_is_deleted(
    ask: Ask, refused: Ask, cloud: Cloud, properties: dict[str, Any], asked: dict[str, Any], expected: Any
) -> None:
    made = cloud.ecs.make(role="web", tags={"a": "b"}, **properties)[0].instance_id
    if expected:
        assert refused("delete_instance", instance_id=made, **asked) == expected
    else:
        ask("delete_instance", instance_id=made, **asked)
    left = [] if expected is None else [made]
    assert ids(ask("describe_instances")) == ids(ask("describe_instances", tag={"a": "b"})) == left
    assert ask("describe_instance_ram_role", ram_role_name="web")["TotalCount"] == len(left)


@pytest.mark.parametrize(
    "action", ["start_instance", "stop_instance", "delete_instance", "describe_instance_attribute"]
)
def test_an_instance_that_is_not_there_is_not_found(refused: Ask, cloud: Cloud, action: str) -> None:
    assert refused(action, instance_id="i-nope") == (404, "InvalidInstanceId.NotFound")


def test_dry_runs_of_start_and_stop_change_nothing(
    refused: Ask, cloud: Cloud, status: Callable[[str], str | None]
) -> None:
    stopped, running = cloud.ecs.make(status="Stopped")[0].instance_id, cloud.ecs.make()[0].instance_id
    assert refused("start_instance", instance_id=stopped, dry_run=True) == (400, "DryRunOperation")
    assert refused("stop_instance", instance_id=running, dry_run=True) == (400, "DryRunOperation")
    assert (status(stopped), status(running)) == ("Stopped", "Running")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("created", ["Created"]), ("pending", ["Pending"]), ("both", ["Created", "Pending"])],
)
def test_a_birth_is_announced_as_the_switch_says(ask: Ask, cloud: Cloud, setting: str, expected: list[str]) -> None:
    cloud.switches.set({"creation_events": setting})
    ask("run_instances")
    states = [e["data"]["state"] for e in cloud.events.log.events if e["type"] == "ecs:Instance:StateChange"]
    assert states == expected
    cloud.settle()
    states = [e["data"]["state"] for e in cloud.events.log.events if e["type"] == "ecs:Instance:StateChange"]
    assert states == [*expected, "Starting", "Running"]
