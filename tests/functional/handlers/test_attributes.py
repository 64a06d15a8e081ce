"""Changes of what rules ask for, and of the role by hand: reacted to at once, and only where a rule asks for it. Two tools that want
different roles for one instance end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from fakecloud.identity import ACCOUNT
from tests.functional.handlers.world import EXECUTION_ROLE, REGION, World

ATTRIBUTE_RULES = """
version: 1
roles: {web: {description: w}, worker: {description: k}}
rules:
  - {name: by attribute, when: {CONDITION}, role: web}
settings: {launch_grace: "0"}
"""
CHANGES = {
    "resource_group": ("JoinResourceGroup", {"ResourceType": "instance", "ResourceId": "ID"}, "rg-web"),
    "name": ("ModifyInstanceAttribute", {"InstanceId": "ID", "InstanceName": "web-7"}, "web-7"),
    "image": ("ReplaceSystemDisk", {"InstanceId": "ID", "ImageId": "web.vhd"}, "web.vhd"),
    "instance_type": ("ModifyInstanceSpec", {"InstanceId": "ID", "InstanceType": "ecs.g8.large"}, "ecs.g8.large"),
    "zone": ("ModifyPrepayInstanceSpec", {"InstanceId": "ID", "InstanceType": "ecs.g8.large"}, "cn-hangzhou-k"),
    "vpc": ("ModifyInstanceVpcAttribute", {"InstanceId": "ID", "VpcId": "vpc-web", "VSwitchId": "vsw-1"}, "vpc-web"),
}  # fmt: skip


def record(call: str, request: dict[str, Any], number: int = 1, user: str = "alice", **more: object) -> dict[str, Any]:
    """The ActionTrail record of a call, by a RAM user."""
    return {
        "eventId": f"record-{number}",
        "eventName": call,
        "serviceName": "Ecs",
        "eventRW": "Write",
        "acsRegion": REGION,
        "recipientAccountId": ACCOUNT,
        "requestParameters": request,
        "userIdentity": {"type": "ram-user", "accountId": ACCOUNT, "userName": user},
        **more,
    }


def by_hand(call: str, instance_id: str, number: int = 1, **more: Any) -> dict[str, Any]:
    request = {"RamRoleName": "worker", "InstanceIds": json.dumps([instance_id])}
    return record(call, request, number, **more)


def changed(attribute: str, instance_id: str) -> dict[str, Any]:
    call, request, _ = CHANGES[attribute]
    return record(call, {key: value.replace("ID", instance_id) for key, value in request.items()})


@pytest.mark.parametrize("attribute", CHANGES)
def test_a_change_that_a_rule_asks_for_is_acted_on_at_once(world: World, attribute: str) -> None:
    value = CHANGES[attribute][2]
    world.map(ATTRIBUTE_RULES.replace("CONDITION", f"{attribute}: {value}"))
    instance = world.instance(**{attribute: value})
    run = world.run("tags_changed", changed(attribute, instance.instance_id))
    assert run.outcome(instance.instance_id) == ("attached", "missing")
    assert world.role(instance.instance_id) == "web"


@pytest.mark.parametrize("attribute", CHANGES)
def test_a_change_that_no_rule_asks_for_costs_no_call(world: World, attribute: str) -> None:
    other = "name: db-*" if attribute != "name" else "vpc: vpc-db"
    world.map(ATTRIBUTE_RULES.replace("CONDITION", f"not: {{{other}}}"))
    run = world.run("tags_changed", changed(attribute, world.instance().instance_id))
    assert run.calls == []
    ((reason, detail),) = [(one["reason"], one["detail"]) for one in run.result["ignored"]]
    assert reason == "no-rule-reads-it"
    assert CHANGES[attribute][0] in detail
    assert attribute in detail


def test_a_role_attached_by_hand_is_set_right_and_the_correction_says_by_whose_call(world: World) -> None:
    instance = world.instance("web")
    world.hold(instance, "worker")
    run = world.run("tags_changed", by_hand("AttachInstanceRamRole", instance.instance_id))
    assert run.outcome(instance.instance_id) == ("swapped", "wrong")
    record = world.record(instance.instance_id)
    assert (record["actor"], record["trigger"]) == ("alice", "tags_changed")
    assert world.role(instance.instance_id) == "web"


def test_a_role_detached_by_hand_is_attached_again(world: World) -> None:
    instance = world.instance("web")
    run = world.run("tags_changed", by_hand("DetachInstanceRamRole", instance.instance_id))
    assert run.outcome(instance.instance_id) == ("attached", "missing")


def test_a_foreign_role_attached_by_hand_stays(world: World) -> None:
    instance = world.instance()
    world.hold(instance, "foreign")
    run = world.run("tags_changed", by_hand("AttachInstanceRamRole", instance.instance_id))
    assert run.outcome(instance.instance_id) == ("unchanged", "foreign-role")


def test_our_own_correction_is_no_event_for_us(world: World) -> None:
    """What we write is recorded as any call is: it must not call us again."""
    world.env.setenv("ROLEKEEPER_EXECUTION_ROLE", EXECUTION_ROLE)
    instance = world.instance("web")
    world.hold(instance, "worker")
    world.run("tags_changed", by_hand("AttachInstanceRamRole", instance.instance_id))
    ours = {"type": "assumed-role", "accountId": ACCOUNT, "userName": f"{EXECUTION_ROLE}:functions"}
    for number, call in enumerate(("DetachInstanceRamRole", "AttachInstanceRamRole")):
        run = world.run("tags_changed", by_hand(call, instance.instance_id, number, userIdentity=ours))
        assert run.calls == []
        assert [one["reason"] for one in run.result["ignored"]] == ["own-write"]


def test_without_a_known_role_of_ours_a_correction_is_observed_once_and_ends(world: World) -> None:
    """Whoever forgets ROLEKEEPER_EXECUTION_ROLE gets one observation more of each correction, and no loop."""
    instance = world.instance("web")
    world.hold(instance, "worker")
    world.run("tags_changed", by_hand("AttachInstanceRamRole", instance.instance_id))
    world.env.setenv("ROLEKEEPER_EXECUTION_ROLE", "")
    run = world.run("tags_changed", by_hand("AttachInstanceRamRole", instance.instance_id))
    assert run.outcome(instance.instance_id) == ("unchanged", "in-sync")
    assert not any("InstanceRamRole" in call for call in run.calls if not call.startswith("Describe"))


def fight(world: World, rounds: int) -> list[str]:
    """Another tool puts its role on again whenever it is taken off; how each of its calls ended, by our account."""
    instance, ends = world.instance("web"), []
    for number in range(rounds):
        world.hold(instance, "worker")
        run = world.run("tags_changed", by_hand("AttachInstanceRamRole", instance.instance_id, number))
        ends += [one["reason"] for one in run.result["ignored"]]
        ends += [one["outcome"] for one in run.result.get("records", [])]
    return ends


def test_two_tools_that_fight_over_one_instance_end(world: World) -> None:
    assert fight(world, 6) == ["swapped"] * 3 + ["contested"] * 3


def test_what_is_left_of_a_fight_is_the_timer_s(world: World) -> None:
    fight(world, 4)
    run = world.run("reconcile", {"triggerTime": "2026-11-23T08:00:00Z", "triggerName": "t", "payload": ""})
    assert run.result["outcomes"] == {"swapped": 1}


def test_a_fight_over_one_instance_is_no_fight_over_its_neighbour(world: World) -> None:
    fight(world, 4)
    instance = world.instance("web")
    run = world.run("tags_changed", by_hand("DetachInstanceRamRole", instance.instance_id))
    assert run.outcome(instance.instance_id) == ("attached", "missing")


def test_a_change_of_tags_is_never_contested(world: World) -> None:
    fight(world, 4)
    instance = world.cloud.ecs.regions()[0]
    (name,) = list(instance.instances)
    run = world.run("tags_changed", record("TagResources", {"ResourceType": "instance", "ResourceId.1": name}))
    assert run.outcome(name) == ("swapped", "wrong")


def test_in_mode_audit_nothing_is_corrected(world: World) -> None:
    world.map(mode="audit")
    assert fight(world, 5) == ["planned"] * 5


def moved(*instances: Instance) -> dict[str, Any]:
    """MoveResources, whose record is of one region wherever the instances are."""
    rows = [(f"Resources.{n}", one) for n, one in enumerate(instances, 1)]
    request = {f"{head}.ResourceId": one.instance_id for head, one in rows}
    request |= {f"{head}.RegionId": one.region for head, one in rows}
    request |= {
        f"{head}.{key}": value for head, _ in rows for key, value in (("Service", "ecs"), ("ResourceType", "instance"))
    }
    return record("MoveResources", request, serviceName="ResourceManager")


GROUPS = ATTRIBUTE_RULES.replace("CONDITION", "resource_group: rg-web")


def test_a_move_is_acted_on_in_our_own_region_alone(world: World) -> None:
    """The record of each move of the account comes here: another region's is that of another deployment, and no failure of ours."""
    world.map(GROUPS)
    here, there = world.instance(resource_group="rg-web"), world.instance(resource_group="rg-web", region="cn-beijing")
    run = world.run("tags_changed", moved(here, there))
    assert run.result["outcomes"] == {"attached": 1}
    assert [(one["reason"], "cn-beijing" in one["detail"]) for one in run.result["ignored"]] == [("not-for-us", True)]
    assert (here.role, there.role) == ("web", "")


