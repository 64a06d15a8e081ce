"""What an invocation must have left behind, and what a run as a whole must have kept to. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from fakecloud.ecs.models import Instance
from tests.torture.invocation import Call, Invocation, Root
from tests.torture.oracle import MINUTE, End, Seen, end
from tests.torture.world import World

DECLARED = "RolekeeperError"
CHANGED = ("attached", "detached", "swapped")
UNASKED = ("looked-since", "contested")
"""Why an event that was understood needs no look; the line names the first three of its instances, and no event here has more."""
EXIT_CODES = (0, 1, 2, 130)


def wrong(world: World, made: Invocation) -> Iterator[str]:
    """Of any invocation, whatever happened to it."""
    for text in (
        *_ended(made),
        *_recorded(world, made),
        *_bare(world, made),
        *_stale(world, made),
        *_budget(made.root),
        *_braked(world, made.root),
    ):
        yield f"{made.function} {made.request_id}: {text}"


def _ended(made: Invocation) -> Iterator[str]:
    if made.error and DECLARED not in [kind.__name__ for kind in type(made.error).__mro__]:
        yield f"an error that is not declared: {made.error!r}"
    if made.function == "command" and not made.dead and made.result not in EXIT_CODES:
        yield f"exit code {made.result!r}"


def _recorded(world: World, made: Invocation) -> Iterator[str]:
    """Each look one record; each change in a record that says so, and no record of a change that was none."""
    if made.dead or made.at_once:
        return
    records = made.looks()
    for name, times in Counter(r["instance_id"] for r in records).items():
        looks = [r for r in records if r["instance_id"] == name]
        undone = "between" in made.trouble and all(
            r["action"] != "none" for r in looks
        )  # a second look, which changed something
        if times > 1 and not undone:
            yield f"more than one record of {name}: {looks}"
    last = {r.get("instance_id", ""): r for r in records}
    for name in dict.fromkeys(change.instance_id for change in made.changes):
        record = last.get(name)
        if record is None:
            yield f"no record of {name}, which it changed"
        elif record.get("action") == "none":
            yield f"{name} was changed, and its record says {record}"
        elif not made.trouble and record.get("role_after", "") != world.role(name):
            yield f"{name} holds {world.role(name)!r}, and its record says {record}"
    changed = {change.instance_id for change in made.changes}
    for name, record in last.items():
        if record.get("outcome") in CHANGED and name not in changed and not _taken_for_ours(world, made, record):
            yield f"{name} was not changed, and its record says {record}"


def _taken_for_ours(world: World, made: Invocation, record: Mapping[str, str]) -> bool:
    """Nobody can tell that another was faster where ECS attaches a role once more, or takes off none, without a word; nor where the answer
    to our own write was lost meanwhile."""
    switches, outcome, name = world.cloud.switches, record.get("outcome"), record["instance_id"]
    attached_again = switches.same_role_again == "success" and outcome in ("attached", "swapped")
    none_taken_off = switches.detach_nothing == "success" and outcome in ("detached", "swapped")
    lost = made.trouble >= {"between", "fault"} and any(c.writes and name in c.ids for c in made.calls)
    return attached_again or none_taken_off or lost


def _bare(world: World, made: Invocation) -> Iterator[str]:
    """Where a swap took a role off, the new one is on, or the old one was tried."""
    if made.dead or made.at_once:
        return
    given_up = (
        "put-back",
        "detached",
    )  # a displaced role that cannot be given back: no rule gives a listed one in its place
    swaps = {
        r["instance_id"]
        for r in made.looks()
        if r.get("action") == "swap" and (r.get("reason"), r.get("outcome")) != given_up
    }
    for call in made.calls:
        if call.action != "DetachInstanceRamRole":
            continue
        for change in call.changes:
            name = change.instance_id
            if name not in swaps or world.role(name):
                continue
            after = made.calls[made.calls.index(call) + 1 :]
            if any(_puts_back(later, name, change.before) for later in after):
                continue
            if any(later.action == "DescribeInstanceRamRole" and not _answered(later) for later in after):
                continue  # whether it is bare could not be read
            if world.touched_since(name, made) or not world.cloud.ecs.instance(name):
                continue
            yield f"{name} is left without a role, and {change.before} was not tried again"


def _answered(call: Call) -> bool:
    return call.status == 200


def _puts_back(call: Call, name: str, role: str) -> bool:
    return call.action == "AttachInstanceRamRole" and name in call.ids and call.role == role


def _stale(world: World, made: Invocation) -> Iterator[str]:
    """A removal that ends after somebody else has retagged the instance, and another invocation has brought it in line, leaves it so."""
    if made.dead or made.trouble != {"between"}:
        return
    removed = {c.instance_id for call in made.calls if call.action == "DetachInstanceRamRole" for c in call.changes}
    for name in sorted(removed & made.retagged):
        instance = world.cloud.ecs.instance(name)
        if instance and end(made.file, world.seen(instance)).action != "none":
            yield f"{name} was retagged meanwhile, and is left with {instance.role!r}: {dict(instance.tags)}, {made.file}"


def _budget(root: Root) -> Iterator[str]:
    """max_calls is a hard budget of calls to ECS, for the run in each place."""
    if root.max_calls is None or root.forked:
        return
    made = Counter(
        (call.account, call.region) for one in root.invocations for call in one.calls if call.service == "ecs"
    )
    for place, count in made.items():
        if count > root.max_calls:
            yield f"{count} calls to ECS in {place}, of {root.max_calls} allowed"


def _braked(world: World, root: Root) -> Iterator[str]:
    """A run takes listed roles off no more instances than the brake lets through. One that is tried again is another run."""
    if (
        root.lifted
        or root.forked
        or any(one.function not in ("reconcile", "remediate", "command") for one in root.invocations)
    ):
        return
    file = root.invocations[0].file
    if any(one.file != file or "between" in one.trouble for one in root.invocations):
        return
    removed: dict[tuple[str, str], set[str]] = {}
    for one in root.invocations:
        for call in one.calls:
            taken = {
                c.instance_id for c in call.changes if c.before in file.roles and call.action == "DetachInstanceRamRole"
            }
            if taken:
                removed.setdefault((call.account, call.region), set()).update(taken)
    for place, names in removed.items():
        holders = root.holders.get(place, 0)
        if file.brakes(len(names), holders):
            yield f"{len(names)} removals in {place}, of {holders} that hold a listed role: {file.share:.0%}, at least {file.least}"


def plan_missed(world: World, made: Invocation, plan: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Tell where an applied plan has left something otherwise than it says, without saying why."""
    lines = {line["instance_id"]: line.get("role_after", "") for line in plan}
    for name in dict.fromkeys(change.instance_id for change in made.changes):
        if name not in lines:
            yield f"apply changes {name}, which the plan does not name"
    if made.dead or made.at_once or "between" in made.trouble:
        return
    records = {record["instance_id"]: record for record in made.looks()}
    changed = {change.instance_id for change in made.changes}
    for name, wanted_role in lines.items():
        if not world.cloud.ecs.instance(name) or world.role(name) == wanted_role:
            continue
        held, record = world.role(name), records.get(name, {})
        if record.get("outcome") in CHANGED or (name in changed and not made.trouble):
            yield f"apply leaves {name} with {held!r}, the plan says {wanted_role!r}, and the record {record}"
        if made.result == 0 and not record:
            yield f"apply ends well, leaves {name} with {held!r} in place of {wanted_role!r}, and says nothing of it"


