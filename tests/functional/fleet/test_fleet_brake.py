"""The brake in a run and at event time: too many removals, and none is made; attaches go on."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from shared.errors import TransientError
from tests.functional.fleet.fleet import CHANGES, TEN, Fleet, rules
from tests.functional.handlers.world import remediate, tagged, timer

ATTACH, DETACH = CHANGES
BRAKE = "{max_removals: 20%, at_least: 10}"
TIGHT = "{max_removals: 10%, at_least: 10}"
COUNTED_FIRST, COUNTED_LAST = 1_000, 400  # instances: with ten roles, the holders are asked for before the pages or not


def held(fleet: Fleet, removals: int, managed: int, *, bare: int = 5, verb: str = "detach") -> list[Instance]:
    """So many hold listed roles, so many of them wrongly; so many are bare."""
    fleet.ten(brake=TIGHT)
    wrong = fleet.instances(removals, "r1" if verb == "swap" else "", role="r2") if removals else []
    fleet.instances(managed - removals, "r0", role="r0")
    return [*wrong, *fleet.instances(bare, "r3")]


@pytest.mark.parametrize("verb", ["detach", "swap"])
@pytest.mark.parametrize(
    ("removals", "managed", "acts"),
    [
        pytest.param(9, 40, False, id="below the least number, above the share"),
        pytest.param(10, 99, True, id="the least number, above the share"),
        pytest.param(10, 100, False, id="exactly the share"),
        pytest.param(40, COUNTED_LAST, False, id="exactly the share, counted as they are seen"),
        pytest.param(41, COUNTED_LAST, True, id="one more, counted as they are seen"),
        pytest.param(100, COUNTED_FIRST, False, id="exactly the share, counted first"),
        pytest.param(101, COUNTED_FIRST, True, id="one more, counted first"),
    ],
)
def test_all_removals_or_none(fleet: Fleet, removals: int, managed: int, acts: bool, verb: str) -> None:
    made = held(fleet, removals, managed, verb=verb)
    run = fleet.run("reconcile", timer())
    assert run.error is None
    counts = Counter((r["outcome"], r["reason"]) for r in fleet.looks())
    assert counts.pop(("attached", "missing")) == 5
    told = run.result["runs"][0]
    if acts:
        assert counts == {("refused", "brake"): removals}
        assert all(i.role == "r2" for i in made[:removals])
        assert DETACH not in run.calls
        assert f"{removals} removals refused: more than 10%" in told["brake"]
        assert "lift_brake" in told["brake"]
        assert fleet.run_records()[0]["brake"] == "acted"
    else:
        assert set(counts.values()) == {removals}
        assert fleet.right(made) == {"right": len(made)}
        assert "brake" not in told
        assert "brake" not in fleet.run_records()[0]


def test_lift_brake_lifts_it_for_that_run_only(fleet: Fleet) -> None:
    made = held(fleet, 20, 100)
    assert fleet.run("remediate", remediate(all=True)).result["outcomes"]["refused"] == 20
    lifted = fleet.run("remediate", remediate(all=True, lift_brake=True, operator="alice"))
    assert lifted.result["outcomes"]["detached"] == 20
    assert fleet.right(made) == {"right": 25}
    assert [r.get("brake") for r in fleet.run_records()] == ["acted", "lifted"]
    fleet.instances(20, role="r2")
    assert fleet.run("remediate", remediate(all=True)).result["outcomes"]["refused"] == 20


def test_a_dry_run_shows_what_the_brake_would_do(fleet: Fleet) -> None:
    held(fleet, 20, 100)
    dry = fleet.run("remediate", remediate(all=True, dry_run=True))
    assert dry.result["outcomes"] == {"planned": 5, "refused": 20, "unchanged": 80}
    assert not set(CHANGES) & set(dry.calls)
    lifted = fleet.run("remediate", remediate(all=True, dry_run=True, lift_brake=True))
    assert lifted.result["outcomes"] == {"planned": 25, "unchanged": 80}


def test_audit_and_foreign_roles_do_not_count(fleet: Fleet) -> None:
    fleet.cloud.ram.put_role("1234567890123456", "alien")
    for name in TEN:
        fleet.cloud.ram.put_role("1234567890123456", name)
    text = rules(brake=TIGHT, more=", foreign_roles: replace, displace: [alien]")
    watched = "  - {name: watched, when: {tags: {app: r9}}, role: r9, mode: audit}\n"
    fleet.map(text.replace("rules:\n", "rules:\n" + watched))
    fleet.instances(100, "r0", role="r0")
    fleet.instances(50, "r9", role="r1")
    fleet.instances(60, "r2", role="alien")
    fleet.instances(9, "r3", role="r4")
    run = fleet.run("reconcile", timer())
    assert run.result["outcomes"] == {"planned": 50, "swapped": 69, "unchanged": 100}


@pytest.mark.parametrize("selector", [{"tags": {"team": "a"}}, {"drift": "orphaned"}, {"role": "r2"}, "ids"])
def test_a_selection_is_held_against_all_that_is_managed(fleet: Fleet, selector: Any) -> None:
    fleet.ten(brake=TIGHT)
    wrong = fleet.instances(20, role="r2", tags={"team": "a"})
    fleet.instances(180, "r0", role="r0")
    asked = {"instance_ids": [i.instance_id for i in wrong]} if selector == "ids" else selector
    assert fleet.run("remediate", remediate(**asked)).result["outcomes"]["detached"] == 20
    fleet.instances(20, role="r2", tags={"team": "a"})
    for extra in fleet.instances(1, role="r2", tags={"team": "a"}):
        wrong.append(extra)
    everyone = [
        i for i in fleet.cloud.ecs.place("1234567890123456", "cn-hangzhou").instances.values() if i.role == "r2"
    ]
    asked = {"instance_ids": [i.instance_id for i in everyone]} if selector == "ids" else selector
    assert fleet.run("remediate", remediate(**asked)).result["outcomes"]["refused"] == 21


def test_where_the_managed_ones_cannot_be_counted_it_acts(fleet: Fleet) -> None:
    fleet.ten(brake=TIGHT)
    wrong = fleet.instances(10, role="r2")
    fleet.instances(200, "r0", role="r0")
    fleet.cloud.faults.add(
        "error", action="DescribeInstanceRamRole", param="RamRoleName", code="Forbidden.RAM", status=403, count=None
    )
    run = fleet.run("remediate", remediate(instance_ids=[i.instance_id for i in wrong]))
    assert run.result["outcomes"] == {"refused": 10}
    assert "10 removals refused: it could not be read whether they are more than 10%" in run.result["runs"][0]["brake"]
    (line,) = [line for line in run.lines if "holders_not_counted" in line]
    assert "Forbidden.RAM" in line["holders_not_counted"]


def test_where_the_budget_does_not_suffice_for_the_count_it_says_so(fleet: Fleet) -> None:
    fleet.ten(brake=TIGHT)
    wrong = fleet.instances(10, role="r2")
    asked = remediate(instance_ids=[i.instance_id for i in wrong], max_calls=10)
    run = fleet.run("remediate", asked)
    assert {(r["outcome"], r["reason"]) for r in fleet.looks()} == {("refused", "max-calls")}
    assert "brake" not in run.result["runs"][0]


@pytest.mark.parametrize("share", [29, 57, 58])
def test_exactly_the_share_is_not_too_much_whatever_floats_make_of_it(fleet: Fleet, share: int) -> None:
    fleet.ten(brake=f"{{max_removals: {share}%, at_least: 10}}")
    fleet.instances(share, role="r2")
    fleet.instances(100 - share, "r0", role="r0")
    assert fleet.run("reconcile", timer()).result["outcomes"]["detached"] == share


def test_those_that_the_run_itself_gave_a_role_are_no_measure(fleet: Fleet) -> None:
    """15 of the 45 that held one are a third; of all that hold one after the attaches they are a tenth. A dry run says the same."""
    fleet.ten(brake=BRAKE)
    wrong, bare = fleet.instances(15, role="r2"), fleet.instances(100, "r1")
    fleet.instances(30, "r0", role="r0")
    ids = [i.instance_id for i in [*bare, *wrong]]
    planned = fleet.run("remediate", remediate(instance_ids=ids, dry_run=True)).result["outcomes"]
    assert planned == {"planned": 100, "refused": 15}
    events = [tagged([i.instance_id for i in bare[:50]]), *(tagged([i.instance_id]) for i in wrong)]
    assert fleet.run("tags_changed", events).result["outcomes"] == {"attached": 50, "refused": 15}
    for instance in bare:
        fleet.hold(instance, "")
    assert fleet.run("remediate", remediate(instance_ids=ids)).result["outcomes"] == {"attached": 100, "refused": 15}


@pytest.mark.parametrize("limit", [3600, 40, *(pytest.param(n, marks=pytest.mark.slow) for n in (60, 30))])
def test_those_that_earlier_links_gave_a_role_are_no_measure_either(fleet: Fleet, limit: int) -> None:
    fleet.ten(brake=BRAKE)
    fleet.slow(limit=limit)
    fleet.instances(100, role="r3")
    fleet.instances(50, "r0", role="r0")
    fleet.instances(800, "r1")
    fleet.chain("reconcile", timer())
    assert fleet.outcomes() == {"attached": 800, "refused": 100}


@pytest.mark.parametrize("missed", ["NextToken", "InstanceIds"])
def test_a_region_that_was_not_seen_to_its_end_is_counted(fleet: Fleet, missed: str) -> None:
    """A tenth is to be removed; of what was seen it would be more than a fifth."""
    fleet.env.setenv("ROLEKEEPER_PARALLEL_CALLS", "1")  # so that the fault does not hit those to be removed
    fleet.ten(brake=BRAKE)
    fleet.instances(30, role="r3")
    fleet.instances(270, "r0", role="r0")
    action = "DescribeInstances" if missed == "NextToken" else "DescribeInstanceRamRole"
    fleet.cloud.faults.add(
        "error",
        action=action,
        param=missed,
        code="Forbidden.RAM",
        status=403,
        after=0 if missed == "NextToken" else 2,
        count=None,
    )
    run = fleet.run("reconcile", timer())
    assert "brake" not in run.result["runs"][0]
    assert run.result["outcomes"]["detached"] == 30


def test_attaches_do_not_wait_for_the_count(fleet: Fleet) -> None:
    """80 roles are counted in 80 calls; the second invocation has no time for them either."""
    fleet.unjudged()
    fleet.ten(roles=tuple(f"r{n}" for n in range(80)), brake=BRAKE)
    fleet.slow(limit=60)
    wrong, bare = fleet.instances(12, role="r2"), fleet.instances(5, "r1")
    fleet.instances(200, "r0", role="r0")
    fleet.chain("remediate", remediate(instance_ids=[i.instance_id for i in [*wrong, *bare]]))
    assert fleet.right(bare) == {"right": 5}
    assert {i.role for i in wrong} == {"r2"}


def test_a_listed_role_that_ram_does_not_have_is_held_by_nobody(fleet: Fleet) -> None:
    fleet.ten(brake=BRAKE)
    wrong = fleet.instances(12, role="r2")
    fleet.instances(200, "r0", role="r0")
    fleet.cloud.faults.add(
        "error",
        action="DescribeInstanceRamRole",
        param="RamRoleName",
        code="InvalidRamRole.NotFound",
        status=404,
        after=9,
        count=None,
    )
    events = [tagged([i.instance_id]) for i in wrong]
    assert fleet.run("tags_changed", events).result["outcomes"] == {"detached": 12}


def test_an_event_whose_count_is_throttled_is_tried_again(fleet: Fleet) -> None:
    fleet.ten(brake=BRAKE)
    wrong = fleet.instances(12, role="r2")
    fleet.instances(200, "r0", role="r0")
    fleet.cloud.faults.add("throttle", action="DescribeInstanceRamRole", param="RamRoleName", count=None)
    events = [tagged([i.instance_id]) for i in wrong]
    run = fleet.run("tags_changed", events)
    assert isinstance(run.error, TransientError)
    assert fleet.outcomes() == {"retrying": 12}
    fleet.cloud.faults.clear()
    assert fleet.run("tags_changed", events).result["outcomes"] == {"detached": 12}


def untagged(fleet: Fleet, count: int) -> list[str]:
    return [i.instance_id for i in fleet.instances(count, role="r2")]


def test_at_event_time_a_list_of_events_is_counted_together(fleet: Fleet) -> None:
    fleet.ten(brake=TIGHT)
    fleet.instances(80, "r0", role="r0")
    names = untagged(fleet, 20)
    run = fleet.run("tags_changed", [tagged([name]) for name in names])
    assert run.result["outcomes"] == {"refused": 20}
    assert {(r["outcome"], r["reason"]) for r in fleet.looks()} == {("refused", "brake")}
    assert {fleet.role(name) for name in names} == {"r2"}


def test_at_event_time_the_removals_of_a_minute_count_and_those_before_do_not(fleet: Fleet) -> None:
    fleet.ten(brake=TIGHT)
    fleet.instances(80, "r0", role="r0")
    fleet.cloud.clock.advance(60 - fleet.cloud.clock.now() % 60)

    def five() -> dict[str, int]:
        outcomes: dict[str, int] = fleet.run("tags_changed", tagged(untagged(fleet, 5))).result["outcomes"]
        return outcomes

    assert five() == {"detached": 5}
    assert five() == {"refused": 5}, "10 of 90"
    bare = fleet.instances(3, "r3")
    event = tagged([i.instance_id for i in bare])
    assert fleet.run("tags_changed", event).result["outcomes"] == {"attached": 3}, "attaches go on"
    fleet.cloud.clock.advance(61)
    assert five() == {"detached": 5}
    fleet.handlers.clear()
    assert five() == {"detached": 5}, "another process knows nothing of it"


def test_the_run_record_counts_what_was_refused(fleet: Fleet) -> None:
    held(fleet, 20, 100)
    fleet.run("reconcile", timer())
    record = fleet.run_records()[0]
    assert json.loads(record["counts"]) == {"attached/missing": 5, "refused/brake": 20, "unchanged/in-sync": 80}
    assert record["run"] == "complete"
