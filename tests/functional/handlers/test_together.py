"""Several at once: handlers racing, events of several regions, one instance named twice."""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.functional.handlers.world import World, created, remediate, tagged

SHAPES = [
    pytest.param({}, id="an error in the item"),
    pytest.param({"already_attached": "request"}, id="an error of the request"),
    pytest.param({"same_role_again": "success"}, id="no error"),
]


def _wait(together: threading.Barrier) -> None:
    together.wait(10)


def race(world: World, event: bytes, count: int = 2) -> list[dict[str, Any]]:
    """Handlers that have all looked before any of them writes."""
    together = threading.Barrier(count)
    world.before("AttachInstanceRamRole", lambda: _wait(together), times=count)
    handlers = [world.handler("instance_created"), world.handler("tags_changed")]
    with ThreadPoolExecutor(count) as pool:
        running = [pool.submit(handlers[n % 2], event, world.context()) for n in range(count)]
        return [one.result(30) for one in running]


@pytest.mark.parametrize("shapes", SHAPES)
def test_two_handlers_racing_for_one_instance_attach_it_once_and_neither_fails(world: World, shapes: Any) -> None:
    world.cloud.switches.set(shapes)
    instance = world.instance("web")
    results = race(world, json.dumps(created([instance.instance_id])).encode())
    assert instance.role == "web"
    outcomes = Counter(outcome for result in results for outcome in result["outcomes"])
    if shapes.get("same_role_again") == "success":
        assert outcomes == {"attached": 2}
    else:
        assert outcomes == {"attached": 1, "unchanged": 1}
    assert {r["role_after"] for r in world.records()} == {"web"}


def test_four_handlers_racing_for_many_instances_leave_each_with_its_role(world: World) -> None:
    made = world.instances(20, "web")
    results = race(world, json.dumps(created([i.instance_id for i in made])).encode(), 4)
    assert {i.role for i in made} == {"web"}
    assert sum((Counter(result["outcomes"]) for result in results), Counter()) == {"attached": 20, "unchanged": 60}


def test_each_event_is_worked_on_in_its_own_region(world: World) -> None:
    world.allow(region="*")
    near, far = world.instance("web"), world.instance("web", region="cn-beijing")
    world.run("instance_created", created([far.instance_id], region="cn-beijing"))
    assert (far.role, near.role) == ("web", "")
    assert world.record(far.instance_id)["region"] == "cn-beijing"


def test_a_batch_over_several_regions_looks_once_in_each(world: World) -> None:
    world.allow(region="*")
    regions = ("cn-hangzhou", "cn-beijing", "cn-shanghai")
    made = {region: world.instances(2, "web", region=region) for region in regions}
    events = [created([i.instance_id], region=region) for region in regions for i in made[region]]
    run = world.run("instance_created", events)
    assert run.result["outcomes"] == {"attached": 6}
    assert Counter(run.calls) == {
        "DescribeInstances": 3,
        "DescribeInstanceRamRole": 3,
        "AttachInstanceRamRole": 3,
        "PutLogs": 1,
    }
    assert Counter(r["region"] for r in world.records()) == dict.fromkeys(regions, 2)


def test_one_region_that_fails_holds_up_no_other(world: World) -> None:
    world.allow(region="*")
    made = {region: world.instance("web", region=region) for region in ("cn-hangzhou", "cn-beijing")}
    world.cloud.faults.add("throttle", action="DescribeInstances")
    run = world.run("instance_created", [created([i.instance_id], region=region) for region, i in made.items()])
    assert run.error is not None
    assert [made[region].role for region in made] == ["", "web"]
    assert Counter(r["outcome"] for r in world.records()) == {"attached": 1, "retrying": 1}


@pytest.mark.parametrize("order", ["creation first", "tags first"])
def test_an_instance_named_by_several_events_has_one_look_and_one_record(world: World, order: str) -> None:
    """The creation says more: an instance must not lose its role while it boots."""
    instance = world.instance(role="web")
    events = [created([instance.instance_id]), tagged([instance.instance_id]), tagged([instance.instance_id])]
    run = world.run("instance_created", events if order == "creation first" else events[::-1])
    assert Counter(run.calls) == {"DescribeInstances": 1, "DescribeInstanceRamRole": 1, "PutLogs": 1}
    assert world.record(instance.instance_id)["reason"] == "young"
    assert instance.role == "web"


def test_two_requests_in_one_list_are_two_runs_each_as_it_was_asked_for(world: World) -> None:
    instance = world.instance("web")
    world.run("remediate", [remediate(instance_ids=[instance.instance_id], dry_run=dry) for dry in (True, False)])
    told = [(r.get("run", ""), r.get("outcome", "")) for r in world.records()]
    assert told == [("", "planned"), ("complete", ""), ("", "attached"), ("complete", "")]
    assert instance.role == "web"
    assert len({r["run_id"] for r in world.records()}) == 2
