"""Faults in a run: how many instances are right, wrong and recorded afterwards, and that another run ends the work."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from fakecloud.http import Request, Response
from shared.errors import TransientError
from tests.functional.fleet.fleet import CHANGES, READS, TAGGING, TEN, Fleet, ecs
from tests.functional.handlers.world import NOTE as TAG
from tests.functional.handlers.world import Run, remediate, timer

ATTACH, DETACH = CHANGES
DISPLACE = ', foreign_roles: replace, displace: ["alien*"]'


def held_against_the_cloud(fleet: Fleet, run: Run, made: list[Instance], before: dict[str, str]) -> None:
    """The account: each instance that changed has an intent, and no record says what is not on the instance."""
    intended = {name for line in run.lines if line.get("intent") in CHANGES for name in line["instance_ids"]}
    assert {i.instance_id for i in made if i.role != before[i.instance_id]} <= intended
    latest = {r["instance_id"]: r for r in fleet.looks()}
    for name, record in latest.items():
        if "could not be read" not in record.get("error_message", "") and record["reason"] != "not-observed":
            assert record.get("role_after", "") == fleet.role(name), record


def again_until_right(fleet: Fleet, made: list[Instance]) -> None:
    fleet.cloud.faults.clear()
    run = fleet.run("reconcile", timer())
    assert run.error is None
    assert fleet.right(made) == {"right": len(made)}


def of_everything(fleet: Fleet, each: int) -> list[Instance]:
    """Bare, to be swapped, to be removed, right."""
    return [
        *fleet.instances(each, "r0"),
        *fleet.instances(each, "r1", role="r2"),
        *fleet.instances(each, role="r3"),
        *fleet.instances(each, "r4", role="r4"),
    ]


def test_every_tenth_call_throttled(fleet: Fleet) -> None:
    fleet.ten()
    made = of_everything(fleet, 500)
    fleet.cloud.faults.add("throttle", service="ecs", every=10, count=None)
    run = fleet.run("reconcile", timer())
    assert run.error is None
    assert fleet.right(made) == {"right": 2_000}
    assert run.result["outcomes"] == {"attached": 500, "swapped": 500, "detached": 500, "unchanged": 500}
    assert fleet.outcomes() == {"attached": 500, "swapped": 500, "detached": 500}
    refused = [call for call in fleet.journal if call.code.startswith("Throttling")]
    assert len(refused) >= 5
    for one in refused:
        later = [c for c in fleet.journal if c.action == one.action and c.at > one.at + 0.5]
        assert all(c.at // 60 > one.at // 60 for c in later), "not asked again within the minute"
    assert run.result["runs"][0]["bill"]["calls"] == ecs(fleet.journal)


@pytest.mark.parametrize("switch", ["item", "request"])
def test_one_item_that_fails_in_each_batch_fails_alone(fleet: Fleet, switch: str) -> None:
    """request: the whole call is refused for its sake (here because it is gone), and taken apart by halves."""
    fleet.ten()
    made = [*fleet.instances(300, "r0"), *fleet.instances(300, "r1", role="r2"), *fleet.instances(300, role="r3")]
    bad = [made[n] for n in (50, 150, 250, 350, 450, 550, 650, 750, 850)]
    if switch == "item":
        for action, those in ((ATTACH, bad[:3]), (DETACH, bad[3:])):
            ids = [i.instance_id for i in those]
            fleet.cloud.faults.add("partial", action=action, instance_ids=ids, code="OperationDenied", count=None)
    else:
        for one in bad:
            fleet.before("", lambda one=one: fleet.cloud.ecs.owner(one).remove(one))  # type: ignore[misc]
    run = fleet.run("reconcile", timer())
    assert run.error is None
    good = [i for i in made if i not in bad]
    assert fleet.right(good) == {"right": 891}
    told = {r["instance_id"]: (r["outcome"], r["reason"]) for r in fleet.looks()}
    assert set(told) >= {i.instance_id for i in good}
    if switch == "item":
        assert {told[i.instance_id][0] for i in bad} == {"failed"}
        assert ecs(fleet.journal)[ATTACH] == 6
        assert ecs(fleet.journal)[DETACH] == 6
    else:
        assert {told[i.instance_id] for i in bad if i.instance_id in told} == {("unchanged", "gone")}, (
            "or not even listed"
        )
        assert ecs(fleet.journal)[ATTACH] <= 6 + 3 * 14
    assert Counter(told[i.instance_id][0] for i in good) == {"attached": 297, "swapped": 297, "detached": 297}


def small(fleet: Fleet) -> list[Instance]:
    """A run with every kind of call: attach, swap, detach, displacing a foreign role, putting one back."""
    fleet.cloud.ram.put_role("1234567890123456", "alien")
    fleet.ten(more=DISPLACE)
    back = fleet.instances(2, role="r5")
    for instance in back:
        fleet.tag(instance, fleet.note(instance, "alien"))
    return [
        *fleet.instances(2, "r0"),
        *fleet.instances(2, "r1", role="r2"),
        *fleet.instances(2, role="r3"),
        *fleet.instances(2, "r4", role="alien"),
        *back,
        *fleet.instances(2, "r6", role="r6"),
    ]


def wanted(instance: Instance, at_first: dict[str, str]) -> str:
    return instance.tags.get("app", "") or ("alien" if at_first[instance.instance_id] == "r5" else "")


class Nth:
    """Something happens at the n-th call to ECS, counted from 0."""

    def __init__(self, fleet: Fleet, number: int, kind: str, *, lost: bool = False) -> None:
        self.left, self.kind, self.lost, self.action = number, kind, lost, ""
        self.fleet, self.answer = fleet, fleet.cloud.handle
        fleet.env.setattr(fleet.cloud, "handle", self)

    def __call__(self, request: Request) -> Response:
        action = request.headers.get("x-acs-action", "")
        if action in (*READS, *CHANGES, *TAGGING):
            if self.left == 0:
                self.action = action
                if self.kind == "killed":
                    if self.lost:
                        self.answer(request)
                    raise Killed
                self.fleet.cloud.faults.add(self.kind, action=action, lost_answer=self.lost)  # type: ignore[arg-type]
            self.left -= 1
        return self.answer(request)


class Killed(BaseException):
    """The process ends here: nothing after it happens."""


CALLS = range(18)  # more than the small run makes, at one call at a time


@pytest.mark.each_value
@pytest.mark.parametrize("lost", [False, True], ids=["before", "after it was carried out"])
@pytest.mark.parametrize("kind", ["5xx", "reset", "empty", "throttle"])
@pytest.mark.parametrize("number", CALLS)
def test_any_single_call_of_a_run_fails(fleet: Fleet, number: int, kind: str, lost: bool) -> None:
    made = small(fleet)
    at_first = {i.instance_id: i.role for i in made}
    fleet.env.setenv("ROLEKEEPER_PARALLEL_CALLS", "1")
    struck = Nth(fleet, number, kind, lost=lost)
    run = fleet.run("reconcile", timer())
    assert struck.action or number >= ecs(fleet.journal).total()
    wrong = [i for i in made if i.role != wanted(i, at_first)]
    assert run.error is None or wrong or struck.action in TAGGING
    assert len([i for i in made if not i.role and at_first[i.instance_id]]) == 2, "only those that no rule gives one"
    held_against_the_cloud(fleet, run, made, at_first)
    retried = {r["instance_id"] for r in fleet.looks() if r["outcome"] in ("retrying", "failed")}
    assert {i.instance_id for i in wrong} <= retried
    assert {r["instance_id"] for r in fleet.looks()} >= {i.instance_id for i in made[:10]}
    fleet.cloud.faults.clear()
    assert fleet.run("reconcile", timer()).error is None
    assert all(i.role == wanted(i, at_first) for i in made)


def test_the_small_run_makes_so_many_calls_and_all_kinds_of_them(fleet: Fleet) -> None:
    made = small(fleet)
    at_first = {i.instance_id: i.role for i in made}
    fleet.run("reconcile", timer())
    assert all(i.role == wanted(i, at_first) for i in made)
    assert set(ecs(fleet.journal)) == {*READS, *CHANGES, *TAGGING}
    assert ecs(fleet.journal).total() <= len(CALLS)
    assert [i.tags.get(TAG) for i in made] == [None] * 6 + [fleet.note(i, "alien") for i in made[6:8]] + [None] * 4


@pytest.mark.each_value
@pytest.mark.parametrize("lost", [False, True], ids=["before", "after it was carried out"])
@pytest.mark.parametrize("number", CALLS)
def test_killed_at_any_call_and_run_again(fleet: Fleet, number: int, lost: bool) -> None:
    made = small(fleet)
    at_first = {i.instance_id: i.role for i in made}
    fleet.env.setenv("ROLEKEEPER_PARALLEL_CALLS", "1")
    struck = Nth(fleet, number, "killed", lost=lost)
    fleet.capsys.readouterr()
    killed = False
    try:
        fleet.handler("reconcile")(json.dumps(timer()).encode(), fleet.context())
    except Killed:
        killed = True
    assert killed == bool(struck.action)
    lines = [json.loads(line) for line in fleet.capsys.readouterr().out.splitlines()]
    intended = {(line["intent"], name) for line in lines if "intent" in line for name in line["instance_ids"]}
    changed = [i for i in made if i.role != at_first[i.instance_id]]
    assert {i.instance_id for i in changed} <= {name for _, name in intended}, "what was done was said before"
    fleet.env.setattr(fleet.cloud, "handle", struck.answer)
    fleet.handlers.clear()  # a new process
    run = fleet.run("reconcile", timer())
    assert run.error is None
    assert all(i.role == wanted(i, at_first) for i in made), "what was begun with a note is brought to its end"
    assert [bool(i.tags.get(TAG)) for i in made] == [False] * 6 + [True] * 2 + [False] * 4


@pytest.mark.parametrize("world", [{}, {"unknown_instance": "item"}], ids=["refused whole", "refused in the item"])
def test_the_fleet_changes_while_it_is_looked_at(fleet: Fleet, world: dict[str, Any]) -> None:
    """Deleted, taken off, attached by hand, tagged otherwise: between the look and the write, in the middle of the run."""
    fleet.cloud.switches.set(world)
    fleet.env.setenv("ROLEKEEPER_PARALLEL_CALLS", "1")
    fleet.ten()
    made = [*fleet.instances(200, "r0"), *fleet.instances(200, "r1", role="r2"), *fleet.instances(200, role="r3")]
    fleet.cloud.ram.put_role("1234567890123456", "alien")

    def change(*bases: int) -> None:
        for base in bases:
            fleet.cloud.ecs.owner(made[base]).remove(made[base])
            fleet.hold(made[base + 1], "alien")
            fleet.hold(made[base + 2], made[base + 2].tags.get("app", ""))
            fleet.hold(made[base + 3], "r9")

    fleet.before(ATTACH, lambda: change(0))
    fleet.before(DETACH, lambda: change(200, 400))
    run = fleet.run("reconcile", timer())
    told = {r["instance_id"]: r for r in fleet.looks()}
    others = [i for n, i in enumerate(made) if n % 200 > 3]
    assert fleet.right(others) == {"right": 588}
    assert {told[i.instance_id]["outcome"] for i in others} == {"attached", "swapped", "detached"}
    assert {told[made[b].instance_id]["reason"] for b in (0, 200, 400)} == {"gone"}
    assert [fleet.role(made[b + 1].instance_id) for b in (0, 200, 400)] == ["alien"] * 3
    assert [fleet.role(made[b + 3].instance_id) for b in (0, 200, 400)] == ["r9"] * 3
    assert {told[made[b + n].instance_id]["outcome"] for b in (0, 200, 400) for n in (1, 3)} == {"retrying"}
    assert isinstance(run.error, TransientError)
    for record in told.values():
        if record["reason"] != "gone":
            assert record.get("role_after", "") == fleet.role(record["instance_id"])
    again = fleet.run("reconcile", timer())
    assert again.error is None
    assert [fleet.role(made[b + 1].instance_id) for b in (0, 200, 400)] == ["alien"] * 3, "somebody else's stays"
    assert [fleet.role(made[b + 3].instance_id) for b in (0, 200, 400)] == ["r0", "r1", ""]


@pytest.mark.each_value
@pytest.mark.parametrize("page", range(1, 5))
@pytest.mark.parametrize(("times", "complete"), [(1, True), (2, True), (3, False)])
@pytest.mark.parametrize("code", ["InvalidParameter.NextToken", "InvalidNextToken"])
def test_a_page_token_is_refused(fleet: Fleet, page: int, times: int, complete: bool, code: str) -> None:
    fleet.ten()
    made = [i for app in TEN[:5] for i in fleet.instances(100, app)]
    fleet.cloud.faults.add(
        "error", action="DescribeInstances", param="NextToken", code=code, status=400, every=page, count=times
    )
    run = fleet.run("reconcile", timer())
    assert run.error is None
    record = fleet.run_records()[0]
    if complete:
        assert fleet.right(made) == {"right": 500}
        assert (record["run"], record.get("error_code")) == ("complete", None)
    else:
        assert fleet.right(made)["right"] >= 100 * page
        assert (record["run"], record["error_code"]) == ("incomplete", code)
        assert code in run.result["error"]
    done = Counter(r["instance_id"] for r in fleet.looks() if r["outcome"] == "attached")
    assert set(done.values()) <= {1}
    if not complete:
        again_until_right(fleet, made)


def test_a_dry_run_through_faults_writes_nothing(fleet: Fleet) -> None:
    fleet.ten()
    made = of_everything(fleet, 60)
    before = {i.instance_id: i.role for i in made}
    fleet.cloud.faults.add("throttle", service="ecs", every=4, count=None)
    run = fleet.run("remediate", remediate(all=True, dry_run=True))
    assert run.error is None
    assert {i.instance_id: i.role for i in made} == before
    assert run.result["outcomes"] == {"planned": 180, "unchanged": 60}