def test_a_move_is_acted_on_in_the_regions_that_the_deployment_lists(world: World) -> None:
    world.map(GROUPS)
    world.env.setenv("ROLEKEEPER_REGIONS", f"{REGION},cn-beijing")
    world.allow(region="*")
    there = world.instance(resource_group="rg-web", region="cn-beijing")
    run = world.run("tags_changed", moved(there))
    assert run.outcome(there.instance_id) == ("attached", "missing")


def test_an_event_that_comes_twice_is_acted_on_once(world: World) -> None:
    instance = world.instance("web")
    event = by_hand("DetachInstanceRamRole", instance.instance_id)
    run = world.run("tags_changed", [event, event, by_hand("AttachInstanceRamRole", instance.instance_id, 2)])
    assert run.result["outcomes"] == {"attached": 1}
    assert run.calls.count("AttachInstanceRamRole") == 1
    assert world.run("tags_changed", event).result["outcomes"] == {"unchanged": 1}


ASSIGNED = """
version: 1
roles: {web: {description: w, assignable_by: [user/alice]}, worker: {description: k}}
rules:
  - {name: by app, when: {tags: {app: [web, worker]}}, role: "${tags.app}"}
"""


@pytest.mark.parametrize(("call", "held"), [("DetachInstanceRamRole", ""), ("AttachInstanceRamRole", "worker")])
def test_a_role_that_few_may_ask_for_is_not_put_on_again_by_a_call_that_sets_no_tags(
    world: World, call: str, held: str
) -> None:
    """Who attaches and detaches proves no wish for it, whoever it is: what is there stays, and an operator's run decides."""
    world.map(ASSIGNED)
    instance = world.instance("web")
    world.hold(instance, held)
    run = world.run("tags_changed", by_hand(call, instance.instance_id))
    assert run.outcome(instance.instance_id) == ("refused", "not-assignable")
    assert world.role(instance.instance_id) == held
