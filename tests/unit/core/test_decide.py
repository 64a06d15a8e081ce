"""The decision table, row by row and as a whole: (what is attached, what roles.yaml wants) -> what is done, and why."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import product
from typing import Any

import pytest

from shared.model import Desired, ForeignRoles, Instance, Mode, Outcome, Reason
from shared.plan import Decision, decide

NOW = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
GRACE = timedelta(minutes=10)
MANAGED = {"web", "worker"}
NONE, WEB = Desired(verdict="none"), Desired(verdict="role", role="web", rule="r")


def judge(held: str, desired: Desired, *, age: float = 3600, network: Any = "vpc", **how: Any) -> Decision:
    created = None if age < 0 else NOW - timedelta(seconds=age)
    instance = Instance(instance_id="i-1", region="cn-hangzhou", role=held, created_at=created, network=network)
    return decide(instance, desired, is_managed=MANAGED.__contains__, now=NOW, launch_grace=GRACE, **how)


def mode(desired: Desired, mode: Mode = "enforce", foreign: ForeignRoles = "keep") -> Desired:
    return Desired(verdict=desired.verdict, role=desired.role, rule=desired.rule, mode=mode, foreign_roles=foreign)


ROWS = [
    ("nothing, no rule", "", NONE, {}, "none", Reason.NO_RULE, Outcome.UNCHANGED),
    ("nothing, a role", "", WEB, {}, "attach", Reason.MISSING, None),
    ("the role", "web", WEB, {}, "none", Reason.IN_SYNC, Outcome.UNCHANGED),
    ("another managed role", "worker", WEB, {}, "swap", Reason.WRONG, None),
    ("another managed role, young", "worker", WEB, {"age": 5}, "swap", Reason.WRONG, None),
    ("managed, no rule", "web", NONE, {}, "detach", Reason.NO_LONGER_MAPPED, None),
    ("managed, no rule, young", "web", NONE, {"age": 599}, "none", Reason.YOUNG, Outcome.UNCHANGED),
    ("managed, no rule, just old enough", "web", NONE, {"age": 600}, "detach", Reason.NO_LONGER_MAPPED, None),
    ("managed, no rule, age unknown", "web", NONE, {"age": -1}, "detach", Reason.NO_LONGER_MAPPED, None),
    ("managed, no rule, at its creation", "web", NONE, {"at_birth": True}, "none", Reason.YOUNG, Outcome.UNCHANGED),
    ("foreign, no rule", "theirs", NONE, {}, "none", Reason.FOREIGN_ROLE, Outcome.UNCHANGED),
    ("foreign, a role, keep", "theirs", WEB, {}, "none", Reason.FOREIGN_ROLE, Outcome.SKIPPED),
    ("foreign, a role, replace", "theirs", mode(WEB, foreign="replace"), {}, "swap", Reason.FOREIGN_ROLE, None),
    ("foreign, no rule, replace", "theirs", mode(NONE, foreign="replace"), {}, "none", Reason.FOREIGN_ROLE, Outcome.UNCHANGED),
    ("ignored", "web", Desired(verdict="ignore", rule="r"), {}, "none", Reason.IGNORED, Outcome.UNCHANGED),
    ("classic network", "", WEB, {"network": "classic"}, "none", Reason.NOT_IN_VPC, Outcome.SKIPPED),
    ("classic network, no rule", "", NONE, {"network": "classic"}, "none", Reason.NO_RULE, Outcome.UNCHANGED),
    ("a role not listed", "web", Desired(verdict="refused", role="admin"), {}, "none", Reason.ROLE_NOT_LISTED, Outcome.REFUSED),
    ("attach-only, nothing", "", mode(WEB, "attach-only"), {}, "attach", Reason.MISSING, None),
    ("attach-only, another", "worker", mode(WEB, "attach-only"), {}, "none", Reason.ATTACH_ONLY, Outcome.SKIPPED),
    ("attach-only, no rule", "web", mode(NONE, "attach-only"), {}, "none", Reason.ATTACH_ONLY, Outcome.SKIPPED),
    ("audit, nothing", "", mode(WEB, "audit"), {}, "attach", Reason.MISSING, Outcome.PLANNED),
    ("audit, no rule", "web", mode(NONE, "audit"), {}, "detach", Reason.NO_LONGER_MAPPED, Outcome.PLANNED),
    ("dry run, another", "worker", WEB, {"dry_run": True}, "swap", Reason.WRONG, Outcome.PLANNED),
    ("dry run, in sync", "web", WEB, {"dry_run": True}, "none", Reason.IN_SYNC, Outcome.UNCHANGED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("held", "desired", "how", "verb", "reason", "outcome"), [pytest.param(*row[1:], id=row[0]) for row in ROWS]
)
def test_a_row_of_the_table(
    held: str, desired: Desired, how: dict[str, Any], verb: str, reason: Reason, outcome: Outcome | None
) -> None:
    found = judge(held, desired, **how)
    assert (found.verb, found.reason, found.outcome) == (verb, reason, outcome)


WANTED = [NONE, WEB, Desired(verdict="ignore"), Desired(verdict="refused", role="admin")]
ALL = list(
    product(
        ["", "web", "worker", "theirs"], WANTED, ["enforce", "attach-only", "audit"], ["keep", "replace"], [5, 3600, -1],
        ["vpc", "classic"], [False, True], [False, True],
    )
)  # fmt: skip


def everything() -> list[Decision]:
    return [
        judge(held, mode(desired, how, foreign), age=age, network=network, at_birth=birth, dry_run=dry)  # type: ignore[arg-type]
        for held, desired, how, foreign, age, network, birth, dry in ALL
    ]


def test_something_is_done_only_without_an_outcome_and_nothing_only_with_one() -> None:
    for decision in everything():
        if decision.verb == "none":
            assert decision.outcome not in (None, Outcome.PLANNED)
            assert decision.role_after == decision.instance.role
        else:
            assert decision.outcome in (None, Outcome.PLANNED)


def test_a_role_that_is_not_listed_is_never_put_on() -> None:
    for decision in everything():
        assert decision.role_after in {decision.instance.role, "", "web"}


def test_a_foreign_role_leaves_only_where_a_rule_gives_another_and_says_replace() -> None:
    for decision in everything():
        if decision.instance.role == "theirs" and decision.role_after != "theirs":
            assert decision.desired.foreign_roles == "replace"
            assert decision.desired.verdict == "role"


def test_attach_only_never_takes_a_role_off() -> None:
    for decision in everything():
        if decision.desired.mode == "attach-only" and decision.instance.role:
            assert decision.role_after == decision.instance.role


def test_nothing_is_written_in_audit_or_in_a_dry_run() -> None:
    for decision, row in zip(everything(), ALL, strict=True):
        if row[2] == "audit" or row[-1]:
            assert decision.outcome is not None


def test_an_instance_never_loses_its_role_at_its_creation() -> None:
    for decision, row in zip(everything(), ALL, strict=True):
        if row[-2]:
            assert decision.verb != "detach"
