"""The guard of an approved plan: a change passes where it is what the plan says of an instance that is as it was."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.model.decision import Reason
from shared.model.plan import Change
from shared.model.plan_file import Approved
from shared.planning.guards import CHANGE_GUARDS, Facts, judge

CHANGE = Change(
    instance_id="i-1",
    region="cn-hangzhou",
    action="swap",
    reason=Reason.WRONG,
    rule="by app",
    role="web",
    role_before="old",
    role_after="web",
    facts="0123456789abcdef",
)
APPROVED = {"i-1": Approved.of(CHANGE)}


def test_a_run_without_a_plan_is_not_asked() -> None:
    assert judge([CHANGE], Facts(), CHANGE_GUARDS).allowed == (CHANGE,)


BOUND = msgspec.structs.replace(CHANGE, approved=True)
"""The change as the guard lets it through: as it is, or not at all."""


def test_what_the_plan_says_is_carried_out() -> None:
    verdict = judge([CHANGE], Facts(approved=APPROVED), CHANGE_GUARDS)
    assert (verdict.allowed, verdict.refused) == ((BOUND,), ())


@pytest.mark.parametrize(
    ("differs", "why"),
    [
        pytest.param({"instance_id": "i-2"}, "the plan does not name it", id="another instance"),
        pytest.param({"role_before": "other"}, "it holds other now, and old when", id="another role on it"),
        pytest.param({"role_before": ""}, "it holds no role now, and old when", id="no role on it"),
        pytest.param(
            {"action": "detach", "role_after": ""},
            "now no role would be put on it (detach), by rule 'by app'",
            id="another action",
        ),
        pytest.param({"role_after": "batch"}, "now batch would be put on it (swap)", id="another role"),
        pytest.param({"rule": "other"}, "by rule 'other'", id="another rule"),
        pytest.param({"mode": "attach-only"}, "by rule 'by app'", id="another mode"),
        pytest.param({"facts": "f" * 16}, "a tag or attribute that rules read was changed", id="other facts"),
    ],
)
def test_what_differs_is_refused_with_the_reason(differs: dict[str, Any], why: str) -> None:
    same = msgspec.structs.replace(CHANGE, instance_id="i-0")
    plan = {**APPROVED, "i-0": Approved.of(same)}
    verdict = judge([same, msgspec.structs.replace(CHANGE, **differs)], Facts(approved=plan), CHANGE_GUARDS)
    assert verdict.allowed == (msgspec.structs.replace(same, approved=True),)
    (refusal,) = verdict.refused
    assert (refusal.reason, why in refusal.why, "make a new plan" in refusal.why) == (
        Reason.CHANGED_SINCE_PLAN,
        True,
        True,
    )
