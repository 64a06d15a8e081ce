"""A run over many instances: a whole region, a selection of it, or a list of ids, in one invocation or a chain of them.

The same looks, decisions and calls as for one event; here with reads side by side, a rate, a brake, and a place to go on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import msgspec

from shared.apply import Applier, Done
from shared.attached import Attached, at_most
from shared.brake import Brake
from shared.carry import Carrier, unbegun
from shared.engine.rate import Rate, Reservation
from shared.errors import BudgetSpent, CloudCallError, Interrupted, OutOfTime
from shared.events.own import handed_over
from shared.gateways.ecs import EcsGateway
from shared.model.decision import Reason
from shared.model.instance import Desired, Instance
from shared.model.progress import Cursor
from shared.model.record import Record
from shared.model.trigger import Remedy, Trigger
from shared.observe import LOOKUP
from shared.plan import Decision, Step, drift
from shared.rate_control import RateControl
from shared.reconciler import LOOK, Looks, Parts, managed_in
from shared.recorder import Seen
from shared.region import Region
from shared.reported import ids_beside

CALLS = {"attach": 8, "detach": 8, "swap": 32, "untag": 8}
"""Calls that must be left in the budget before a step begins: a swap must never be left half done for want of them. Besides them,
one for each note that is written."""
KEPT = {"swap": (("AttachInstanceRamRole", "DescribeInstances"), 16)}
"""Of them, for those actions alone: the attach, and putting back, must not lack what detaching has used up."""
SWAP_SECONDS = 5.0
CURSOR_BYTES = 2_500
"""Of a hand-over, for what a cursor may have beside instance ids: a page's token, counts, the seal."""


