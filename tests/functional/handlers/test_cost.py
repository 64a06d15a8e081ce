"""What an event may cost: counted in the journal of the emulated cloud."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fakecloud.identity import ACCOUNT
from tests.functional.handlers.world import World, created, remediate, tagged, timer

LOOK = ["DescribeInstances", "DescribeInstanceRamRole"]
ROOT = Path(__file__).parents[3]


def test_a_creation_costs_two_looks_one_attach_and_one_record(world: World) -> None:
    instance = world.instance("web")
    run = world.run("instance_created", created([instance.instance_id]))
    assert run.error is None
    assert sorted(run.calls[:2]) == sorted(LOOK)
    assert run.calls[2:] == ["AttachInstanceRamRole", "PutLogs"]
    assert world.role(instance.instance_id) == "web"
    assert world.record(instance.instance_id)["outcome"] == "attached"


def test_a_launch_of_a_hundred_costs_one_attach_for_each_role(world: World) -> None:
    ids = [i.instance_id for app in ("web", "worker") for i in world.instances(50, app)]
    run = world.run("instance_created", created(ids))
    assert Counter(run.calls) == {
        "DescribeInstances": 1,
        "DescribeInstanceRamRole": 2,
        "AttachInstanceRamRole": 2,
        "PutLogs": 1,
    }
    assert {world.role(i) for i in ids} == {"web", "worker"}
    assert len(world.records()) == 100


@pytest.mark.parametrize("again", ["instance_created", "tags_changed"])
def test_a_duplicate_costs_two_looks_and_a_record_and_writes_nothing(world: World, again: str) -> None:
    instance = world.instance("web", role="web")
    event = created([instance.instance_id]) if again == "instance_created" else tagged([instance.instance_id])
    run = world.run(again, event)
    assert sorted(run.calls) == sorted([*LOOK, "PutLogs"])
    assert run.outcome(instance.instance_id) == ("unchanged", "in-sync")


def test_a_reconcile_where_all_is_well_writes_nothing_but_its_run_record(world: World) -> None:
    world.instances(250, "web", role="web")
    run = world.run("reconcile", timer())
    # Three pages, and one call to learn how many there are; with three roles, to ask for their holders may save nothing.
    looks = {"DescribeInstances": 4, "DescribeInstanceRamRole": 5}
    assert Counter(run.calls) == {**looks, "ListAsyncTasks": 1, "PutLogs": 1}, (
        "more than a page: is the run before still going on?"
    )


def test_a_run_over_several_pages_gathers_its_writes_into_full_calls(world: World) -> None:
    for _ in range(4):
        world.instances(30, "web")
        world.instances(35, "worker")
    run = world.run("reconcile", timer())
    calls = Counter(run.calls)
    assert calls["AttachInstanceRamRole"] == 4  # 120 for web and 140 for worker, two each, though there are three pages
    assert calls["DescribeInstances"] == 3 + 1
    assert json.loads(world.records()[-1]["counts"]) == {"attached/missing": 260}


def test_a_remediation_of_many_named_instances_looks_a_hundred_at_a_time(world: World) -> None:
    ids = [i.instance_id for i in world.instances(230, "web")]
    run = world.run("remediate", remediate(instance_ids=ids))
    assert Counter(run.calls) == {
        "DescribeInstances": 3,
        "DescribeInstanceRamRole": 5,
        "AttachInstanceRamRole": 3,
        "PutLogs": 1,
    }


IGNORED = {
    "another account": {**created(["i-1"]), "aliyunaccountid": "999"},
    "a failed call": created(["i-1"], errorCode="QuotaExceed"),
    "our own write": tagged(["i-1"], userIdentity={"type": "assumed-role", "userName": "keeper:s"}),
    "another product": {**tagged(["i-1"], serviceName="Vpc"), "source": "acs.vpc", "type": "vpc:ActionTrail:ApiCall"},
    "no event at all": {"hello": "world"},
}


@pytest.mark.parametrize("event", [pytest.param(event, id=name) for name, event in IGNORED.items()])
def test_an_event_that_is_not_for_us_costs_no_call(world: World, event: object) -> None:
    world.env.setenv("ROLEKEEPER_EXECUTION_ROLE", "keeper")
    for function in ("instance_created", "tags_changed"):
        run = world.run(function, event)
        assert run.calls == []
        assert len(run.result["ignored"]) == 1
        assert [line["ignored"] for line in run.lines] == [run.result["ignored"][0]["reason"]]


@pytest.mark.parametrize("function", ["instance_created", "tags_changed", "reconcile", "remediate"])
def test_an_ignored_event_loads_no_sdk(function: str) -> None:
    program = f"""
import sys
from functions.{function} import handler
ignored = handler({json.dumps(IGNORED["another account"]).encode()!r}, None)["ignored"]
assert [i["reason"] for i in ignored] == ["foreign-account"], ignored
roots = {{name.partition(".")[0] for name in sys.modules}}
assert "shared" in roots
heavy = sorted(r for r in roots if r in ("aliyun", "requests", "Tea", "darabonba", "urllib3") or r.startswith("alibabacloud"))
assert not heavy, heavy
"""
    env = {**os.environ, "ROLEKEEPER_REGION": "cn-hangzhou", "ROLEKEEPER_ACCOUNT_ID": ACCOUNT, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
