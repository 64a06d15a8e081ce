"""The memory of a process between its invocations: its last observations of new instances, its removals of the last minute, roles that
ECS refused, and how long reads take. All of it only saves calls or adds caution: a process that has just begun knows nothing of it, and is as right."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from shared.clock import CLOCK
from shared.engine.missing import MissingRoles
from shared.engine.reads import Reads
from shared.model.decision import Outcome, Reason
from shared.model.ignored import Ignored, ignored_as
from shared.model.instance import ROLE
from shared.model.record import Record
from shared.model.trigger import Trigger
from shared.planning.contest import MOST, WITHIN, Contest

KEPT = 20_000  # observations
APART = timedelta(seconds=2)
"""So much older than our observation a creation must be, to be covered by it: clocks differ, and ECS may show a change late."""
SETTLED = timedelta(minutes=2)
"""So long after an observation that found or gave an instance its role, a creation brings nothing: it tells of no tag and no role."""
UNFINISHED = (Outcome.RETRYING.value, Outcome.FAILED.value)


class Removals:
    """Removals that this process made within the last minute. What other processes made, it does not know."""

    def __init__(self) -> None:
        self._made: list[tuple[float, int]] = []

    def recent(self) -> int:
        since = CLOCK.monotonic() - 60
        self._made = [(at, count) for at, count in self._made if at > since]
        return sum(count for _, count in self._made)

    def add(self, count: int) -> None:
        if count:
            self._made.append((CLOCK.monotonic(), count))


class Memory:
    """A launch raises three events and more for one instance. A creation that happened before our last observation of the instance
    tells nothing new: that observation saw what it tells of. One that happened shortly after neither, if the instance holds the role
    that it should; one without such a role is observed again, for its tags may have come late. Tag changes are always
    observed."""

    def __init__(self) -> None:
        self.removals = Removals()
        self.reads = Reads()
        self.missing: defaultdict[str, MissingRoles] = defaultdict(MissingRoles)  # by account
        self._contest = Contest()
        self._covered: OrderedDict[tuple[str, str], datetime] = OrderedDict()  # until when, by the events' clock

    def observed(self, record: Record, at: datetime, trigger: Trigger) -> None:
        """Remember how an observation that began then has ended. One that has to be tried again counts for nothing."""
        key = (record.region, record.instance_id)
        if ROLE in trigger.attributes and record.role_after != record.role_before:
            self._contest.corrected(key, at)
        if record.outcome in UNFINISHED or record.reason == Reason.NOT_ASSIGNABLE.value:  # its proof may come yet
            self._covered.pop(key, None)
            return
        settled = bool(record.role) and record.role_after == record.role
        self._covered[key] = at + SETTLED if settled else at - APART
        self._covered.move_to_end(key)
        if len(self._covered) > KEPT:
            self._covered.popitem(last=False)

    def sift(self, triggers: Iterable[Trigger], ignored: Iterable[Ignored]) -> tuple[list[Trigger], list[Ignored]]:
        """The triggers that still have something to observe; the others among what is ignored."""
        left, out = [], list(ignored)
        for trigger in triggers:
            contested = self._contested(trigger)
            covered = [name for name in trigger.instance_ids if name in contested or self._covers(trigger, name)]
            names = tuple(name for name in trigger.instance_ids if name not in covered)
            if names or not covered:
                left.append(msgspec.structs.replace(trigger, instance_ids=names))
            if contested:
                often = f"corrected {MOST} times within {WITHIN.seconds // 60} minutes; the timer does the rest"
                out.append(ignored_as("contested", f"{_said(trigger, contested)}, {often}", trigger))
            elif not names and covered:
                out.append(ignored_as("looked-since", _said(trigger, covered), trigger))
        return left, out

    def _contested(self, trigger: Trigger) -> list[str]:
        if ROLE not in trigger.attributes:
            return []
        now = CLOCK.now()
        return [name for name in trigger.instance_ids if self._contest.is_over((trigger.region, name), now)]

    def _covers(self, trigger: Trigger, name: str) -> bool:
        until = self._covered.get((trigger.region, name)) if trigger.kind == "created" else None
        return until is not None and trigger.event_at is not None and trigger.event_at < until


def _said(trigger: Trigger, names: list[str]) -> str:
    return f"{trigger.event_name} of {', '.join(names[:3])}"
