"""The two calls of a look: side by side where ECS takes its time, in turn where it answers at once, and always the same outcome."""

from __future__ import annotations

import threading

import pytest

from shared.bounds import BOUNDS
from tests.functional.handlers.world import World, created, tagged

DESCRIBE, ROLES = "DescribeInstances", "DescribeInstanceRamRole"
WAYS = pytest.mark.parametrize("side_by_side", [True, False], ids=["side by side", "in turn"])


def meet(world: World) -> threading.Barrier:
    """Neither call of the next look is answered before the other one is there; broken where they come in turn."""
    both = threading.Barrier(2)

    def wait() -> None:
        both.wait(10)

    for action in (DESCRIBE, ROLES):
        world.before(action, wait)
    return both


def test_nothing_is_known_before_the_first_look_so_it_goes_out_side_by_side(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BOUNDS, "side_by_side", None)
    monkeypatch.setattr(BOUNDS, "pays_from", float("inf"))  # no call takes as long as that
    instance = world.instance("web")
    both = meet(world)
    assert world.run("instance_created", created([instance.instance_id])).error is None
    assert (instance.role, both.broken) == ("web", False)


def test_the_last_call_tells_how_the_next_look_goes_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BOUNDS, "side_by_side", None)
    monkeypatch.setattr(BOUNDS, "pays_from", 30.0)  # seconds on the emulated clock: a slow machine is no slow cloud
    before, first, second, third = world.instances(4, "web")
    world.run("tags_changed", tagged([before.instance_id]))
    other, overlaps = threading.Event(), list[bool]()
    world.before(ROLES, lambda: overlaps.append(other.wait(0.3)))
    world.before(DESCRIBE, other.set)
    world.run("tags_changed", tagged([first.instance_id]))
    assert overlaps == [False]
    world.before(DESCRIBE, lambda: world.cloud.clock.advance(31))
    world.run("tags_changed", tagged([second.instance_id]))
    meet(world)  # the call before took 31 seconds
    assert world.run("tags_changed", tagged([third.instance_id])).error is None
    assert {i.role for i in (first, second, third)} == {"web"}


@WAYS
def test_among_ids_that_are_gone_the_others_get_their_roles(world: World, side_by_side: bool) -> None:
    world.look(side_by_side=side_by_side)
    made = world.instances(2, "web")
    run = world.run("tags_changed", tagged([made[0].instance_id, "i-gone", made[1].instance_id]))
    assert run.result["outcomes"] == {"attached": 2, "unchanged": 1}
    assert {i.role for i in made} == {"web"}
