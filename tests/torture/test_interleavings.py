"""At each call of each flow something else happens first: a retagging and another handler's whole work, hands, a deletion, other rules.

What may be on the instance when all have ended is what docs/mapping.md leaves as it is, but for what is said here; and the next
reconcile makes all right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from tests.functional.handlers.world import LISTED, RULES, World
from tests.torture.stage import (
    ATTACH,
    DETACH,
    FLOWS,
    FOREIGN,
    FUNCTIONS,
    TAG,
    UNTAG,
    Flow,
    begin,
    settled,
    work,
    work_to_the_end,
)

pytestmark = pytest.mark.parametrize("world", ["python3.12"], indirect=True)
MOST = 40
"""Calls of a flow; more is a loop."""


def another(world: World, instance: Instance) -> None:
    """The handler of the change does its whole work."""
    assert work_to_the_end(world, "tags_changed", [instance.instance_id]) is None


def retag(app: str | None, key: str = "app") -> Callable[[World, Instance], None]:
    def happen(world: World, instance: Instance) -> None:
        world.tag(instance, app, key)
        another(world, instance)

    return happen


def put_on(role: str) -> Callable[[World, Instance], None]:
    def happen(world: World, instance: Instance) -> None:
        if not instance.role:  # ECS refuses a second one
            world.hold(instance, role)

    return happen


def take_off(world: World, instance: Instance) -> None:
    world.hold(instance, "")


def delete(world: World, instance: Instance) -> None:
    world.cloud.ecs.owner(instance).remove(instance)


HAPPENINGS: dict[str, Callable[[World, Instance], None]] = {
    "tagged web": retag("web"),
    "tagged worker": retag("worker"),
    "tagged batch": retag("batch"),
    "tagged ours": retag("ours"),
    "untagged": retag(None),
    "frozen": retag("off", "rolekeeper"),
    "batch attached by hand": put_on("batch"),
    "foreign attached by hand": put_on(FOREIGN),
    "detached by hand": take_off,
}
RETAGS = [name for name in HAPPENINGS if "hand" not in name]
TWICE = ("tagged web", "tagged worker", "tagged ours", "untagged")
LIKE_OTHERS = ("tagged batch", "batch attached by hand")
"""Happenings that come to the same as others in most flows."""
LEFT = (("attach", "untagged", ""), ("swap", "untagged", "reconcile ecs DescribeInstanceRamRole 1"))
"""Here the role stays until the next reconcile: to look once more before each attach would cost a call. At any call, or at one:
where the role is gone when a page's roles are read, after its tags, what was to be a swap is an attach."""
OTHER_RULES = RULES.replace(
    "rules:",
    """rules:
  - {name: moved, when: {tags: {app: [web, ours]}}, role: batch}
  - {name: others, when: {tags: {app: {exists: false}}}, role: worker}""",
)


@dataclass(frozen=True)
class End:
    """How it ended where something happened before a call of the flow. error: of the flow, tried as often as it is.

    settled: whether the mapping leaves the role as it is. healed: the same after one more reconcile.
    """

    holds: str
    settled: bool
    healed: bool
    error: Exception | None


def played(
    world: World, by: str, flow: Flow, happening: str, *, side_by_side: bool = False, **moment: Any
) -> tuple[str, End]:
    """The flow, with what happens at a moment; which call it was ("" = there was no such call), and the end."""
    world.look(side_by_side=side_by_side)
    (instance,) = begin(world, flow)
    ids = [instance.instance_id]
    met = world.cloud.between.before(do=lambda: HAPPENINGS[happening](world, instance), **moment)
    error = work_to_the_end(world, by, ids)
    world.cloud.between.clear()
    holds, right = instance.role, settled(world, instance)
    work(world, "reconcile", ids)
    return met.met, End(holds, right, settled(world, instance), error)


def boundaries(world: World, by: str, flow: Flow, happening: str) -> dict[str, End]:
    """The flow once for each of its calls, by their names: "ecs DescribeInstances 1"."""
    ends: dict[str, End] = {}
    calls: Counter[str] = Counter()
    for nth in range(1, MOST):
        met, end = played(world, by, flow, happening, nth=nth)
        if not met:
            return ends
        calls[met] += 1
        ends[f"{met} {calls[met]}"] = end
    raise AssertionError(f"{flow.name} by {by} makes more than {MOST} calls")


def each(flows: list[str], happenings: list[str]) -> list[Any]:
    """Every function with every flow and happening. What differs least from the others is for the long run alone."""
    return [
        pytest.param(
            by,
            flow,
            happening,
            id=f"{by}-{flow}-{happening}",
            marks=[pytest.mark.slow]
            * (happening in LIKE_OTHERS or (by != "tags_changed" and flow not in ("swap", "detach"))),
        )
        for by in FUNCTIONS
        for flow in flows
        for happening in happenings
    ]


@pytest.mark.parametrize(("by", "flow", "happening"), each(list(FLOWS), RETAGS))
def test_after_a_retagging_the_role_is_what_the_tags_say(world: World, by: str, flow: str, happening: str) -> None:
    ends = boundaries(world, by, FLOWS[flow], happening)
    assert len(ends) >= 2
    for name, end in ends.items():
        left = end.holds == FLOWS[flow].ends and any(
            (flow, happening) == (one, what) and where in ("", f"{by} {name}") for one, what, where in LEFT
        )
        assert end.settled or left, (name, end)
        assert end.healed, (name, end)
        assert end.error is None, (name, end)


