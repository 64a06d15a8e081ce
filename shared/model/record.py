"""Records: how one observation of one instance ended, flat, for SLS. Shapes only: who sends them is in gateways/sls.py."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.model.decision import Outcome
from shared.model.trigger import Trigger


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One observation of one instance. Field names are the SLS fields; README's table explains each. All become strings."""

    outcome: str
    reason: str
    action: str  # attach, detach, swap, none
    instance_id: str
    region: str
    account_id: str = ""
    rule: str = ""
    role: str = ""  # what roles.yaml gives
    role_before: str = ""
    role_after: str = ""
    trigger: str = (
        ""  # the function that what happened is intended for: instance_created, tags_changed, reconcile, remediate
    )
    event_id: str = ""
    event_time: str = ""
    event_age_ms: str = ""
    actor: str = ""  # who caused the event; on a remediation its operator
    operator: str = ""  # remediate: who asked, and why
    operator_reason: str = ""
    mode: str = ""
    mapping_hash: str = ""
    function: str = ""
    request_id: str = ""
    attempt: str = ""
    run_id: str = ""  # the reconcile or remediation that it is part of
    error_code: str = ""
    error_message: str = ""
    cloud_request_ids: str = ""  # space-separated
    duration_ms: str = ""
    gap_ms: str = ""  # a swap: how long the instance had no role

    @property
    def is_quiet(self) -> bool:
        """Return whether it tells that all is as it should be, and will be."""
        return self.outcome == Outcome.UNCHANGED.value and self.action == "none" and self.reason != "expires-soon"

    def fields(self) -> dict[str, str]:
        """Return what SLS gets: every field that has a value."""
        return fields(self)


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One run over many instances, or one invocation's part of it: what it saw, by outcome and reason, and what it cost.

    run: "complete", "continued" (another invocation goes on: seen and counts are of all so far), "incomplete" (error_...) or
    "not-begun" (a timer's: the run before it still goes on, running_...).
    """

    run: str
    run_id: str
    seen: str
    counts: str  # JSON, e.g. {"unchanged/in-sync": 998, "attached/missing": 2}
    link: str = ""  # which invocation of the run it was, from 0
    brake: str = ""  # "acted": removals were refused; "lifted": an operator let them through
    reads: str = ""  # calls to ECS that this invocation made
    writes: str = ""
    calls: str = ""  # JSON: both, by the API's name
    running_task: str = ""  # the asynchronous task of the run that still goes on, and since when it does
    running_since: str = ""
    action: str = "run"
    region: str = ""
    account_id: str = ""
    trigger: str = ""
    event_time: str = ""
    actor: str = ""
    operator: str = ""
    operator_reason: str = ""
    mapping_hash: str = ""
    function: str = ""
    request_id: str = ""
    attempt: str = ""
    error_code: str = ""
    error_message: str = ""
    duration_ms: str = ""

    def fields(self) -> dict[str, str]:
        """Return what SLS gets: every field that has a value."""
        return fields(self)


class RecordContext(msgspec.Struct, frozen=True, kw_only=True):
    """The part that every record of one invocation carries."""

    account_id: str = ""
    function: str = ""
    request_id: str = ""
    attempt: str = ""
    run_id: str = ""  # of a reconcile or a remediation, through all its invocations
    mapping_hash: str = ""


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """One observation: of what, why, and when it ended. duration: in seconds."""

    instance_id: str
    region: str
    trigger: Trigger
    now: datetime
    duration: float = 0.0


def fields(record: Record | RunRecord) -> dict[str, str]:
    return {name: value for name, value in msgspec.structs.asdict(record).items() if value}


def age_ms(event_at: datetime | None, now: datetime) -> str:
    """Milliseconds from the event to now; "" where the event's time is not known. Never negative: clocks differ."""
    return "" if event_at is None else str(max(0, round((now - event_at).total_seconds() * 1000)))
