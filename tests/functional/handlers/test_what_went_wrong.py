"""What a function answers, or raises, names what went wrong before what went well, however many instances there are."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from shared.errors import TransientError
from tests.functional.handlers.world import World, created, remediate, tagged, timer

MANY = 350
"""More than an answer shows of what went well."""


def failed(world: World) -> list[str]:
    bad = [i.instance_id for i in world.instances(3, "web")]
    world.cloud.faults.add(
        "partial", action="AttachInstanceRamRole", code="Forbidden.RAM", count=None, instance_ids=bad
    )
    return bad


def refused(world: World) -> list[str]:
    return [i.instance_id for i in world.instances(3, tags={"ram-role": "admin"})]


def skipped(world: World) -> list[str]:
    return [i.instance_id for i in world.instances(3, "web", role="foreign")]


WRONG = [
    pytest.param(failed, "failed", id="failed"),
    pytest.param(refused, "refused", id="refused"),
    pytest.param(skipped, "skipped", id="skipped"),
]


@pytest.mark.parametrize("asked", ["timer", "remediate", "events"])
@pytest.mark.parametrize(("prepare", "outcome"), WRONG)
def test_what_went_wrong_comes_first_in_the_answer(
    world: World, prepare: Callable[[World], list[str]], outcome: str, asked: str
) -> None:
    good = [i.instance_id for i in world.instances(MANY, "web")]
    bad = prepare(world)
    names = [*good, *bad]
    function, event = {
        "timer": ("reconcile", timer()),
        "remediate": ("remediate", remediate(all=True)),
        "events": ("tags_changed", [tagged(names[n : n + 50]) for n in range(0, len(names), 50)]),
    }[asked]
    result = world.run(function, event).result
    assert {r["instance_id"] for r in result["records"][:3]} == set(bad)
    assert {r["outcome"] for r in result["records"][:3]} == {outcome}
    assert next(iter(result["outcomes"])) == outcome
    assert (len(result["records"]), result["records_left_out"]) == (103, {"attached/missing": MANY - 100})
    assert result["changes"] == [{"outcome": "attached", "change": "- -> web", "instances": MANY}]


def test_where_very_many_fail_a_rarer_failure_is_shown_too_and_the_answer_says_what_it_leaves_out(world: World) -> None:
    world.instances(450, "web")
    rare = refused(world)
    world.cloud.faults.add("error", action="AttachInstanceRamRole", code="Forbidden.RAM", status=403, count=None)
    result = world.run("reconcile", timer()).result
    assert {r["instance_id"] for r in result["records"] if r["outcome"] == "refused"} == set(rare)
    assert result["records_left_out"] == {"failed/missing": 350}
    assert len(json.dumps(result)) < 200_000


@pytest.mark.parametrize("count", [3, 400])
def test_an_error_that_is_raised_names_every_kind_of_failure_and_stays_short(world: World, count: int) -> None:
    """The answer is lost where an invocation raises; Function Compute keeps the error's text in its failure report."""
    made = world.instances(count, "worker")
    bad = refused(world)
    world.cloud.faults.add("5xx", action="AttachInstanceRamRole", count=None)
    error = world.run("reconcile", timer()).error
    assert isinstance(error, TransientError)
    assert f"{count} to be tried again: " in str(error)
    assert all(name in str(error) for name in bad)
    assert sum(i.instance_id in str(error) for i in made) == min(count, 10)
    assert (f"and {count - 10} more" in str(error)) == (count > 10)
    assert len(str(error)) < 5_000


def test_changes_are_shown_before_what_is_unchanged(world: World) -> None:
    world.instances(200, "web", role="web")
    late = [i.instance_id for i in world.instances(5, "web")]
    result = world.run("remediate", remediate(all=True)).result
    assert {r["instance_id"] for r in result["records"][:5]} == set(late)
    assert result["records_left_out"] == {"unchanged/in-sync": 105}


@pytest.mark.parametrize(
    ("function", "event", "outcome"),
    [
        pytest.param("remediate", remediate(instance_ids=["i-mistyped"]), "failed", id="an operator names it"),
        pytest.param("remediate", remediate(instance_ids=["i-mistyped"], dry_run=True), "failed", id="in a dry run"),
        pytest.param("tags_changed", tagged(["i-mistyped"]), "unchanged", id="an event names it"),
        pytest.param("instance_created", created(["i-mistyped"], age=3600), "unchanged", id="an old launch names it"),
    ],
)
def test_an_id_that_ecs_does_not_show_is_a_failure_where_an_operator_named_it(
    world: World, function: str, event: object, outcome: str
) -> None:
    world.instance("web")
    result = world.run(function, event).result
    (record,) = result["records"]
    assert (record["outcome"], record["reason"]) == (outcome, "gone")
    message = "not in cn-hangzhou: another region, or mistyped?" if outcome == "failed" else ""
    assert record.get("error_message", "") == message
    assert world.record("i-mistyped").get("error_message", "") == message


def test_a_mistyped_id_is_shown_before_those_that_are_there(world: World) -> None:
    names = [i.instance_id for i in world.instances(150, "web")]
    result = world.run("remediate", remediate(instance_ids=[*names, "i-mistyped"])).result
    assert result["records"][0]["instance_id"] == "i-mistyped"
    assert result["outcomes"] == {"failed": 1, "attached": 150}
