"""The finding of a plan: an executor that takes steps in and carries none out, over a region or over a snapshot. Knows no printing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any

import msgspec

from cli.runs import Follower
from shared.clock import CLOCK
from shared.engine.engine import Engine
from shared.engine.executors import DryRun
from shared.engine.holders import Holders
from shared.engine.observe import Observations
from shared.engine.recording import Recording
from shared.engine.terms import Terms
from shared.errors import CloudCallError
from shared.gateways.ecs import DESCRIBE_IDS, ROLE_IDS, TAG_IDS
from shared.gateways.exact_reads import DESCRIBE, LOOKUP
from shared.mapping import Mapping as RoleMapping
from shared.model.decision import Outcome, Reason
from shared.model.instance import Instance
from shared.model.outcomes import WRONG
from shared.model.plan import Change, Result, Step
from shared.model.progress import Progress
from shared.model.record import Record, RecordContext
from shared.model.snapshot import Snapshot
from shared.model.trigger import RemediationRequest, Trigger
from shared.planning import guards
from shared.planning.guards import Facts
from shared.planning.planner import Planner, Signing
from shared.planning.steps import steps
from shared.proof import Key

PAGE = 100
"""Instances of a snapshot that are planned at once, as of a page of DescribeInstances."""

_BY_NAME = attrgetter("name", "instance_id")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One instance for which there is something to do. change: None in mode audit: nothing is carried out there."""

    instance_id: str
    name: str
    action: str
    reason: str
    rule: str
    mode: str
    role_before: str
    role_then: str
    change: Change | None = None

    @property
    def group(self) -> tuple[str, str, str, str, str, str]:
        return self.action, self.role_before, self.role_then, self.rule, self.mode, self.reason


class Wrong(msgspec.Struct, frozen=True, kw_only=True):
    """One instance that needs a human: it could not be observed, a guard or a rule of the table leaves it as it is, or it stays as it
    is with a warning."""

    instance_id: str
    name: str
    outcome: str
    reason: str
    rule: str
    role: str
    role_before: str
    error: str


class Planned(Follower):
    """The plan as it is found: an observer of the run, and its executor."""

    def __init__(self) -> None:
        super().__init__(None)
        self._lines: dict[str, Line] = {}
        self._wrong: dict[str, Wrong] = {}
        self._stays: dict[str, str] = {}  # the reason for which nothing is to be done
        self._names: dict[str, str] = {}
        self._changes: dict[str, Change] = {}
        self._holders: Holders | None = None

    def count_by(self, holders: Holders) -> None:
        """Let these count how many instances hold a listed role."""
        self._holders = holders

    def __call__(self, step: Step, observed: float) -> list[Result]:
        if step.action != "untag":
            self._changes |= {change.instance_id: change for change in step.changes}
        return DryRun()(step, observed)

    def observed(self, page: Observations) -> None:
        if self._holders:
            self._holders.note(page)
        for instance in (*page.instances, *page.unread_roles):
            self._names[instance.instance_id] = instance.name

    def ended(self, record: Record) -> None:
        """The last end of an instance counts: a listing that ECS begins again shows it once more."""
        self.advance()
        name, change = self._names.pop(record.instance_id, ""), self._changes.pop(record.instance_id, None)
        for ended in (self._lines, self._wrong, self._stays):
            ended.pop(record.instance_id, None)
        if record.outcome == Outcome.PLANNED.value:
            self._lines[record.instance_id] = _line(record, name, change)
        elif record.outcome in WRONG or record.reason == Reason.GONE.value or record.error_message:
            self._wrong[record.instance_id] = _wrong(record, name)
        else:
            self._stays[record.instance_id] = record.reason

    @property
    def lines(self) -> list[Line]:
        """Return those for which there is something to do, by name and id: two plans can be compared."""
        return sorted(self._lines.values(), key=_BY_NAME)

    @property
    def wrong(self) -> list[Wrong]:
        """Return those that need a human, in the same order."""
        return sorted(self._wrong.values(), key=_BY_NAME)

    @property
    def stays(self) -> Counter[str]:
        """Return how many stay as they are, by reason."""
        return Counter(self._stays.values())

    def changes(self) -> list[Change]:
        """Return what would be carried out: not what mode audit only tells."""
        return [line.change for line in self.lines if line.change]

    def braked(self, mapping: RoleMapping, *, may_ask: bool = True) -> Braked:
        """Ask the brake of all removals together, as a run does; holders are counted as there, and only where a run counts them.

        may_ask: whether the cloud may be called for that.
        """
        facts = Facts(limit=mapping.settings.brake)
        removals = sum(change.removes for change in self.changes())
        if self._holders:
            self._holders.note(Observations(began=CLOCK.monotonic(), is_last=True))  # all are seen
            holders = self._holders.known
            if holders is None and may_ask and guards.needs_holders(removals, facts):
                holders = self._counted(self._holders)
            facts = msgspec.structs.replace(facts, holders=holders)
        return Braked(
            removals=removals,
            holders=facts.holders,
            allowance=guards.allowance(facts) or 0,
            acts=bool(removals) and guards.too_many(removals, facts),
            counts=guards.needs_holders(removals, facts),
        )

    @staticmethod
    def _counted(holders: Holders) -> int | None:
        """None where the cloud gives no answer: a run would try these removals again, or refuse them."""
        try:
            return holders.count(Progress())
        except CloudCallError:
            return None


