"""A role that was deleted in RAM under its holders: the commands, which may read RAM, say so and count them."""

from __future__ import annotations

import json
from typing import Literal

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.functional.cli.operator import Command, make

WARNING = "warning: role web does not exist in RAM, but {} of the instances seen hold{} it: "
Setting = Literal["shown", "refused"]
SETTINGS = pytest.mark.parametrize("by_name", ["shown", "refused"])


def delete(cloud: Cloud, *names: str) -> None:
    for name in names:
        cloud.ram.account(ACCOUNT).delete_role(name)


@SETTINGS
@pytest.mark.parametrize(
    "words",
    [("reconcile",), ("reconcile", "--dry-run"), ("remediate", "--all"), ("remediate", "--tag", "app=web")],
    ids=" ".join,
)
def test_a_run_warns_of_it_with_the_number_of_its_holders(
    cloud: Cloud, rolekeeper: Command, words: tuple[str, ...], by_name: Setting
) -> None:
    make(cloud, 250, "web", role="web")
    make(cloud, 2, role="foreign")
    delete(cloud, "web", "foreign")
    cloud.switches.deleted_role_by_name = by_name
    ran = rolekeeper(*words)
    assert ran.code == 0
    assert WARNING.format(250, "") in ran.out
    assert "role foreign" not in ran.out
    (warning,) = rolekeeper(*words, "--json").json()["warnings"]
    assert warning.startswith(WARNING.format(250, ""))


@SETTINGS
@pytest.mark.parametrize(
    "named", [("reconcile",), ("remediate", "--all"), ("remediate", "--drift", "orphaned")], ids=" ".join
)
def test_a_run_takes_it_off_where_no_rule_gives_it_any_more(
    cloud: Cloud, rolekeeper: Command, named: tuple[str, ...], by_name: Setting
) -> None:
    """Learnt by the holders of each role, such an instance would look as if it held none."""
    make(cloud, 250, "web", role="worker")
    held = make(cloud, 2, role="web")
    make(cloud, 300, "web", role="web")
    delete(cloud, "web")
    cloud.switches.deleted_role_by_name = by_name
    told = rolekeeper(*named, "--json", "--lift-brake").json()
    assert told["counts"]["detached/no-longer-mapped"] == 2
    assert {one.role for one in held} == {""}


def test_of_named_instances_those_are_counted(cloud: Cloud, rolekeeper: Command) -> None:
    made = make(cloud, 3, "web", role="web")
    delete(cloud, "web")
    assert WARNING.format(1, "s") in rolekeeper("remediate", "--id", made[0].instance_id).out


def test_a_run_that_finds_every_role_there_says_nothing_and_asks_once(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 250, "web", role="web")
    ran = rolekeeper("reconcile")
    assert "warning" not in ran.out
    assert [call.action for call in cloud.calls if call.service == "ram"].count("ListRoles") == 1


def test_where_nobody_holds_a_listed_role_ram_is_not_asked(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 3, role="foreign")
    rolekeeper("reconcile")
    assert not [call for call in cloud.calls if call.service == "ram"]


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["text", "json"])
def test_where_ram_may_not_be_read_the_run_goes_on_and_says_that_nobody_knows(
    cloud: Cloud, rolekeeper: Command, words: tuple[str, ...]
) -> None:
    make(cloud, 3, "web", role="web")
    cloud.faults.add("error", action="ListRoles", code="NoPermission", status=403, count=None)
    ran = rolekeeper("reconcile", "--strict", *words)
    assert ran.code == 0, "what is not known is no warning"
    assert "whether RAM still has these roles was not read: ListRoles: NoPermission" in ran.out


@pytest.mark.parametrize(("by_name", "holders"), [("shown", 250), ("refused", None)])
def test_the_list_of_roles_counts_them_beside_the_drift(
    cloud: Cloud, rolekeeper: Command, by_name: Setting, holders: int | None
) -> None:
    """Where ECS does not say how many hold it, nobody is told that none does."""
    make(cloud, 250, "web", role="web")
    delete(cloud, "web")
    cloud.switches.deleted_role_by_name = by_name
    rows = {
        row["role"]: row for row in map(json.loads, rolekeeper("roles", "--json").out.splitlines()) if "role" in row
    }
    assert (rows["web"]["there"], rows["web"]["holders"]) == (False, holders)
    assert "CreateRole: role web" in rows["web"]["drift"]
    line = next(line for line in rolekeeper("roles").out.splitlines() if line.split()[:1] == ["web"])
    assert ("250" in line.split(), "?" in line.split()) == (by_name == "shown", by_name == "refused")
