"""Runs of reconcile and remediate: spread over regions and accounts, kept to budget and time, handed over where one invocation
does not suffice, and told of in a run record. Looks at no instance itself."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Protocol

import msgspec

from shared.engine.rate import FOREVER, CallLimits, Rate
from shared.errors import CloudCallError, Interrupted, PermanentError
from shared.events.own import handed_over
from shared.fleet import Fleet
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.gateways.fc import functions_gateway
from shared.lines import say
from shared.mapping import Mapping as RoleMapping
from shared.model.progress import MAX_LINKS, MAX_STALLED, Cursor
from shared.model.record import Record, RunRecord
from shared.model.trigger import FUNCTION_OF, Remedy, Trigger
from shared.outcomes import by_rank
from shared.reconciler import Parts
from shared.recorder import Stamp
from shared.sessions import Sessions
from shared.settings import CALLS_PER_MINUTE, Settings, Target, targets

RUN_ID = 100  # letters of a run's id besides `run-`: with the link's number it is a task id, which has 128 at most
LAST_SECONDS = 1 / 3
"""Of the time kept for ending a run: this part is kept for records and the hand-over alone, no call to ECS begins in it."""


class Take(Protocol):
    def __call__(self, record: Record, *, keep_unchanged: bool) -> None: ...


class Keeper(msgspec.Struct, frozen=True):
    """Where records go. take: of one look. write: fields as they are. may_cost: told of what a run may cost, in calls.
    stopped: whether who follows the run wants it to end. idle: sleeps seconds, but no longer than until then.
    """

    take: Take
    write: Callable[[dict[str, str]], None]
    may_cost: Callable[[Mapping[str, int]], None]
    stopped: Callable[[], bool]
    idle: Callable[[float], None]


class Runs:
    """Runs of one invocation. errors: what cut runs short. function: our own name, "" = nowhere to hand over to."""

    def __init__(
        self, settings: Settings, mapping: RoleMapping, credentials: Credentials, stamp: Stamp, keeper: Keeper,
        parts: Callable[[Stamp], Parts], *, function: str, until: float,
    ) -> None:  # fmt: skip
        self._settings, self._mapping, self._credentials = settings, mapping, credentials
        self._stamp, self._keeper, self._parts = stamp, keeper, parts
        self._function, self._until = function, until
        self._reserve = min(
            settings.hand_over_seconds, max(0.0, until - time.monotonic()) / 2
        )  # of a short limit, half
        self._number = 0  # of the requests that this invocation was given
        self.errors: list[CloudCallError] = []

    def __call__(self, trigger: Trigger) -> Iterator[dict[str, Any]]:
        """Carry it out, here or spread over others; what the result says of each run."""
        self._number += 1
        here, *others = self._targets(trigger)
        for target in others:
            there = msgspec.structs.replace(
                trigger, account_id=target.account_id, region=target.region, cursor=Cursor(run_id=self._run_id(target))
            )
            error = self._start(there, f"{self._run_id(target)}-0")
            if error:
                self.errors.append(error)
                self._record(there, "incomplete", {}, error)
            yield {
                "region": target.region, "account_id": target.account_id, "run": "failed" if error else "started",
                **({"error": str(error)} if error else {}),
            }  # fmt: skip
        yield self._run(msgspec.structs.replace(trigger, account_id=here.account_id, region=here.region))

    def _targets(self, trigger: Trigger) -> tuple[Target, ...]:
        """The timer looks after all that the settings list; an operator after what he names, or after all if he says so."""
        named = Target(trigger.account_id or self._settings.account_id, trigger.region or self._settings.region)
        everywhere = trigger.remedy.everywhere if trigger.remedy else True
        if trigger.cursor or not everywhere or trigger.instance_ids:
            return (named,)
        return targets(self._settings)

    def _run_id(self, target: Target) -> str:
        """The same for the same invocation delivered again: Function Compute then knows the tasks that it has started."""
        name = f"{self._stamp.request_id or time.time_ns()}-{target.account_id}-{target.region}"
        name += f"-{self._number}" if self._number > 1 else ""
        plain = re.sub(r"[^A-Za-z0-9_-]", "-", name)
        if len(plain) > RUN_ID:  # a digest of the whole in place of what is cut: two places never share a task id
            plain = f"{plain[: RUN_ID - 17]}-{sha256(name.encode()).hexdigest()[:16]}"
        return f"run-{plain}"

    def _run(self, trigger: Trigger) -> dict[str, Any]:
        target = Target(trigger.account_id, trigger.region)
        cursor, remedy = trigger.cursor or Cursor(), trigger.remedy or Remedy()
        run_id = cursor.run_id or self._run_id(target)
        began, counts, estimate = time.monotonic(), Counter(cursor.counts), dict[str, int]()
        stamp = msgspec.structs.replace(self._stamp, account_id=target.account_id, run_id=run_id)
        rate = self._rate(remedy, cursor)

        def told(cost: Mapping[str, int]) -> None:
            estimate.update(cost)
            if cost:
                say({"may_cost": dict(cost), "region": target.region, "run_id": run_id})
                self._keeper.may_cost(cost)

        def take(record: Record) -> None:
            counts[f"{record.outcome}/{record.reason}"] += 1
            self._keeper.take(record, keep_unchanged=keep)

        keep = trigger.kind == "remediate" or self._mapping.settings.record_unchanged
        error: CloudCallError | None = None
        fleet: Fleet | None = None
        seen = 0
        try:
            fleet = Fleet(
                self._parts(stamp), self._gateway(target, rate), rate, trigger,
                at_once=self._settings.parallel_calls, reserve=self._reserve * (1 - LAST_SECONDS), estimate=told,
            )  # fmt: skip
            for record in fleet:
                seen += 1
                take(record)
            error = fleet.error or rate.cut_short
        except CloudCallError as caught:
            error = caught
        onward = fleet.cursor if fleet else None
        if onward:
            only_waited = rate.wait_out()
            stalled = 0 if seen or onward.pages else cursor.stalled + (not only_waited)
            onward = msgspec.structs.replace(onward, run_id=run_id, counts=counts, stalled=stalled)
            error = self._hand_over(msgspec.structs.replace(trigger, instance_ids=(), cursor=onward))
        if fleet and error:
            for record in fleet.abandoned(error):
                take(record)
        run = "incomplete" if error else "continued" if onward else "complete"
        bill = msgspec.structs.asdict(rate.bill())
        say({"bill": bill, "region": target.region, "run_id": run_id})
        self._record(
            msgspec.structs.replace(trigger, cursor=msgspec.structs.replace(cursor, run_id=run_id)), run, counts, error,
            brake="acted" if fleet and fleet.brake_acted else "lifted" if remedy.lift_brake else "",
            reads=str(bill["reads"]), writes=str(bill["writes"]), calls=json.dumps(bill["calls"]),
            duration_ms=str(round((time.monotonic() - began) * 1000)),
        )  # fmt: skip
        self.errors += [error] if error else []
        return {
            "region": target.region, "account_id": target.account_id, "run": run, "run_id": run_id,
            "counts": dict(by_rank(counts)), "bill": bill, **({"may_cost": estimate} if estimate else {}),
            **({"brake": self._braked(counts, fleet.brake_uncounted)} if fleet and fleet.brake_acted else {}),
            **({"error": str(error), "error_code": error.code} if error else {}), **({"stopped": True} if isinstance(error, Interrupted) else {}),
        }  # fmt: skip

    def _record(
        self, trigger: Trigger, run: str, counts: Mapping[str, int], error: CloudCallError | None, **values: str
    ) -> None:
        """The record of a run, or of this invocation's part of it. trigger: with its region, account and cursor."""
        cursor, remedy, stamp = trigger.cursor or Cursor(), trigger.remedy or Remedy(), self._stamp
        self._keeper.write(
            RunRecord(
                run=run, run_id=cursor.run_id, link=str(cursor.link), seen=str(sum(counts.values())),
                counts=json.dumps(dict(by_rank(counts))), region=trigger.region, account_id=trigger.account_id,
                trigger=FUNCTION_OF[trigger.kind], event_time=trigger.event_time, actor=remedy.operator or trigger.actor,
                operator=remedy.operator, operator_reason=remedy.reason, mapping_hash=self._mapping.hash,
                function=stamp.function, request_id=stamp.request_id, attempt=stamp.attempt,
                error_code=error.code if error else "", error_message=str(error) if error else "", **values,
            ).fields()
        )  # fmt: skip

    def _braked(self, counts: Mapping[str, int], uncounted: bool) -> str:
        """uncounted: nobody knows how many instances hold a listed role."""
        share = f"{self._mapping.settings.brake.max_removals:.0%} of the instances that hold a listed role"
        why = f"it could not be read whether they are more than {share}" if uncounted else f"more than {share}"
        return (
            f"{counts.get('refused/brake', 0)} removals refused: {why}; if it is meant, run again with lift_brake "
            "(--lift-brake)"
        )

    def _rate(self, remedy: Remedy, cursor: Cursor) -> Rate:
        budget = remedy.max_calls if remedy.max_calls is not None else self._settings.max_calls or None
        limits = CallLimits(
            per_minute={"": CALLS_PER_MINUTE, **self._settings.calls_per_minute},
            max_calls=None if budget is None else max(0, budget - cursor.spent),
            until=self._until - self._reserve * LAST_SECONDS if self._function else FOREVER,
        )
        return Rate(limits, self._keeper, used=cursor.used)

    def _gateway(self, target: Target, rate: Rate) -> EcsGateway:
        """At home with our own keys, elsewhere with sessions. Raises PermanentError for an account that is not listed."""
        sessions = Sessions(self._settings, self._credentials, target.account_id, target.region, self._mapping)
        return EcsGateway(self._settings, sessions.reads(), target.region, caller=rate, keys=sessions)

    def _hand_over(self, trigger: Trigger) -> CloudCallError | None:
        """To a new invocation of ourselves. Why it could not be done, where it could not."""
        cursor = trigger.cursor or Cursor()
        if cursor.stalled > MAX_STALLED:
            return PermanentError("InvokeFunction", "NoProgress", f"not invoked again: {cursor.stalled} invocations in a row "
                                  "got nothing done; raise the function's timeout, or ROLEKEEPER_CALLS_PER_MINUTE")  # fmt: skip
        if cursor.link > MAX_LINKS:
            return PermanentError("InvokeFunction", "TooManyLinks", f"not invoked again: the run has taken {MAX_LINKS} "
                                  "invocations; raise the function's timeout")  # fmt: skip
        return self._start(trigger, f"{cursor.run_id}-{cursor.link}")

    def _start(self, trigger: Trigger, task_id: str) -> CloudCallError | None:
        """Function Compute refuses a task id that it has seen: then the very same was started before, and is not again."""
        functions = functions_gateway(self._settings, self._credentials, self._function)
        try:
            functions.start(handed_over(trigger, self._settings.proof_keys), task_id)
        except CloudCallError as error:
            return error
        return None
