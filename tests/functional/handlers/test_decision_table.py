"""The whole decision table through the real handlers, and again under each thing that the cloud's documents leave open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.functional.handlers.world import NOTE, World, both_shapes, created, remediate, tagged, timer

ATTACH, DETACH, TAG, UNTAG = "AttachInstanceRamRole", "DetachInstanceRamRole", "TagResources", "UntagResources"
OLD, YOUNG = 3600.0, 120.0


@dataclass(frozen=True)
class Row:
    """tags: of the instance, which holds `role`. after: the role in the end, "=" for the one before."""

    name: str
    tags: Mapping[str, str]
    role: str
    outcome: str
    reason: str
    after: str = "="
    writes: tuple[str, ...] = ()
    rule: str = ""
    how: Mapping[str, str] = field(default_factory=dict)  # mode, foreign of the settings
    age: float = OLD
    network: str = "vpc"
    status: str = "Running"
    by: tuple[str, ...] = ("instance_created", "tags_changed", "remediate", "reconcile")


WEB = {"app": "web"}
LOST, KEPT = ("tags_changed", "remediate", "reconcile"), ("instance_created",)
ROWS = (
    Row("ignore, none attached", {"rolekeeper": "off"}, "", "unchanged", "ignored", rule="frozen"),
    Row("ignore, any attached", {"rolekeeper": "off", "app": "web"}, "worker", "unchanged", "ignored", rule="frozen"),
    Row("classic, a role", WEB, "", "skipped", "not-in-vpc", network="classic", rule="by app"),
    Row("classic, no rule", {}, "", "unchanged", "no-rule", network="classic"),
    Row("none and none", {}, "", "unchanged", "no-rule"),
    Row("none, a role", WEB, "", "attached", "missing", "web", (ATTACH,), "by app"),
    Row("none, a role, young", WEB, "", "attached", "missing", "web", (ATTACH,), "by app", age=YOUNG),
    Row("none, a role, pending", WEB, "", "attached", "missing", "web", (ATTACH,), "by app", status="Pending"),
    Row("none, a role, stopped", WEB, "", "attached", "missing", "web", (ATTACH,), "by app", status="Stopped"),
    Row("none, a role by tag", {"Ram-Role": "batch"}, "", "attached", "missing", "batch", (ATTACH,), "by tag"),
    Row("same role", WEB, "web", "unchanged", "in-sync", rule="by app"),
    Row("other managed role", WEB, "worker", "swapped", "wrong", "web", (DETACH, ATTACH), "by app"),
    Row("other managed role, young", WEB, "worker", "swapped", "wrong", "web", (DETACH, ATTACH), "by app", age=YOUNG),
    Row("managed role, none wanted", {}, "web", "detached", "no-longer-mapped", "", (DETACH,), by=LOST),
    Row("managed role, none wanted, its creation", {}, "web", "unchanged", "young", by=KEPT),
    Row("managed role, none wanted, young", {}, "web", "unchanged", "young", age=YOUNG),
    Row("foreign role, none wanted", {}, "foreign", "unchanged", "foreign-role"),
    Row("foreign role, none wanted, replace", {}, "foreign", "unchanged", "foreign-role", how={"foreign": "replace"}),
    Row("foreign role, keep", WEB, "foreign", "skipped", "foreign-role", rule="by app"),
    Row("foreign role, replace", WEB, "foreign", "swapped", "foreign-role", "web", (TAG, DETACH, ATTACH), "by app",
        how={"foreign": "replace"}),
    Row("foreign role, replace in the rule", {"app": "ours"}, "foreign", "swapped", "foreign-role", "web",
        (TAG, DETACH, ATTACH), "take over"),
    Row("managed role, none wanted, a foreign one displaced", {NOTE: "signed"}, "web", "swapped",
        "put-back", "foreign", (DETACH, ATTACH, UNTAG), by=LOST),
    Row("managed role, none wanted, a tag names a listed one", {NOTE: "worker"}, "web", "detached",
        "note-not-proven", "", (DETACH,), by=LOST),
    Row("managed role, none wanted, a tag names no role", {NOTE: "../admin"}, "web", "detached",
        "note-not-proven", "", (DETACH,), by=LOST),
    Row("managed role, none wanted, a tag that is not signed", {NOTE: "foreign"}, "web", "detached",
        "note-not-proven", "", (DETACH,), by=LOST),
    Row("none and none, a foreign one displaced", {NOTE: "signed"}, "", "attached", "put-back", "foreign",
        (ATTACH, UNTAG)),
    Row("none and none, a tag that is not signed", {NOTE: "foreign"}, "", "unchanged", "no-rule"),
    Row("foreign role, none wanted, the displaced one", {NOTE: "signed"}, "foreign", "unchanged", "foreign-role",
        writes=(UNTAG,)),
    Row("foreign role, keep, one displaced before it", {**WEB, NOTE: "signed"}, "foreign", "skipped", "foreign-role",
        writes=(UNTAG,), rule="by app"),
    Row("foreign role, none wanted, a tag that is not signed", {NOTE: "foreign"}, "foreign", "unchanged", "foreign-role"),
    Row("same role, a foreign one displaced", {**WEB, NOTE: "signed"}, "web", "unchanged", "in-sync", rule="by app"),
    Row("none, a role, a foreign one displaced", {**WEB, NOTE: "signed"}, "", "attached", "missing", "web", (ATTACH,),
        "by app"),
    Row("ignore, a foreign one displaced", {"rolekeeper": "off", NOTE: "signed"}, "", "unchanged", "ignored", rule="frozen"),
    Row("audit, a foreign one displaced", {NOTE: "signed"}, "web", "planned", "put-back", how={"mode": "audit"}, by=LOST),
    Row("audit, foreign role, the displaced one", {NOTE: "signed"}, "foreign", "unchanged", "foreign-role",
        how={"mode": "audit"}),
    Row("role not listed", {"ram-role": "admin"}, "", "refused", "role-not-listed", rule="by tag"),
    Row("role not listed, one attached", {"ram-role": "foreign"}, "web", "refused", "role-not-listed", rule="by tag"),
    Row("role of an empty tag", {"ram-role": ""}, "", "refused", "role-not-listed", rule="by tag"),
    Row("attach-only, none attached", WEB, "", "attached", "missing", "web", (ATTACH,), "by app",
        how={"mode": "attach-only"}),
    Row("attach-only, none wanted", {}, "web", "skipped", "attach-only", how={"mode": "attach-only"}, by=LOST),
    Row("attach-only, other managed role", {"app": "gentle"}, "worker", "skipped", "attach-only", rule="gentle"),
    Row("attach-only, replace", WEB, "foreign", "skipped", "attach-only", rule="by app",
        how={"mode": "attach-only", "foreign": "replace"}),
    Row("audit, none attached", {"app": "trial"}, "", "planned", "missing", rule="on trial"),
    Row("audit, other managed role", {"app": "trial"}, "worker", "planned", "wrong", rule="on trial"),
    Row("audit, none wanted", {}, "web", "planned", "no-longer-mapped", how={"mode": "audit"}, by=LOST),
    Row("audit, same role", {"app": "trial"}, "web", "unchanged", "in-sync", rule="on trial"),
    Row("audit, foreign role", WEB, "foreign", "skipped", "foreign-role", rule="by app", how={"mode": "audit"}),
)  # fmt: skip
SWITCHES: tuple[tuple[dict[str, Any], Callable[[Row], bool]], ...] = (
    ({"classic_network": "item"}, lambda row: row.network == "classic"),
    ({"roleless": "empty"}, lambda row: not row.role),
    ({"classic_network": "item", "roleless": "empty"}, lambda row: row.network == "classic"),
    ({"code_type": "integer"}, lambda row: bool(row.writes)),
    ({"success_field": "absent"}, lambda row: bool(row.writes)),
    ({"success_field": "absent", "code_type": "integer"}, lambda row: bool(row.writes)),
)
"""Each with the rows in which an answer differs by it. What others change is seen where somebody else is at work: test_together.py."""


def cases() -> Iterator[Any]:
    for row in ROWS:
        for function in row.by:
            yield pytest.param(row, function, id=f"{row.name}-{function}")


def switched() -> Iterator[Any]:
    for row in ROWS:
        for switches, matters in SWITCHES:
            if matters(row):
                name = ",".join(f"{k}={v}" for k, v in switches.items())
                yield pytest.param(row, switches, id=f"{row.name}-{name}")


def event_for(function: str, instance_id: str) -> object:
    made = {"instance_created": created, "tags_changed": tagged}
    if function in made:
        return made[function]([instance_id])
    return remediate(instance_ids=[instance_id]) if function == "remediate" else timer()


def check(world: World, row: Row, function: str) -> None:
    world.map(mode=row.how.get("mode", "enforce"), foreign=row.how.get("foreign", "keep"), shown=True)
    instance = world.instance(
        tags=dict(row.tags), role=row.role, network=row.network, age_seconds=row.age, status=row.status
    )
    if row.tags.get(NOTE) == "signed":
        world.tag(instance, world.note(instance, "foreign"))
    run = world.run(function, event_for(function, instance.instance_id))
    assert run.error is None
    assert run.outcome(instance.instance_id) == (row.outcome, row.reason)
    assert [call for call in run.calls if call in (ATTACH, DETACH, TAG, UNTAG)] == list(row.writes)
    after = row.role if row.after == "=" else row.after
    assert world.role(instance.instance_id) == after
    record = world.record(instance.instance_id)
    assert (record["outcome"], record["reason"], record["trigger"]) == (row.outcome, row.reason, function)
    assert (record.get("role_before", ""), record.get("role_after", "")) == (row.role, after)
    assert record.get("rule", "") == row.rule
    assert "error_code" not in record
    assert ("gap_ms" in record) == (row.outcome == "swapped")
    intents = [line["intent"] for line in run.lines if "intent" in line]
    assert intents == list(row.writes)


@pytest.mark.parametrize(("row", "function"), list(cases()))
def test_each_row_of_the_table_ends_as_it_says(world: World, row: Row, function: str) -> None:
    check(world, row, function)


@both_shapes
@pytest.mark.parametrize("function", ["instance_created", "tags_changed", "remediate", "reconcile"])
@pytest.mark.parametrize("name", ["none, a role", "other managed role", "role not listed"])
def test_a_row_ends_the_same_whichever_context_there_is(world: World, name: str, function: str) -> None:
    (row,) = (row for row in ROWS if row.name == name)
    check(world, row, function)


@pytest.mark.parametrize(("row", "switches"), list(switched()))
def test_each_row_ends_the_same_whatever_the_documents_leave_open(
    world: World, row: Row, switches: dict[str, Any]
) -> None:
    world.cloud.switches.set(switches)
    check(world, row, row.by[0])


def test_an_instance_that_may_not_be_attached_to_while_it_boots_is_tried_again(world: World) -> None:
    world.cloud.switches.attach_while_pending = "item"
    instance = world.instance("web", status="Pending")
    run = world.run("instance_created", created([instance.instance_id]))
    assert run.error is not None
    record = world.record(instance.instance_id)
    assert (record["outcome"], record["error_code"]) == ("retrying", "IncorrectInstanceStatus")
    world.cloud.ecs.owner(instance).change(instance, "status", "Running")
    assert world.run("instance_created", created([instance.instance_id])).error is None
    assert world.role(instance.instance_id) == "web"


def test_a_role_that_no_tag_may_name_never_reaches_an_instance(world: World) -> None:
    """The trust boundary: whoever may tag an instance may choose among the listed roles, and no others."""
    names = ["admin", "foreign", "WEB", "web ", " web", "web,worker", "../web", "web\n", "${tags.app}", "x" * 300]
    made = [world.instance(tags={"ram-role": name}) for name in names]
    run = world.run("tags_changed", tagged([i.instance_id for i in made]))
    assert run.result["outcomes"] == {"refused": len(names)}
    assert {i.role for i in made} == {""}
    assert ATTACH not in run.calls