def _wrong(record: Record, name: str) -> Wrong:
    return Wrong(
        instance_id=record.instance_id,
        name=name,
        outcome=record.outcome,
        reason=record.reason,
        rule=record.rule,
        role=record.role,
        role_before=record.role_before,
        error=record.error_message,
    )


def _line(record: Record, name: str, change: Change | None) -> Line:
    then = change.role_after if change else "" if record.action == "detach" else record.role
    return Line(
        instance_id=record.instance_id,
        name=name,
        action=record.action,
        reason=record.reason,
        rule=record.rule,
        mode=record.mode,
        role_before=record.role_before,
        role_then=then,
        change=change,
    )


class Braked(msgspec.Struct, frozen=True, kw_only=True):
    """The brake's word on a plan. holders: None = not known. allowance: removals that it lets through at most. counts: whether a run
    has to count the holders for that."""

    removals: int
    holders: int | None
    allowance: int
    acts: bool
    counts: bool = False


def of_snapshot(snapshot: Snapshot, trigger: Trigger, mapping: RoleMapping, keys: tuple[Key, ...]) -> Planned:
    """Plan for the instances of a snapshot, as of the time when it was made: by the same engine. Raises ConfigError."""
    header, request = snapshot.header, trigger.request or RemediationRequest()
    planned = Planned()
    planned.count_by(Holders(mapping, None, True, lambda: None))
    signing = Signing(account_id=header.account_id, keys=keys, operated=True)
    planner = Planner(mapping, signing, lambda: header.made_at, selection=request, causes=lambda name: (trigger,))
    context = RecordContext(account_id=header.account_id, mapping_hash=mapping.hash)
    recording = Recording(context, header.region, lambda name, event: trigger, planned.ended)
    engine = Engine(planner, planned, recording, Holders(mapping, None, False, lambda: None), Progress())
    pages = _pages(snapshot, set(trigger.instance_ids), planned)
    engine.run(pages, Terms(facts=Facts(limit=mapping.settings.brake, lifted=True)))
    return planned


def _pages(snapshot: Snapshot, ids: set[str], planned: Planned) -> Iterator[Observations]:
    missing, instances = set(ids), snapshot.instances()
    while page := [*islice(instances, PAGE)]:
        planned.observed(_observations(page))  # all of them: the brake's measure is the region
        chosen = [one for one in page if not ids or one.instance_id in ids]
        missing -= {one.instance_id for one in chosen}
        yield _observations(chosen)
    yield Observations(began=CLOCK.monotonic(), not_found=sorted(missing), is_last=True)


def _observations(page: Sequence[Instance]) -> Observations:
    """Of one that has a zone the role alone could not be read."""
    return Observations(
        began=CLOCK.monotonic(),
        instances=[one for one in page if not one.unread],
        unread={one.instance_id: one.unread for one in page if one.unread and not one.zone},
        unread_roles=[one for one in page if one.unread and one.zone],
    )


def calls_of(changes: Sequence[Change], *, counted: int = 0) -> dict[str, int]:
    """Return the most calls that carrying out takes, if none has to be made twice: observing again, writes in full calls, the second
    looks before and after removals, notes of foreign roles written and removed.

    counted: listed roles whose holders are counted for the brake, a call each.
    """
    found = Counter({DESCRIBE: -(-len(changes) // DESCRIBE_IDS), LOOKUP: -(-len(changes) // ROLE_IDS) + counted})
    for step in steps(changes):
        if step.attach and step.action in ("attach", "swap"):
            found["AttachInstanceRamRole"] += 1
        if step.detach and step.action in ("detach", "swap"):
            found["DetachInstanceRamRole"] += 1
            found[DESCRIBE] += 2
        if step.action == "untag" or step.puts_back:
            found["UntagResources"] += -(-len(step.changes) // TAG_IDS)
        found["TagResources"] += sum(bool(change.note) for change in step.changes)
    return {name: count for name, count in sorted(found.items()) if count}


def minutes(calls: Mapping[str, int], per_minute: Mapping[str, Any]) -> float:
    """Return how long so many calls take at the rate, at least: that of the API which is called most."""
    return max((count / (per_minute.get(name) or per_minute[""]) for name, count in calls.items()), default=0.0)
