"""Carrying out: decisions through the brake and the rate control into full calls, side by side; the record of each look as it
ends. Makes no call itself and decides nothing about an instance."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import Any

import msgspec

from shared.apply import Done
from shared.bounds import BOUNDS
from shared.brake import Brake
from shared.errors import BudgetSpent, CloudCallError, OutOfTime
from shared.gateways.ecs import Failure
from shared.model.decision import Outcome, Reason
from shared.model.record import Record
from shared.plan import Batches, Decision, Step, steps
from shared.rate_control import RateControl
from shared.recorder import NOT_ASKED, Recorder, Seen

Perform = Callable[[Step], Sequence[Done]]


class Inline(Executor):
    """Does the work at once, in the thread that asks for it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Carrier:
    """One run's. perform: carries out a step and says how each of its decisions ended; it must not raise.

    workers, at_once: where steps are performed, and how many side by side. room: how many can be left to another invocation. After it has been gone through, `postponed` are
    the looks whose change was not begun for want of time, and `removed` counts the removals that were carried out.
    """

    def __init__(
        self, perform: Perform, recorder: Recorder, brake: Brake[Seen], control: RateControl, *,
        workers: Executor | None = None, at_once: int = 1, room: int | None = None,
    ) -> None:  # fmt: skip
        self._perform, self._recorder = perform, recorder
        self._brake, self._control = brake, control
        self._workers, self._most = workers or Inline(), at_once
        self._at_once = control.at_once(at_once)
        self._batches = Batches(control.batch())
        self._open: dict[str, Seen] = {}  # decided on, and not ended
        self._waiting: list[Seen] = []  # for the canary's end, or for their number to be known
        self._trying = False  # the canaries
        self._underway: deque[Future[Sequence[Done]]] = deque()
        self.room = BOUNDS.handed_over if room is None else min(room, BOUNDS.handed_over)
        self.postponed: list[Seen] = []
        self.removed = 0
        self.gained = 0

    def __call__(
        self, looks: Iterable[Seen | Record], *, complete: Callable[[], bool] = lambda: True
    ) -> Iterator[Record]:
        """The record of each look, as it ends. complete: whether the looks, when they end, were all there are."""
        for seen in looks:
            if isinstance(seen, Record):
                yield seen
            elif not _acts(seen):
                yield self._recorder.ended(_as_decided(seen.decision), seen)
            elif seen.decision.instance.instance_id not in self._open:  # a page may repeat what the one before had
                yield from self._take(_slim(seen))
            yield from self._ended(wait_for=self._at_once * 2)
        yield from self._close(complete=complete())

    def _take(self, seen: Seen) -> Iterator[Record]:
        self._open[seen.decision.instance.instance_id] = seen
        if seen.decision.removes and not self._brake.lifted:
            for refused in self._brake.add(seen):
                yield self._refused(refused, Reason.BRAKE)
        else:
            yield from self._release(seen)

    def _close(self, *, complete: bool) -> Iterator[Record]:
        # Attaches do not wait for the number of removals: of those the batches have none yet, if the brake holds any.
        for step in self._batches.rest():
            yield from self._submit(step)
        yield from self._ended(wait_for=0)
        if complete:
            yield from self._through_brake()
        for seen in self._brake.unfinished():
            if not self._postpone(seen):
                yield self._refused(seen, Reason.BRAKE)
        waiting, self._waiting = self._waiting, []
        if self._control.needs_total:
            self._control.total(len(waiting))
            self._batches, self._at_once = Batches(self._control.batch()), self._control.at_once(self._most)
        if canaries := self._control.canary:
            birds, waiting = waiting[:canaries], waiting[canaries:]
            yield from self._try_canaries(birds)
        if self._control.canary:  # there was no time for all of them, so there is none for others
            for seen in waiting:
                if not self._postpone(seen):
                    yield self._refused(seen, Reason.CANARY)
            waiting = []
        for seen in waiting:
            yield from self._batch(seen)
        for step in self._batches.rest():
            yield from self._submit(step)
        yield from self._ended(wait_for=0)

    def _through_brake(self) -> Iterator[Record]:
        """All removals are known. Where there is no time to hear how many are too many, they stay unfinished; where another try
        may be answered, they are to be tried again."""
        try:
            released, refused = self._brake.close()
        except OutOfTime:
            return
        except CloudCallError as error:
            for seen in self._brake.unfinished():
                yield self._recorder.ended(unbegun(seen.decision, error), self._end(seen))
            return
        for seen in refused:
            yield self._refused(seen, Reason.BRAKE)
        for seen in released:
            yield from self._release(seen)

    def _release(self, seen: Seen) -> Iterator[Record]:
        """Nothing stands against it any more, but that others may have to come first."""
        if seen.decision.outcome is not None:  # a dry run ends here
            yield self._recorder.ended(_as_decided(seen.decision), self._end(seen))
        elif self._control.canary or self._control.needs_total:
            self._waiting.append(seen)
            if self._control.canary == len(self._waiting) and not self._control.needs_total:
                birds, self._waiting = self._waiting, []
                yield from self._try_canaries(birds)
        else:
            yield from self._batch(seen)

    def _try_canaries(self, birds: Sequence[Seen]) -> Iterator[Record]:
        """These alone, and to their end."""
        before, self._trying = len(self.postponed), True
        for step in steps((seen.decision for seen in birds), self._control.batch()):
            yield from self._submit(step)
            yield from self._ended(wait_for=0)
        self._trying = False
        self._control.tried += len(birds) - (len(self.postponed) - before)

    def _batch(self, seen: Seen) -> Iterator[Record]:
        step = self._batches.add(seen.decision)
        if step:
            yield from self._submit(step)

    def _submit(self, step: Step) -> Iterator[Record]:
        if self._control.stopped:
            for decision in step.decisions:
                yield self._refused(self._open[decision.instance.instance_id], self._control.stopped)
            return
        yield from self._ended(wait_for=self._at_once - 1)
        if self._control.stopped:  # by what has just ended
            yield from self._submit(step)
            return
        self._underway.append(self._workers.submit(self._perform, step))

    def _ended(self, *, wait_for: int) -> Iterator[Record]:
        """The records of what has ended; waits until no more than so many steps are under way."""
        while self._underway and (len(self._underway) > wait_for or self._underway[0].done()):
            done_list = self._underway.popleft().result()
            failed = 0
            for done in done_list:
                seen = self._open[done.decision.instance.instance_id]
                if _cut_off(done) and self._postpone(seen, done.role_after):
                    continue
                done = _over_budget(done)
                failed += done.outcome in (Outcome.FAILED, Outcome.RETRYING)
                self.removed += done.decision.removes and done.outcome in (Outcome.SWAPPED, Outcome.DETACHED)
                self.gained += not (done.decision.removes or done.decision.put_back) and done.outcome in (
                    Outcome.SWAPPED,
                    Outcome.ATTACHED,
                )
                yield self._recorder.ended(done, self._end(seen))
            self._control.ended(failed, canary=self._trying)

    def _postpone(self, seen: Seen, role: str | None = None) -> bool:
        """Leave it to the invocation that goes on; False where that one cannot take more."""
        if len(self.postponed) >= self.room:
            return False
        self._end(seen)
        if role is not None and role != seen.decision.instance.role:  # a swap that was cut off in its middle
            instance = msgspec.structs.replace(seen.decision.instance, role=role)
            seen = msgspec.structs.replace(seen, decision=msgspec.structs.replace(seen.decision, instance=instance))
        self.postponed.append(seen)
        return True

    def _end(self, seen: Seen) -> Seen:
        return self._open.pop(seen.decision.instance.instance_id)

    def _refused(self, seen: Seen, reason: Reason) -> Record:
        return self._recorder.ended(refused(seen.decision, reason), self._end(seen))