def expected(
    world: World, instances: Iterable[Instance], *, just_created: Iterable[str] = (), asked: bool = False
) -> dict[str, End]:
    """How a healthy look that no guard holds back ends, for those of which that is certain."""
    found = {}
    for instance in instances:
        seen = replace(world.seen(instance), asked=asked)
        if instance.instance_id in just_created:
            seen = Seen(**{**seen.__dict__, "created_just_now": True})
        border = abs(seen.age - world.file.grace) < 2 * MINUTE and world.file.grace > 0
        if not border or end(world.file, seen) == end(world.file, Seen(**{**seen.__dict__, "age": 1e9})):
            found[instance.instance_id] = end(world.file, seen)
    return found


def event_missed(world: World, made: Invocation, ends: Mapping[str, End]) -> Iterator[str]:
    """Whom a healthy look at an event's instances left otherwise than it should; what was not looked at needs no look."""
    records = {r["instance_id"]: r for r in made.looks()}
    unasked = {name for line in made.lines if line.get("ignored") in UNASKED for name in ends if name in line["detail"]}
    if any(
        line.get("ignored") == "not-for-us" for line in made.lines
    ):  # a role put on by hand where the deployment looks after none
        found = {name: world.cloud.ecs.instance(name) for name in ends}
        unasked |= {name for name, one in found.items() if one and one.region not in world.place.regions}
    for name, wanted in ends.items():
        if name not in records and name not in unasked:
            yield f"{made.function} {made.request_id}: no record of {name}: {made.lines}"
        elif name in records:
            braked = records[name].get("reason") == "brake"
            yield from missed(world, {name: wanted}, braked=braked)


def run_missed(world: World, root: Root, ends: Mapping[str, End]) -> Iterator[str]:
    """Whom a whole run, all of whose parts were healthy, left otherwise than it should."""
    if not all(one.clean and not one.error for one in root.invocations) or root.forked:
        return
    runs = [r for one in root.invocations for r in one.runs()]
    if {(r["account_id"], r["region"]) for r in runs if r["run"] == "complete"} != set(world.place):
        return
    braked = any(r.get("reason") == "brake" for one in root.invocations for r in one.looks())
    yield from missed(world, ends, braked=braked)
    seen = Counter(r["instance_id"] for one in root.invocations for r in one.looks())
    if twice := [name for name, count in seen.items() if count > 1]:
        yield f"a run has more than one record of {twice}"
    if left_out := [name for name in ends if root.invocations[0].file.shows_all and not seen[name]]:
        yield f"a run has no record of {left_out}"


def missed(world: World, ends: Mapping[str, End], *, braked: bool = False) -> Iterator[str]:
    """Who does not hold what it should now. braked: those whose listed role would be taken off may hold it still."""
    for name, wanted in ends.items():
        instance = world.cloud.ecs.instance(name)
        if instance and instance.role != wanted.role and not (braked and wanted.removes_listed):
            yield f"{name} holds {instance.role!r} and should hold {wanted.role!r}: {dict(instance.tags)}, {world.file}"
