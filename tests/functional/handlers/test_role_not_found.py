"""A listed role that ECS refuses: "not yet" where it was made just now, no long wait where it is missing, no gap for each try."""

from __future__ import annotations

import pytest

from fakecloud.identity import ACCOUNT
from tests.functional.handlers.world import World, remediate, tagged, timer

ATTACH, DETACH = "AttachInstanceRamRole", "DetachInstanceRamRole"


def unfound(world: World, count: int | None) -> None:
    world.cloud.faults.add("error", action=ATTACH, code="InvalidRamRole.NotFound", status=404, count=count)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("by", ["tags_changed", "remediate", "reconcile"])
def test_a_role_that_is_found_a_moment_later_is_attached_in_the_same_run(world: World, by: str, count: int) -> None:
    made = world.instances(60, "web")
    unfound(world, count)
    names = [i.instance_id for i in made]
    event = {"tags_changed": tagged(names), "remediate": remediate(instance_ids=names), "reconcile": timer()}[by]
    run = world.run(by, event)
    assert run.error is None
    assert run.result["outcomes"] == {"attached": 60}
    assert {i.role for i in made} == {"web"}


def test_one_that_stays_away_is_tried_again_later_and_the_record_says_what_makes_it(world: World) -> None:
    instance = world.instance("web")
    unfound(world, None)
    run = world.run("tags_changed", tagged([instance.instance_id]))
    assert run.error is not None
    record = world.record(instance.instance_id)
    assert (record["outcome"], record["error_code"]) == ("retrying", "InvalidRamRole.NotFound")
    assert "`rolekeeper provision`" in record["error_message"]
    world.cloud.faults.clear()
    assert world.run("tags_changed", tagged([instance.instance_id])).error is None
    assert instance.role == "web"


def test_a_role_that_is_missing_costs_one_short_wait_and_then_none(world: World) -> None:
    del world.cloud.ram.account(ACCOUNT).roles["web"]
    del world.cloud.ram.account(ACCOUNT).roles["worker"]
    made = [*world.instances(3, "web"), world.instance("worker")]
    world.run("tags_changed", tagged([made[0].instance_id]))
    first = sum(world.waits)
    assert 0 < first <= 5
    for instance in made[1:]:
        run = world.run("tags_changed", tagged([instance.instance_id]))
        assert run.calls.count(ATTACH) == 1
    assert sum(world.waits) == first


def test_a_role_that_is_missing_for_long_has_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    del world.cloud.ram.account(ACCOUNT).roles["web"]
    instance = world.instance("web")
    assert world.run("tags_changed", tagged([instance.instance_id])).error is not None
    world.cloud.clock.advance(601)
    assert world.run("tags_changed", tagged([instance.instance_id])).error is None
    record = world.records()[-1]
    assert (record["outcome"], record["error_code"]) == ("failed", "InvalidRamRole.NotFound")
    assert "`rolekeeper provision`" in record["error_message"]
    world.cloud.ram.put_role(ACCOUNT, "web")
    assert world.run("tags_changed", tagged([instance.instance_id])).error is None
    assert instance.role == "web"


def test_a_swap_to_a_role_that_is_missing_leaves_one_gap_and_not_one_a_try(world: World) -> None:
    del world.cloud.ram.account(ACCOUNT).roles["web"]
    made = world.instances(3, "web", role="worker")
    detached = 0
    for instance in (*made, *made):
        run = world.run("tags_changed", tagged([instance.instance_id]))
        assert run.error is not None
        detached += run.calls.count(DETACH)
        assert instance.role == "worker"
    assert detached == 1
    assert {r["outcome"] for r in world.records()} == {"retrying"}
    assert all("`rolekeeper provision`" in r["error_message"] for r in world.records())


def test_a_swap_to_a_role_that_is_none_for_ecs_leaves_one_gap_and_not_one_a_try(world: World) -> None:
    code = "InvalidRamRole.NotEcsRole"
    world.cloud.faults.add("error", action=ATTACH, code=code, status=403, count=1)
    made = world.instances(3, "web", role="worker")
    detached = 0
    for instance in (*made, *made):
        run = world.run("tags_changed", tagged([instance.instance_id]))
        assert run.error is None
        detached += run.calls.count(DETACH)
        assert instance.role == "worker"
    assert detached == 1
    assert {(r["outcome"], r["error_code"]) for r in world.records()} == {("failed", code)}


def test_a_displaced_role_that_is_missing_is_not_waited_for(world: World) -> None:
    """It is not ours to make, so it is not about to appear."""
    instance = world.instance(role="web")
    world.tag(instance, world.note(instance, "foreign"))
    del world.cloud.ram.account(ACCOUNT).roles["foreign"]
    run = world.run("tags_changed", tagged([instance.instance_id]))
    assert (run.error, instance.role, sum(world.waits)) == (None, "", 0)
    assert world.record(instance.instance_id)["reason"] == "put-back"
