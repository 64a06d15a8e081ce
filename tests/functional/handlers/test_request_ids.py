"""The record of an observation has the id of every call that was made for its change, also of those that failed or were lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.handlers.world import World, remediate, tagged

ATTACH, DETACH = "AttachInstanceRamRole", "DetachInstanceRamRole"
FAULTS = [
    pytest.param({"kind": "throttle"}, id="throttled"),
    pytest.param({"kind": "throttle", "count": 2}, id="throttled twice"),
    pytest.param({"kind": "5xx"}, id="5xx"),
    pytest.param({"kind": "5xx", "lost_answer": True}, id="5xx, carried out"),
    pytest.param({"kind": "html"}, id="a gateway's page"),
    pytest.param({"kind": "empty"}, id="empty"),
    pytest.param({"kind": "alter", "path": "AttachInstanceRamRoleResults", "value": 7}, id="an answer that is none"),
]


@pytest.mark.each_value
@pytest.mark.parametrize("held", ["", "worker"], ids=["attach", "swap"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("by", ["tags_changed", "remediate"])
def test_every_try_of_a_write_leaves_its_request_id(world: World, by: str, fault: dict[str, Any], held: str) -> None:
    instance = world.instance("web", role=held)
    world.cloud.faults.add(**{"action": ATTACH, **fault})
    asked = remediate(instance_ids=[instance.instance_id]) if by == "remediate" else tagged([instance.instance_id])
    world.run(by, asked)
    made = [call.request_id for call in world.cloud.calls if call.action in (ATTACH, DETACH)]
    assert len(made) > bool(held)
    recorded = world.record(instance.instance_id)["cloud_request_ids"].split()
    assert sorted(recorded) == sorted(made)


@pytest.mark.each_value
@pytest.mark.parametrize("kind", ["", "throttle", "5xx", "html"])
@pytest.mark.parametrize("action", ["TagResources", "UntagResources", ATTACH, DETACH])
@pytest.mark.parametrize("change", ["displaces", "gives back", "only forgets"])
@pytest.mark.parametrize("by", ["tags_changed", "remediate"])
def test_so_do_the_tries_of_changes_of_the_note(world: World, by: str, change: str, action: str, kind: Any) -> None:
    held = {"displaces": "foreign", "gives back": "web", "only forgets": "foreign"}[change]
    instance = world.instance("ours" if change == "displaces" else "nothing", role=held)
    if change != "displaces":
        world.tag(instance, world.note(instance, "foreign"))
    if kind:
        world.cloud.faults.add(kind, action=action)
    asked = remediate(instance_ids=[instance.instance_id]) if by == "remediate" else tagged([instance.instance_id])
    world.run(by, asked)
    writes = (ATTACH, DETACH, "TagResources", "UntagResources")
    made = [call.request_id for call in world.cloud.calls if call.action in writes]
    assert made
    assert sorted(world.record(instance.instance_id)["cloud_request_ids"].split()) == sorted(made)


@pytest.mark.parametrize("kind", ["throttle", "5xx", "html"])
def test_every_try_of_an_observation_that_failed_leaves_its_request_id(world: World, kind: Any) -> None:
    instance = world.instance("web")
    world.cloud.faults.add(kind, action="DescribeInstances", count=None)
    world.run("remediate", remediate(instance_ids=[instance.instance_id]))
    made = {call.request_id for call in world.cloud.calls if call.action == "DescribeInstances"}
    assert set(world.record(instance.instance_id)["cloud_request_ids"].split()) == made
    assert len(made) > 1
