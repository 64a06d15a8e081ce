"""One invocation: triggers become observations and runs, records go out, a summary comes back. Knows no event format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from shared.clock import CLOCK
from shared.engine.context import Context
from shared.engine.engine import Engine
from shared.engine.executors import Cloud
from shared.engine.holders import Holders, asked
from shared.engine.observe import Observations, Observer
from shared.engine.recording import Recording
from shared.engine.terms import Terms
from shared.errors import CloudCallError, TransientError
from shared.gateways.ecs import EcsGateway
from shared.gateways.exact_reads import DESCRIBE
from shared.model.decision import Outcome, Reason
from shared.model.outcomes import LONGEST, Outcomes, by_rank, shown
from shared.model.progress import Progress
from shared.model.record import Record
from shared.model.trigger import Trigger, chief
from shared.planning.guards import Facts
from shared.planning.records import is_at_birth

SHOWN = 100
"""Records in an invocation's result, of each kind that went wrong and of the rest; SLS has them all."""


class Invocation:
    """One invocation of a function, or of an operator's command."""

    def __init__(self, context: Context) -> None:
        self._context, self._journal = context, context.journal
        self._errors: list[CloudCallError] = []  # what cut runs short
        self._left: dict[str, list[str]] = {}  # of events, to be tried again; by region
        self._is_new = False  # whether one of them is not shown yet: only this event's next try knows that it is new
        self._shown = Outcomes(wrong=SHOWN, others=SHOWN)
        self._outcomes: Counter[str] = Counter()

    def checked(self, result: dict[str, Any]) -> dict[str, Any]:
        """Return what came of it. Raises TransientError where something is to be tried again: everything else is done."""
        retrying = self._outcomes[Outcome.RETRYING.value]
        if self._left and not (self._context.reportable or self._is_new) and self._leave():
            return {**result, "left_to_remediate": sum(map(len, self._left.values()))}
        if retrying or any(isinstance(error, TransientError) for error in self._errors):
            why = "; ".join(filter(None, [_each(self._errors), self._shown.in_words()]))
            text = f"{retrying} to be tried again: {why}; {dict(self._outcomes)}"
            raise TransientError(self._context.name, "retrying", text)
        return result

    def _leave(self) -> bool:
        from shared.engine.handover import leave_to_remediate  # nearly no invocation comes here

        return leave_to_remediate(self._context, self._left)

    def carried_out(self, triggers: Sequence[Trigger]) -> dict[str, Any]:
        """Return what came of it, whether or not something is to be tried again."""
        runs = [t for t in triggers if t.kind == "reconcile" or t.request]
        try:
            for region, why in self._by_region(t for t in triggers if t not in runs).items():
                self._events(region, why)
            ended = sorted(self._runs(runs), key=_went_well) if runs else []
        finally:
            self._journal.flush()  # whatever happens, what was done is recorded
        left = self._shown.left_out()
        return {
            "function": self._context.name,
            "outcomes": dict(by_rank(self._outcomes)),
            "records": [shown(record) for record in (*self._shown.wrong(), *self._shown.others())],
            **({"records_left_out": left, "changes": self._shown.changes()} if left else {}),
            "records_in_sls": self._journal.in_sls,
            **({"runs": ended} if ended else {}),
            **({"error": _each(self._errors)} if self._errors else {}),
        }

    def _runs(self, triggers: Sequence[Trigger]) -> list[dict[str, Any]]:
        from shared.engine.runs import Runs  # an event, which is nearly always a cold start, does without

        runs = Runs(self._context, self._take)
        self._journal.ready()  # before the run has threads
        ended = []
        for trigger in triggers:
            for run in runs(trigger):
                ended.append(run.shown)
                self._errors += [run.error] if run.error else []
        return ended

    def _events(self, region: str, causes: Mapping[str, list[Trigger]]) -> None:
        """Observe every instance that events name in one region, once each."""
        context, memory, settings = self._context, self._context.memory, self._context.settings
        ecs, mapping, at = EcsGateway(settings, context.credentials, region), context.mapping, CLOCK.now()
        planner = context.planner(causes=causes.__getitem__)
        why = {name: chief(found) for name, found in causes.items()}

        def take(record: Record) -> None:
            self._take(record, keep_unchanged=True)
            memory.observed(record, at, why[record.instance_id])
            if record.reason == Reason.NOT_VISIBLE_YET.value:
                self._is_new = True
            elif record.outcome == Outcome.RETRYING.value:
                self._left.setdefault(record.region, []).append(record.instance_id)

        engine = Engine(
            planner,
            Cloud(ecs, planner, self._journal.announce, None, memory.missing[settings.account_id]),
            Recording(context.record, region, lambda name, event: chief(causes[name], event), take),
            Holders(mapping, None, False, asked(ecs, mapping)),
            Progress(),
        )
        # An event may lead to a region where our policies do not.
        observer = Observer(ecs, memory.reads, confirm=region != settings.region)
        pages = observer.named(
            list(why), at_birth=lambda name: is_at_birth(why[name], CLOCK.now()), look_again=settings.look_again_seconds
        )
        facts = Facts(limit=mapping.settings.brake, removed=memory.removals.recent())
        last = Observations(began=CLOCK.monotonic(), is_last=True)
        end = engine.run(chain(pages, [last]), Terms(facts=facts))
        memory.removals.add(end.progress.removed)
        if end.unsure:
            self._left.setdefault(region, []).extend(end.unsure)
            why_again = f"the tags of {', '.join(end.unsure[:10])} could not be read again after a role was taken off"
            self._errors.append(TransientError(DESCRIBE, "", why_again))

    def _by_region(self, triggers: Iterable[Trigger]) -> dict[str, dict[str, list[Trigger]]]:
        """For each region the instances to observe, each with all triggers that name it."""
        found: dict[str, dict[str, list[Trigger]]] = {}
        for trigger in triggers:
            named = found.setdefault(trigger.region or self._context.settings.region, {})
            for name in trigger.instance_ids:
                named.setdefault(name, []).append(trigger)
        return found

    def _take(self, record: Record, *, keep_unchanged: bool) -> None:
        if self._context.observer:
            self._context.observer.ended(record)
        self._outcomes[record.outcome] += 1
        if record.is_quiet and not keep_unchanged:
            return
        self._journal.record(record)
        self._shown.add(record)


def _each(errors: Sequence[CloudCallError]) -> str:
    """Every error once, in one line."""
    return "; ".join(dict.fromkeys(map(str, errors)))[:LONGEST]


def _went_well(run: Mapping[str, Any]) -> bool:
    return run["run"] not in ("failed", "incomplete")
