"""The loop: observe -> plan -> guard -> execute -> record, one for one event and for 100,000 instances. It makes no call itself, and
decides nothing about an instance."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future

import msgspec

from shared.clock import CLOCK
from shared.engine.executors import Executor
from shared.engine.holders import Holders
from shared.engine.observe import Observations
from shared.engine.recording import Recording
from shared.engine.terms import End, Left, Terms
from shared.errors import BudgetSpent, CloudCallError, OutOfTime
from shared.gateways.exact_reads import LOOKUP
from shared.model.decision import Outcome, Reason
from shared.model.plan import Change, Result, Step
from shared.model.progress import Progress
from shared.planning import guards, transitions
from shared.planning.guards import CHANGE_GUARDS, GUARDS, REMOVAL_GUARDS, Facts, Guard
from shared.planning.planner import Planner
from shared.planning.records import not_begun, refused, settled
from shared.planning.steps import Batcher

replace = msgspec.structs.replace


class Engine:
    """One run's loop, or one invocation's part of it. start: how far the run has come."""

    def __init__(
        self, planner: Planner, executor: Executor, recording: Recording, holders: Holders, start: Progress
    ) -> None:
        self._planner, self._executor, self._recording, self._holders = planner, executor, recording, holders
        self._progress = transitions.begun(start)
        self._carried = start.held  # removals that wait since an earlier invocation
        self._open: dict[str, float] = {}  # changes that have not ended, and when they were observed
        self._held: list[Change] = []  # removals, until the number of all is known
        self._may_remove: bool | CloudCallError = False  # once it is
        self._waiting: list[Change] = []  # for the canaries' end, or for the number of all changes
        self._underway: deque[Future[list[Result]]] = deque()
        self._deferred: list[Left] = []
        self._unobserved: list[str] = []
        self._waiting_ids: list[str] = []
        self._unsure: list[str] = []
        self._error: CloudCallError | None = None
        self._trying = False  # the canaries

    def run(self, pages: Iterable[Observations], terms: Terms) -> End:
        """Go through all pages, and return how it ended. Raises nothing that the cloud answers."""
        self._terms, self._control = terms, terms.control
        self._batcher = Batcher(terms.control.batch)
        self._at_once = terms.control.at_once(terms.at_once)
        for page in pages:
            for step in self._steps(page):
                self._submit(step)
            # What was held is observed no sooner than it can be begun: there may be no time for it.
            self._collect(self._at_once - 1 if page.was_held else self._at_once * 2)
        for step in self._last_steps():
            self._submit(step)
        self._collect(0)
        return self._end()

    def _steps(self, page: Observations) -> Iterator[Step]:
        self._note(page)
        plan = self._planner.plan(page.instances)
        for change in plan.settled:
            if change.instance_id not in self._open:
                self._record(settled(change), page.began)
        # A page may repeat what one before had; what is open ends once.
        changes = {change.instance_id: change for change in plan.changes if change.instance_id not in self._open}
        self._open |= dict.fromkeys(changes, page.began)
        for change in self._judged([*changes.values()], self._facts(None), CHANGE_GUARDS):
            yield from self._hold(change, page) if change.removes else self._begin(change)
        if page.is_last:
            yield from self._batcher.rest()  # attaches do not wait for the number of removals
            self._collect(0)
            yield from self._release()
            yield from self._batcher.rest()
            self._collect(0)

    def _note(self, page: Observations) -> None:
        self._holders.note(page)
        self._error = self._error or page.error
        self._waiting_ids += page.waiting
        if page.was_held:
            self._waiting_ids += page.deferred
            self._carried -= len(page.instances) + len(page.not_found) + len(page.unread)
        else:
            self._unobserved += page.deferred
        if page.listing:
            state = page.listing
            self._progress = transitions.listed(
                self._progress, token=state.token, done=state.listed, pages=state.pages, restarts=state.restarts
            )
        for name in page.not_found:
            self._count(self._recording.not_found(name, page.began))
        for name, error in page.unread.items():
            self._count(self._recording.unread(name, error, page.began))
        for instance in page.unread_roles:
            if instance.unread and self._planner.may_be_selected(instance):
                self._count(self._recording.unread(instance.instance_id, instance.unread, page.began))

    def _hold(self, change: Change, page: Observations) -> Iterator[Step]:
        """A removal waits until the number of all is known; as soon as they are too many, none is carried out."""
        if self._terms.facts.lifted or (page.was_held and self._may_remove is True):
            yield from self._begin(change)
            return
        if page.was_held and isinstance(self._may_remove, CloudCallError):
            self._record(not_begun(change, self._may_remove))
            return
        self._held.append(change)
        known = self._holders.known
        if (self._progress.braked or known is not None) and guards.too_many(len(self._held), self._facts(known)):
            self._judge_removals(known)

    def _release(self) -> Iterator[Step]:
        """All removals are known: allow them or none. Where there is no time to count the holders, they stay held; where another
        try may be answered, they are to be tried again."""
        holders = None
        try:
            if guards.needs_holders(len(self._held), self._facts(None)):
                holders = self._holders.count(self._progress)
        except OutOfTime:
            return
        except CloudCallError as error:
            self._may_remove, held, self._held = error, self._held, []
            for change in held:
                self._record(not_begun(change, error))
            return
        for change in self._judge_removals(holders):
            yield from self._begin(change)

    def _judge_removals(self, holders: int | None) -> Sequence[Change]:
        facts, held = self._facts(holders), self._held
        acts = guards.too_many(len(held), facts)  # also on those that wait since an earlier invocation
        self._held, self._may_remove = [], not acts
        if acts and not self._progress.braked:
            self._progress = transitions.braked(self._progress, uncounted=holders is None)
        return self._judged(held, facts, REMOVAL_GUARDS)

    def _judged(self, changes: Sequence[Change], facts: Facts, asked: Sequence[Guard]) -> Sequence[Change]:
        """Return those that the guards let through; the others are recorded."""
        verdict = guards.judge(changes, facts, asked)
        for refusal in verdict.refused:
            self._record(refused(refusal.change, refusal.reason, refusal.why))
        return verdict.allowed

    def _facts(self, holders: int | None) -> Facts:
        removed = self._terms.facts.removed + self._progress.removed + self._carried
        return replace(
            self._terms.facts,
            stopped=self._progress.stopped,
            holders=holders,
            removed=removed,
            braked=self._progress.braked,
            now=CLOCK.now(),
        )

    def _begin(self, change: Change) -> Iterator[Step]:
        """Nothing keeps it any more, but that others may have to come first."""
        canaries = transitions.canaries_left(self._progress, self._control)
        if not canaries and not self._control.needs_total:
            if step := self._batcher.add(change):
                yield step
            return
        self._waiting.append(change)
        if canaries == len(self._waiting) and not self._control.needs_total:
            first, self._waiting = self._waiting, []
            yield from self._canaries(first)

    def _canaries(self, first: Sequence[Change]) -> Iterator[Step]:
        """These alone, and to their end."""
        self._collect(0)
        before, self._trying = len(self._deferred), True
        batcher = Batcher(self._control.batch)
        for step in (*filter(None, map(batcher.add, first)), *batcher.rest()):
            yield step
            self._collect(0)
        self._trying = False
        tried = len(first) - (len(self._deferred) - before)
        self._progress = replace(self._progress, tried=self._progress.tried + tried)

    def _last_steps(self) -> Iterator[Step]:
        waiting, self._waiting = self._waiting, []
        yield from self._batcher.rest()
        self._collect(0)
        if self._control.needs_total:
            self._control = self._control.of(len(waiting), self._progress.failed)
            self._batcher = Batcher(self._control.batch)
            self._at_once = self._control.at_once(self._terms.at_once)
        if canaries := transitions.canaries_left(self._progress, self._control):
            first, waiting = waiting[:canaries], waiting[canaries:]
            yield from self._canaries(first)
        if transitions.canaries_left(
            self._progress, self._control
        ):  # there was no time for all of them: none for others
            for change in waiting:
                self._defer(refused(change, Reason.CANARY))
            waiting = []
        for change in waiting:
            if step := self._batcher.add(change):
                yield step
        yield from self._batcher.rest()

    def _submit(self, step: Step) -> None:
        """Carry out what the guards allow of a step."""
        self._collect(self._at_once - 1)
        if not (allowed := self._judged(step.changes, self._facts(None), GUARDS)):
            return
        step = replace(step, changes=allowed)
        observed = min(self._open[change.instance_id] for change in step.changes)
        if self._terms.pool is None:
            self._take(self._executor(step, observed))
        else:
            self._underway.append(self._terms.pool.submit(self._executor, step, observed))

    def _collect(self, most: int) -> None:
        """Take in what has ended; wait until no more than so many steps are under way."""
        while self._underway and (len(self._underway) > most or self._underway[0].done()):
            self._take(self._underway.popleft().result())

    def _take(self, results: Sequence[Result]) -> None:
        began = {result.change.instance_id: self._open.get(result.change.instance_id, 0.0) for result in results}
        ended = []
        for result in results:
            if result.unsure and result.failure and result.failure.code == OutOfTime.CODE:
                self._unobserved.append(result.change.instance_id)  # there was no time for its second look
                result = replace(result, failure=None, unsure=False)
            if result.cut_off:
                self._defer(result, began[result.change.instance_id])
                continue
            if result.failed and result.failure and result.failure.code == BudgetSpent.CODE and result.gap_ms is None:
                result = replace(result, outcome=Outcome.REFUSED, reason=Reason.MAX_CALLS)
            ended.append(result)
            self._unsure += [result.change.instance_id] if result.unsure else []
            self._record(result, began[result.change.instance_id])
        self._progress = transitions.executed(self._progress, ended, self._control, canary=self._trying)

    def _defer(self, result: Result, began: float | None = None) -> None:
        """Leave it to the next invocation, where that can take more; else it ends so."""
        left = Left(result, self._open.pop(result.change.instance_id, 0.0) if began is None else began)
        self._open.pop(result.change.instance_id, None)
        if len(self._deferred) < self._room():
            self._deferred.append(left)
        else:
            self._record(result, left.began)

    def _record(self, result: Result, began: float | None = None) -> None:
        kept = self._open.pop(result.change.instance_id, None)
        self._count(self._recording.result(result, kept or 0.0 if began is None else began))

    def _count(self, ended: tuple[str, str]) -> None:
        self._progress = transitions.counted(self._progress, *ended)

    def _room(self) -> int:
        """Return how many ids can be left to another invocation, besides those that wait since an earlier one."""
        return max(0, self._terms.room - self._carried)

    def _end(self) -> End:
        room = self._room() - len(self._deferred)
        unobserved, beyond = self._unobserved[:room], self._unobserved[room:]
        for name in beyond:
            self._count(self._recording.unread(name, OutOfTime(LOOKUP), CLOCK.monotonic()))
        room -= len(unobserved)
        held, too_many = self._held[:room], self._held[room:]
        for change in too_many:
            self._record(refused(change, Reason.BRAKE))
        return End(
            progress=self._progress,
            error=self._error,
            held=[Left(refused(change, Reason.BRAKE), self._open.pop(change.instance_id)) for change in held],
            deferred=self._deferred,
            unobserved=unobserved,
            waiting=self._waiting_ids,
            holders=self._holders.known,
            unsure=self._unsure,
        )
