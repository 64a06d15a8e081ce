"""How the end of a look becomes its record. Makes records only: sends none, decides nothing about an instance."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec

from shared.apply import Done
from shared.errors import BudgetSpent, CloudCallError, Interrupted, TransientError
from shared.model.decision import Outcome, Reason
from shared.model.record import Record, age_ms
from shared.model.trigger import FUNCTION_OF, Trigger
from shared.plan import Decision

NOT_ASKED: Mapping[type[CloudCallError], Reason] = {BudgetSpent: Reason.MAX_CALLS, Interrupted: Reason.STOPPED}
"""Errors that are the run's own no to a call: what they end is refused for that reason, and has not failed."""
BIRTH = timedelta(minutes=2)
"""A creation event younger than this may be ahead of what ECS shows."""


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What every record of one invocation carries."""

    account_id: str = ""
    function: str = ""
    request_id: str = ""
    attempt: str = ""
    run_id: str = ""  # of a reconcile or a remediation, through all its invocations


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One look that is not over yet. began: of the look, by the monotonic clock."""

    decision: Decision
    trigger: Trigger
    began: float


class Recorder:
    """Records of one invocation. now: aware UTC time."""

    def __init__(self, stamp: Stamp, mapping_hash: str, now: Callable[[], datetime]) -> None:
        self._stamp, self._mapping_hash, self._now = stamp, mapping_hash, now

    def is_at_birth(self, trigger: Trigger) -> bool:
        """Whether the event may be ahead of ECS. A time far ahead of our clock is wrong, and tells nothing."""
        return (
            trigger.kind == "created" and trigger.event_at is not None and abs(self._now() - trigger.event_at) < BIRTH
        )

    def _not_shown(self, trigger: Trigger) -> tuple[Outcome, Reason]:
        """A creation event may be ahead of ECS: Function Compute tries again. Anything else is over."""
        if self.is_at_birth(trigger):
            return Outcome.RETRYING, Reason.NOT_VISIBLE_YET
        return Outcome.UNCHANGED, Reason.GONE

    def ended(self, done: Done, seen: Seen) -> Record:
        decision, failure = done.decision, done.failure
        outcome, reason = done.outcome, done.reason
        if failure and failure.gone:
            outcome, reason = self._not_shown(seen.trigger)
        return self._base(
            decision.instance.instance_id, decision.instance.region, seen.trigger, seen.began,
            outcome=outcome.value, reason=reason.value, action=decision.verb, rule=decision.desired.rule,
            role=decision.desired.role, role_before=decision.instance.role, role_after=done.role_after,
            mode=decision.desired.mode, error_code=failure.code if failure else "",
            error_message=failure.message if failure else decision.why, cloud_request_ids=" ".join(done.request_ids),
            gap_ms="" if done.gap_ms is None else str(done.gap_ms),
        )  # fmt: skip

    def gone(self, name: str, region: str, trigger: Trigger, began: float) -> Record:
        """ECS does not show it. What an operator named may be mistyped: that has to be reported, and nothing heals it."""
        outcome, reason = self._not_shown(trigger)
        message = ""
        if trigger.kind == "remediate" and trigger.remedy and trigger.remedy.by_id:
            outcome, message = Outcome.FAILED, f"not in {region}: another region, or mistyped?"
        return self._base(
            name, region, trigger, began, outcome=outcome.value, reason=reason.value, action="none",
            error_message=message,
        )  # fmt: skip

    def unseen(self, name: str, region: str, trigger: Trigger, error: CloudCallError, began: float) -> Record:
        """The look itself failed, or the run's budget did not reach so far, or it was stopped before."""
        outcome = Outcome.RETRYING if isinstance(error, TransientError) else Outcome.FAILED
        reason = Reason.NOT_OBSERVED
        if type(error) in NOT_ASKED:
            outcome, reason = Outcome.REFUSED, NOT_ASKED[type(error)]
        return self._base(
            name, region, trigger, began, outcome=outcome.value, reason=reason.value, action="none",
            error_code=error.code, error_message=str(error), cloud_request_ids=" ".join(error.request_ids),
        )  # fmt: skip

    def _base(self, name: str, region: str, trigger: Trigger, began: float, **values: str) -> Record:
        remedy = trigger.remedy
        return Record(
            instance_id=name, region=region, account_id=self._stamp.account_id, trigger=FUNCTION_OF[trigger.kind],
            event_id=trigger.event_id, event_time=trigger.event_time, event_age_ms=age_ms(trigger.event_at, self._now()),
            actor=(remedy.operator if remedy else "") or trigger.actor, operator=remedy.operator if remedy else "",
            operator_reason=remedy.reason if remedy else "", mapping_hash=self._mapping_hash,
            function=self._stamp.function, request_id=self._stamp.request_id, attempt=self._stamp.attempt,
            run_id=self._stamp.run_id,
            duration_ms=str(round((time.monotonic() - began) * 1000)), **values,
        )  # fmt: skip
