"""What is no event for us, through every handler: never an exception, never a call, one line each."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

from tests.functional.handlers.world import World, created, tagged, timer

FUNCTIONS = ("instance_created", "tags_changed", "reconcile", "remediate")
BAD: dict[str, tuple[object, str]] = {
    "empty": (b"", "empty"),
    "blank": (b" \n\t ", "empty"),
    "half an object": (b'{"a": ', "not-json"),
    "no JSON": (b"hello", "not-json"),
    "no UTF-8": (b"\xff\xfe\x00", "not-json"),
    "lone surrogate": (b'"\\ud800"', "not-json"),
    "nested deeply": (b"[" * 100_000, "not-json"),
    "null": (b"null", "unknown-event"),
    "a number": (b"42", "unknown-event"),
    "a text": (b'"hello"', "unknown-event"),
    "an empty list": (b"[]", "empty"),
    "an empty object": (b"{}", "unknown-event"),
    "megabytes": (b'{"a": "' + b"x" * 34_000_000 + b'"}', "too-large"),
    "another account": ({**created(["i-1"]), "aliyunaccountid": "42"}, "foreign-account"),
    "wrong types": ({"specversion": 1, "type": ["ecs"], "source": {}, "data": 7}, "unknown-event"),
    "a type of ours, data of none": ({**created([]), "data": None}, "unknown-event"),
    "no instance": (created([]), "no-instance"),
    "ids of no instance": (created(["vpc-1", "", 7, None, {}]), "no-instance"),  # type: ignore[list-item]
}


@pytest.mark.each_value
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("event", "reason"), [pytest.param(*bad, id=name) for name, bad in BAD.items()])
def test_a_bad_event_is_ignored_with_its_reason(world: World, function: str, event: object, reason: str) -> None:
    run = world.run(function, event)
    assert run.error is None
    assert run.calls == []
    assert [i["reason"] for i in run.result["ignored"]] == [reason]
    assert [line["ignored"] for line in run.lines] == [reason]
    assert len(json.dumps(run.result)) < 2_000


@pytest.mark.parametrize("function", ["instance_created", "tags_changed"])
def test_of_a_list_with_junk_the_good_members_are_worked_on(world: World, function: str) -> None:
    first, second = world.instance("web"), world.instance("worker")
    junk: list[Any] = [None, 7, "x", {}, [], {**created(["i-2"]), "aliyunaccountid": "42"}]
    run = world.run(function, [*junk[:3], created([first.instance_id]), *junk[3:], tagged([second.instance_id])])
    assert run.error is None
    assert (first.role, second.role) == ("web", "worker")
    assert len(run.result["ignored"]) == len(junk)
    assert len([line for line in run.lines if "ignored" in line]) == len(junk)


@pytest.mark.parametrize(
    "time", ["", "yesterday", "9999-99-99T99:99:99Z", 0, -1, 1e30, None, [], {}, "2026-02-30T00:00:00Z"]
)
def test_a_time_that_nobody_can_read_never_fails_an_event(world: World, time: Any) -> None:
    instance = world.instance("web")
    event = created([instance.instance_id])
    event["time"] = event["data"]["eventTime"] = time
    run = world.run("instance_created", event)
    assert run.error is None
    assert instance.role == "web"


@pytest.mark.parametrize("time", ["", None, 7, "soon"])
def test_a_timer_without_a_readable_time_runs_all_the_same(world: World, time: Any) -> None:
    instance = world.instance("web")
    run = world.run("reconcile", {**timer(), "triggerTime": time})
    assert run.error is None
    assert instance.role == "web"


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("event", [None, 7, {"a": 1}], ids=["none", "number", "dict"])
def test_an_event_that_is_not_even_bytes_is_ignored(world: World, function: str, event: Any) -> None:
    result = importlib.import_module(f"functions.{function}").handler(event, world.context())
    assert [i["reason"] for i in result["ignored"]] == ["not-json"]


def test_an_event_as_text_is_read_as_its_bytes_would_be(world: World) -> None:
    instance = world.instance("web")
    assert world.run("instance_created", json.dumps(created([instance.instance_id]))).error is None
    assert instance.role == "web"


def test_a_forged_event_attaches_no_more_than_the_tags_in_ecs_call_for(world: World) -> None:
    instance = world.instance()
    event = tagged([instance.instance_id])
    event["data"]["requestParameters"] |= {"Tag.1.Key": "app", "Tag.1.Value": "web"}
    run = world.run("tags_changed", event)
    assert run.outcome(instance.instance_id) == ("unchanged", "no-rule")
    assert instance.role == ""


def test_what_an_event_carries_into_the_log_stays_on_one_line(world: World) -> None:
    run = world.run("instance_created", {**created(["i-1"], errorCode='X"}\n{"ignored": "forged"'), "id": "a\nb\u2028"})
    assert len(run.lines) == 1
    assert run.lines[0]["ignored"] == "failed-call"
