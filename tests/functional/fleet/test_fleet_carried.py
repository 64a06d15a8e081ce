"""What one invocation leaves to the next: within the operator's selection, for no more calls than needed, and told as it is."""

from __future__ import annotations

from collections import Counter

import pytest

from shared.events.own import handed_over
from shared.model.progress import Progress
from shared.model.trigger import RemediationRequest, Trigger
from tests.functional.fleet.fleet import CHANGES, TEN, Fleet, ecs
from tests.functional.handlers.world import remediate, timer

ATTACH, DETACH = CHANGES


@pytest.mark.parametrize("after", [5, 14])
def test_what_is_carried_is_held_against_the_selection_again(fleet: Fleet, after: int) -> None:
    """An operator asked for those without a role; of what was carried without a look, others are left alone."""
    fleet.ten()
    fleet.slow(limit=50)
    fleet.cloud.clock.advance(60 - fleet.cloud.clock.now() % 60 + 2)
    made, others = [], []
    for _ in range(18):
        made += fleet.instances(20, "r0")
        others += [*fleet.instances(15, "r1", role="r2"), *fleet.instances(15, role="r3")]
    fleet.cloud.faults.add("throttle", action="DescribeInstanceRamRole", after=after)
    fleet.chain("remediate", remediate(drift="missing", lift_brake=True))
    assert any(cursor.instance_ids for trigger in fleet.cursors() if (cursor := trigger.progress))
    assert fleet.right(made) == {"right": 360}
    assert {i.role for i in others} == {"r2", "r3"}
    assert fleet.outcomes() == {"attached": 360}


def test_what_no_longer_differs_as_the_operator_said_is_left_alone(fleet: Fleet) -> None:
    fleet.ten()
    ids = tuple(i.instance_id for i in fleet.instances(20, "", role="r3"))
    cursor = Progress(run_id="run-1", link=1, listed=True, instance_ids=ids, managed=800)
    trigger = Trigger(
        kind="remediate",
        source="manual",
        region="cn-hangzhou",
        progress=cursor,
        request=RemediationRequest(drift="missing"),
    )
    assert fleet.run("remediate", handed_over(trigger)).result["outcomes"] == {}
    assert not set(CHANGES) & set(ecs(fleet.journal))


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "latency"), [(120, 0.5), (60, 0.2), (90, 0.5)])
def test_later_links_do_not_read_the_holders_that_earlier_ones_made(fleet: Fleet, limit: int, latency: float) -> None:
    fleet.ten()
    fleet.unjudged()
    fleet.slow(limit=limit, latency=latency)
    made = [i for role in TEN for i in fleet.instances(1_000, role)]
    fleet.chain("reconcile", timer())
    assert fleet.right(made) == {"right": 10_000}
    assert len(fleet.run_records()) > 1
    assert ecs(fleet.journal).total() <= 1.05 * (100 + 200 + 100)


@pytest.mark.parametrize("refused", [False, True], ids=["carried", "nobody goes on"])
def test_a_swap_that_the_time_cuts_off_is_told_as_it_is(fleet: Fleet, refused: bool) -> None:
    """Its attach is throttled, and the next minute is after the invocation's end."""
    fleet.ten()
    fleet.slow(limit=60)
    fleet.cloud.clock.advance(60 - fleet.cloud.clock.now() % 60 + 2)
    made = fleet.instances(100, "r1", role="r2")
    fleet.cloud.faults.add("throttle", action=ATTACH, count=1)
    if refused:
        fleet.cloud.faults.add("error", action="InvokeFunction", code="AccessDenied", status=403, count=None)
    fleet.chain("remediate", remediate(instance_ids=[i.instance_id for i in made], lift_brake=True))
    assert all(record.get("role_after", "") == fleet.role(record["instance_id"]) for record in fleet.looks())
    assert Counter(r["instance_id"] for r in fleet.looks()) == {i.instance_id: 1 for i in made}
    assert fleet.right(made) == {"wrong" if refused else "right": 100}


def test_that_the_holders_could_not_be_counted_is_known_to_the_links_that_follow(fleet: Fleet) -> None:
    fleet.ten(brake="{max_removals: 20%, at_least: 10}")
    fleet.slow(limit=100)
    made = [*fleet.instances(12, role="r2"), *fleet.instances(5, "r1")]
    fleet.instances(200, "r0", role="r0")
    fleet.cloud.faults.add(
        "error", action="DescribeInstanceRamRole", param="RamRoleName", code="Forbidden.RAM", status=403, count=None
    )
    fleet.cloud.clock.advance(60 - fleet.cloud.clock.now() % 60 + 2)
    fleet.cloud.faults.add("throttle", action=ATTACH, count=2)
    runs = fleet.chain("remediate", remediate(instance_ids=[i.instance_id for i in made]))
    assert len(runs) > 1
    assert "could not be read" in runs[-1].result["runs"][0]["brake"]


@pytest.mark.parametrize("everything", [False, True], ids=["by id", "all"])
def test_of_the_ids_that_are_handed_over_those_an_operator_named_have_to_be_there(
    fleet: Fleet, everything: bool
) -> None:
    fleet.ten()
    cursor = Progress(run_id="run-1", link=1, listed=True, instance_ids=("i-mistyped",), managed=800)
    trigger = Trigger(
        kind="remediate",
        source="manual",
        region="cn-hangzhou",
        progress=cursor,
        request=RemediationRequest(everything=everything),
    )
    outcome = "unchanged" if everything else "failed"
    assert fleet.run("remediate", handed_over(trigger)).result["outcomes"] == {outcome: 1}