class Fleet:
    """One invocation's part of a run. After it has been gone through: `error`, `cursor` (None: the run is over).

    reserve: seconds before the rate's end at which no more pages are taken. at_once: calls side by side, reads and writes
    each. estimate: told of what the run may cost, before it begins.
    """

    def __init__(
        self, parts: Parts, ecs: EcsGateway, rate: Rate, trigger: Trigger, *, at_once: int, reserve: float,
        estimate: Callable[[Mapping[str, int]], None],
    ) -> None:  # fmt: skip
        self._parts, self._ecs, self._rate, self._trigger = parts, ecs, rate, trigger
        self._at_once, self._reserve, self._estimate = at_once, reserve, estimate
        self._remedy = trigger.remedy or Remedy()
        self._from = trigger.cursor or Cursor(listed=bool(trigger.instance_ids), instance_ids=trigger.instance_ids)
        self._observer = Looks(parts)
        self.error: CloudCallError | None = None
        self.cursor: Cursor | None = None
        self.brake_acted = self.brake_uncounted = False
        self._unlooked: list[str] = []
        self._postponed: list[Seen] = []

    def __iter__(self) -> Iterator[Record]:
        mapping, start = self._parts.mapping, self._from
        with ThreadPoolExecutor(self._at_once) as readers, ThreadPoolExecutor(self._at_once) as writers:
            attached = Attached(self._ecs, tuple(mapping.roles), readers, self._rate, self._wants)
            attached.managed = start.managed
            region = Region(
                self._ecs, attached, readers, self._rate, start, self._remedy.tags, reserve=self._reserve,
                estimate=self._told_cost,
            )  # fmt: skip
            count = managed_in(self._ecs, mapping)

            def managed() -> int | None:
                if attached.managed is not None and start.managed is None:  # counted in this invocation
                    return attached.managed
                as_seen = self._whole and not start.link and region.error is None and not attached.missed
                counted = attached.seen_managed if as_seen else count()
                if (
                    counted is not None and not as_seen
                ):  # those that this run gave a role are no measure, those it took one are
                    counted = max(0, counted - carrier.gained - start.gained + start.removed)
                if counted is not None and start.managed is not None:  # what a hand-over says may lower it alone
                    counted = min(counted, start.managed)
                attached.managed = counted  # told to the next link
                return counted

            brake: Brake[Seen] = Brake(
                mapping.settings.brake, managed, before=start.removed, lifted=self._remedy.lift_brake,
                acts=start.braked,
            )  # fmt: skip
            control = RateControl(self._remedy, start)
            carrier = Carrier(
                self._perform, self._parts.recorder, brake, control, workers=writers, at_once=self._at_once,
                room=ids_beside(self._without_ids(), spare=CURSOR_BYTES),
            )  # fmt: skip
            yield from carrier(
                self._looks(region, attached, brake),
                complete=lambda: not self._unlooked and (region.listed or region.error is not None),
            )
        self.brake_acted, self.brake_uncounted = brake.acts, brake.uncounted or start.uncounted
        self.error = region.error
        self._postponed = carrier.postponed
        room = carrier.room - len(self._postponed)
        beyond, self._unlooked = self._unlooked[room:], self._unlooked[:room]
        yield from self._never_looked(beyond, OutOfTime("DescribeInstanceRamRole"))
        counted = attached.managed
        if counted is None and self._whole and region.listed and not start.link:
            counted = attached.seen_managed
        self.cursor = self._goes_on(region, carrier.removed, control, counted)

    def _without_ids(self) -> bytes:
        """What will be handed over at least."""
        trigger = msgspec.structs.replace(self._trigger, instance_ids=(), cursor=Cursor(run_id=self._from.run_id))
        return handed_over(trigger)

    def abandoned(self, error: CloudCallError) -> Iterator[Record]:
        """The records of what was left for another invocation, where there will be none, and why."""
        for seen in self._postponed:
            yield self._parts.recorder.ended(unbegun(seen.decision, error), seen)
        yield from self._never_looked(self._unlooked, error)
        self._postponed, self._unlooked, self.cursor = [], [], None

    def _never_looked(self, names: Iterable[str], error: CloudCallError) -> Iterator[Record]:
        recorder, region, now = self._parts.recorder, self._ecs.region, time.monotonic()
        return (recorder.unseen(name, region, self._trigger, error, now) for name in names)

    def _looks(self, region: Region, attached: Attached, brake: Brake[Seen]) -> Iterator[Seen | Record]:
        looks, trigger = self._observer, self._trigger
        yield from self._named(looks)
        for instances, error in region:
            brake.known = attached.managed
            began = time.monotonic()
            for instance in instances:
                if error is None:
                    seen = looks.seen(instance, trigger, began)
                    if isinstance(seen, Record) or self._is_meant(seen.decision):
                        yield seen
                elif self._may_be_meant(instance):
                    yield self._parts.recorder.unseen(instance.instance_id, instance.region, trigger, error, began)
        self._unlooked += region.unlooked

    @property
    def _whole(self) -> bool:
        """Whether the whole region is gone through, so that all that hold a listed role are seen."""
        return not (self._remedy.tags or self._trigger.instance_ids)

    def _told_cost(self, cost: Mapping[str, int]) -> None:
        """With the brake's count of those that hold a listed role, where they are not seen."""
        if cost and not self._whole and not self._remedy.lift_brake:
            cost = {**cost, LOOKUP: cost[LOOKUP] + len(self._parts.mapping.roles)}
        self._estimate(cost)

    def _named(self, looks: Looks) -> Iterator[Seen | Record]:
        names = self._from.instance_ids
        if names and not self._from.link:
            self._told_cost(at_most(len(names), besides=1))  # 1: where none of them is shown
        for start in range(0, len(names), LOOK):
            asked = names[start : start + LOOK]
            if not self._rate.in_time(self._reserve):
                self._unlooked += names[start:]
                return
            looked = list(looks.named(self._ecs, self._ecs.region, dict.fromkeys(asked, self._trigger)))
            if all(isinstance(seen, Record) and seen.reason == Reason.GONE.value for seen in looked):
                try:
                    self._ecs.confirm_none()
                except CloudCallError as error:
                    looked = list(self._never_looked(asked, error))
            for seen in looked:
                if isinstance(seen, Record) and seen.error_code == OutOfTime.CODE:
                    self._unlooked.append(seen.instance_id)
                elif isinstance(seen, Record) or self._is_meant(seen.decision):  # carried, it may not be, or no more
                    yield seen

    def _wants(self, instance: Instance) -> bool:
        """Whether its role has to be known: a rule gives it one, or a note says that one was displaced."""
        if self._parts.mapping.desired(instance).verdict == "role":
            return True
        note = self._observer.note(instance)
        return note is not None and (note.verdict == "proven" or (note.verdict == "unknown" and self._parts.operated))

    def _is_meant(self, decision: Decision) -> bool:
        """Whether the operator's selection has this instance in it."""
        remedy, instance, desired = self._remedy, decision.instance, decision.desired
        if remedy.role and remedy.role not in (instance.role, desired.role if desired.verdict == "role" else ""):
            return False
        if remedy.drift and drift(instance, desired, self._parts.mapping.is_managed) != remedy.drift:
            return False
        return self._may_be_meant(instance, desired)

    def _may_be_meant(self, instance: Instance, desired: Desired | None = None) -> bool:
        """As far as it can be told without its role."""
        remedy = self._remedy
        if remedy.rule and (desired or self._parts.mapping.desired(instance)).rule != remedy.rule:
            return False
        return remedy.tags.items() <= instance.tags.items()

    def _perform(self, step: Step) -> list[Done]:
        """Never raises for what the cloud answers."""
        try:
            notes = sum(bool(decision.note) for decision in step.decisions)
            with self._rate.reserve(CALLS[step.verb] + notes, *KEPT.get(step.verb, ())) as reservation:
                return self._applier(reservation).apply(step)
        except (BudgetSpent, OutOfTime, Interrupted) as error:
            return [unbegun(decision, error) for decision in step.decisions]

    def _applier(self, reservation: Reservation) -> Applier:
        def book() -> None:
            """With an API that refuses, the instances of a swap would be left without a role."""
            reservation.book("DetachInstanceRamRole", "AttachInstanceRamRole", lasting=SWAP_SECONDS)

        parts = self._parts
        return Applier(self._ecs.by(reservation), parts.announce, parts.pause, book, parts.missing)

    def _goes_on(self, region: Region, removed: int, control: RateControl, managed: int | None) -> Cursor | None:
        """Where another invocation has to go on; None where the run is over."""
        left = tuple(
            dict.fromkeys((*(seen.decision.instance.instance_id for seen in self._postponed), *self._unlooked))
        )
        if self.error is not None or (region.listed and not left):
            return None
        start = self._from
        return msgspec.structs.replace(
            start, link=start.link + 1, token=region.token, listed=region.listed, instance_ids=left, pages=region.pages,
            managed=managed, braked=self.brake_acted, uncounted=self.brake_uncounted, removed=start.removed + removed, failed=control.failed, tried=control.tried, stopped=control.stopped,
            restarts=region.restarts, spent=start.spent + self._rate.bill().total, used=self._rate.used(),
        )  # fmt: skip
