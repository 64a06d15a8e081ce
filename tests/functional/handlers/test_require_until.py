"""What an instance must be to get a role, and how long it keeps one: at the wire, by events and by the timer."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.functional.handlers.world import World, created, remediate, tagged, timer

RULES = """
version: 1
roles:
  web: {description: w, require: {vpc: [vpc-a, vpc-b*], resource_group: {not: rg-x}, imdsv2: true}}
  worker: {description: k}
  batch: {description: b}
rules:
  - {name: by app, when: {tags: {app: [web, worker, batch]}}, role: "${tags.app}"}
settings: {foreign_roles: replace, displace: [foreign], launch_grace: 10m, brake: {max_removals: 100%}, record_unchanged: false}
"""
FITS = {"vpc": "vpc-b1", "resource_group": "rg-1", "http_tokens": "required"}
UNMET = ("refused", "requirement-not-met")


@pytest.fixture(autouse=True)
def _rules(world: World) -> None:
    world.map(RULES)


def look(world: World, instance: Any) -> tuple[str, str]:
    return world.run("tags_changed", tagged([instance.instance_id])).outcome(instance.instance_id)


@pytest.mark.parametrize(
    ("differs", "named"),
    [
        ({}, ""),
        ({"vpc": "vpc-c"}, "vpc (vpc-c)"),
        ({"resource_group": "rg-x"}, "resource_group (rg-x)"),
        ({"http_tokens": "optional"}, "imdsv2 (optional)"),
        ({"vpc": "x", "http_tokens": "optional"}, "vpc (x), imdsv2 (optional)"),
    ],
)
@pytest.mark.parametrize("held", ["", "worker", "foreign", "web"])
def test_an_instance_that_is_not_what_the_role_requires_does_not_get_it_and_keeps_what_it_has(
    world: World, differs: dict[str, str], named: str, held: str
) -> None:
    instance = world.instance("web", **FITS) if not differs else world.instance("web", **{**FITS, **differs})
    if held:
        world.hold(instance, held)
    outcome = look(world, instance)
    if not named:
        assert instance.role == "web"
        return
    assert outcome == UNMET
    assert instance.role == held
    assert named in world.record(instance.instance_id)["error_message"]


def test_an_operator_does_not_get_round_it(world: World) -> None:
    instance = world.instance("web", **{**FITS, "http_tokens": "optional"})
    run = world.run("remediate", remediate(instance_ids=[instance.instance_id]))
    assert run.outcome(instance.instance_id) == UNMET


def test_the_timer_sees_what_the_metadata_service_is_set_to_and_says_so_of_a_holder(world: World) -> None:
    well, ill = world.instance("web", **FITS), world.instance("web", **{**FITS, "http_tokens": "optional"})
    world.hold(ill, "web")
    world.run("reconcile", timer())
    assert (well.role, ill.role) == ("web", "web")
    assert (world.record(ill.instance_id)["outcome"], world.record(ill.instance_id)["reason"]) == UNMET


@pytest.mark.parametrize("value", [None, 7, [], {}, {"HttpTokens": 1}, {"HttpTokens": "Required"}], ids=str)
def test_what_ecs_does_not_say_is_not_met_and_hides_no_instance(world: World, value: Any) -> None:
    instance = world.instance("web", **FITS)
    path = "Instances.Instance.0.MetadataOptions"
    world.cloud.faults.add(kind="alter", action="DescribeInstances", path=path, value=value)
    assert look(world, instance) == UNMET


def written(seconds: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def timed(world: World, text: str, held: str = "worker", app: str = "worker", key: str = "ram-role-until") -> Any:
    instance = world.instance(app, tags={key: text})
    if held:
        world.hold(instance, held)
    return instance


@pytest.mark.parametrize("function", ["tags_changed", "reconcile", "remediate", "instance_created"])
@pytest.mark.parametrize("held", ["worker", "batch"], ids=["the rule's", "another"])
def test_once_its_time_is_over_an_instance_loses_its_role_by_whoever_looks(
    world: World, function: str, held: str
) -> None:
    """Within the launch grace, too: that is for tags which come late, and this one is there."""
    instance = timed(world, written(-60), held, key="Ram-Role-Until")
    name = instance.instance_id
    events: dict[str, Any] = {
        "reconcile": timer(),
        "remediate": remediate(all=True),
        "instance_created": created([name]),
    }
    world.run(function, events.get(function, tagged([name])))
    assert instance.role == ""
    record = world.record(name)
    assert (record["outcome"], record["reason"], record["rule"]) == ("detached", "expired", "by app")
    world.run("tags_changed", tagged([name]))
    assert instance.role == ""


def test_it_gets_none_after_it_and_a_displaced_one_is_put_back(world: World) -> None:
    bare, displaced = timed(world, written(-60), ""), timed(world, written(-60), "foreign")
    assert look(world, bare) == ("unchanged", "expired")
    assert look(world, displaced) == ("unchanged", "foreign-role")
    noted = world.instance("worker")
    world.hold(noted, "foreign")
    assert look(world, noted) == ("swapped", "foreign-role")
    world.tag(noted, written(-60), "ram-role-until")
    assert look(world, noted) == ("swapped", "put-back")
    assert noted.role == "foreign"


def test_before_its_end_it_is_warned_of_and_a_later_time_takes_that_back(world: World) -> None:
    instance = timed(world, written(3_600))
    world.run("reconcile", timer())
    record = world.record(instance.instance_id)
    assert (record["outcome"], record["reason"], record["role_after"]) == ("unchanged", "expires-soon", "worker")
    assert "worker is removed by the first run after 20" in record["error_message"]
    world.tag(instance, written(90_000), "ram-role-until")
    assert look(world, instance) == ("unchanged", "in-sync")


@pytest.mark.parametrize("held", ["", "worker", "batch"])
def test_a_text_that_is_no_time_gives_nothing_and_takes_nothing(world: World, held: str) -> None:
    instance = timed(world, "next week", held)
    world.run("reconcile", timer())
    assert instance.role == held
    record = world.record(instance.instance_id)
    assert (record["outcome"], record["reason"]) == ("refused", "until-unreadable")
    assert "tag ram-role-until is 'next week'" in record["error_message"]


def test_it_keeps_no_role_on_that_no_rule_gives(world: World) -> None:
    instance = timed(world, "next week", "worker", app="other")
    world.cloud.clock.advance(700)
    assert look(world, instance)[0] == "detached"


def test_removals_by_time_are_the_brake_s_too(world: World) -> None:
    world.map(RULES.replace("100%", "20%, at_least: 2"))
    made = [timed(world, written(-60)) for _ in range(3)]
    world.run("reconcile", timer())
    assert {i.role for i in made} == {"worker"}
    assert {world.record(i.instance_id)["reason"] for i in made} == {"brake"}
