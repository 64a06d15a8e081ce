"""What an operator may ask of a run: which instances, how many at once, how many may fail, and who is told."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from fakecloud.http import Request, Response
from shared.model.trigger import Share
from tests.functional.fleet.fleet import CHANGES, TEN, Fleet
from tests.functional.handlers.world import remediate, timer

ATTACH, DETACH = CHANGES
RULES = """
version: 1
roles: {ROLES}
rules:
  - {name: batch, when: {tags: {kind: batch}}, role: r9}
  - {name: by app, when: {tags: {app: {exists: true}}}, role: "${tags.app}"}
settings: {foreign_roles: replace, displace: [alien], brake: {max_removals: 100%}}
"""


@pytest.fixture
def kinds(fleet: Fleet) -> dict[str, Instance]:
    """One of each drift class, and in sync."""
    for role in (*TEN, "alien"):
        fleet.cloud.ram.put_role("1234567890123456", role)
    fleet.map(RULES.replace("{ROLES}", "{" + ", ".join(f"{role}: {{description: d}}" for role in TEN) + "}"))
    return {
        "missing": fleet.instance("r1", tags={"team": "a"}),
        "wrong": fleet.instance("r1", role="r2"),
        "foreign": fleet.instance("r3", role="alien"),
        "orphaned": fleet.instance(role="r2", tags={"team": "a"}),
        "batch": fleet.instance(tags={"kind": "batch"}),
        "right": fleet.instance("r4", role="r4"),
        "theirs": fleet.instance(role="alien"),
        "nothing": fleet.instance(),
    }


SELECTED: dict[str, tuple[dict[str, Any], str]] = {
    "ids": ({"instance_ids": ["wrong", "right"]}, "wrong right"),
    "tags": ({"tags": {"team": "a"}}, "missing orphaned"),
    "rule": ({"rule": "batch"}, "batch"),
    "another rule": ({"rule": "by app"}, "missing wrong foreign right"),
    "role that it should hold": ({"role": "r1"}, "missing wrong"),
    "role that it holds": ({"role": "r2"}, "wrong orphaned"),
    "missing": ({"drift": "missing"}, "missing batch"),
    "wrong": ({"drift": "wrong"}, "wrong"),
    "foreign": ({"drift": "foreign"}, "foreign"),
    "orphaned": ({"drift": "orphaned"}, "orphaned"),
    "all": ({"all": True}, "missing wrong foreign orphaned batch right theirs nothing"),
}


@pytest.mark.each_value
@pytest.mark.parametrize("name", SELECTED)
@pytest.mark.parametrize("pages", [1, 12], ids=["one page", "many, holders known"])
def test_a_selection_touches_and_tells_of_those_that_it_names(
    fleet: Fleet, kinds: dict[str, Instance], name: str, pages: int
) -> None:
    asked, expected = SELECTED[name]
    crowd = fleet.instances((pages - 1) * 100, "r5", role="r5") if pages > 1 else []
    if "instance_ids" in asked:
        asked = {"instance_ids": [kinds[kind].instance_id for kind in asked["instance_ids"]]}
    before = {kind: i.role for kind, i in kinds.items()}
    about = {"operator": "alice", "reason": "INC-7"}
    dry = fleet.run("remediate", remediate(dry_run=True, **asked, **about))
    assert {kind: i.role for kind, i in kinds.items()} == before
    planned = {r["instance_id"]: (r["action"], r["reason"], r.get("role", "")) for r in fleet.looks()}
    logged = len(fleet.records())
    real = fleet.run("remediate", remediate(**asked, **about))
    assert dry.error is None
    assert real.error is None
    done = [r for r in fleet.records()[logged:] if r["action"] != "run"]
    assert {r["instance_id"]: (r["action"], r["reason"], r.get("role", "")) for r in done} == planned
    ours = {i.instance_id: kind for kind, i in kinds.items()}
    told = {ours[r["instance_id"]] for r in done if r["instance_id"] in ours}
    assert told == set(expected.split())
    assert len(done) == len(told) + (len(crowd) if name in ("all", "another rule") else 0)
    touched = {kind for kind, i in kinds.items() if i.role != before[kind]}
    assert touched == told & {"missing", "wrong", "foreign", "orphaned", "batch"}
    for record in fleet.records():
        assert (record["operator"], record["operator_reason"], record["actor"]) == ("alice", "INC-7", "alice")


@pytest.mark.parametrize(
    ("concurrency", "most", "least_calls"),
    [
        pytest.param(1, 1, 60, id="one"),
        pytest.param(7, 7, 9, id="seven"),
        pytest.param("10%", 6, 10, id="a tenth"),
        pytest.param("1%", 1, 60, id="less than one is one"),
        pytest.param("100%", 60, 1, id="all"),
        pytest.param(100, 60, 1, id="more than there are"),
    ],
)
@pytest.mark.parametrize("canary", [0, 5])
def test_no_call_has_more_instances_than_may_be_worked_on_at_once(
    fleet: Fleet, concurrency: Any, most: int, least_calls: int, canary: int
) -> None:
    fleet.ten()
    made = fleet.instances(60, "r1")
    fleet.instances(40, "r2", role="r2")
    run = fleet.run("remediate", remediate(all=True, concurrency=concurrency, canary=canary))
    assert fleet.right(made) == {"right": 60}
    sizes = [len(line["instance_ids"]) for line in run.lines if "intent" in line]
    assert max(sizes) <= most
    assert least_calls <= len(sizes) <= least_calls + 1
    assert sum(sizes) == 60


@pytest.mark.parametrize(
    ("max_errors", "tried"),
    [
        pytest.param(0, 5, id="none may fail"),
        pytest.param(4, 5, id="one less than a batch"),
        pytest.param(5, 10, id="a batch"),
        pytest.param("20%", 15, id="a fifth of fifty"),
        pytest.param("100%", 50, id="all may"),
        pytest.param("", 50, id="not said"),
    ],
)
@pytest.mark.parametrize("parallel", ["1", "4"])
def test_once_more_failed_than_may_the_rest_is_left_alone(
    fleet: Fleet, max_errors: Any, tried: int, parallel: str
) -> None:
    fleet.ten()
    fleet.env.setenv("ROLEKEEPER_PARALLEL_CALLS", parallel)
    made = fleet.instances(50, "r1")
    fleet.cloud.faults.add("error", action=ATTACH, code="InvalidUser.PassRoleForbidden", status=403, count=None)
    run = fleet.run("remediate", remediate(all=True, concurrency=5, max_errors=max_errors))
    assert run.error is None
    assert run.calls.count(ATTACH) == tried // 5
    told = Counter((r["outcome"], r["reason"]) for r in fleet.looks())
    assert told == Counter({("failed", "missing"): tried, ("refused", "max-errors"): 50 - tried})
    assert {i.role for i in made} == {""}


@pytest.mark.parametrize(("fails", "touched"), [(True, 4), (False, 50)])
@pytest.mark.parametrize("concurrency", ["", 2, "10%"])
def test_only_the_canaries_are_touched_if_one_fails(fleet: Fleet, fails: bool, touched: int, concurrency: Any) -> None:
    fleet.ten()
    made = fleet.instances(50, "r1")
    if fails:
        fleet.cloud.faults.add("partial", action=ATTACH, instance_ids=[made[0].instance_id], code="OperationDenied")
    run = fleet.run("remediate", remediate(all=True, canary=4, concurrency=concurrency))
    assert run.error is None
    intended = {name for line in run.lines if "intent" in line for name in line["instance_ids"]}
    if fails:
        assert intended <= {i.instance_id for i in made[:4]}
        assert made[0].instance_id in intended
        refused = {r["instance_id"] for r in fleet.looks() if (r["outcome"], r["reason"]) == ("refused", "canary")}
        assert refused == {i.instance_id for i in made} - intended
    else:
        assert fleet.right(made) == {"right": touched}


def test_canaries_of_several_verbs_and_the_removals_that_wait(fleet: Fleet) -> None:
    fleet.ten()
    made = [*fleet.instances(3, role="r3"), *fleet.instances(3, "r1", role="r2"), *fleet.instances(3, "r4")]
    run = fleet.run("remediate", remediate(all=True, canary=2))
    assert fleet.right(made) == {"right": 9}
    first = next(line for line in run.lines if "intent" in line)
    assert (first["intent"], len(first["instance_ids"])) == (ATTACH, 2)


def test_reconcile_by_hand_takes_the_same_options(fleet: Fleet) -> None:
    fleet.ten()
    made = fleet.instances(10, "r1")
    run = fleet.run(
        "reconcile", {"reconcile": {"concurrency": 3, "operator": "alice", "reason": "INC-7", "max_calls": 90}}
    )
    assert fleet.right(made) == {"right": 10}
    assert max(len(line["instance_ids"]) for line in run.lines if "intent" in line) == 3
    assert {(r["operator"], r["operator_reason"], r["trigger"]) for r in fleet.records()} == {
        ("alice", "INC-7", "reconcile")
    }


def test_the_timer_obeys_no_operator(fleet: Fleet) -> None:
    fleet.ten()
    made = fleet.instances(10, "r1")
    fleet.run("reconcile", timer('{"dry_run": true}'))
    assert fleet.right(made) == {"right": 10}


def test_a_percentage_of_all_works_side_by_side_as_the_same_number_does(fleet: Fleet) -> None:
    """It is known only when all are: then it is no less than what it amounts to."""
    fleet.ten()
    fleet.unjudged()
    fleet.env.setenv("ROLEKEEPER_CALLS_PER_MINUTE", "1000")
    made = fleet.instances(1_000, "r0")
    answer, lock, live, most = fleet.cloud.handle, threading.Lock(), [0], [0]

    def handle(request: Request) -> Response:
        if request.headers.get("x-acs-action") != "AttachInstanceRamRole":
            return answer(request)
        with lock:
            live[0] += 1
            most[0] = max(most[0], live[0])
        threading.Event().wait(0.02)
        with lock:
            live[0] -= 1
        return answer(request)

    fleet.env.setattr(fleet.cloud, "handle", handle)
    seen = []
    for concurrency in (1_000, "100%"):
        for instance in made:
            fleet.hold(instance, "")
        most[0] = 0
        fleet.run("remediate", remediate(all=True, concurrency=concurrency))
        seen.append(most[0])
    assert fleet.right(made) == {"right": 1_000}
    assert min(seen) > 1


@pytest.mark.parametrize("percent", [29, 57, 58])
def test_a_part_is_rounded_down_and_not_further(percent: int) -> None:
    assert Share(part=percent / 100).of(100) == percent
    assert Share(part=percent / 100).of(99) == percent - 1
