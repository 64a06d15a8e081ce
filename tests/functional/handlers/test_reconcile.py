"""The timer: every instance of the region, page by page, and one run record."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import msgspec
import pytest

from fakecloud.identity import ACCOUNT
from shared.errors import TransientError
from shared.gateways.ecs import EcsGateway
from tests.functional.handlers.world import REGION, World, timer, without


def run_record(world: World) -> dict[str, str]:
    (found,) = [r for r in world.records() if r["action"] == "run"]
    return found


def test_every_instance_of_the_region_is_looked_at_and_only_what_is_not_unchanged_is_recorded(world: World) -> None:
    world.instances(150, "web", role="web")
    bare = world.instances(60, "web")
    wrong = world.instances(20, "worker", role="web")
    world.instances(15)
    stale = world.instances(5, role="batch")
    elsewhere = world.instance("web", region="cn-beijing")
    run = world.run("reconcile", timer())
    assert run.error is None
    counts = {
        "attached/missing": 60,
        "detached/no-longer-mapped": 5,
        "swapped/wrong": 20,
        "unchanged/in-sync": 150,
        "unchanged/no-rule": 15,
    }
    record = run_record(world)
    assert (json.loads(record["counts"]), record["seen"], record["run"]) == (counts, "250", "complete")
    assert Counter(r["outcome"] for r in world.records() if r["action"] != "run") == {
        "attached": 60,
        "detached": 5,
        "swapped": 20,
    }
    assert run.result["outcomes"] == {"attached": 60, "detached": 5, "swapped": 20, "unchanged": 165}
    assert {i.role for i in bare} == {"web"}
    assert {i.role for i in wrong} == {"worker"}
    assert {i.role for i in stale} == {""}
    assert elsewhere.role == ""


def test_a_second_run_finds_nothing_to_do(world: World) -> None:
    for app in ("web", "worker", ""):
        world.instances(70, app, role="batch")
    world.run("reconcile", timer())
    again = world.run("reconcile", timer())
    assert again.result["outcomes"] == {"unchanged": 210}
    assert set(again.calls) == {"DescribeInstances", "DescribeInstanceRamRole", "ListAsyncTasks", "PutLogs"}


def test_the_run_record_says_what_run_it_was(world: World) -> None:
    world.instance("web", role="web")
    world.run("reconcile", timer())
    record = run_record(world)
    assert record["mapping_hash"]
    assert record["duration_ms"].isdigit()
    assert without(record, "mapping_hash", "duration_ms") == {
        "run": "complete",
        "run_id": f"run-1-65dd9ece-123e1745-{ACCOUNT}-{REGION}",
        "link": "0",
        "seen": "1",
        "reads": "2",
        "writes": "0",
        "calls": '{"DescribeInstanceRamRole": 1, "DescribeInstances": 1}',
        "counts": '{"unchanged/in-sync": 1}',
        "action": "run",
        "region": REGION,
        "account_id": "1234567890123456",
        "trigger": "reconcile",
        "event_time": "2026-11-23T08:00:00Z",
        "function": "reconcile",
        "request_id": "1-65dd9ece-123e1745",
    }


def test_with_record_unchanged_each_instance_has_its_record(world: World) -> None:
    world.map(shown=True)
    world.instances(120, "web", role="web")
    world.run("reconcile", timer())
    assert Counter(r.get("reason", "run") for r in world.records()) == {"in-sync": 120, "run": 1}


def test_an_empty_region_has_its_run_record_all_the_same(world: World) -> None:
    run = world.run("reconcile", timer())
    assert run.calls == ["DescribeInstances", "DescribeInstances", "PutLogs"], "an empty page is asked about: see below"
    record = run_record(world)
    assert (record["run"], record["seen"], record["counts"]) == ("complete", "0", "{}")


@pytest.mark.parametrize("payload", ["", "heal", '{"all": true}', "{", "[]", '{"instance_ids": ["i-1"]}', "名" * 1000])
def test_the_payload_of_the_timer_is_any_text(world: World, payload: str) -> None:
    instance = world.instance("web")
    run = world.run("reconcile", timer(payload))
    assert run.error is None
    assert instance.role == "web"


@pytest.mark.parametrize(
    ("kind", "raises"), [("throttle", True), ("5xx", True), ("reset", True), ("empty", True), ("error", False)]
)
def test_a_page_that_fails_cuts_the_run_short_and_what_was_seen_is_healed_and_recorded(
    world: World, kind: Any, raises: bool
) -> None:
    made = world.instances(250, "web")
    how = {"code": "Forbidden.RAM", "status": 403} if kind == "error" else {}
    world.cloud.faults.add(kind, action="DescribeInstances", after=1, count=None, **how)
    run = world.run("reconcile", timer())
    assert isinstance(run.error, TransientError) == raises
    assert Counter(i.role for i in made) == {"web": 100, "": 150}
    record = run_record(world)
    assert (record["run"], record["seen"]) == ("incomplete", "100")
    assert "DescribeInstances" in record["error_message"]
    assert Counter(r.get("outcome") for r in world.records()) == {"attached": 100, None: 1}
    if not raises:
        assert "Forbidden.RAM" in run.result["error"]


def test_roles_that_cannot_be_read_are_recorded_and_the_others_are_healed(world: World) -> None:
    """A part of a page at a time: 50 instances. Each throttle is waited for, but not for ever."""
    world.env.setenv("ROLEKEEPER_PARALLEL_CALLS", "1")  # else the four refusals may be of several lookups
    made = world.instances(250, "web")
    world.env.setenv("ROLEKEEPER_PARALLEL_CALLS", "1")  # else the faults may meet calls of several parts
    world.cloud.faults.add(
        "error", action="DescribeInstanceRamRole", code="Forbidden.RAM", status=403, after=3, count=4
    )  # the call, and three of its members alone
    run = world.run("reconcile", timer())
    assert run.error is None
    assert Counter(i.role for i in made) == {"web": 200, "": 50}
    assert json.loads(run_record(world)["counts"]) == {"attached/missing": 200, "failed/not-observed": 50}
    assert run_record(world)["run"] == "complete"


def test_classic_and_deleted_instances_disturb_no_others(world: World) -> None:
    made = world.instances(60, "web")
    world.instances(3, "web", network="classic")
    doomed = made[30]
    world.before("DescribeInstanceRamRole", lambda: world.cloud.ecs.owner(doomed).remove(doomed))
    run = world.run("reconcile", timer())
    assert run.error is None
    counts = json.loads(run_record(world)["counts"])
    assert counts == {"attached/missing": 59, "skipped/not-in-vpc": 3, "unchanged/gone": 1}
    assert {i.role for i in made if i is not doomed} == {"web"}


def test_a_long_run_sends_its_records_as_they_come(world: World) -> None:
    world.instances(2_100, "web")
    run = world.run("reconcile", timer())
    assert Counter(run.calls)["PutLogs"] == 3
    assert len(world.records()) == 2_101
    assert len(run.result["records"]) == 100


def test_a_listing_that_repeats_an_instance_gives_it_one_record(world: World) -> None:
    """Instances come and go while the pages are read; a shifted page may show one again."""
    made = world.instances(3, "web")
    real = EcsGateway.page
    world.env.setattr(
        EcsGateway,
        "page",
        lambda self, token="", tags=None: msgspec.structs.replace(
            real(self, "", tags), token=token, next_token="" if token else "again"
        ),
    )
    world.run("reconcile", timer())
    assert Counter(r["instance_id"] for r in world.records() if r["action"] != "run") == {
        i.instance_id: 1 for i in made
    }
