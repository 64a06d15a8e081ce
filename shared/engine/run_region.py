"""One invocation's part of a run over one region: a whole one, a selection of it, or a list of ids.

The same loop as for one event; here with reads side by side, a rate, and a place to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import msgspec

from shared.bounds import BOUNDS
from shared.clock import CLOCK
from shared.engine.context import Context
from shared.engine.engine import Engine
from shared.engine.executors import Cloud, DryRun, Executor
from shared.engine.holders import Holders, asked
from shared.engine.listing import Calls, Estimate, Listing, Reading
from shared.engine.observe import Observations, Observer
from shared.engine.recording import Recording
from shared.engine.role_lookup import RoleLookup, estimated
from shared.engine.terms import End, Left, Terms
from shared.errors import CloudCallError
from shared.events.own import handed_over
from shared.gateways.exact_reads import LOOKUP
from shared.mapping import Mapping
from shared.model.instance import Instance
from shared.model.progress import Progress
from shared.model.record import Record, RecordContext
from shared.model.trigger import RemediationRequest, Trigger
from shared.planning import transitions
from shared.planning.guards import Facts
from shared.planning.records import not_begun
from shared.planning.transitions import rate_control
from shared.reported import ids_beside

replace = msgspec.structs.replace
PROGRESS_BYTES = 2_500
"""Of a hand-over, for what there may be beside instance ids: a page's token, counts, the seal."""


class RegionRun:
    """The terms on which one region is gone through. reserve: seconds before the rate's end at which no more pages are taken. may_begin: see Reading."""

    def __init__(self, context: Context, trigger: Trigger, reading: Reading) -> None:
        self._context, self._trigger, self._reading = context, trigger, reading
        self._ecs, self._rate = reading.ecs, reading.rate
        self._request = trigger.request or RemediationRequest()
        self._start = trigger.progress or Progress(listed=bool(trigger.instance_ids), instance_ids=trigger.instance_ids)
        self._planner = context.planner(trigger)
        self._whole = not (self._request.tags or trigger.instance_ids)

    def run(self, record: RecordContext, sink: Callable[[Record], None], estimate: Estimate) -> End:
        """Go through it, or through as much as there is time for."""
        context, mapping, start = self._context, self._context.mapping, self._start
        at_once = context.settings.parallel_calls
        recording = self._recording(record, sink)
        holders = Holders(mapping, start.managed, self._whole and not start.link, asked(self._ecs, mapping))
        engine = Engine(self._planner, self._executor(), recording, holders, start)
        with ThreadPoolExecutor(at_once) as readers, ThreadPoolExecutor(at_once) as writers:
            terms = Terms(
                facts=Facts(limit=mapping.settings.brake, lifted=self._request.lift_brake, approved=context.approved),
                control=rate_control(self._request),
                pool=writers,
                at_once=at_once,
                room=min(BOUNDS.handed_over, ids_beside(self._without_ids(), spare=PROGRESS_BYTES)),
            )
            return engine.run(self._pages(readers, self._with_count(estimate)), terms)

    def abandoned(self, end: End, error: CloudCallError, record: RecordContext, sink: Callable[[Record], None]) -> None:
        """Record what was left for another invocation, where there will be none, and why."""
        recording = self._recording(record, sink)
        for left in (*end.held, *end.deferred):
            change = replace(left.result.change, role_before=left.result.role_after)
            recording.result(not_begun(change, error), left.began)
        for name in (*end.unobserved, *end.waiting):
            recording.unread(name, error, CLOCK.monotonic())

    def onward(self, end: End, *, stalled: bool) -> Progress | None:
        """Return where another invocation has to go on; None where the run is over. stalled: no observation has ended."""
        if end.error is not None:
            return None
        stays = replace(end.progress, managed=end.holders)
        others = [*map(_id, end.deferred), *end.unobserved]
        held = [*end.waiting, *map(_id, end.held)]
        spent = self._rate.bill().total
        onward = transitions.onward(stays, held=held, others=others, spent=spent, stalled=stalled and not stays.pages)
        if onward is None:
            return None
        if self._rate.wait_out():  # the rate alone stood against more
            onward = replace(onward, stalled=self._start.stalled if onward.stalled else 0)
        return replace(onward, used=self._rate.used())

    def _recording(self, record: RecordContext, sink: Callable[[Record], None]) -> Recording:
        return Recording(record, self._ecs.region, lambda name, event: self._trigger, sink)

    def _executor(self) -> Executor:
        context = self._context
        if context.executor or self._request.dry_run:
            return context.executor or DryRun()
        missing = context.memory.missing[self._trigger.account_id]
        return Cloud(self._ecs, self._planner, context.journal.announce, self._rate, missing)

    def _without_ids(self) -> bytes:
        """Return what will be handed over at least."""
        return handed_over(replace(self._trigger, instance_ids=(), progress=Progress(run_id=self._start.run_id)))

    def _with_count(self, estimate: Estimate) -> Estimate:
        """Add the brake's count of those that hold a listed role, where they are not seen."""

        def with_count(calls: Calls) -> None:
            if calls and not self._whole and not self._request.lift_brake:
                calls = {**calls, LOOKUP: calls[LOOKUP] + len(self._context.mapping.roles)}
            estimate(calls)

        return with_count

    def _pages(self, readers: ThreadPoolExecutor, estimate: Estimate) -> Iterator[Observations]:
        """First what was left over, then the listing; and when the number of all removals is known, those that were held."""
        start, reading = self._start, self._reading
        observer = Observer(self._ecs, self._context.memory.reads, confirm=True, in_time=reading.in_time)
        held, others = start.instance_ids[: start.held], start.instance_ids[start.held :]
        if others and not start.link:
            estimate(estimated(len(others), besides=1))  # 1: where none of them is shown
        lookup = RoleLookup(self._ecs, tuple(self._context.mapping.roles), readers, self._rate, self._needs_role)
        lookup.holders = start.managed
        listing = Listing(reading, lookup, start, self._request.tags, estimate)
        complete = ended = True
        for page in chain(observer.named(others), listing.pages()):
            complete = complete and not page.deferred
            if self._context.observer:
                self._context.observer.observed(page)
            ended = page.listing is not None and (page.listing.listed or page.error is not None)
            yield page
        if not (complete and ended):
            yield Observations(began=CLOCK.monotonic(), waiting=held)
            return
        yield Observations(began=CLOCK.monotonic(), is_last=True)
        for page in observer.named(held):
            yield replace(page, was_held=True)

    def _needs_role(self, instance: Instance) -> bool:
        """An answer that is recorded names the role on it; one that is only counted need not."""
        return keeps_unchanged(self._trigger, self._context.mapping) or self._planner.needs_role(instance)


def keeps_unchanged(trigger: Trigger, mapping: Mapping) -> bool:
    """Say whether a run records what it leaves as it is: an operator asked, or the file wants it."""
    return trigger.kind == "remediate" or mapping.settings.record_unchanged


def _id(left: Left) -> str:
    return left.result.change.instance_id
