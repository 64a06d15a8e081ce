"""Every call of the functions is judged by their execution role, and what it does not allow they do not do."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from fakecloud.identity import ACCOUNT
from fakecloud.permissions import used
from shared.mapping import load
from shared.policies import execution_role
from tests.functional.handlers.world import EXECUTION_ROLE, LOGSTORE, PROJECT, REGION, World, created, remediate, tagged

SESSION = f"acs:ram::{ACCOUNT}:assumed-role/{EXECUTION_ROLE}/"


def narrowed(world: World, action: str) -> None:
    """The execution role, less one action."""
    document: dict[str, Any] = copy.deepcopy(
        execution_role(load(world.roles_yaml), account_id=ACCOUNT, region=REGION, project=PROJECT)
    )
    for statement in document["Statement"]:
        statement["Action"] = [a for a in statement["Action"] if a != action] or ["ecs:DescribeRegions"]
    world.cloud.ram.put_role(ACCOUNT, EXECUTION_ROLE, services=("fc.aliyuncs.com",), policies=(document,))


def test_an_attachment_asks_for_these_permissions_and_no_other(world: World) -> None:
    instance = world.instance("web")
    world.cloud.judgements.clear()
    assert world.run("instance_created", created([instance.instance_id])).error is None
    on_it = f"acs:ecs:{REGION}:{ACCOUNT}:instance/{instance.instance_id}"
    logstore = f"acs:log:{REGION}:{ACCOUNT}:project/{PROJECT}/logstore/{LOGSTORE}"
    assert set(used(world.cloud, SESSION)) == {
        ("ecs:DescribeInstances", on_it),
        ("ecs:DescribeInstanceRamRole", on_it),
        ("ecs:AttachInstanceRamRole", on_it),
        ("ecs:AttachInstanceRamRole", f"acs:ram:{REGION}:{ACCOUNT}:role/web"),
        ("ram:PassRole", f"acs:ram::{ACCOUNT}:role/web"),
        ("log:PostLogStoreLogs", logstore),
    }
    assert set(used(world.cloud)) == set(used(world.cloud, SESSION)), "nobody else has called"


@pytest.mark.parametrize(
    ("action", "code"),
    [
        pytest.param("ram:PassRole", "InvalidUser.PassRoleForbidden", id="pass the role"),
        pytest.param("ecs:AttachInstanceRamRole", "Forbidden.RAM", id="attach it"),
    ],
)
def test_a_permission_that_is_missing_is_recorded_with_the_clouds_code(world: World, action: str, code: str) -> None:
    narrowed(world, action)
    instance = world.instance("web")
    run = world.run("instance_created", created([instance.instance_id]))
    assert run.error is None, "it would be refused again"
    assert instance.role == ""
    record = world.record(instance.instance_id)
    assert (record["outcome"], record["error_code"]) == ("failed", code)


@pytest.mark.parametrize("asked", [{"all": True}, {"tags": {"app": "web"}}], ids=["all", "by tag"])
def test_a_region_that_may_not_be_looked_at_is_not_taken_for_an_empty_one(world: World, asked: dict[str, Any]) -> None:
    """ECS then shows no instance, and no error."""
    instance = world.instance("web")
    narrowed(world, "ecs:DescribeInstances")
    run = world.run("remediate", remediate(**asked))
    assert run.error is None, "it would be refused again"
    assert "DescribeInstances: Forbidden.RAM" in run.result["error"]
    (record,) = world.records()
    assert (record["run"], record["seen"], record["error_code"]) == ("incomplete", "0", "Forbidden.RAM")
    assert instance.role == ""


def test_a_foreign_role_that_is_not_named_under_displace_stays(world: World) -> None:
    world.cloud.ram.put_role(ACCOUNT, "unnamed")
    world.map(foreign="replace")
    named, unnamed = (world.instance("web", role=role) for role in ("foreign", "unnamed"))
    world.run("tags_changed", tagged([named.instance_id, unnamed.instance_id]))
    assert (named.role, unnamed.role) == ("web", "unnamed")
    assert world.record(unnamed.instance_id)["outcome"] in ("skipped", "failed")
