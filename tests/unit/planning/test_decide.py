"""decide() over every combination of what it looks at, against the decision table written out a second time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from shared.model.instance import Desired, Instance
from shared.model.plan import Change
from shared.planning.decide import decide

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
GRACE = timedelta(minutes=10)
HELD = {"none": "", "wanted": "web", "other managed": "worker", "foreign": "alien"}


def made(held: str = "", wanted: str | None = "web", **given: Any) -> Change:
    verdict = given.get("verdict", "role" if wanted else "none")
    age = given.get("age", timedelta(hours=1))
    instance = Instance(
        instance_id="i-1",
        region="cn-hangzhou",
        network=given.get("network", "vpc"),
        role=held,
        created_at=None if age is None else NOW - age,
    )
    desired = Desired(
        verdict=verdict,
        rule="r",
        role=wanted or "",
        mode=given.get("mode", "enforce"),
        foreign_roles=given.get("foreign_roles", "keep"),
    )
    return decide(
        instance,
        desired,
        is_managed={"web", "worker"}.__contains__,
        now=NOW,
        launch_grace=GRACE,
        may_displace=lambda role: True,
        at_birth=given.get("at_birth", False),
    )


def table(held: str, wants: bool, network: str, mode: str, foreign: str, is_young: bool) -> tuple[str, str]:
    """Return (action or outcome, reason), row by row as docs/mapping.md has it; verdicts ignore and refused have tests below."""
    if wants and network == "classic":
        return "skipped", "not-in-vpc"
    match held, wants:
        case "none", False:
            return "unchanged", "no-rule"
        case "none", True:
            return "attach", "missing"
        case "wanted", True:
            return "unchanged", "in-sync"
        case "foreign", False:
            return "unchanged", "foreign-role"
        case "foreign", True if foreign == "keep":
            return "skipped", "foreign-role"
        case _, False if is_young:
            return "unchanged", "young"
    if mode == "attach-only":
        return "skipped", "attach-only"
    if not wants:
        return "detach", "no-longer-mapped"
    return "swap", "foreign-role" if held == "foreign" else "wrong"


@pytest.mark.parametrize("at_birth", [False, True], ids=["later", "birth"])
@pytest.mark.parametrize("age", [timedelta(minutes=9), timedelta(minutes=10), None], ids=["9m", "10m", "no-age"])
@pytest.mark.parametrize("foreign", ["keep", "replace"])
@pytest.mark.parametrize("mode", ["enforce", "attach-only", "audit"])
@pytest.mark.parametrize("network", ["vpc", "classic"])
@pytest.mark.parametrize("wants", [True, False], ids=["a-role", "no-role"])
@pytest.mark.parametrize("held", list(HELD))
def test_a_change_is_the_tables(
    held: str, wants: bool, network: str, mode: str, foreign: str, age: timedelta | None, at_birth: bool
) -> None:
    change = made(
        HELD[held],
        "web" if wants else None,
        network=network,
        mode=mode,
        foreign_roles=foreign,
        age=age,
        at_birth=at_birth,
    )
    is_young = at_birth or age == timedelta(minutes=9)
    expected, reason = table(held, wants, network, mode, foreign, is_young)
    assert change.reason.value == reason
    if expected in ("attach", "detach", "swap"):
        assert change.action == expected
        assert change.outcome == ("planned" if mode == "audit" else None)
        assert change.role_after == ("web" if wants else "")
    else:
        assert (change.action, change.outcome) == ("none", expected)
        assert change.role_after == HELD[held]


@pytest.mark.parametrize("network", ["vpc", "classic"])
@pytest.mark.parametrize("mode", ["enforce", "attach-only", "audit"])
@pytest.mark.parametrize("held", list(HELD))
@pytest.mark.parametrize(
    ("verdict", "outcome", "reason"), [("ignore", "unchanged", "ignored"), ("refused", "refused", "role-not-listed")]
)
def test_ignore_and_refused_touch_nothing_whatever_else_holds(
    verdict: str, outcome: str, reason: str, held: str, mode: str, network: str
) -> None:
    change = made(HELD[held], "admin", verdict=verdict, mode=mode, network=network)
    assert (change.action, change.outcome, change.reason) == ("none", outcome, reason)


def test_a_creation_time_ahead_of_our_clock_is_young() -> None:
    assert made("web", None, age=timedelta(seconds=-50)).reason == "young"