def refused(decision: Decision, reason: Reason) -> Done:
    """A guard of ours said no: nothing was done."""
    return Done(decision=decision, outcome=Outcome.REFUSED, reason=reason, role_after=decision.instance.role)


def unbegun(decision: Decision, error: CloudCallError) -> Done:
    """No call was made for it."""
    if type(error) in NOT_ASKED:
        return refused(decision, NOT_ASKED[type(error)])
    failure, before = Failure.of(error), decision.instance.role
    outcome = Outcome.RETRYING if failure.transient else Outcome.FAILED
    return Done(decision=decision, outcome=outcome, reason=decision.reason, role_after=before, failure=failure)


def _acts(seen: Seen) -> bool:
    """Whether something is to be done, or would be in a run that is not dry: the brake counts the same in both."""
    decision = seen.decision
    by_dry_run = bool(seen.trigger.remedy and seen.trigger.remedy.dry_run) and decision.desired.mode != "audit"
    return decision.verb != "none" and (decision.outcome is None or by_dry_run)


def _slim(seen: Seen) -> Seen:
    """Without what is not needed any more: many may have to wait."""
    instance = msgspec.structs.replace(seen.decision.instance, tags={}, name="", image="", vpc="", created_at=None)
    return msgspec.structs.replace(seen, decision=msgspec.structs.replace(seen.decision, instance=instance))


def _as_decided(decision: Decision) -> Done:
    """Nothing was to be done, or in a dry run nothing was done."""
    outcome = decision.outcome or Outcome.UNCHANGED
    return Done(decision=decision, outcome=outcome, reason=decision.reason, role_after=decision.instance.role)


def _cut_off(done: Done) -> bool:
    """Not carried out, or not to the end, for want of time: whoever goes on looks at it again."""
    return done.failure is not None and done.failure.code == OutOfTime.CODE


def _over_budget(done: Done) -> Done:
    if done.failure is None or done.failure.code != BudgetSpent.CODE or done.gap_ms is not None:
        return done
    return msgspec.structs.replace(done, outcome=Outcome.REFUSED, reason=Reason.MAX_CALLS)
