"""Swaps in a run: the gap, putting back, and foreign roles that are noted, displaced and put back later."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from fakecloud.http import Request, Response
from shared.errors import TransientError
from tests.functional.fleet.fleet import CHANGES, TAGGING, Fleet, ecs
from tests.functional.handlers.world import EXECUTION_ROLE, NOTE, remediate, tagged, timer

ATTACH, DETACH = CHANGES
TAG, UNTAG = TAGGING


@pytest.fixture(autouse=True)
def _one_by_one(fleet: Fleet) -> None:
    fleet.env.setenv("ROLEKEEPER_PARALLEL_CALLS", "1")


def displacing(fleet: Fleet, count: int = 3) -> list[Instance]:
    fleet.cloud.ram.put_role("1234567890123456", "alien")
    fleet.ten(more=', foreign_roles: replace, displace: ["alien*"]')
    return fleet.instances(count, "r1", role="alien")


def noted(made: list[Instance]) -> list[str | None]:
    return [i.tags.get(NOTE) for i in made]


def test_the_gap_is_measured_and_is_that_of_the_batch(fleet: Fleet) -> None:
    fleet.ten()
    fleet.cloud.latency.set(700, action=ATTACH)
    made = fleet.instances(250, "r1", role="r2")
    fleet.run("reconcile", timer())
    gaps = [int(r["gap_ms"]) for r in fleet.looks()]
    assert len(gaps) == len(made)
    assert all(700 <= gap < 2_000 for gap in gaps)


FAILS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "one item, for good": ("partial", {"code": "OperationDenied"}, "failed"),
    "one item, busy": ("partial", {"code": "IncorrectInstanceStatus"}, "retrying"),
    "the call, for good": ("error", {"code": "InvalidUser.PassRoleForbidden", "status": 403}, "failed"),
    "the call, broken": ("5xx", {"count": 2}, "retrying"),
    "the call, no answer": ("timeout", {"count": 2}, "retrying"),
    "the call, an empty answer": ("empty", {"count": 2}, "retrying"),
    "the call, throttled for three minutes": ("throttle", {"count": 3}, "retrying"),
}


@pytest.mark.parametrize("name", FAILS)
@pytest.mark.parametrize("displaced", [False, True], ids=["a listed role", "a foreign role"])
def test_whatever_fails_about_the_attach_the_old_role_is_put_back(fleet: Fleet, name: str, displaced: bool) -> None:
    kind, how, outcome = FAILS[name]
    if displaced:
        made, old = displacing(fleet), "alien"
    else:
        fleet.ten()
        made, old = fleet.instances(3, "r1", role="r2"), "r2"
    one = {"instance_ids": [made[1].instance_id]} if kind == "partial" else {}
    fleet.cloud.faults.add(kind, action=ATTACH, **how, **one)
    run = fleet.run("reconcile", timer())
    assert isinstance(run.error, TransientError) == (outcome == "retrying")
    bad = [made[1]] if kind == "partial" else made
    assert {i.role for i in bad} == {old}
    assert {fleet.record(i.instance_id)["outcome"] for i in bad} == {outcome}
    assert {fleet.record(i.instance_id)["role_after"] for i in bad} == {old}
    assert all(int(fleet.record(i.instance_id)["gap_ms"]) >= 0 for i in bad)
    assert {i.role for i in made if i not in bad} <= {"r1"}
    if displaced:
        assert noted(bad) == [None] * len(bad), "what is on again is not displaced"
    fleet.cloud.faults.clear()
    assert fleet.run("reconcile", timer()).error is None
    assert fleet.right(made) == {"right": 3}


def test_a_displaced_role_is_noted_first_and_put_back_by_a_later_detach(fleet: Fleet) -> None:
    made = displacing(fleet, 120)
    run = fleet.run("reconcile", timer())
    assert [call for call in run.calls if call in (*CHANGES, *TAGGING)] == [
        *[TAG] * 100,
        DETACH,
        ATTACH,
        *[TAG] * 20,
        DETACH,
        ATTACH,
    ]
    assert fleet.right(made) == {"right": 120}
    assert noted(made) == [fleet.note(i, "alien") for i in made]
    for instance in made:
        fleet.cloud.ecs.owner(instance).tag(instance, "app", None)
    back = fleet.run("remediate", remediate(drift="orphaned"))
    assert {i.role for i in made} == {"alien"}
    assert noted(made) == [None] * 120
    assert back.result["outcomes"] == {"swapped": 120}
    assert {(r["reason"], r["role_before"], r["role_after"]) for r in fleet.looks()[120:]} == {
        ("put-back", "r1", "alien")
    }
    assert fleet.run("reconcile", timer()).result["outcomes"] == {"unchanged": 120}


@pytest.mark.parametrize(
    ("kind", "how", "outcome"),
    [
        pytest.param("error", {"code": "Forbidden.RAM", "status": 403}, "failed", id="forbidden"),
        pytest.param("error", {"code": "QuotaExceed.TagsPerResource", "status": 400}, "failed", id="too many tags"),
        pytest.param("5xx", {}, "retrying", id="broken"),
        pytest.param("reset", {}, "retrying", id="no answer"),
    ],
)
def test_where_noting_fails_nothing_is_displaced(fleet: Fleet, kind: Any, how: dict[str, Any], outcome: str) -> None:
    made = displacing(fleet)
    fleet.cloud.faults.add(kind, action=TAG, count=None, **how)
    fleet.run("reconcile", timer())
    assert {i.role for i in made} == {"alien"}
    assert not set(CHANGES) & set(ecs(fleet.journal))
    assert fleet.outcomes() == {outcome: 3}
    assert {r["role_after"] for r in fleet.looks()} == {"alien"}


def test_a_note_that_fails_leaves_the_others_noted_and_displaced(fleet: Fleet) -> None:
    made = displacing(fleet, 100)
    fleet.cloud.faults.add("error", action=TAG, code="Forbidden.RAM", status=403, after=1)
    fleet.run("reconcile", timer())
    assert Counter(i.role for i in made if i.tags.get(NOTE)) == {"r1": 99}
    assert Counter(i.role for i in made if not i.tags.get(NOTE)) == {"alien": 1}
    assert fleet.outcomes() == {"swapped": 99, "failed": 1}


@pytest.mark.parametrize(
    ("kind", "how", "most"),
    [
        pytest.param("error", {"code": "Forbidden.RAM", "status": 403}, 17, id="forbidden"),
        pytest.param("error", {"code": "InvalidAccessKeyId.NotFound", "status": 404}, 3, id="no key"),
        pytest.param("reset", {}, 3, id="no answer"),
        pytest.param("throttle", {}, 3, id="throttled, three minutes long"),
    ],
)
def test_where_no_note_can_be_written_not_every_one_is_tried(
    fleet: Fleet, kind: Any, how: dict[str, Any], most: int
) -> None:
    made = displacing(fleet, 100)
    fleet.cloud.faults.add(kind, action=TAG, count=None, **how)
    fleet.run("reconcile", timer())
    assert {i.role for i in made} == {"alien"}
    assert ecs(fleet.journal)[TAG] <= most


def test_one_whose_noting_is_refused_keeps_its_role_and_the_others_are_displaced(fleet: Fleet) -> None:
    made = displacing(fleet, 8)
    gone = made[5]
    fleet.before(TAG, lambda: fleet.cloud.ecs.owner(gone).remove(gone))
    fleet.run("reconcile", timer())
    others = [i for i in made if i is not gone]
    assert fleet.right(others) == {"right": 7}
    assert Counter(r["outcome"] for r in fleet.looks() if r["instance_id"] != gone.instance_id) == {"swapped": 7}


def test_an_event_of_our_own_tag_costs_nothing(fleet: Fleet) -> None:
    made = displacing(fleet)
    fleet.env.setenv("ROLEKEEPER_EXECUTION_ROLE", EXECUTION_ROLE)
    who = {"type": "assumed-role", "userName": f"{EXECUTION_ROLE}:functions"}
    run = fleet.run("tags_changed", tagged([i.instance_id for i in made], userIdentity=who))
    assert run.calls == []
    assert [i["reason"] for i in run.result["ignored"]] == ["own-write"]


@pytest.mark.parametrize("code", ["Forbidden.RAM", "Unheard.Of", "InvalidResourceId.NotFound"])
def test_one_whose_note_cannot_be_removed_keeps_it_alone(fleet: Fleet, code: str) -> None:
    made = displacing(fleet, 60)
    fleet.run("reconcile", timer())
    for instance in made:
        fleet.tag(instance, None, "app")
    bad, answer = made[40], fleet.cloud.handle

    def handle(request: Request) -> Response:
        if request.headers.get("x-acs-action") == UNTAG and bad.instance_id in request.form().values():
            fleet.cloud.faults.add("error", action=UNTAG, code=code, status=403)
        return answer(request)

    fleet.env.setattr(fleet.cloud, "handle", handle)
    fleet.run("reconcile", timer())
    assert {i.role for i in made} == {"alien"}
    assert [i for i in made if NOTE in i.tags] == [bad]
    assert fleet.looks()[-60:][0]["outcome"] == "swapped"
    fleet.env.setattr(fleet.cloud, "handle", answer)
    fleet.run("reconcile", timer())
    assert NOTE not in bad.tags


@pytest.mark.parametrize("budget", [10, 60, 131, 135, 140, 160])
def test_no_role_is_displaced_for_whose_note_and_swap_the_budget_does_not_suffice(fleet: Fleet, budget: int) -> None:
    made = displacing(fleet, 100)
    ids = [i.instance_id for i in made]
    fleet.run("remediate", remediate(instance_ids=ids, max_calls=budget))
    assert ecs(fleet.journal).total() <= budget
    assert {(i.role, NOTE in i.tags) for i in made} in ({("alien", False)}, {("r1", True)})


def test_a_note_is_followed_where_a_run_asks_for_the_holders_alone(fleet: Fleet) -> None:
    """Instances that no rule gives a role are not asked for then: but for those whose note says that one was displaced."""
    fleet.cloud.ram.put_role("1234567890123456", "alien")
    fleet.ten(roles=["r1"], more=', foreign_roles: replace, displace: ["alien*"]')
    fleet.instances(350, "r1", role="r1")
    others = fleet.instances(200)
    bare, left_over = fleet.instance(), fleet.instance(role="alien")
    for instance in (bare, left_over):
        fleet.tag(instance, fleet.note(instance, "alien"))
    run = fleet.run("reconcile", timer())
    assert [(i.role, NOTE in i.tags) for i in (bare, left_over)] == [("alien", False)] * 2
    assert (fleet.outcomes(), {i.role for i in others}) == ({"attached": 1, "unchanged": 1}, {""})
    assert run.calls.count("DescribeInstanceRamRole") < 552 / 50, "it asked for the holders"
