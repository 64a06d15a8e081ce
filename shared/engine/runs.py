"""Runs of reconcile and remediate: spread over regions and accounts, kept to budget and time, handed over where one invocation
does not suffice, and summed up in a run record. Observes no instance itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from shared.clock import CLOCK
from shared.engine.context import Context
from shared.engine.handover import run_id, start, tasks_of
from shared.engine.listing import Reading
from shared.engine.rate import FOREVER, CallLimits, Rate
from shared.engine.run_region import RegionRun, keeps_unchanged
from shared.engine.terms import End
from shared.engine.timed_runs import jitter, still_running
from shared.errors import CloudCallError, Interrupted, PermanentError
from shared.gateways.ecs import EcsGateway
from shared.gateways.fc import Task, functions_gateway
from shared.gateways.sessions import Sessions
from shared.lines import say
from shared.model.outcomes import by_rank
from shared.model.progress import Progress
from shared.model.record import Record
from shared.model.trigger import RemediationRequest, Trigger
from shared.planning.records import of_run
from shared.planning.transitions import why_it_ends
from shared.settings import CALLS_PER_MINUTE, Target, targets

replace = msgspec.structs.replace
LAST_SECONDS = 1 / 3
"""Of the time kept for ending a run: this part is kept for records and the hand-over alone, no call to ECS begins in it."""

FIRST_SECONDS = 1_200.0
"""A timer's own invocation has no task id of ours, by which the next timer's could find it: so it ends, and hands over, before that."""


class Sink(Protocol):
    """Takes the record of each observation."""

    def __call__(self, record: Record, *, keep_unchanged: bool) -> None:
        """keep_unchanged: whether it is sent to SLS though nothing was changed."""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """One invocation's part of a run, or what became of it. shown: for the invocation's result. error: what cut it short."""

    shown: dict[str, Any]
    error: CloudCallError | None = None


class _NotBegun(Exception):
    def __init__(self, task: Task) -> None:
        self.task = task


class Runs:
    """The runs of one invocation."""

    def __init__(self, context: Context, sink: Sink) -> None:
        self._context, self._sink = context, sink
        # Of a short limit, half.
        most = max(0.0, context.until - CLOCK.monotonic()) / 2
        self._reserve = min(context.settings.hand_over_seconds, most)
        self._number = 0  # of the requests that this invocation was given

    def __call__(self, trigger: Trigger) -> Iterator[Ended]:
        """Carry a request out: here, or spread over other invocations, one for each region of each account."""
        self._number += 1
        before = trigger.progress or Progress(listed=bool(trigger.instance_ids), instance_ids=trigger.instance_ids)
        here, *others = self._targets(trigger)
        own_id = before.run_id or self._run_id(here)
        timed = self._is_timed(trigger)
        while others:
            yield self._start_elsewhere(trigger, others.pop(0), timed)
            if others and CLOCK.monotonic() + self._reserve >= self._context.until:
                yield self._leave_places(trigger, own_id, [here, *others])
                return
        at_home = replace(trigger, account_id=here.account_id, region=here.region)
        fresh = Progress() if before.places else before
        yield self._run(replace(at_home, progress=replace(fresh, run_id=own_id)), timed)

    def _is_timed(self, trigger: Trigger) -> bool:
        """Return whether runs begin here because of the timer: such a run does not begin while the one before it goes on."""
        begins = trigger.progress is None or bool(trigger.progress.places)
        return bool(self._context.function) and begins and trigger.request is None

    def _running(self, target: Target, own_id: str) -> Task | None:
        context = self._context
        functions = functions_gateway(context.settings, context.credentials, context.function)
        own = tasks_of(target, own_id, timed=True)
        return still_running(functions, target.account_id, target.region, CLOCK.now(), own)

    def _not_begun(self, trigger: Trigger, task: Task) -> Ended:
        running = {"running_task": task.task_id, "running_since": task.since.isoformat() if task.since else ""}
        self._record(replace(trigger, progress=Progress()), "not-begun", {}, None, **running)
        place = {"region": trigger.region, "account_id": trigger.account_id}
        return Ended(shown={**place, "run": "not-begun", **running})

    def _targets(self, trigger: Trigger) -> Sequence[Target]:
        """The timer looks after all that the settings list; an operator after what he names, or after all if he says so."""
        settings, progress = self._context.settings, trigger.progress
        named = Target(trigger.account_id or settings.account_id, trigger.region or settings.region)
        everywhere = trigger.request.everywhere if trigger.request else True
        if progress and progress.places:
            return [target for target in targets(settings) if _name(target) in progress.places] or [named]
        if progress or not everywhere or trigger.instance_ids:
            return [named]
        return targets(settings)

    def _run_id(self, target: Target) -> str:
        return run_id(self._context.record.request_id, target, self._number)

    def _start_elsewhere(self, trigger: Trigger, target: Target, timed: bool) -> Ended:
        own_id = self._run_id(target)
        if timed and (task := self._running(target, own_id)):
            return self._not_begun(replace(trigger, account_id=target.account_id, region=target.region), task)
        there = replace(trigger, account_id=target.account_id, region=target.region, progress=Progress(run_id=own_id))
        tasks = tasks_of(target, own_id, timed=trigger.request is None)
        delay = jitter(target.account_id, target.region) if timed else 0.0
        error = start(self._context, there, f"{tasks}-0", delay=delay)
        if error:
            self._record(there, "incomplete", {}, error)
        shown = {"region": target.region, "account_id": target.account_id, "run": "failed" if error else "started"}
        return Ended(shown={**shown, **({"error": str(error)} if error else {})}, error=error)

    def _leave_places(self, trigger: Trigger, own_id: str, places: Sequence[Target]) -> Ended:
        """There is no time to start them all: another invocation goes on, and carries out our own run at last."""
        link = (trigger.progress.link if trigger.progress else 0) + 1
        here = replace(trigger, account_id=places[0].account_id, region=places[0].region)
        onward = Progress(run_id=own_id, link=link, places=tuple(map(_name, places)))
        tasks = tasks_of(places[0], own_id, timed=False)
        error = start(self._context, replace(here, progress=onward), f"{tasks}-places-{link}")
        if error:
            for target in places:
                there = replace(trigger, account_id=target.account_id, region=target.region)
                self._record(replace(there, progress=Progress(run_id=self._run_id(target))), "incomplete", {}, error)
        shown = {"region": here.region, "account_id": here.account_id, "run": "failed" if error else "continued"}
        left = {"run_id": own_id, "places_left": len(places)}
        return Ended(shown={**shown, **left, **({"error": str(error)} if error else {})}, error=error)

    def _run(self, trigger: Trigger, timed: bool) -> Ended:
        """trigger: with its region, account and progress. timed: whether this is the timer's own invocation."""
        progress, request = trigger.progress or Progress(), trigger.request or RemediationRequest()
        began, counts, estimate, seen = CLOCK.monotonic(), Counter(progress.counts), dict[str, int](), 0
        record = replace(self._context.record, account_id=trigger.account_id, run_id=progress.run_id)
        keep = keeps_unchanged(trigger, self._context.mapping)
        at = {"region": trigger.region, "run_id": progress.run_id}

        def take(record: Record) -> None:
            nonlocal seen
            seen += 1
            counts[f"{record.outcome}/{record.reason}"] += 1
            self._sink(record, keep_unchanged=keep)

        def estimated(calls: Mapping[str, int]) -> None:
            estimate.update(calls)
            if calls:
                say({"may_cost": dict(calls), **at})
                if self._context.observer:
                    self._context.observer.estimated(calls)

        def may_begin() -> None:  # a region of one page is never gone through for long
            if task := self._running(Target(trigger.account_id, trigger.region), progress.run_id):
                raise _NotBegun(task)

        rate, end, onward = self._rate(request, progress, timed), None, None
        try:
            ecs = self._gateway(Target(trigger.account_id, trigger.region), rate)
            reserve = self._reserve * (1 - LAST_SECONDS)
            reading = Reading(ecs=ecs, rate=rate, reserve=reserve, may_begin=may_begin if timed else lambda: None)
            region = RegionRun(self._context, trigger, reading)
            end = region.run(record, take, estimated)
            error = end.error or rate.cut_short
            if not error and (onward := region.onward(end, stalled=not seen)):
                error = self._hand_over(replace(trigger, instance_ids=(), progress=onward))
            if error:
                region.abandoned(end, error, record, take)
        except _NotBegun as not_begun:
            return self._not_begun(trigger, not_begun.task)
        except CloudCallError as caught:
            error = caught
        run = "incomplete" if error else "continued" if onward else "complete"
        bill = msgspec.structs.asdict(rate.bill())
        say({"bill": bill, **at})
        braked = end is not None and end.progress.braked
        self._record(
            trigger,
            run,
            counts,
            error,
            brake="acted" if braked else "lifted" if request.lift_brake else "",
            reads=str(bill["reads"]),
            writes=str(bill["writes"]),
            calls=json.dumps(bill["calls"]),
            duration_ms=str(round((CLOCK.monotonic() - began) * 1000)),
        )
        shown: dict[str, Any] = {"region": trigger.region, "account_id": trigger.account_id}
        shown |= {"run": run, "run_id": progress.run_id}
        shown |= {"counts": dict(by_rank(counts)), "bill": bill}
        shown |= {"may_cost": estimate} if estimate else {}
        shown |= {"brake": self._braked(counts, end)} if end and braked else {}
        shown |= {"error": str(error), "error_code": error.code} if error else {}
        shown |= {"stopped": True} if isinstance(error, Interrupted) else {}
        return Ended(shown=shown, error=error)

    def _record(
        self, trigger: Trigger, run: str, counts: Mapping[str, int], error: CloudCallError | None, **values: str
    ) -> None:
        self._context.journal.record(of_run(trigger, run, counts, error, self._context.record, **values))

    def _braked(self, counts: Mapping[str, int], end: End) -> str:
        share = f"{self._context.mapping.settings.brake.max_removals:.0%} of the instances that hold a listed role"
        uncounted = end.progress.uncounted
        why = f"it could not be read whether they are more than {share}" if uncounted else f"more than {share}"
        return (
            f"{counts.get('refused/brake', 0)} removals refused: {why}; if it is meant, run again with lift_brake "
            "(--lift-brake)"
        )

    def _rate(self, request: RemediationRequest, progress: Progress, timed: bool) -> Rate:
        context, settings = self._context, self._context.settings
        until = min(context.until, CLOCK.monotonic() + FIRST_SECONDS) if timed else context.until
        budget = request.max_calls if request.max_calls is not None else settings.max_calls or None
        limits = CallLimits(
            per_minute={"": CALLS_PER_MINUTE, **settings.calls_per_minute},
            max_calls=None if budget is None else max(0, budget - progress.spent),
            until=until - self._reserve * LAST_SECONDS if context.function else FOREVER,
        )
        return Rate(limits, context.observer, used=progress.used)

    def _gateway(self, target: Target, rate: Rate) -> EcsGateway:
        """At home with our own keys, elsewhere with sessions. Raises PermanentError for an account that is not listed."""
        context = self._context
        sessions = Sessions(context.settings, context.credentials, target.account_id, target.region, context.mapping)
        return EcsGateway(context.settings, sessions.reads(), target.region, caller=rate, keys=sessions)

    def _hand_over(self, trigger: Trigger) -> CloudCallError | None:
        """To a new invocation of ourselves. Why it could not be done, where it could not."""
        progress = trigger.progress or Progress()
        code, text = why_it_ends(progress)
        if code:
            return PermanentError("InvokeFunction", code, text)
        at = Target(trigger.account_id, trigger.region)
        tasks = tasks_of(at, progress.run_id, timed=trigger.request is None)
        return start(self._context, trigger, f"{tasks}-{progress.link}")


def _name(target: Target) -> str:
    """A place in a hand-over."""
    return f"{target.account_id}/{target.region}"
