"""A run that one invocation cannot end: handed over, link by link, until all is right; and whatever stands against that."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from fakecloud.ecs.models import Instance
from fakecloud.http import Request, Response
from shared.bounds import BOUNDS
from shared.events.own import handed_over
from shared.model.progress import Progress
from shared.model.trigger import Trigger
from tests.functional.fleet.fleet import CHANGES, TEN, Fleet, ecs
from tests.functional.handlers.world import Run, remediate, timer

ROOT = Path(__file__).parents[3]
ATTACH, DETACH = CHANGES


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


@pytest.mark.each_value
@pytest.mark.parametrize("edition", ["3.0", "2.0"])
@pytest.mark.parametrize("roles", [3, 10], ids=["by holders", "by ids"])
def test_a_chain_ends_with_all_right_and_counts_everyone_once(fleet: Fleet, edition: str, roles: int) -> None:
    fleet.edition = edition
    fleet.ten(roles=TEN if roles == 10 else TEN[:5], shown=True)
    fleet.slow(limit=30)
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
        "attached/missing": 200,
        "swapped/wrong": 200,
        "detached/no-longer-mapped": 200,
        "unchanged/in-sync": 200,
    }
    assert records[-1]["seen"] == "800"
    assert Counter(r["instance_id"] for r in fleet.looks()) == {i.instance_id: 1 for i in made}
    assert sum(int(r["reads"]) + int(r["writes"]) for r in records) == ecs(fleet.journal).total()
    for run in runs:
        assert run.calls.count("InvokeFunction") == (run is not runs[-1])


def test_each_invocation_ends_in_time(fleet: Fleet) -> None:
    fleet.ten()
    fleet.slow(limit=30)
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
    fleet.slow(limit=30)
    made = [*fleet.instances(30, role="r3"), *fleet.instances(900, "r0", role="r0")]
    runs = fleet.chain("reconcile", timer())
    assert fleet.right(made)["wrong"] == 0
    assert len(runs) > 1
    first = fleet.cursors()[0]
    assert first.progress is not None
    assert set(first.progress.instance_ids) >= {i.instance_id for i in made[:30]}
    assert not first.instance_ids


def test_more_than_can_be_carried_is_recorded(fleet: Fleet) -> None:
    fleet.ten()
    fleet.slow(limit=30)
    fleet.env.setattr(BOUNDS, "handed_over", 10)
    made = [*fleet.instances(30, role="r3"), *fleet.instances(900, "r0", role="r0")]
    runs = fleet.chain("reconcile", timer())
    assert told(runs)[-1] == "complete"
    assert fleet.outcomes() == {"refused": 20, "detached": 10}
    assert {r["reason"] for r in fleet.looks() if r["outcome"] == "refused"} == {"brake"}
    assert fleet.right(made) == {"right": 910, "wrong": 20}


def test_named_instances_for_which_there_is_no_time_are_carried(fleet: Fleet) -> None:
    fleet.ten()
    fleet.slow(limit=30, latency=2)
    made = fleet.instances(800, "r0")
    runs = fleet.chain("remediate", remediate(instance_ids=[i.instance_id for i in made], operator="alice"))
    assert len(runs) > 1
    assert not [run for run in runs if run.error]
    assert fleet.right(made) == {"right": 800}
    assert Counter(r["instance_id"] for r in fleet.looks()) == {i.instance_id: 1 for i in made}
    assert {r["operator"] for r in fleet.records()} == {"alice"}
    assert not [t for t in fleet.cursors() if t.instance_ids], "named once, in the cursor: a payload has its limit"


def test_a_token_that_expired_between_two_links_restarts_the_region(fleet: Fleet) -> None:
    fleet.ten()
    fleet.slow(limit=60)
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
    fleet.slow(limit=30)
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


@pytest.mark.parametrize("right", [720, 1_720], ids=["counted as they were seen", "counted first"])
def test_removals_of_earlier_links_count_for_the_brake_against_the_number_at_first(fleet: Fleet, right: int) -> None:
    """Exactly as many as may be removed, in two links: the second would take the rest for too many of those that are left."""
    fleet.ten(brake="{max_removals: 10%, at_least: 10}")
    fleet.slow(limit=300)
    each = (right + 80) // 100
    made = [i for role in TEN for i in fleet.instances(each, role=role)]
    fleet.instances(right if right == 720 else 1_620, "r0", role="r0")
    began, answer = fleet.cloud.clock.now(), fleet.cloud.handle

    def handle(request: Request) -> Response:
        if (
            request.headers.get("x-acs-action") == DETACH
            and ecs(fleet.cloud.calls)[DETACH] == 3
            and not fleet.cursors()
        ):
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
    fleet.slow(limit=60)
    made = [*fleet.instances(200, role="r3"), *fleet.instances(900, "r0", role="r0"), *fleet.instances(9, role="r5")]
    runs = fleet.chain("reconcile", timer())
    assert len(runs) > 1
    assert fleet.outcomes() == {"refused": 209}
    assert {i.role for i in made[-9:]} == {"r5"}
    assert fleet.run_records()[-1]["brake"] == "acted"


def test_where_there_is_no_time_for_the_count_the_removals_wait_for_the_next_link(fleet: Fleet) -> None:
    """Half of those that hold a role may be removed, but the first link ends before it knows how many hold one."""
    fleet.ten(brake="{max_removals: 50%, at_least: 10}")
    fleet.slow(limit=300)
    made = [*fleet.instances(200, role="r3"), *fleet.instances(200, "r0", role="r0")]
    began, answer = fleet.cloud.clock.now(), fleet.cloud.handle

    def handle(request: Request) -> Response:
        if "RamRoleName" in request.form() and "InstanceIds" not in request.form() and not fleet.cursors():
            fleet.cloud.clock.advance(began + 295 - fleet.cloud.clock.now())
        return answer(request)

    fleet.env.setattr(fleet.cloud, "handle", handle)
    runs = fleet.chain("remediate", remediate(instance_ids=[i.instance_id for i in made[:200]]))
    assert len(runs) == 2
    assert [run.result["outcomes"] for run in runs] == [{}, {"detached": 200}]
    assert fleet.right(made) == {"right": 400}


def test_a_canary_that_failed_in_one_link_stops_all_that_follow(fleet: Fleet) -> None:
    fleet.ten()
    fleet.slow(limit=60)
    made = fleet.instances(1_000, "r0")
    fleet.cloud.faults.add("error", action=ATTACH, code="InvalidUser.PassRoleForbidden", status=403, count=None)
    fleet.chain("remediate", remediate(all=True, canary=2))
    assert len(fleet.run_records()) > 1
    assert ecs(fleet.journal)[ATTACH] == 1
    assert fleet.outcomes() == {"failed": 2, "refused": 998}
    assert fleet.right(made) == {"wrong": 1_000}


def test_the_budget_is_that_of_the_whole_chain(fleet: Fleet) -> None:
    fleet.ten()
    fleet.slow(limit=60)
    fleet.instances(4_000, "r0", role="r0")
    fleet.chain("remediate", remediate(all=True, max_calls=100))
    assert len(fleet.run_records()) > 2
    assert ecs(fleet.journal).total() <= 100
    assert fleet.run_records()[-1]["error_code"] == "MaxCalls"


@pytest.mark.parametrize(("removed", "outcome"), [(60, "detached"), (61, "refused")])
def test_what_earlier_links_removed_counts_for_the_brake(fleet: Fleet, removed: int, outcome: str) -> None:
    """Those handed over may have become removals only since: somebody took their tags off."""
    fleet.ten(brake="{max_removals: 10%, at_least: 10}")
    made = fleet.instances(20, role="r3")
    fleet.instances(
        720, "r0", role="r0"
    )  # with these 20, and the 60 that were removed, the 800 of which a tenth may be
    ids = tuple(i.instance_id for i in made)
    cursor = Progress(run_id="run-1", link=1, listed=True, instance_ids=ids, removed=removed, managed=800)
    trigger = Trigger(kind="reconcile", source="timer", region="cn-hangzhou", progress=cursor)
    run = fleet.run("reconcile", handed_over(trigger))
    assert run.result["outcomes"] == {outcome: 20}


def test_instances_whose_roles_there_was_no_time_to_look_up_are_carried_by_name(fleet: Fleet) -> None:
    """ECS refuses DescribeInstanceRamRole until the next minute, and that is after the invocation's end."""
    fleet.ten()
    fleet.slow(limit=50)
    fleet.cloud.clock.advance(60 - fleet.cloud.clock.now() % 60 + 2)
    made = fleet.instances(1_000, "r0")
    fleet.cloud.faults.add("throttle", action="DescribeInstanceRamRole", after=14)
    runs = fleet.chain("reconcile", timer())
    assert not [run for run in runs if run.error]
    first = fleet.cursors()[0].progress
    assert first is not None
    assert len(first.instance_ids) >= 50
    assert fleet.right(made) == {"right": 1_000}
    assert Counter(r["instance_id"] for r in fleet.looks()) == {i.instance_id: 1 for i in made}
