"""reconcile and remediate: many instances, page by page, through the same code as one event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functional.handlers.world import WRITES, World, remediate, timer


def run_record(world: World) -> dict[str, str]:
    (found,) = [record for record in world.records() if "run" in record]
    return found


def test_the_timer_heals_what_events_missed(world: World) -> None:
    bare = world.instances(120, "web")
    wrong = world.instances(30, "worker", role="web")
    right = world.instances(60, "batch", role="batch")
    leftover = world.instances(5, role="web")
    theirs = world.instances(3, role="foreign")
    run = world.run("reconcile", timer())
    assert run.error is None
    assert {i.role for i in bare} == {"web"}
    assert {i.role for i in wrong} == {"worker"}
    assert {i.role for i in right} == {"batch"}
    assert {i.role for i in leftover} == {""}
    assert {i.role for i in theirs} == {"foreign"}
    assert run.result["outcomes"] == {"attached": 120, "detached": 5, "swapped": 30, "unchanged": 63}


def test_a_run_leaves_a_record_for_each_that_was_not_in_sync_and_one_of_its_own(world: World) -> None:
    world.instances(7, "web", role="web")
    world.instances(2, "web")
    world.run("reconcile", timer())
    assert sorted(r["outcome"] for r in world.records() if "outcome" in r) == ["attached", "attached"]
    record = run_record(world)
    assert (record["run"], record["seen"]) == ("complete", "9")
    assert json.loads(record["counts"]) == {"attached/missing": 2, "unchanged/in-sync": 7}


def test_record_unchanged_sends_them_all(world: World) -> None:
    world.map(shown=True)
    world.instances(7, "web", role="web")
    world.run("reconcile", timer())
    assert [r["outcome"] for r in world.records() if "outcome" in r] == ["unchanged"] * 7


@pytest.mark.parametrize("payload", ["", "{}", "not json", '{"all": true}', "定时"])
def test_a_timers_payload_may_be_anything(world: World, payload: str) -> None:
    instance = world.instance("web")
    assert world.run("reconcile", timer(payload)).error is None
    assert instance.role == "web"


def test_a_page_that_cannot_be_had_ends_the_run_and_keeps_what_was_done(world: World) -> None:
    world.instances(250, "web")
    world.cloud.faults.add("throttle", action="DescribeInstances", after=3, count=None)  # two pages and a count
    run = world.run("reconcile", timer())
    assert run.error is not None, "transient: Function Compute tries again"
    record = run_record(world)
    assert (record["run"], record["seen"], record["error_code"]) == ("incomplete", "200", "Throttling")
    assert len([r for r in world.records() if r.get("outcome") == "attached"]) == 200


def test_a_run_that_may_not_list_instances_says_so_and_returns(world: World) -> None:
    world.cloud.faults.add("error", action="DescribeInstances", code="Forbidden.RAM", status=403, count=None)
    run = world.run("reconcile", timer())
    assert run.error is None
    assert "Forbidden.RAM" in run.result["error"]
    assert run_record(world)["run"] == "incomplete"


@pytest.mark.parametrize(
    ("asked", "touched"),
    [
        pytest.param({"tags": {"app": "web"}}, {"a", "b"}, id="one tag"),
        pytest.param({"tags": {"app": "web", "env": "prod"}}, {"a"}, id="all of the tags"),
        pytest.param({"all": True}, {"a", "b", "c"}, id="all"),
        pytest.param({"instance_ids": ["b", "c"]}, {"b", "c"}, id="ids"),
        pytest.param({"tags": {"app": "nothing"}}, set(), id="a tag that nothing has"),
    ],
)
def test_an_operator_names_what_to_remediate(world: World, asked: dict[str, Any], touched: set[str]) -> None:
    made = {
        "a": world.instance("web", tags={"env": "prod"}),
        "b": world.instance("web", tags={"env": "dev"}),
        "c": world.instance("worker"),
    }
    if "instance_ids" in asked:
        asked = {"instance_ids": [made[name].instance_id for name in asked["instance_ids"]]}
    run = world.run("remediate", remediate(operator="alice", reason="INC-7 角色", **asked))
    assert run.error is None
    assert {name for name, instance in made.items() if instance.role} == touched
    for record in world.records():
        assert (record["operator"], record["operator_reason"], record["actor"]) == ("alice", "INC-7 角色", "alice")
    assert len([r for r in world.records() if "instance_id" in r]) == len(touched)


def test_a_remediation_records_those_in_sync_too(world: World) -> None:
    instance = world.instance("web", role="web")
    world.run("remediate", remediate(all=True))
    assert world.record(instance.instance_id)["outcome"] == "unchanged"


def test_a_dry_run_writes_nothing_and_plans_what_the_real_run_does(world: World) -> None:
    world.instances(2, "web")
    world.instances(2, "worker", role="web")
    world.instances(2, role="batch")
    world.instances(2, "web", role="foreign")
    planned = world.run("remediate", remediate(all=True, dry_run=True))
    assert not set(planned.calls) & set(WRITES)
    plan = {r["instance_id"]: (r["action"], r["role_after"]) for r in shown(world, "planned")}
    assert len(plan) == 6
    world.run("remediate", remediate(all=True))
    done = {
        r["instance_id"]: (r["action"], r.get("role_after", ""))
        for r in shown(world, "attached", "swapped", "detached")
    }
    assert done.keys() == plan.keys()
    assert {k: v[0] for k, v in done.items()} == {k: v[0] for k, v in plan.items()}


def shown(world: World, *outcomes: str) -> list[dict[str, str]]:
    return [{"role_after": "", **r} for r in world.records() if r.get("outcome") in outcomes]
