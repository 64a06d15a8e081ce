"""What a run's loop is made of, as tests have it: an executor that does as told, pages without a cloud, records in a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import datetime, timezone
from typing import Any, Literal

import msgspec

from shared.engine.engine import Engine
from shared.engine.executors import Executor
from shared.engine.holders import Holders
from shared.engine.observe import Observations
from shared.engine.recording import Recording
from shared.engine.terms import End, Terms
from shared.errors import BudgetSpent, CloudCallError, OutOfTime, PermanentError, TransientError
from shared.mapping import Brake, load
from shared.model.decision import Outcome, Reason
from shared.model.instance import Instance
from shared.model.plan import Action, Change, Result, Step
from shared.model.progress import Progress
from shared.model.record import Record, RecordContext
from shared.model.trigger import RemediationRequest, Trigger
from shared.planning.guards import Facts
from shared.planning.planner import Planner, Signing
from shared.planning.records import not_begun
from shared.planning.transitions import rate_control

MAPPING = load(
    "version: 1\nroles: {web: , worker: }\nrules:\n- {name: w, when: {tags: {app: web}}, role: web}\n"
    "- {name: b, when: {tags: {app: batch}}, role: worker}\n- {name: a, when: {tags: {app: audited}}, role: web, mode: audit}\n"
)
PLANNER = Planner(MAPPING, Signing(), lambda: datetime(2026, 11, 23, tzinfo=timezone.utc))
Kind = Literal["attach", "detach", "swap", "none", "audit"]
KINDS: dict[Kind, tuple[str, str]] = {
    "attach": ("", "web"), "detach": ("web", ""), "swap": ("worker", "web"), "none": ("web", "web"), "audit": ("worker", "audited"),
}  # fmt: skip
"""The role on an instance, and its tag: what has to be done about it follows from the two."""
DONE: dict[Action, Outcome] = {"attach": Outcome.ATTACHED, "detach": Outcome.DETACHED, "swap": Outcome.SWAPPED}
ERRORS: dict[str, CloudCallError] = {
    "permanent": PermanentError("AttachInstanceRamRole", "Forbidden", "no"),
    "transient": TransientError("AttachInstanceRamRole", "", "lost"),
    "budget": BudgetSpent("AttachInstanceRamRole", 9),
    "time": OutOfTime("AttachInstanceRamRole"),
}


def instance(name: str, kind: Kind, **given: Any) -> Instance:
    role, app = KINDS[kind]
    return Instance(instance_id=name, region="cn-hangzhou", role=role, tags={"app": app} if app else {}, **given)


def page(*kinds: Kind, first: int = 0, **given: Any) -> Observations:
    """Instances i-0, i-1 and so on."""
    instances = [instance(f"i-{number}", kind) for number, kind in enumerate(kinds, first)]
    return Observations(began=0.0, instances=instances, **given)


LAST = Observations(began=0.0, is_last=True)
"""All have been observed, but those whose removal was held by an earlier invocation."""


def done(change: Change) -> Result:
    return Result(change=change, outcome=DONE[change.action], reason=change.reason, role_after=change.role_after)


class Told:
    """An executor that carries steps out as told. ends: by instance, one of ERRORS; "corrected": then the role was given again;
    "no second look": there was no time for it. Remembers what it was given."""

    def __init__(self, ends: dict[str, str] | None = None) -> None:
        self.ends = ends or {}
        self.steps: list[tuple[Action, list[str]]] = []
        self.holders = 0  # more of a listed role now than before

    def __call__(self, step: Step, observed: float) -> list[Result]:
        self.steps.append((step.action, [change.instance_id for change in step.changes]))
        results = [result for change in step.changes for result in self._end(change)]
        for result in results:
            gained, lost = result.change.gains, result.change.action == "detach"
            self.holders += (gained - lost) if result.outcome in DONE.values() else 0
        return results

    def _end(self, change: Change) -> list[Result]:
        how = self.ends.get(change.instance_id, "")
        if error := ERRORS.get(how):
            return [not_begun(change, error)]
        result = done(change)
        if how == "corrected" and change.removes:
            again = msgspec.structs.replace(
                change,
                action="swap" if change.role_after else "attach",
                reason=Reason.MISSING if not change.role_after else Reason.WRONG,
                role_before=change.role_after,
                role_after="worker",
            )
            return [result, done(again)]
        if how == "no second look" and change.removes:
            failure = not_begun(change, ERRORS["time"]).failure
            return [msgspec.structs.replace(result, failure=failure, unsure=True)]
        return [result]

    @property
    def touched(self) -> list[str]:
        return [name for _, names in self.steps for name in names]


def ran(
    pages: Iterable[Observations],
    executor: Executor,
    request: RemediationRequest | None = None,
    *,
    start: Progress | None = None,
    limit: Brake | None = None,
    ask: Callable[[], int | None] = lambda: 1_000,
    workers: int = 0,
    room: int = 1_000,
) -> tuple[list[Record], End]:
    """Go through the pages; return the records, and how the run ended. ask: how many instances hold a listed role."""
    request, start, records = request or RemediationRequest(), start or Progress(), list[Record]()
    trigger = Trigger(kind="remediate", source="manual", request=request)
    recording = Recording(RecordContext(), "cn-hangzhou", lambda name, event: trigger, records.append)
    holders = Holders(MAPPING, start.managed, False, ask)
    with ThreadPoolExecutor(workers) if workers else nullcontext() as pool:
        terms = Terms(
            facts=Facts(limit=limit or Brake(), lifted=request.lift_brake),
            control=rate_control(request),
            pool=pool,
            at_once=max(1, workers),
            room=room,
        )
        return records, Engine(PLANNER, executor, recording, holders, start).run(pages, terms)


def left(end: End) -> list[str]:
    """The ids that are left to another invocation."""
    changes = [one.result.change.instance_id for one in (*end.held, *end.deferred)]
    return [*changes, *end.unobserved, *end.waiting]


def split(names: Sequence[str], size: int) -> list[Sequence[str]]:
    return [names[at : at + size] for at in range(0, len(names), size)]
