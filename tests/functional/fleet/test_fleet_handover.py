"""Handing a run over: what is refused or lost there, what then becomes of those left, and a chain deployed as it is."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from fakecloud.http import Request, Response
from fakecloud.identity import ACCOUNT
from shared.errors import TransientError
from shared.events.own import handed_over
from shared.model.progress import Progress
from shared.model.trigger import Trigger
from tests.functional.fleet.fleet import SERVICE, TEN, Fleet, ecs
from tests.functional.handlers.world import EXECUTION_ROLE, REGION, timer

ROOT = Path(__file__).parents[3]


def test_a_run_that_gets_nothing_done_ends_with_an_error(fleet: Fleet) -> None:
    """Whatever the first link may have paid for learning the roles, the second must get something done."""
    fleet.ten()
    fleet.slow(limit=4, latency=3)
    fleet.instances(300, "r0")
    runs = fleet.chain("reconcile", timer())
    assert 1 < len(runs) < 10
    last = fleet.run_records()[-1]
    assert (last["run"], last["error_code"]) == ("incomplete", "NoProgress")
    assert "raise the function's timeout" in runs[-1].result["error"]


@pytest.mark.parametrize(("stalled", "ends"), [(0, "complete"), (1, "incomplete")])
def test_one_invocation_that_gets_nothing_done_does_not_end_the_run(fleet: Fleet, stalled: int, ends: str) -> None:
    """stalled: how many before it, in a row, got nothing done either."""
    fleet.ten()
    fleet.slow(limit=60)
    made = fleet.instances(100, "r0")
    cursor = Progress(
        run_id="run-1", link=2, listed=True, instance_ids=tuple(i.instance_id for i in made), stalled=stalled
    )
    answer = fleet.cloud.handle

    def handle(request: Request) -> Response:
        if request.headers.get("x-acs-action") == "DescribeInstances" and not fleet.cursors():
            fleet.cloud.clock.advance(56)
        return answer(request)

    fleet.env.setattr(fleet.cloud, "handle", handle)
    fleet.chain("reconcile", handed_over(Trigger(kind="reconcile", source="timer", region=REGION, progress=cursor)))
    first, last = fleet.run_records()[0], fleet.run_records()[-1]
    assert (last["run"], last.get("error_code")) == (ends, None if ends == "complete" else "NoProgress")
    assert (first["run"], fleet.right(made)) == (
        ("continued", {"right": 100}) if ends == "complete" else (ends, {"wrong": 100})
    )
    assert Counter(r["instance_id"] for r in fleet.looks()) == {i.instance_id: 1 for i in made}


def test_no_invocation_spends_its_time_on_learning_who_holds_what(fleet: Fleet) -> None:
    """The rate would allow it, but the calls are slow: this is noticed by the first of them."""
    fleet.ten()
    fleet.slow(limit=60)
    for role in TEN:
        fleet.instances(300, role, role=role)
    cursor = Progress(run_id="run-1", link=1, pages=60, managed=3_000)
    fleet.run("reconcile", handed_over(Trigger(kind="reconcile", source="timer", region=REGION, progress=cursor)))
    fleet.cloud.settle()
    (onward,) = [trigger.progress for trigger in fleet.cursors()]
    assert onward is not None
    assert onward.pages > 0


REFUSALS: dict[str, tuple[Any, dict[str, Any], bool]] = {
    "throttled": ("error", {"code": "ResourceExhausted", "status": 429}, True),
    "forbidden": ("error", {"code": "AccessDenied", "status": 403}, False),
    "broken": ("5xx", {}, True),
    "reset": ("reset", {}, True),
}


@pytest.mark.each_value
@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("edition", ["3.0", "2.0"])
def test_a_hand_over_that_is_refused_is_recorded_and_raised_by_its_kind(fleet: Fleet, name: str, edition: str) -> None:
    kind, how, transient = REFUSALS[name]
    fleet.edition = edition
    fleet.ten()
    fleet.slow(limit=60)
    made = [*fleet.instances(100, role="r3"), *fleet.instances(900, "r0")]
    fleet.cloud.faults.add(kind, service="fc", count=None, **how)
    run = fleet.run("reconcile", timer())
    assert isinstance(run.error, TransientError) == transient
    (record,) = fleet.run_records()
    assert record["run"] == "incomplete"
    assert "InvokeFunction" in record["error_message"]
    if not transient:
        assert "InvokeFunction: AccessDenied" in run.result["error"]
    # Those whose removal was held back are looked at by nobody now: their looks end here.
    held = {i.instance_id for i in made[:100]}
    assert {r["instance_id"] for r in fleet.looks() if r["reason"] == "no-longer-mapped"} == held
    assert {r["outcome"] for r in fleet.looks() if r["instance_id"] in held} == {"retrying" if transient else "failed"}
    assert sum(json.loads(record["counts"]).values()) == int(record["seen"]) >= 100
    fleet.cloud.faults.clear()
    fleet.chain("reconcile", timer())
    assert fleet.right(made) == {"right": 1_000}


@pytest.mark.parametrize("lost", [False, True], ids=["before", "after it was taken"])
def test_a_hand_over_whose_answer_is_lost_once_starts_the_next_link_once(fleet: Fleet, lost: bool) -> None:
    fleet.ten()
    fleet.slow(limit=60)
    made = fleet.instances(1_000, "r0")
    fleet.cloud.faults.add("reset", service="fc", lost_answer=lost)
    runs = fleet.chain("reconcile", timer())
    assert not [run for run in runs if run.error]
    assert fleet.right(made) == {"right": 1_000}


def test_a_region_that_cannot_be_listed_to_the_end_loses_nobody_who_was_seen(fleet: Fleet) -> None:
    """An error ends the run, so nobody goes on with what was held back for want of time."""
    fleet.ten()
    fleet.slow(limit=120)
    made = [*fleet.instances(100, "r1", role="r3"), *fleet.instances(100, "r0"), *fleet.instances(800, "r2", role="r2")]
    began, answer = fleet.cloud.clock.now(), fleet.cloud.handle

    def handle(request: Request) -> Response:
        if (
            request.headers.get("x-acs-action") == "DescribeInstances"
            and ecs(fleet.cloud.calls)["DescribeInstances"] == 4
        ):
            fleet.cloud.clock.advance(began + 112 - fleet.cloud.clock.now())
            fleet.cloud.faults.add("error", action="DescribeInstances", code="Forbidden.RAM", status=403)
        return answer(request)

    fleet.env.setattr(fleet.cloud, "handle", handle)
    run = fleet.run("reconcile", timer())
    (record,) = fleet.run_records()
    assert (record["run"], record["error_code"]) == ("incomplete", "Forbidden.RAM")
    assert not fleet.waiting()
    assert {i.instance_id for i in made[:200]} == {r["instance_id"] for r in fleet.looks()}
    assert sum(json.loads(record["counts"]).values()) == int(record["seen"])
    assert run.result["runs"][0]["run"] == "incomplete"
    assert {r["outcome"] for r in fleet.looks() if r["reason"] == "wrong"} == {"failed"}


@pytest.mark.parametrize("edition", ["3.0", pytest.param("2.0", marks=pytest.mark.slow)])
def test_deployed_as_it_is_a_chain_runs_by_itself(fleet: Fleet, edition: str) -> None:
    """s.yaml in the emulated Function Compute, with a short time limit; FC 2.0: the same functions in a service."""
    fleet.ten()
    document = yaml.safe_load((ROOT / "s.yaml").read_text(encoding="utf-8"))
    for resource in document["resources"].values():
        props = resource["props"]
        if "timeout" in props:
            props["timeout"] = 60
        if edition == "2.0":
            props["functionName"] = f"{SERVICE}${props['functionName']}"
    (fleet.folder / "s.yaml").write_text(yaml.safe_dump(document, allow_unicode=True))
    env = {
        "ROLEKEEPER_ROLES_FILE": str(fleet.folder / f"roles-{fleet.mappings}.yaml"),
        "ROLEKEEPER_PARALLEL_CALLS": "1",
        "ROLEKEEPER_TIMEOUT_SECONDS": "3600",
        "ROLEKEEPER_REGION": "cn-hangzhou",
        "ROLEKEEPER_ACCOUNT_ID": ACCOUNT,
        "ROLEKEEPER_FC_EDITION": edition,
        "ROLEKEEPER_FC_SERVICE": SERVICE if edition == "2.0" else "",
    }
    fleet.cloud.fc.deploy(fleet.folder / "s.yaml", code=ROOT, account=ACCOUNT, env=env, runner="inline")
    path = (
        "functions/rolekeeper-reconcile" if edition == "3.0" else f"services/{SERVICE}/functions/rolekeeper-reconcile"
    )
    fleet.allow(functions=(path,))
    assert fleet.cloud.ram.account(ACCOUNT).roles[EXECUTION_ROLE]
    fleet.cloud.latency.set(1_000, service="ecs")
    made = []
    for _ in range(20):
        made += [*fleet.instances(35, "r0"), *fleet.instances(5, "r1", role="r2")]
        made += [*fleet.instances(5, role="r3"), *fleet.instances(35, "r4", role="r4")]
    name = "rolekeeper-reconcile" if edition == "3.0" else f"{SERVICE}$rolekeeper-reconcile"
    fleet.cloud.fc.fire_timer(name, "reconcile-timer")
    fleet.cloud.settle()
    assert [one.ok for one in fleet.cloud.fc.invocations] == [True] * len(fleet.cloud.fc.invocations)
    assert len(fleet.cloud.fc.invocations) > 1
    assert fleet.right(made) == {"right": 1_600}
    assert [r["run"] for r in fleet.run_records()] == ["continued"] * (len(fleet.run_records()) - 1) + ["complete"]
    assert fleet.run_records()[-1]["seen"] == "1600"
