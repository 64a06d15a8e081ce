"""The finding of a plan: an executor that takes steps in and carries none out, over a region or over a snapshot. Knows no printing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
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
from shared.mapping import Mapping as RoleMapping
from shared.model.decision import Outcome, Reason
from shared.model.outcomes import WRONG
from shared.model.plan import Change, Result, Step
from shared.model.progress import Progress
from shared.model.record import Record, RecordContext
from shared.model.snapshot import Snapshot
from shared.model.trigger import RemediationRequest, Trigger
from shared.planning import guards
from shared.planning.guards import Facts
from shared.planning.planner import Planner, Signing
from shared.proof import Key

PAGE = 100
"""Instances of a snapshot that are planned at once, as of a page of DescribeInstances."""


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
    """One instance that needs a human: it could not be observed, or a guard or a rule of the table leaves it as it is."""

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
        self.lines: list[Line] = []
        self.wrong: list[Wrong] = []
        self.stays: Counter[str] = Counter()
        self.estimate: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._changes: dict[str, Change] = {}

    def __call__(self, step: Step, observed: float) -> list[Result]:
        if step.action != "untag":
            self._changes |= {change.instance_id: change for change in step.changes}
        return DryRun()(step, observed)

    def estimated(self, calls: Mapping[str, int]) -> None:
        super().estimated(calls)
        self.estimate.update(calls)

    def observed(self, page: Observations) -> None:
        for instance in (*page.instances, *page.unread_roles):
            self._names[instance.instance_id] = instance.name

    def ended(self, record: Record) -> None:
        self.advance()
        if record.role_after:
            self.held[record.role_after] += 1
        name, change = self._names.pop(record.instance_id, ""), self._changes.pop(record.instance_id, None)
        if record.outcome == Outcome.PLANNED.value:
            self.lines.append(_line(record, name, change))
        elif record.outcome in WRONG or record.reason == Reason.GONE.value:
            self.wrong.append(
                Wrong(
                    instance_id=record.instance_id,
                    name=name,
                    outcome=record.outcome,
                    reason=record.reason,
                    rule=record.rule,
                    role=record.role,
                    role_before=record.role_before,
                    error=record.error_message,
                )
            )
        else:
            self.stays[record.reason] += 1

    def changes(self) -> list[Change]:
        """Return what would be carried out: not what mode audit only tells."""
        return [line.change for line in self.lines if line.change]

    def managed(self, mapping: RoleMapping) -> int:
        """Return how many of the instances seen hold a listed role."""
        return sum(number for role, number in self.held.items() if mapping.is_managed(role))


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
    """The brake's word on a plan. holders: None = not known. allowance: removals that it lets through at most."""

    removals: int
    holders: int | None
    allowance: int
    acts: bool

    @classmethod
    def of(cls, changes: Sequence[Change], mapping: RoleMapping, holders: int | None) -> Braked:
        facts = Facts(limit=mapping.settings.brake, holders=holders)
        removals = sum(change.removes for change in changes)
        return cls(
            removals=removals,
            holders=holders,
            allowance=guards.allowance(facts) or 0,
            acts=bool(removals) and guards.too_many(removals, facts),
        )


def of_snapshot(snapshot: Snapshot, trigger: Trigger, mapping: RoleMapping, keys: tuple[Key, ...]) -> Planned:
    """Plan for the instances of a snapshot, as of the time when it was made: by the same engine. Raises ConfigError."""
    header, request = snapshot.header, trigger.request or RemediationRequest()
    planned = Planned()
    signing = Signing(account_id=header.account_id, keys=keys, operated=True)
    planner = Planner(mapping, signing, lambda: header.made_at, selection=request)
    context = RecordContext(account_id=header.account_id, mapping_hash=mapping.hash)
    recording = Recording(context, header.region, lambda name: trigger, planned.ended)
    engine = Engine(planner, planned, recording, Holders(mapping, None, False, lambda: None), Progress())
    pages = _pages(snapshot, set(trigger.instance_ids), planned)
    engine.run(pages, Terms(facts=Facts(limit=mapping.settings.brake, lifted=True)))
    return planned


def _pages(snapshot: Snapshot, ids: set[str], planned: Planned) -> Iterator[Observations]:
    missing, instances = set(ids), snapshot.instances()
    while page := [*islice(instances, PAGE)]:
        chosen = [one for one in page if not ids or one.instance_id in ids]
        missing -= {one.instance_id for one in chosen}
        made = Observations(
            began=CLOCK.monotonic(),
            instances=[one for one in chosen if not one.unread],
            unread={one.instance_id: one.unread for one in chosen if one.unread},
        )
        planned.observed(made)
        yield made
    yield Observations(began=CLOCK.monotonic(), not_found=sorted(missing), is_last=True)


def calls_of(changes: Sequence[Change], observed: int) -> dict[str, int]:
    """Return the calls that carrying out takes, if none has to be made twice: observing again, writes in full calls, the second
    looks of removals, a note for each foreign role that is displaced."""
    from shared.planning.steps import steps

    found: Counter[str] = Counter(
        {"DescribeInstances": -(-observed // 100), "DescribeInstanceRamRole": -(-observed // 50)}
    )
    for step in steps(changes):
        if step.attach and step.action in ("attach", "swap"):
            found["AttachInstanceRamRole"] += 1
        if step.detach:
            found["DetachInstanceRamRole"] += 1
            found["DescribeInstances"] += 1
        found["TagResources"] += sum(bool(change.note) for change in step.changes)
    return {name: count for name, count in sorted(found.items()) if count}


def minutes(calls: Mapping[str, int], per_minute: Mapping[str, Any]) -> float:
    """Return how long so many calls take at the rate, at least: that of the API which is called most."""
    return max((count / (per_minute.get(name) or per_minute[""]) for name, count in calls.items()), default=0.0)
