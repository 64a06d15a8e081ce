"""Calls that are refused for the sake of single instances: taken apart, whatever the code, and never at the others' cost."""

from __future__ import annotations

from collections import Counter

import pytest

from fakecloud.http import Request, Response
from tests.functional.fleet.fleet import CHANGES, Fleet, ecs
from tests.functional.handlers.world import remediate, timer

ATTACH, DETACH = CHANGES


@pytest.mark.each_value
@pytest.mark.parametrize("budget", [35, 38, 45, 60, 80])
@pytest.mark.parametrize("each", [3, 8, 20])
@pytest.mark.parametrize("before", CHANGES)
def test_no_swap_is_left_half_done_for_want_of_budget(fleet: Fleet, budget: int, each: int, before: str) -> None:
    """Many of a batch are deleted in its middle, so that the calls of the swap are refused and have to be made anew."""
    fleet.ten()
    made = fleet.instances(100, "r1", role="r2")
    gone, left = made[::each], [i for n, i in enumerate(made) if n % each]

    def vanish() -> None:
        for one in gone:
            fleet.cloud.ecs.owner(one).remove(one)

    fleet.before(before, vanish)
    ids = [i.instance_id for i in made]
    fleet.run("remediate", remediate(instance_ids=ids, max_calls=budget, lift_brake=True))
    assert ecs(fleet.journal).total() <= budget
    assert "" not in {i.role for i in left}
    names = {i.instance_id for i in left}
    told = {r["instance_id"]: r.get("role_after", "") for r in fleet.looks() if r["instance_id"] in names}
    assert told == {i.instance_id: i.role for i in left}


@pytest.mark.each_value
@pytest.mark.parametrize("code", ["IncorrectInstanceStatus", "InvalidParameter", "OperationConflict"])
@pytest.mark.parametrize("bad", [(0,), (37,), (0, 1, 2), (3, 50, 99)], ids=str)
def test_a_call_refused_for_some_with_a_code_that_no_page_lists(fleet: Fleet, code: str, bad: tuple[int, ...]) -> None:
    fleet.ten()
    made = fleet.instances(100, "r0")
    named, answer = [made[number].instance_id for number in bad], fleet.cloud.handle

    def handle(request: Request) -> Response:
        if request.headers.get("x-acs-action") == ATTACH and any(
            name in request.form().get("InstanceIds", "") for name in named
        ):
            fleet.cloud.faults.add("error", action=ATTACH, code=code, status=403)
        return answer(request)

    fleet.env.setattr(fleet.cloud, "handle", handle)
    fleet.run("reconcile", timer())
    left = {r["instance_id"]: r["error_code"] for r in fleet.looks() if r["outcome"] != "attached"}
    assert left == dict.fromkeys(named, code)
    assert fleet.right(made) == {"right": 100 - len(bad), "wrong": len(bad)}


def test_a_code_that_refuses_everybody_is_soon_taken_for_that(fleet: Fleet) -> None:
    fleet.ten()
    fleet.instances(100, "r0")
    fleet.cloud.faults.add("error", action=ATTACH, code="AccountArrears", status=403, count=None)
    run = fleet.run("reconcile", timer())
    assert fleet.outcomes() == {"failed": 100}
    assert Counter(run.calls)[ATTACH] <= 32


@pytest.mark.parametrize("lost", [False, True], ids=["known to be bare", "an answer was lost"])
def test_a_swap_whose_outcome_cannot_be_read_says_no_more_than_is_known(fleet: Fleet, lost: bool) -> None:
    """Neither attaching nor putting back is answered with yes, and ECS shows no roles any more."""
    fleet.ten()
    made = fleet.instances(3, "r1", role="r2")
    fleet.cloud.faults.add("timeout" if lost else "throttle", action=ATTACH, lost_answer=lost, count=None)
    fleet.cloud.faults.add("5xx", action="DescribeInstanceRamRole", after=1, count=None)
    fleet.run("remediate", remediate(instance_ids=[i.instance_id for i in made]))
    assert {i.role for i in made} == {"r1" if lost else ""}
    (told,) = {
        (r["outcome"], r.get("role_after", ""), "could not be read" in r["error_message"]) for r in fleet.looks()
    }
    assert told == (("retrying", "r2", True) if lost else ("retrying", "", False))
