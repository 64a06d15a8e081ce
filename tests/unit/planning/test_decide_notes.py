"""What a run decides beside the decision table: drift classes, foreign roles that were displaced and are put back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from shared.model.decision import Reason
from shared.model.instance import Desired, Instance
from shared.model.plan import Change
from shared.planning.decide import decide, drift
from shared.planning.steps import steps
from shared.proof import Judgement

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
MANAGED = {"web", "worker"}.__contains__


def instance(role: str = "", **given: Any) -> Instance:
    return Instance(instance_id="i-1", region="cn-hangzhou", role=role, **given)


def desired(role: str = "", verdict: Any = None, **given: Any) -> Desired:
    return Desired(verdict=verdict or ("role" if role else "none"), role=role, **given)


def decided(one: Instance, wants: Desired, may: str = "alien", **given: Any) -> Change:
    return decide(
        one,
        wants,
        is_managed=MANAGED,
        now=NOW,
        launch_grace=timedelta(minutes=10),
        may_displace=lambda r: r == may,
        **given,
    )


def note(role: str = "", verdict: Any = "proven") -> Judgement:
    return Judgement(verdict=verdict, role=role)


@pytest.mark.parametrize(
    ("held", "wants", "network", "kind"),
    [
        pytest.param("", desired("web"), "vpc", "missing", id="no role where a rule gives one"),
        pytest.param("", desired("web"), "classic", None, id="none, and it can have none"),
        pytest.param("worker", desired("web"), "vpc", "wrong", id="another listed one"),
        pytest.param("alien", desired("web"), "vpc", "foreign", id="somebody else's"),
        pytest.param("web", desired(), "vpc", "orphaned", id="a listed one where no rule gives one"),
        pytest.param("alien", desired(), "vpc", None, id="somebody else's where no rule gives one"),
        pytest.param("web", desired("web"), "vpc", None, id="in sync"),
        pytest.param("", desired(), "vpc", None, id="nothing"),
        pytest.param("web", desired(verdict="ignore"), "vpc", None, id="ignored"),
        pytest.param("web", desired("admin", verdict="refused"), "vpc", None, id="a role that is not listed"),
        pytest.param("", desired("web", mode="audit"), "vpc", "missing", id="whatever the mode lets us do"),
    ],
)
def test_drift(held: str, wants: Desired, network: Any, kind: str | None) -> None:
    assert drift(instance(held, network=network), wants, MANAGED) == kind


@pytest.mark.parametrize(
    ("held", "judged", "action", "reason", "after"),
    [
        pytest.param("web", note("alien"), "swap", "put-back", "alien", id="what was displaced"),
        pytest.param("web", None, "detach", "no-longer-mapped", "", id="nothing was"),
        pytest.param("web", note(verdict="false"), "detach", "note-not-proven", "", id="a forged note"),
        pytest.param("web", note(verdict="unknown"), "detach", "note-not-proven", "", id="no key to judge it by"),
        pytest.param(
            "web", note("other"), "detach", "no-longer-mapped", "", id="one that may not be displaced any more"
        ),
        pytest.param("web", note("worker"), "detach", "no-longer-mapped", "", id="a listed one: rules give those"),
        pytest.param("", note("alien"), "attach", "put-back", "alien", id="taken off, and not put back yet"),
        pytest.param("", note(verdict="false"), "none", "no-rule", "", id="none, and a forged note"),
        pytest.param("", note("other"), "none", "no-rule", "", id="none, and one that may not be displaced any more"),
        pytest.param("alien", note("alien"), "untag", "foreign-role", "alien", id="it is there already"),
        pytest.param("third", note("alien"), "untag", "foreign-role", "third", id="somebody put another one on"),
        pytest.param(
            "alien", note(verdict="false"), "none", "foreign-role", "alien", id="a forged note beside a foreign role"
        ),
    ],
)
def test_put_back(held: str, judged: Judgement | None, action: str, reason: str, after: str) -> None:
    change = decided(instance(held), desired(), note=judged)
    assert (change.action, change.reason.value, change.role_after) == (action, reason, after)
    if change.reason is Reason.PUT_BACK:
        assert change.removes == bool(held), "putting a role on is no removal"
        (step,) = steps([change])
        assert (step.action, step.detach, step.attach, step.puts_back, step.displaces) == (
            action,
            held,
            after,
            True,
            False,
        )


@pytest.mark.parametrize(
    ("held", "wants", "judged", "reason"),
    [
        pytest.param("web", desired(), note(verdict="unknown"), "no-proof-key", id="a note to be judged"),
        pytest.param("", desired(), note(verdict="unknown"), "no-proof-key", id="the same, on no role"),
        pytest.param(
            "alien", desired("web", foreign_roles="replace"), None, "no-proof-key", id="a role to be displaced"
        ),
        pytest.param("alien", desired("web"), None, "foreign-role", id="a role to be kept"),
        pytest.param("web", desired(), note(verdict="false"), "note-not-proven", id="a note that is not signed"),
        pytest.param(
            "web", desired("worker"), note(verdict="unknown"), "wrong", id="a swap that the note does not matter to"
        ),
        pytest.param("web", desired("web"), note(verdict="unknown"), "in-sync", id="nothing to do"),
    ],
)
def test_who_must_not_do_without_a_key(held: str, wants: Desired, judged: Judgement | None, reason: str) -> None:
    change = decided(instance(held), wants, note=judged, needs_key=True)
    assert change.reason.value == reason
    if reason == "no-proof-key":
        assert (change.action, change.outcome) == ("none", "refused")
        assert "ROLEKEEPER_PROOF_KEYS" in change.why


@pytest.mark.parametrize(("may", "replaced"), [("alien", True), ("other", False)])
def test_a_foreign_role_is_displaced_only_where_it_may_be(may: str, replaced: bool) -> None:
    change = decided(instance("alien"), desired("web", foreign_roles="replace"), may)
    assert change.action == ("swap" if replaced else "none")
    assert not change.removes, "the brake is for listed roles"
    if replaced:
        (step,) = steps([change])
        assert (step.displaces, step.puts_back) == (True, False)


def test_putting_back_obeys_mode_and_launch_grace() -> None:
    young = instance("web", created_at=NOW - timedelta(minutes=1))
    assert decided(young, desired(), note=note("alien")).reason == Reason.YOUNG
    assert decided(instance("web"), desired(mode="attach-only"), note=note("alien")).reason == Reason.ATTACH_ONLY
    audited = decided(instance("web"), desired(mode="audit"), note=note("alien"))
    assert (audited.action, audited.outcome) == ("swap", "planned")


def test_a_note_that_is_left_over_stays_in_mode_audit() -> None:
    change = decided(instance("alien"), desired(mode="audit"), note=note("alien"))
    assert (change.action, change.outcome, change.reason) == ("none", "unchanged", Reason.FOREIGN_ROLE)
