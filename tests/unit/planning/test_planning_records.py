"""How an observation ended becomes its record: nothing is lost, and what is not known is not made up."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given

from shared.errors import BudgetSpent, CloudCallError, Interrupted, OutOfTime, PermanentError, TransientError
from shared.model.decision import Outcome, Reason
from shared.model.plan import Failure, Result
from shared.model.record import Observed, RecordContext
from shared.model.trigger import RemediationRequest, Trigger
from shared.planning.records import (
    is_at_birth,
    not_begun,
    of_not_found,
    of_result,
    of_unread,
    refused,
    settled,
)
from tests.unit.planning.changes import change, results

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
CONTEXT = RecordContext(account_id="1", function="tags_changed", request_id="q", run_id="run-1", mapping_hash="h")
CREATED = Trigger(
    kind="created", source="s", event_at=NOW - timedelta(seconds=30), event_id="e", event_time="t", actor="bob"
)
BY_ID = Trigger(kind="remediate", source="s", request=RemediationRequest(operator="ann", reason="why"), actor="bob")


def observed(trigger: Trigger = CREATED, **given: Any) -> Observed:
    return Observed(instance_id="i-1", region="cn-hangzhou", trigger=trigger, now=NOW, duration=2.5, **given)


@given(results)
def test_a_record_says_what_a_result_says(result: Result) -> None:
    record = of_result(result, observed(), CONTEXT)
    one = result.change
    assert (record.action, record.rule, record.role, record.mode) == (one.action, one.rule, one.role, one.mode)
    assert (record.role_before, record.role_after) == (one.role_before, result.role_after)
    assert record.cloud_request_ids == " ".join(result.request_ids)
    assert record.gap_ms == ("" if result.gap_ms is None else str(result.gap_ms))
    if result.failure is None:
        assert (record.error_code, record.error_message) == ("", one.why)
    else:
        assert (record.error_code, record.error_message) == (result.failure.code, result.failure.message)
    if not (result.failure and result.failure.gone):
        assert (record.outcome, record.reason) == (result.outcome.value, result.reason.value)


def test_a_record_says_why_it_was_observed_by_whom_and_where() -> None:
    record = of_result(settled(change(action="none")), observed(), CONTEXT)
    assert (record.instance_id, record.region, record.account_id) == ("i-1", "cn-hangzhou", "1")
    assert (record.trigger, record.event_id, record.event_age_ms, record.duration_ms) == (
        "instance_created",
        "e",
        "30000",
        "2500",
    )
    assert (record.event_time, record.actor, record.operator, record.operator_reason) == ("t", "bob", "", "")
    assert (record.function, record.request_id, record.run_id, record.mapping_hash) == (
        "tags_changed",
        "q",
        "run-1",
        "h",
    )


def test_an_operator_goes_before_whoever_called() -> None:
    record = of_result(settled(change(action="none")), observed(BY_ID), CONTEXT)
    assert (record.actor, record.operator, record.operator_reason) == ("ann", "ann", "why")


@pytest.mark.parametrize(
    ("trigger", "ends"),
    [
        pytest.param(CREATED, ("retrying", "not-visible-yet"), id="just created: ECS may not show it yet"),
        pytest.param(
            Trigger(kind="created", source="s", event_at=NOW - timedelta(minutes=3)),
            ("unchanged", "gone"),
            id="created long ago",
        ),
        pytest.param(
            Trigger(kind="created", source="s", event_at=NOW + timedelta(minutes=3)),
            ("unchanged", "gone"),
            id="far ahead of our clock",
        ),
        pytest.param(
            Trigger(kind="created", source="s", event_at=NOW - timedelta(minutes=2)),
            ("unchanged", "gone"),
            id="created two minutes ago",
        ),
        pytest.param(Trigger(kind="created", source="s"), ("unchanged", "gone"), id="nobody knows when"),
        pytest.param(Trigger(kind="changed", source="s", event_at=NOW), ("unchanged", "gone"), id="changed"),
        pytest.param(BY_ID, ("failed", "gone"), id="named by an operator, mistyped perhaps"),
        pytest.param(
            Trigger(kind="remediate", source="s", request=RemediationRequest(everything=True)),
            ("unchanged", "gone"),
            id="listed",
        ),
        pytest.param(
            Trigger(kind="reconcile", source="s", request=RemediationRequest()),
            ("unchanged", "gone"),
            id="of a reconcile, handed over",
        ),
    ],
)
def test_what_ecs_does_not_show(trigger: Trigger, ends: tuple[str, str]) -> None:
    record = of_not_found(observed(trigger), CONTEXT)
    assert (record.outcome, record.reason, record.action) == (*ends, "none")
    assert record.error_message == ("not in cn-hangzhou: another region, or mistyped?" if ends[0] == "failed" else "")
    assert (record.error_code, record.cloud_request_ids, record.gap_ms) == ("", "", "")
    assert is_at_birth(trigger, NOW) == (ends[0] == "retrying")


@pytest.mark.parametrize(
    ("trigger", "ends"), [(CREATED, ("retrying", "not-visible-yet")), (BY_ID, ("unchanged", "gone"))]
)
def test_an_instance_that_a_write_finds_gone_ends_as_one_that_is_not_shown(
    trigger: Trigger, ends: tuple[str, str]
) -> None:
    gone = Failure(code="InvalidInstanceId.NotFound", message="no such instance", gone=True)
    result = Result(
        change=change(), outcome=Outcome.FAILED, reason=Reason.MISSING, role_after="", failure=gone, request_ids=("q",)
    )
    record = of_result(result, observed(trigger), CONTEXT)
    assert (record.outcome, record.reason, record.action) == (*ends, "attach")
    assert (record.error_code, record.cloud_request_ids) == ("InvalidInstanceId.NotFound", "q")


ERRORS = [
    pytest.param(PermanentError("A", "Forbidden", "no", "q1"), "failed", "", id="permanent"),
    pytest.param(TransientError("A", "", "lost"), "retrying", "", id="transient"),
    pytest.param(OutOfTime("A"), "retrying", "", id="no time"),
    pytest.param(BudgetSpent("A", 3), "refused", "max-calls", id="no calls left"),
    pytest.param(Interrupted("A"), "refused", "stopped", id="stopped"),
]


@pytest.mark.parametrize(("error", "outcome", "reason"), ERRORS)
def test_what_could_not_be_observed_says_why(error: CloudCallError, outcome: str, reason: str) -> None:
    error.request_ids += ("again",)
    record = of_unread(error, observed(), CONTEXT)
    assert (record.outcome, record.reason, record.action) == (outcome, reason or "not-observed", "none")
    assert (record.error_code, record.error_message) == (error.code, str(error))
    assert record.cloud_request_ids == " ".join(error.request_ids)
    assert (record.role_before, record.role_after) == ("", ""), "nobody knows it"


@pytest.mark.parametrize(("error", "outcome", "reason"), ERRORS)
def test_a_change_that_was_not_begun_leaves_the_role_as_it_was(
    error: CloudCallError, outcome: str, reason: str
) -> None:
    result = not_begun(change(action="swap"), error)
    assert (result.outcome, result.reason, result.role_after) == (outcome, reason or "wrong", "worker")
    assert result.change == change(action="swap")
    assert (result.failure is None) == (outcome == "refused"), "our own no is no failure"
    assert result.failed == (outcome != "refused")
    assert result.cut_off == isinstance(error, OutOfTime)


def test_what_is_settled_or_refused_leaves_the_role_as_it_was() -> None:
    for result in (
        settled(change(action="swap", outcome=Outcome.PLANNED)),
        refused(change(action="swap"), Reason.BRAKE),
    ):
        assert (result.role_after, result.failure, result.failed) == ("worker", None, False)
        assert result.change.action == "swap"
    assert settled(change(action="none", outcome=Outcome.SKIPPED)).outcome == "skipped"
    assert (refused(change(), Reason.BRAKE).outcome, refused(change(), Reason.BRAKE).reason) == ("refused", "brake")
