"""Executors carry out a step, and say of each of its changes how it ended: Cloud writes, DryRun says what would be.

They decide nothing and record nothing; a third one is a test's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import msgspec

from shared.clock import CLOCK
from shared.engine.missing import MissingRoles
from shared.engine.rate import Rate, Reservation
from shared.engine.second_look import look_after, look_before
from shared.engine.step_writer import WRITES, StepWriter, stays
from shared.errors import BudgetSpent, Interrupted, OutOfTime
from shared.gateways.ecs import EcsGateway
from shared.gateways.exact_reads import DESCRIBE
from shared.gateways.exact_writes import Announce
from shared.model.decision import Outcome
from shared.model.plan import Action, Change, Result, Step
from shared.planning.planner import Planner
from shared.planning.records import not_begun
from shared.planning.steps import steps

CALLS: Mapping[Action, int] = {"attach": 9, "detach": 10, "swap": 34, "untag": 8}
"""Calls that must be left in the budget before a step begins: a swap must never be left half done for want of them. Besides them,
one for each note that is written."""
KEPT: Mapping[Action, tuple[tuple[str, ...], int]] = {"swap": (("AttachInstanceRamRole", DESCRIBE), 17)}
"""Of them, for those actions alone: the attach, and putting back, must not lack what detaching has used up."""
TURNS: Mapping[Action, tuple[str, ...]] = {
    "detach": ("DetachInstanceRamRole",),
    "swap": ("DetachInstanceRamRole", "AttachInstanceRamRole"),
}
"""APIs whose turns a step has before it begins: with an API that refuses, the instances of a swap would be left without a role, and
the second look before a removal is no older than that."""
LASTING: Mapping[Action, float] = {"detach": 3.0, "swap": 8.0}
"""Seconds that must be left before the deadline when the step begins: for a second look, and for a swap also for putting the old role back."""
FRESH: Mapping[Action, float] = {"attach": 30.0, "untag": 30.0, "detach": 1.0, "swap": 1.0}
"""Seconds that an observation may be old when a step that rests on it begins; else the tags are read again."""
CORRECTIONS = 3
"""Corrections of one removal, one after the other: then the event of the change that we saw does the rest."""


class Executor(Protocol):
    """Carries out one step. It must not raise for what the cloud answers."""

    def __call__(self, step: Step, observed: float) -> list[Result]:
        """Return how each change ended. observed: when the oldest observation was made that it rests on, by the monotonic clock.

        Of an instance there may be a second result: a correction, after tags that were changed meanwhile.
        """


class DryRun:
    """Changes nothing."""

    def __call__(self, step: Step, observed: float) -> list[Result]:
        if step.action == "untag":  # which is no change of a role
            return [stays(msgspec.structs.replace(change, action="none")) for change in step.changes]
        return [
            Result(change=change, outcome=Outcome.PLANNED, reason=change.reason, role_after=change.role_before)
            for change in step.changes
        ]


class Cloud:
    """Writes to one region. rate: of the run, None = an event's calls are made at once. missing: listed roles that ECS refused."""

    def __init__(
        self, ecs: EcsGateway, planner: Planner, announce: Announce, rate: Rate | None, missing: MissingRoles
    ) -> None:
        self._ecs, self._planner, self._announce, self._rate, self._missing = ecs, planner, announce, rate, missing

    def __call__(self, step: Step, observed: float, corrections: int = CORRECTIONS) -> list[Result]:
        results, others, same = list[Result](), list[Change](), step.changes
        try:
            with self._reserved(step) as calls:
                ecs = self._ecs.by(calls) if calls else self._ecs
                writer = StepWriter(ecs, self._announce, self._missing)
                if refused := writer.ready(step):
                    return refused
                if calls and step.action in TURNS:  # of a second look before the removal, too, if there has to be one
                    calls.book(*TURNS[step.action], DESCRIBE, lasting=LASTING[step.action])
                if CLOCK.monotonic() - observed > FRESH[step.action]:  # it may have waited long for its turn
                    again = look_before(ecs, self._planner, step.changes)
                    same, others, results = tuple(again.same), again.others, again.results
                    if same and (refused := writer.ready(msgspec.structs.replace(step, changes=same))):
                        same, results = (), results + refused  # by what others have learnt meanwhile
                if calls:
                    calls.forgo(DESCRIBE)
                if same:
                    written = WRITES[step.action](writer, msgspec.structs.replace(step, changes=same))
                    if step.detach and corrections > 0:
                        again = look_after(ecs, self._planner, written)
                        written, others = again.results, others + again.others
                    results += written
        except (BudgetSpent, OutOfTime, Interrupted) as error:  # none of them after the first write
            ended = {result.change.instance_id for result in results}
            return [*results, *(not_begun(c, error) for c in step.changes if c.instance_id not in ended)]
        return results + self._correct(others, corrections - 1)

    def _correct(self, changes: Iterable[Change], corrections: int) -> list[Result]:
        """Carry out what a second look has found."""
        return [result for step in steps(changes) for result in self(step, CLOCK.monotonic(), corrections)]

    def _reserved(self, step: Step) -> AbstractContextManager[Reservation | None]:
        if self._rate is None:
            return nullcontext()
        notes = sum(bool(change.note) for change in step.changes)
        return self._rate.reserve(CALLS[step.action] + notes, *KEPT.get(step.action, ()))
