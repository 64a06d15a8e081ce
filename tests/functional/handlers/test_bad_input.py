"""Whatever comes in: an `ignored` result with a reason, one line logged, no call, no exception."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functional.handlers.world import World, created, remediate, tagged, timer

FUNCTIONS = ("instance_created", "tags_changed", "reconcile", "remediate")
BAD = [
    pytest.param(b"", "empty", id="no bytes"),
    pytest.param(b"  \n", "empty", id="white space"),
    pytest.param(b"{", "not-json", id="cut off"),
    pytest.param(b"\xff\xfe\x00", "not-json", id="no UTF-8"),
    pytest.param(b"hello", "not-json", id="a word"),
    pytest.param(b"null", "unknown-event", id="null"),
    pytest.param(b"3", "unknown-event", id="a number"),
    pytest.param(b'"text"', None, id="a string"),
    pytest.param(b"{}", "unknown-event", id="nothing in it"),
    pytest.param(b"[]", "empty", id="an empty list"),
    pytest.param(b"[" * 100_000, "not-json", id="nested deeply"),
    pytest.param(b'{"a": "' + b"x" * 2_000_000 + b'"}', "too-large", id="megabytes"),
    pytest.param({"specversion": "1.0", "id": 1, "type": [], "source": {}, "data": "x"}, None, id="wrong types"),
    pytest.param({"specversion": "1.0", "type": "oss:ObjectCreated", "source": "acs.oss", "id": "1", "data": {}}, None, id="another product"),
    pytest.param(created(["i-bp1"], errorCode="Throttling"), "failed-call", id="a failed call"),
    pytest.param({**tagged(["i-bp1"]), "aliyunaccountid": "1"}, "foreign-account", id="another account"),
    pytest.param(tagged([]), "no-instance", id="no instance in it"),
    pytest.param({"remediate": {"all": True, "instance_ids": ["i-bp1"]}}, "bad-payload", id="two wishes at once"),
    pytest.param({"remediate": {"al": True}}, "bad-payload", id="a misspelt wish"),
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("event", "reason"), BAD)
def test_bad_input_is_ignored_with_a_reason_and_one_line(
    world: World, function: str, event: Any, reason: str | None
) -> None:
    run = world.run(function, event)
    assert run.error is None
    assert run.calls == []
    assert run.result["outcomes"] == {}
    (ignored,) = run.result["ignored"]
    assert reason is None or ignored["reason"] == reason
    (line,) = run.lines
    assert line["ignored"] == ignored["reason"]
    assert "\n" not in line["detail"]
    assert len(line["detail"]) < 500


@pytest.mark.parametrize(
    ("function", "event"),
    [
        pytest.param("instance_created", timer(), id="a timer"),
        pytest.param("tags_changed", remediate(all=True), id="an operator's payload"),
        pytest.param("reconcile", remediate(all=True), id="an operator's payload to the timer's function"),
        pytest.param("remediate", created(["i-bp1"]), id="an event to the operator's function"),
    ],
)
def test_a_function_takes_only_what_it_is_for(world: World, function: str, event: dict[str, Any]) -> None:
    run = world.run(function, event)
    assert run.calls == []
    assert [item["reason"] for item in run.result["ignored"]] == ["not-for-this-function"]


def test_each_member_of_a_list_is_judged_alone(world: World) -> None:
    instance = world.instance("web")
    run = world.run("instance_created", [3, created([instance.instance_id]), {}, tagged([])])
    assert run.outcome(instance.instance_id) == ("attached", "missing")
    assert len(run.result["ignored"]) == 3
    assert len([line for line in run.lines if "ignored" in line]) == 3


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-45T99:99:99Z", "0", "9" * 40, "2026-11-23T08:00:00PRC"])
@pytest.mark.parametrize("make", [created, tagged], ids=["a launch", "a tag change"])
def test_a_time_that_nobody_can_read_never_fails_an_event(world: World, make: Any, text: str) -> None:
    instance = world.instance("web")
    event = make([instance.instance_id], eventTime=text)
    event["time"] = text
    run = world.run("instance_created", event)
    assert run.error is None
    assert run.outcome(instance.instance_id) == ("attached", "missing")


def test_an_event_may_come_as_text_too(world: World) -> None:
    instance = world.instance("web")
    run = world.run("instance_created", json.dumps(created([instance.instance_id])))
    assert run.outcome(instance.instance_id) == ("attached", "missing")


def test_an_event_that_names_another_region_is_looked_at_there(world: World) -> None:
    there = world.instance("web", region="cn-shanghai")
    here = world.instance("web")
    batch = [created([there.instance_id], region="cn-shanghai"), tagged([here.instance_id])]
    run = world.run("instance_created", batch)
    assert {run.outcome(i.instance_id) for i in (there, here)} == {("attached", "missing")}
    assert world.record(there.instance_id)["region"] == "cn-shanghai"
    assert run.calls.count("DescribeInstances") == 2


def test_an_instance_named_by_several_events_is_looked_at_once(world: World) -> None:
    instance = world.instance("web")
    ids = [instance.instance_id]
    run = world.run("tags_changed", [tagged(ids), created(ids), tagged([*ids, *ids])])
    assert run.calls.count("DescribeInstances") == 1
    assert len(world.records()) == 1
    assert world.record(ids[0])["trigger"] == "instance_created", "the event that says most of it"
