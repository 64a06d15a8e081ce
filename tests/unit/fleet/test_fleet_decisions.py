"""What a run decides beside the decision table: drift classes, foreign roles that were displaced and are put back."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from shared.model import DISPLACED_TAG, Desired, Instance, Reason
from shared.plan import Decision, decide, drift, steps

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=timezone.utc)
MANAGED = {"web", "worker"}.__contains__


def instance(role: str = "", **given: Any) -> Instance:
    return Instance(instance_id="i-1", region="cn-hangzhou", role=role, **given)


def desired(role: str = "", verdict: Any = None, **given: Any) -> Desired:
    return Desired(verdict=verdict or ("role" if role else "none"), role=role, **given)


def decided(one: Instance, wants: Desired, may: str = "alien") -> Decision:
    return decide(
        one, wants, is_managed=MANAGED, now=NOW, launch_grace=timedelta(minutes=10), may_displace=lambda r: r == may
    )


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
    ("held", "tag", "verb", "put_back"),
    [
        pytest.param("web", "alien", "swap", "alien", id="what was displaced"),
        pytest.param("web", "", "detach", "", id="nothing was"),
        pytest.param("web", "other", "detach", "", id="one that may not be displaced: anybody may write tags"),
        pytest.param("web", "worker", "detach", "", id="a listed one: rules give those"),
        pytest.param("web", "no role's name!", "detach", "", id="what is no role's name"),
        pytest.param("web", "a" * 65, "detach", "", id="what is too long for one"),
        pytest.param("", "alien", "none", "", id="nothing is on it"),
        pytest.param("alien", "alien", "none", "", id="it is there already"),
    ],
)
def test_put_back(held: str, tag: str, verb: str, put_back: str) -> None:
    decision = decided(instance(held, tags={DISPLACED_TAG: tag} if tag else {}), desired())
    assert (decision.verb, decision.put_back) == (verb, put_back)
    if put_back:
        assert (decision.reason, decision.role_after, decision.removes) == (Reason.PUT_BACK, put_back, True)
        (step,) = steps([decision])
        assert (step.detach, step.attach, step.puts_back, step.displaces) == (held, put_back, True, False)


@pytest.mark.parametrize(("may", "replaced"), [("alien", True), ("other", False)])
def test_a_foreign_role_is_displaced_only_where_it_may_be(may: str, replaced: bool) -> None:
    decision = decided(instance("alien"), desired("web", foreign_roles="replace"), may)
    assert decision.verb == ("swap" if replaced else "none")
    assert not decision.removes, "the brake is for listed roles"
    if replaced:
        (step,) = steps([decision])
        assert (step.displaces, step.puts_back) == (True, False)


def test_putting_back_obeys_mode_and_launch_grace() -> None:
    tags = {DISPLACED_TAG: "alien"}
    young = instance("web", tags=tags, created_at=NOW - timedelta(minutes=1))
    assert decided(young, desired()).reason == Reason.YOUNG
    assert decided(instance("web", tags=tags), desired(mode="attach-only")).reason == Reason.ATTACH_ONLY
    audited = decided(instance("web", tags=tags), desired(mode="audit"))
    assert (audited.verb, audited.outcome) == ("swap", "planned")