@pytest.mark.slow
@pytest.mark.parametrize("happening", RETAGS)
@pytest.mark.parametrize("flow", FLOWS)
def test_nor_does_it_matter_at_a_write_whether_the_looks_go_out_side_by_side(
    world: World, flow: str, happening: str
) -> None:
    """Before they are answered nothing is decided, and which of them comes first is not certain then."""
    for action in (TAG, DETACH, ATTACH, UNTAG):
        met, end = played(world, "tags_changed", FLOWS[flow], happening, side_by_side=True, action=action, nth=1)
        assert end.settled or not met or (flow, happening, "") in LEFT, (action, end)
        assert end.healed, (action, end)


@pytest.mark.slow
@pytest.mark.parametrize("first", TWICE)
@pytest.mark.parametrize("flow", [name for name in FLOWS if FLOWS[name].held])
@pytest.mark.parametrize("by", ["tags_changed", "reconcile"])
def test_nor_after_two_retaggings_at_any_two_calls(world: World, by: str, flow: str, first: str) -> None:
    """Where the last one took the tag away, a role may be left that was attached after the last look; it never takes one off."""
    world.look(side_by_side=False)

    def end_of(second: str, nth: int, later: int) -> bool:
        (instance,) = begin(world, FLOWS[flow])
        world.cloud.between.before(nth, lambda: HAPPENINGS[first](world, instance))
        met = world.cloud.between.before(later, lambda: HAPPENINGS[second](world, instance))
        assert work_to_the_end(world, by, [instance.instance_id]) is None
        world.cloud.between.clear()
        if met.met:
            left = second == "untagged" and instance.role in LISTED
            assert settled(world, instance) or left, (second, nth, met, instance.role)
            assert work(world, "reconcile", []) is None
            assert settled(world, instance), (second, nth, met, instance.role)
        return bool(met.met)

    for second in TWICE:
        for nth in range(1, MOST):
            pairs = len(list(takewhile(lambda later: end_of(second, nth, later), range(nth + 1, MOST))))  # noqa: B023
            if not pairs:
                break
        assert nth > 2


@pytest.mark.parametrize(
    ("by", "flow", "happening"), each(list(FLOWS), [name for name in HAPPENINGS if name not in RETAGS])
)
def test_what_hands_did_meanwhile_stays_or_is_put_right(world: World, by: str, flow: str, happening: str) -> None:
    """What comes after the last look stays until the next. A foreign role that somebody puts on is never taken off under `keep`."""
    hand = "" if happening == "detached by hand" else happening.partition(" ")[0]
    for name, end in boundaries(world, by, FLOWS[flow], happening).items():
        assert end.settled or end.holds == hand, (name, end)
        assert end.healed, (name, end)
        assert end.error is None, (name, end)


@pytest.mark.parametrize(("by", "flow", "happening"), each(list(FLOWS), ["deleted"]))
def test_an_instance_that_is_deleted_meanwhile_is_gone_and_nothing_else(
    world: World, by: str, flow: str, happening: str
) -> None:
    def end_of(nth: int) -> str:
        (instance,) = begin(world, FLOWS[flow])
        met = world.cloud.between.before(nth, lambda: delete(world, instance))
        assert work_to_the_end(world, by, [instance.instance_id]) is None, met
        ends = [r for r in world.records() if r.get("instance_id") == instance.instance_id]
        told = {(r["outcome"], r["reason"]) for r in ends}
        done = [pair for pair in told if pair[0] in ("attached", "swapped", "detached")]
        assert len(ends) == len(told) <= 2, (met, ends)
        assert told <= {("unchanged", "gone"), ("failed", "gone"), *done}, (met, ends)
        return met.met

    world.look(side_by_side=False)
    assert 3 <= len(list(takewhile(bool, map(end_of, range(1, MOST))))) < MOST - 1


@pytest.mark.parametrize(("by", "flow", "happening"), each(list(FLOWS), ["mapped otherwise"]))
def test_where_the_rules_change_meanwhile_the_role_is_of_the_old_or_of_the_new_and_then_of_the_new(
    world: World, by: str, flow: str, happening: str
) -> None:
    """The new rules come with new functions, which do their whole work; what had begun before ends by the old ones."""
    wanted = "batch" if FLOWS[flow].app else "worker"

    def end_of(nth: int) -> str:
        world.map()
        (instance,) = begin(world, FLOWS[flow])

        def other_rules() -> None:
            world.map(OTHER_RULES)
            another(world, instance)

        met = world.cloud.between.before(nth, other_rules)
        assert work_to_the_end(world, by, [instance.instance_id]) is None, met
        assert instance.role in (FLOWS[flow].ends, wanted, FOREIGN), (met, instance.role)
        assert met.met == "" or work(world, "reconcile", [instance.instance_id]) is None
        assert met.met == "" or instance.role == (FOREIGN if instance.role == FOREIGN else wanted), (met, instance.role)
        return met.met

    world.look(side_by_side=False)
    assert 3 <= len(list(takewhile(bool, map(end_of, range(1, MOST))))) < MOST - 1
