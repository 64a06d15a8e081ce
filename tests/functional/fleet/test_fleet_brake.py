"""The brake in a run and at event time: too many removals, and none is made; attaches go on."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from tests.functional.fleet.fleet import CHANGES, TEN, Fleet, rules
from tests.functional.handlers.world import remediate, tagged, timer

ATTACH, DETACH = CHANGES
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
    fleet.cloud.faults.add("error", action="DescribeInstanceRamRole", param="RamRoleName", code="Forbidden.RAM",
                           status=403, count=None)  # fmt: skip
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
