"""The record of how an observation ended. Makes records only: sends none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from shared.errors import BudgetSpent, CloudCallError, Interrupted, TransientError
from shared.model.decision import Outcome, Reason
from shared.model.outcomes import by_rank
from shared.model.plan import Change, Failure, Result
from shared.model.progress import Progress
from shared.model.record import Observed, Record, RecordContext, RunRecord, age_ms
from shared.model.trigger import FUNCTION_OF, RemediationRequest, Trigger

NOT_ASKED: Mapping[type[CloudCallError], Reason] = {BudgetSpent: Reason.MAX_CALLS, Interrupted: Reason.STOPPED}
"""Errors that are the run's own no to a call: what they end is refused for that reason, and has not failed."""
BIRTH = timedelta(minutes=2)
"""A creation event younger than this may be ahead of what ECS shows."""


def is_at_birth(trigger: Trigger, now: datetime) -> bool:
    """Say whether the event may be ahead of ECS. A time far ahead of our clock is wrong, and tells nothing."""
    created = trigger.kind == "created"
    return created and trigger.event_at is not None and abs(now - trigger.event_at) < BIRTH


def of_result(result: Result, observed: Observed, context: RecordContext) -> Record:
    """Return the record of a change, or of an instance that needed none."""
    change, failure = result.change, result.failure
    outcome, reason = result.outcome, result.reason
    if failure and failure.gone:
        outcome, reason = _not_shown(observed)
    return _base(
        observed,
        context,
        outcome=outcome.value,
        reason=reason.value,
        action=change.action,
        rule=change.rule,
        role=change.role,
        role_before=change.role_before,
        role_after=result.role_after,
        mode=change.mode,
        error_code=failure.code if failure else "",
        error_message=failure.message if failure else change.why,
        cloud_request_ids=" ".join(result.request_ids),
        gap_ms="" if result.gap_ms is None else str(result.gap_ms),
    )


def of_not_found(observed: Observed, context: RecordContext) -> Record:
    """ECS does not show it. An id that an operator named may be mistyped: that has to be reported, and nothing heals it."""
    outcome, reason = _not_shown(observed)
    message, request = "", observed.trigger.request
    if observed.trigger.kind == "remediate" and request and request.by_id:
        outcome, message = Outcome.FAILED, f"not in {observed.region}: another region, or mistyped?"
    return _base(observed, context, outcome=outcome.value, reason=reason.value, action="none", error_message=message)


def of_unread(error: CloudCallError, observed: Observed, context: RecordContext) -> Record:
    """The observation itself failed, or the run's budget did not reach so far, or it was stopped before."""
    outcome = Outcome.RETRYING if isinstance(error, TransientError) else Outcome.FAILED
    reason = Reason.NOT_OBSERVED
    if type(error) in NOT_ASKED:
        outcome, reason = Outcome.REFUSED, NOT_ASKED[type(error)]
    return _base(
        observed,
        context,
        outcome=outcome.value,
        reason=reason.value,
        action="none",
        error_code=error.code,
        error_message=str(error),
        cloud_request_ids=" ".join(error.request_ids),
    )


def of_run(
    trigger: Trigger,
    run: str,
    counts: Mapping[str, int],
    error: CloudCallError | None,
    context: RecordContext,
    **values: str,
) -> RunRecord:
    """Return the record of a run, or of one invocation's part of it.

    trigger: with its region, account and progress. run: how it ended, see RunRecord. counts: its observations, by outcome and reason.
    """
    progress, request = trigger.progress or Progress(), trigger.request or RemediationRequest()
    common = msgspec.structs.asdict(context) | {"account_id": trigger.account_id, "run_id": progress.run_id}
    return RunRecord(
        run=run,
        link=str(progress.link),
        seen=str(sum(counts.values())),
        counts=json.dumps(dict(by_rank(counts))),
        region=trigger.region,
        trigger=FUNCTION_OF[trigger.kind],
        event_time=trigger.event_time,
        actor=request.operator or trigger.actor,
        operator=request.operator,
        operator_reason=request.reason,
        error_code=error.code if error else "",
        error_message=str(error) if error else "",
        **common,
        **values,
    )


def settled(change: Change) -> Result:
    """Return the result of a change for which nothing is to be done."""
    outcome = change.outcome or Outcome.UNCHANGED
    return Result(change=change, outcome=outcome, reason=change.reason, role_after=change.role_before)


def refused(change: Change, reason: Reason, why: str = "") -> Result:
    """Return the result of a change that a guard did not let through."""
    change = msgspec.structs.replace(change, why=why or change.why)
    return Result(change=change, outcome=Outcome.REFUSED, reason=reason, role_after=change.role_before)


def not_begun(change: Change, error: CloudCallError) -> Result:
    """Return the result of a change for which no call was made."""
    if type(error) in NOT_ASKED:
        return refused(change, NOT_ASKED[type(error)])
    failure = Failure.of(error)
    outcome = Outcome.RETRYING if failure.transient else Outcome.FAILED
    return Result(change=change, outcome=outcome, reason=change.reason, role_after=change.role_before, failure=failure)


def _not_shown(observed: Observed) -> tuple[Outcome, Reason]:
    """A creation event may be ahead of ECS: Function Compute tries again. Anything else is over."""
    if is_at_birth(observed.trigger, observed.now):
        return Outcome.RETRYING, Reason.NOT_VISIBLE_YET
    return Outcome.UNCHANGED, Reason.GONE


def _base(observed: Observed, context: RecordContext, **values: str) -> Record:
    trigger, request = observed.trigger, observed.trigger.request
    return Record(
        instance_id=observed.instance_id,
        region=observed.region,
        trigger=FUNCTION_OF[trigger.kind],
        event_id=trigger.event_id,
        event_time=trigger.event_time,
        event_age_ms=age_ms(trigger.event_at, observed.now),
        actor=(request.operator if request else "") or trigger.actor,
        operator=request.operator if request else "",
        operator_reason=request.reason if request else "",
        duration_ms=str(round(observed.duration * 1000)),
        **msgspec.structs.asdict(context),
        **values,
    )
