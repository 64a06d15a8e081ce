"""The end of a history: all becomes quiet and well, what is under way ends, and one healthy reconcile sets everything right."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.torture import after
from tests.torture.invocation import Invocation
from tests.torture.moves import Moves
from tests.torture.oracle import End
from tests.torture.verdict import must_not
from tests.torture.world import Pending, World

Check = Callable[[Invocation], None]
LATE = 3
"""Events that come after all the others are lost."""
MOST = 200
"""Invocations until what was under way has ended."""


KEPT_BACK = 400.0
"""Seconds within which Function Compute begins all that it was given: the timer's runs of other places are kept back."""


def settle(world: World, moves: Moves, check: Check) -> None:
    world.cloud.faults.clear()
    world.cloud.latency.clear()
    world.labels = set()
    moves.roles_back()
    events = [pending for pending in world.inbox if pending.names]
    world.inbox = [pending for pending in world.inbox if pending not in events[:-LATE]]
    for _ in range(MOST):
        if not world.inbox:
            world.cloud.clock.settle(within=KEPT_BACK)
        if not world.inbox:
            break
        pending = world.inbox.pop(0)
        made = world.invoke(pending)
        check(made)
        if made.error and pending.attempt < 1:
            pending.attempt += 1
            world.inbox.append(pending)
    must_not(f"what was handed over has no end: {pending.body!r}" for pending in world.inbox)
    world.cloud.clock.advance(3 * 3600)
    world.handlers.clear()
    whole(world, moves, check)


def whole(world: World, moves: Moves, check: Check) -> None:
    """A dry run, a timer's run, one whose brake is lifted, and one more, which finds nothing to do."""
    ends = after.expected(world, world.instances())
    todo = {name for name, end in ends.items() if end.action != "none"}
    before = {i.instance_id: i.role for i in world.instances()}
    found = run(world, moves, check, {"reconcile": {"dry_run": True, "everywhere": True}}, dry=True)
    planned = {r["instance_id"] for r in found if r.get("outcome") == "planned" or r.get("reason") == "brake"}
    audited = {r["instance_id"] for r in found if r.get("mode") == "audit"}
    must_not(f"a dry run plans what is not done, or the other way round: {name}" for name in (planned - audited) ^ todo)
    held = set[str]()
    for place in world.place:
        names = world.cloud.ecs.place(*place).instances
        removals = {name for name in names if ends[name].removes_listed}
        if world.file.brakes(len(removals), sum(i.role in world.file.roles for i in names.values())):
            held |= removals
    run(world, moves, check, {"reconcile": {"everywhere": True}})
    braked = {name: End(before[name]) if name in held else end for name, end in ends.items()}
    must_not(f"the brake: {text}" for text in after.missed(world, braked))
    run(world, moves, check, {"reconcile": {"everywhere": True, "lift_brake": True}}, lifted=True)
    must_not(after.missed(world, ends))
    calls = len(world.calls())
    run(world, moves, check, {"reconcile": {"everywhere": True, "lift_brake": True}}, lifted=True)
    must_not(f"a second reconcile writes: {call}" for call in world.calls()[calls:] if call.writes)
    told = world.told()
    must_not("a credential shows" for secret in world.secrets() if secret in told)


def run(
    world: World,
    moves: Moves,
    check: Check,
    asked: object,
    *,
    dry: bool = False,
    lifted: bool = False,
) -> list[dict[str, str]]:
    """A reconcile by hand with all its parts; each ends well. The records of its looks."""
    root = world.root(lifted=lifted, dry=dry)
    body = json.dumps(asked).encode()
    world.inbox.append(Pending("reconcile", body, moves.request_id(), root))
    while world.inbox:
        made = world.invoke(world.inbox.pop(0))
        check(made)
        must_not([f"a healthy reconcile fails: {made.error}"] if made.error else [])
    told = [r for one in root.invocations for r in one.runs()]
    left = set(world.place) - {(r["account_id"], r["region"]) for r in told if r["run"] == "complete"}
    must_not(f"a healthy reconcile does not come to its end in {place}: {told}" for place in left)
    return [record for one in root.invocations for record in one.looks()]
