"""Instances that ECS does not show: not yet, or no longer."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from shared.errors import TransientError
from tests.contract import sdk
from tests.functional.handlers.world import World, created, remediate, tagged, timer

UNKNOWN = [pytest.param("request", id="refused whole"), pytest.param("item", id="refused in its item")]
GHOST = "i-bp1000000000000gone"


def unseen(world: World, seconds: float, app: str = "web") -> Instance:
    """An instance that ECS shows only after so many seconds."""
    place = world.cloud.ecs.place("1234567890123456", "cn-hangzhou")
    now = world.cloud.clock.now()
    made = place.new(now, tags={"app": app}, visible_at=now + seconds)
    place.add(made)
    return made


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_an_instance_that_is_shown_while_we_wait_gets_its_role(world: World, unknown: str) -> None:
    world.cloud.switches.set({"unknown_instance": unknown})
    made = unseen(world, 2.5)
    run = world.run("instance_created", created([made.instance_id]))
    assert run.error is None
    assert run.outcome(made.instance_id) == ("attached", "missing")
    assert made.role == "web"


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_a_young_creation_that_stays_unseen_is_waited_for_a_while_and_then_tried_again(
    world: World, unknown: str, mocker: Any
) -> None:
    world.cloud.switches.set({"unknown_instance": unknown})
    made = unseen(world, 60.0)
    run = world.run("instance_created", created([made.instance_id]))
    assert isinstance(run.error, TransientError)
    assert made.instance_id in str(run.error)
    record = world.record(made.instance_id)
    assert (record["outcome"], record["reason"]) == ("retrying", "not-visible-yet")
    assert sum(world.waits) == pytest.approx(3.0)
    assert Counter(run.calls)["DescribeInstances"] == 3
    assert "AttachInstanceRamRole" not in run.calls


def test_without_a_wait_it_is_looked_at_once(world: World) -> None:
    world.env.setenv("ROLEKEEPER_LOOK_AGAIN_SECONDS", "0")
    run = world.run("instance_created", created([GHOST]))
    assert isinstance(run.error, TransientError)
    assert Counter(run.calls)["DescribeInstances"] == 1


@pytest.mark.parametrize("unknown", UNKNOWN)
@pytest.mark.parametrize(
    ("function", "event", "asked"),
    [
        pytest.param("instance_created", lambda: created([GHOST], age=121), 1, id="creation of over two minutes ago"),
        pytest.param("instance_created", lambda: created([GHOST], age=None), 1, id="creation at an unreadable time"),
        pytest.param("instance_created", lambda: created([GHOST], age=-86_400), 1, id="creation said to be tomorrow"),
        pytest.param("tags_changed", lambda: tagged([GHOST]), 1, id="young change of tags"),
        pytest.param(
            "remediate", lambda: remediate(instance_ids=[GHOST]), 2, id="remediation, which asks whether it may look"
        ),
    ],
)
def test_else_an_instance_that_is_not_shown_is_gone(
    world: World, function: str, event: Any, asked: int, unknown: str
) -> None:
    world.cloud.switches.set({"unknown_instance": unknown})
    run = world.run(function, event())
    assert run.error is None
    by_hand = function == "remediate"  # an id that an operator names may be mistyped
    assert run.outcome(GHOST) == ("failed" if by_hand else "unchanged", "gone")
    assert world.record(GHOST)["reason"] == "gone"
    assert Counter(run.calls) == {"DescribeInstances": asked, "DescribeInstanceRamRole": 1, "PutLogs": 1}


def test_those_that_are_shown_are_not_held_up_by_one_that_is_not(world: World) -> None:
    shown = world.instances(3, "web")
    run = world.run("instance_created", created([shown[0].instance_id, GHOST, *(i.instance_id for i in shown[1:])]))
    assert isinstance(run.error, TransientError)
    assert {i.role for i in shown} == {"web"}
    assert Counter(r["outcome"] for r in world.records()) == {"attached": 3, "retrying": 1}


def test_nor_do_they_wait_for_it(world: World) -> None:
    shown = world.instances(3, "web")
    run = world.run("instance_created", created([GHOST, *(i.instance_id for i in shown)]))
    looks = [place for place, call in enumerate(run.calls) if call == "DescribeInstances"]
    assert looks[0] < run.calls.index("AttachInstanceRamRole") < looks[1], "the role first, then the second look"


@pytest.mark.parametrize("kind", ["throttle", "5xx", "reset"])
def test_a_second_look_that_fails_takes_nothing_from_those_that_were_shown(world: World, kind: Any) -> None:
    shown = world.instance("web")
    world.cloud.faults.add(kind, action="DescribeInstances", after=1, count=None)
    run = world.run("instance_created", created([shown.instance_id, GHOST]))
    assert isinstance(run.error, TransientError)
    assert world.record(shown.instance_id)["outcome"] == "attached"
    assert world.record(GHOST)["reason"] == "not-visible-yet"


@pytest.mark.parametrize("unknown", UNKNOWN)
@pytest.mark.parametrize("verb", ["attach", "swap", "detach"])
def test_an_instance_deleted_after_the_look_is_gone(world: World, unknown: str, verb: str, mocker: Any) -> None:
    world.cloud.switches.set({"unknown_instance": unknown})
    held, app = {"attach": ("", "web"), "swap": ("worker", "web"), "detach": ("web", "")}[verb]
    others = world.instances(4, app, role=held)
    doomed = world.instance(app, role=held)
    world.on_first_write(lambda: world.cloud.ecs.owner(doomed).remove(doomed))
    ids = [others[0].instance_id, doomed.instance_id, *(i.instance_id for i in others[1:])]
    run = world.run("tags_changed", tagged(ids))
    assert run.error is None
    assert run.outcome(doomed.instance_id) == ("unchanged", "gone")
    assert {i.role for i in others} == {"web" if app else ""}
    assert Counter(r["reason"] for r in world.records())["gone"] == 1


@pytest.mark.parametrize("late", [0.0, 60.0], ids=["at once", "a minute later"])
def test_tags_of_a_launch_that_are_shown_late_are_met_by_the_timer(world: World, late: float) -> None:
    world.cloud.switches.set({"launch_tags_after": late})
    (name,) = sdk.ecs(sdk.config(), "run_instances", tag={"app": "web"})["InstanceIdSets"]["InstanceIdSet"]
    run = world.run("instance_created", created([name]))
    assert run.error is None
    assert run.outcome(name) == (("unchanged", "no-rule") if late else ("attached", "missing"))
    world.cloud.settle()
    run = world.run("reconcile", timer())
    assert run.error is None
    assert world.role(name) == "web"
