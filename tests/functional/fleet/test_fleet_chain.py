"""A run that one invocation cannot end: handed over, link by link, until all is right; and whatever stands against that."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from fakecloud.ecs.models import Instance
from fakecloud.http import Request, Response
from fakecloud.identity import ACCOUNT
from shared import carry
from shared.errors import TransientError
from shared.model import Trigger
from tests.functional.fleet.fleet import CHANGES, SERVICE, TEN, Fleet, ecs
from tests.functional.handlers.world import EXECUTION_ROLE, Run, remediate, timer

ROOT = Path(__file__).parents[3]
ATTACH, DETACH = CHANGES


def slow(fleet: Fleet, *, limit: float, latency: float = 1.0) -> None:
    """Each call takes so long, and an invocation may last so long: half of it is kept for ending."""
    fleet.limit = limit
    fleet.cloud.latency.set(latency * 1000, service="ecs")
    fleet.env.setenv("ROLEKEEPER_PARALLEL_CALLS", "1")
    fleet.env.setenv("ROLEKEEPER_CALLS_PER_MINUTE", "1000")
    fleet.env.setenv("ROLEKEEPER_TIMEOUT_SECONDS", "3600")  # two that wait side by side move the clock twice
    fleet.functions()


def cursors(fleet: Fleet) -> list[Trigger]:
    """What each link was given."""
    return [
        msgspec.json.decode(one.payload, type=dict[str, Trigger])["rolekeeper"] for one in fleet.cloud.fc.invocations
    ]


def told(runs: list[Run]) -> list[str]:
    return [run.result["runs"][0]["run"] if run.result else "raised" for run in runs]


def of_everything(fleet: Fleet, each: int) -> list[Instance]:
    made = []
    for _ in range(each // 20):
        made += fleet.instances(20, "r0")
        made += fleet.instances(20, "r1", role="r2")
        made += fleet.instances(20, role="r3")
        made += fleet.instances(20, "r4", role="r4")
    return made


@pytest.mark.parametrize("edition", ["3.0", "2.0"])
@pytest.mark.parametrize("roles", [3, 10], ids=["by holders", "by ids"])
def test_a_chain_ends_with_all_right_and_counts_everyone_once(fleet: Fleet, edition: str, roles: int) -> None:
    fleet.edition = edition
    fleet.ten(roles=TEN if roles == 10 else TEN[:5], shown=True)
    slow(fleet, limit=30)
    made = of_everything(fleet, 200)
    runs = fleet.chain("reconcile", timer())
    assert not [run for run in runs if run.error]
    assert len(runs) > 2
    assert told(runs) == ["continued"] * (len(runs) - 1) + ["complete"]
    assert fleet.right(made) == {"right": 800}
    records = fleet.run_records()
    assert [r["link"] for r in records] == [str(n) for n in range(len(runs))]
    assert len({r["run_id"] for r in fleet.records()}) == 1
    assert json.loads(records[-1]["counts"]) == {
        "attached/missing": 200, "swapped/wrong": 200, "detached/no-longer-mapped": 200, "unchanged/in-sync": 200,
    }  # fmt: skip
    assert records[-1]["seen"] == "800"
    assert Counter(r["instance_id"] for r in fleet.looks()) == {i.instance_id: 1 for i in made}
    assert sum(int(r["reads"]) + int(r["writes"]) for r in records) == ecs(fleet.journal).total()
    for run in runs:
        assert run.calls.count("InvokeFunction") == (run is not runs[-1])


def test_each_invocation_ends_in_time(fleet: Fleet) -> None:
    fleet.ten()
    slow(fleet, limit=30)
    of_everything(fleet, 200)
    event: object = timer()
    for _ in range(50):
        began = fleet.cloud.clock.now()
        fleet.run("reconcile", event)
        assert fleet.cloud.clock.now() - began < 30
        new = fleet.waiting()
        if not new:
            return
        (event,) = new
    pytest.fail("the chain does not end")


def test_the_cursor_carries_removals_that_wait_for_their_number(fleet: Fleet) -> None:
    fleet.ten()
    slow(fleet, limit=30)
    made = [*fleet.instances(30, role="r3"), *fleet.instances(900, "r0", role="r0")]
    runs = fleet.chain("reconcile", timer())
    assert fleet.right(made)["wrong"] == 0
    assert len(runs) > 1
    first = cursors(fleet)[0]
    assert first.cursor is not None
    assert set(first.cursor.instance_ids) >= {i.instance_id for i in made[:30]}
    assert not first.instance_ids


def test_more_than_can_be_carried_is_recorded(fleet: Fleet) -> None:
    fleet.ten()
    slow(fleet, limit=30)
    fleet.env.setattr(carry, "CARRIED", 10)
    made = [*fleet.instances(30, role="r3"), *fleet.instances(900, "r0", role="r0")]
    runs = fleet.chain("reconcile", timer())
    assert told(runs)[-1] == "complete"
    assert fleet.outcomes() == {"refused": 20, "detached": 10}
    assert {r["reason"] for r in fleet.looks() if r["outcome"] == "refused"} == {"brake"}
    assert fleet.right(made) == {"right": 910, "wrong": 20}


def test_named_instances_for_which_there_is_no_time_are_carried(fleet: Fleet) -> None:
    fleet.ten()
    slow(fleet, limit=30, latency=2)
    made = fleet.instances(800, "r0")
    runs = fleet.chain("remediate", remediate(instance_ids=[i.instance_id for i in made], operator="alice"))
    assert len(runs) > 1
    assert not [run for run in runs if run.error]
    assert fleet.right(made) == {"right": 800}
    assert Counter(r["instance_id"] for r in fleet.looks()) == {i.instance_id: 1 for i in made}
    assert {r["operator"] for r in fleet.records()} == {"alice"}


def test_a_token_that_expired_between_two_links_restarts_the_region(fleet: Fleet) -> None:
    fleet.ten()
    slow(fleet, limit=60)
    fleet.cloud.switches.token_seconds = 20.0
    made = fleet.instances(1_000, "r0")
    run = fleet.run("reconcile", timer())
    assert run.result["runs"][0]["run"] == "continued"
    fleet.cloud.latency.clear()
    fleet.cloud.clock.advance(600)
    (payload,) = fleet.waiting()
    last = fleet.run("reconcile", payload)
    assert last.result["runs"][0]["run"] == "complete"
    assert fleet.right(made) == {"right": 1_000}
    assert Counter(r["instance_id"] for r in fleet.looks()) == {i.instance_id: 1 for i in made}


def test_the_same_part_delivered_twice_does_no_harm_and_starts_the_next_once(fleet: Fleet) -> None:
    fleet.ten()
    slow(fleet, limit=30)
    made = of_everything(fleet, 200)
    event: object = timer()
    links = 0
    while True:
        for _ in range(2):
            run = fleet.run("reconcile", event)
            assert run.error is None
        new = fleet.waiting()
        assert len(new) <= 1
        links += 1
        if not new:
            break
        event = new[0]
    assert links > 2
    assert fleet.right(made) == {"right": 800}
    done = Counter(r["instance_id"] for r in fleet.looks() if r["outcome"] in ("attached", "swapped", "detached"))
    assert done == {i.instance_id: 1 for i in made if i.tags.get("app") != "r4"}


def test_a_run_that_gets_nothing_done_ends_with_an_error(fleet: Fleet) -> None:
    """Whatever the first link may have paid for learning the roles, the second must get something done."""
    fleet.ten()
    slow(fleet, limit=4, latency=3)
    fleet.instances(300, "r0")
    runs = fleet.chain("reconcile", timer())
    assert 1 < len(runs) < 10
    last = fleet.run_records()[-1]
    assert (last["run"], last["error_code"]) == ("incomplete", "NoProgress")
    assert "raise the function's timeout" in runs[-1].result["error"]


REFUSALS: dict[str, tuple[Any, dict[str, Any], bool]] = {
    "throttled": ("error", {"code": "ResourceExhausted", "status": 429}, True),
    "forbidden": ("error", {"code": "AccessDenied", "status": 403}, False),
    "broken": ("5xx", {}, True),
    "reset": ("reset", {}, True),
}


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("edition", ["3.0", "2.0"])
def test_a_hand_over_that_is_refused_is_recorded_and_raised_by_its_kind(fleet: Fleet, name: str, edition: str) -> None:
    kind, how, transient = REFUSALS[name]
    fleet.edition = edition
    fleet.ten()
    slow(fleet, limit=60)
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
    slow(fleet, limit=60)
    made = fleet.instances(1_000, "r0")
    fleet.cloud.faults.add("reset", service="fc", lost_answer=lost)
    runs = fleet.chain("reconcile", timer())
    assert not [run for run in runs if run.error]
    assert fleet.right(made) == {"right": 1_000}


def test_a_region_that_cannot_be_listed_to_the_end_loses_nobody_who_was_seen(fleet: Fleet) -> None:
    """An error ends the run, so nobody goes on with what was held back for want of time."""
    fleet.ten()
    slow(fleet, limit=120)
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


@pytest.mark.parametrize("right", [720, 1_720], ids=["counted as they were seen", "counted first"])
def test_removals_of_earlier_links_count_for_the_brake_against_the_number_at_first(fleet: Fleet, right: int) -> None:
    """Exactly as many as may be removed, in two links: the second would take the rest for too many of those that are left."""
    fleet.ten(brake="{max_removals: 10%, at_least: 10}")
    slow(fleet, limit=300)
    each = (right + 80) // 100
    made = [i for role in TEN for i in fleet.instances(each, role=role)]
    fleet.instances(right if right == 720 else 1_620, "r0", role="r0")
    began, answer = fleet.cloud.clock.now(), fleet.cloud.handle

    def handle(request: Request) -> Response:
        if request.headers.get("x-acs-action") == DETACH and ecs(fleet.cloud.calls)[DETACH] == 3 and not cursors(fleet):
            fleet.cloud.clock.advance(began + 292 - fleet.cloud.clock.now())
        return answer(request)

    fleet.env.setattr(fleet.cloud, "handle", handle)
    runs = fleet.chain("reconcile", timer())
    assert len(runs) == 2
    assert not [run for run in runs if "brake" in run.result["runs"][0]]
    assert [run.result["outcomes"].get("detached") for run in runs] == [4 * each, 6 * each]
    assert fleet.right(made) == {"right": len(made)}


def test_the_brake_that_acted_in_one_link_acts_in_all_that_follow(fleet: Fleet) -> None:
    fleet.ten(brake="{max_removals: 10%, at_least: 10}")
    slow(fleet, limit=60)
    made = [*fleet.instances(200, role="r3"), *fleet.instances(900, "r0", role="r0"), *fleet.instances(9, role="r5")]
    runs = fleet.chain("reconcile", timer())
    assert len(runs) > 1
    assert fleet.outcomes() == {"refused": 209}
    assert {i.role for i in made[-9:]} == {"r5"}
    assert fleet.run_records()[-1]["brake"] == "acted"


def test_a_canary_that_failed_in_one_link_stops_all_that_follow(fleet: Fleet) -> None:
    fleet.ten()
    slow(fleet, limit=60)
    made = fleet.instances(1_000, "r0")
    fleet.cloud.faults.add("error", action=ATTACH, code="Forbidden.RAM", status=403, count=None)
    fleet.chain("remediate", remediate(all=True, canary=2))
    assert len(fleet.run_records()) > 1
    assert ecs(fleet.journal)[ATTACH] == 1
    assert fleet.outcomes() == {"failed": 2, "refused": 998}
    assert fleet.right(made) == {"wrong": 1_000}


def test_the_budget_is_that_of_the_whole_chain(fleet: Fleet) -> None:
    fleet.ten()
    slow(fleet, limit=60)
    fleet.instances(3_000, "r0", role="r0")
    fleet.chain("remediate", remediate(all=True, max_calls=60))
    assert len(fleet.run_records()) > 1
    assert ecs(fleet.journal).total() <= 60
    assert fleet.run_records()[-1]["error_code"] == "MaxCalls"


@pytest.mark.parametrize("edition", ["3.0", "2.0"])
def test_deployed_as_it_is_a_chain_runs_by_itself(fleet: Fleet, edition: str) -> None:
    """s.yaml in the emulated Function Compute, with a short time limit; FC 2.0: the same functions in a service."""
    fleet.ten()
    document = yaml.safe_load((ROOT / "s.yaml").read_text(encoding="utf-8"))
    for resource in document["resources"].values():
        props = resource["props"]
        if "timeout" in props:
            props["timeout"] = 30
        if edition == "2.0":
            props["functionName"] = f"{SERVICE}${props['functionName']}"
    (fleet.folder / "s.yaml").write_text(yaml.safe_dump(document, allow_unicode=True))
    env = {"ROLEKEEPER_ROLES_FILE": str(fleet.folder / f"roles-{fleet.mappings}.yaml"), "ROLEKEEPER_PARALLEL_CALLS": "1",
           "ROLEKEEPER_TIMEOUT_SECONDS": "3600",
           "ROLEKEEPER_REGION": "cn-hangzhou", "ROLEKEEPER_ACCOUNT_ID": ACCOUNT, "ROLEKEEPER_FC_EDITION": edition,
           "ROLEKEEPER_FC_SERVICE": SERVICE if edition == "2.0" else ""}  # fmt: skip
    fleet.cloud.fc.deploy(fleet.folder / "s.yaml", code=ROOT, account=ACCOUNT, env=env, runner="inline")
    path = (
        "functions/rolekeeper-reconcile" if edition == "3.0" else f"services/{SERVICE}/functions/rolekeeper-reconcile"
    )
    fleet.allow(functions=(path,))
    assert fleet.cloud.ram.account(ACCOUNT).roles[EXECUTION_ROLE]
    fleet.cloud.latency.set(1_000, service="ecs")
    made = of_everything(fleet, 200)
    name = "rolekeeper-reconcile" if edition == "3.0" else f"{SERVICE}$rolekeeper-reconcile"
    fleet.cloud.fc.fire_timer(name, "reconcile-timer")
    fleet.cloud.settle()
    assert [one.ok for one in fleet.cloud.fc.invocations] == [True] * len(fleet.cloud.fc.invocations)
    assert len(fleet.cloud.fc.invocations) > 2
    assert fleet.right(made) == {"right": 800}
    assert [r["run"] for r in fleet.run_records()] == ["continued"] * (len(fleet.run_records()) - 1) + ["complete"]
    assert fleet.run_records()[-1]["seen"] == "800"
