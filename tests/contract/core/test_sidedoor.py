"""The side door as a client of another language uses it: plain requests, JSON, and errors that help."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import requests

from tests.contract import sdk
from tests.contract.core.conftest import Way


def test_instances_are_made_with_their_tags(way: Way) -> None:
    asked = {
        "count": 3,
        "tags": {"app": "web"},
        "region": "cn-beijing",
        "age_seconds": 10,
        "role": "web",
        "status": "Stopped",
    }
    answer = way.door("POST", "instances", asked).json()
    assert (answer["count"], len(answer["instance_ids"])) == (3, 3)
    body = sdk.ecs(way.config(), "describe_instances", region_id="cn-beijing", tag={"app": "web"}, status="Stopped")
    assert sdk.ids(body) == answer["instance_ids"]


def test_very_many_instances_are_made_and_only_some_are_told(way: Way) -> None:
    answer = way.door("POST", "instances", {"count": 2500}).json()
    assert (answer["count"], len(answer["instance_ids"])) == (2500, 1000)


def test_the_state_is_paged_over_all_regions_and_past_deleted_instances(way: Way) -> None:
    made = [way.cloud.ecs.make(region=r)[0].instance_id for r in ["cn-hangzhou", "cn-beijing"] * 5]
    first = way.door("GET", "state?limit=4").json()["instances"]
    assert (first["count"], [i["instance_id"] for i in first["items"]]) == (10, made[:4])
    way.ecs("delete_instance", instance_id=made[3], force=True)
    second = way.door("GET", f"state?limit=100&after={made[3]}").json()["instances"]
    assert [i["instance_id"] for i in second["items"]] == made[4:]
    assert second["items"][0] == {
        "instance_id": made[4],
        "region": "cn-hangzhou",
        "status": "Running",
        "network": "vpc",
        "vpc": second["items"][0]["vpc"],
        "role": "",
        "tags": {},
    }


def test_queues_are_made_and_told(way: Way) -> None:
    way.door("POST", "queues", {"name": "q", "visibility_timeout": 60})
    queue = way.cloud.mns.queue("1234567890123456", "cn-hangzhou", "q")
    for body in "ab":
        queue.send(body)
    queue.receive()
    told = way.door("GET", "queues").json()
    assert told == [
        {
            "account": "1234567890123456",
            "region": "cn-hangzhou",
            "name": "q",
            "active": 1,
            "hidden": 1,
            "messages": ["b"],
        }
    ]
    refused = way.door("POST", "queues", {"name": "q", "visibility_timeout": 0})
    assert (refused.status_code, "visibility_timeout" in refused.json()["error"]) == (400, True)


def test_roles_are_made_and_told(way: Way) -> None:
    made = way.door("POST", "roles", {"name": "web", "policies": ["AliyunOSSReadOnlyAccess"]}).json()
    way.door("POST", "roles", {"name": "fc", "services": ["fc.aliyuncs.com"]})
    assert way.door("GET", "state").json()["roles"][1] == made
    one = way.cloud.ecs.make()[0].instance_id
    given = {"instance_ids": json.dumps([one])}
    assert (
        sdk.refusal(way.ecs, "attach_instance_ram_role", ram_role_name="fc", **given)[1] == "InvalidRamRole.NotEcsRole"
    )
    assert way.ecs("attach_instance_ram_role", ram_role_name="web", **given)["FailCount"] == 0
    other = way.door("POST", "roles", {"name": "web", "account": "2222222222222222"}).json()
    assert other["arn"] == "acs:ram::2222222222222222:role/web"


def test_calls_are_told_and_forgotten(way: Way) -> None:
    way.ecs("describe_regions")
    assert [c["action"] for c in way.door("GET", "calls").json()] == ["DescribeRegions"]
    assert way.door("DELETE", "calls").json() == {}
    assert way.door("GET", "calls").json() == []


def test_faults_latency_and_switches_are_set_and_cleared(way: Way) -> None:
    way.door("POST", "faults", {"kind": "throttle", "action": "DescribeRegions", "count": None})
    assert sdk.refusal(way.ecs, "describe_regions")[1] == "Throttling"
    way.door("DELETE", "faults")
    way.door("POST", "latency", {"ms": 15, "service": "ecs", "action": "DescribeRegions"})
    way.ecs("describe_regions")
    assert way.door("GET", "calls").json()[-1]["ms"] >= 15
    way.door("POST", "switches", {"roleless": "empty", "visible_after": 3})
    assert (way.cloud.switches.roleless, way.cloud.switches.visible_after) == ("empty", 3.0)


def test_time_is_moved_and_settled(way: Way) -> None:
    way.door("POST", "switches", {"boot_seconds": 3600})
    way.ecs("run_instances")
    assert way.door("POST", "clock", {"advance": 0}).json()["ran"] == 0
    assert way.door("GET", "state").json()["instances"]["items"][0]["status"] == "Pending"
    answer = way.door("POST", "clock", {"settle": True}).json()
    assert answer["ran"] == 2
    assert way.door("GET", "state").json()["instances"]["items"][0]["status"] == "Running"
    before = way.cloud.clock.now()
    told = way.door("POST", "clock", {"advance": 7200}).json()["time"]
    assert way.cloud.clock.now() - before >= 7200
    assert told > way.cloud.clock.stamp(before)


def test_settling_leaves_the_cloud_open_to_what_the_tasks_wait_for(way: Way) -> None:
    """As where a task runs a function that calls the cloud from another process."""
    stuck: list[bool] = []

    def task() -> None:
        other = threading.Thread(target=way.ecs, args=("describe_regions",), daemon=True)
        other.start()
        other.join(5)
        stuck.append(other.is_alive())

    way.cloud.clock.later(3600, task)
    way.door("POST", "clock", {"settle": True})
    assert stuck == [False]


@pytest.mark.parametrize(
    ("method", "path", "body", "says"),
    [
        pytest.param(
            "POST", "instances", {"colour": "red"}, "unknown property 'colour'; known: count, tags", id="property"
        ),
        pytest.param("POST", "instances", {"count": 0}, "count must be an integer, 1 to", id="count"),
        pytest.param("POST", "instances", {"count": "3"}, "count must be an integer", id="count as text"),
        pytest.param("POST", "instances", {"tags": ["a"]}, "tags must be a map", id="tags"),
        pytest.param("POST", "instances", {"tags": {"a": 1}}, "tags must be a map", id="tag value"),
        pytest.param(
            "POST", "instances", {"tags": {"a": "1", "A": "2"}}, "different in more than their case", id="tag case"
        ),
        pytest.param("POST", "instances", {"tags": {f"k{n}": "" for n in range(21)}}, "20 at most", id="21 tags"),
        pytest.param("POST", "instances", {"region": "mars-1"}, "InvalidRegionId.NotFound", id="region"),
        pytest.param("POST", "instances", {"status": "Sleeping"}, "none of Pending, Running", id="status"),
        pytest.param("POST", "instances", {"network": "pigeon"}, "none of vpc, classic", id="network"),
        pytest.param("POST", "instances", {"role": 7}, "role must be a text", id="role"),
        pytest.param("POST", "instances", {"age_seconds": -1}, "age_seconds must be", id="age"),
        pytest.param("POST", "roles", {}, "the key 'name' is missing", id="role without name"),
        pytest.param("POST", "roles", {"name": "a b"}, "InvalidParameter.RoleName.InvalidChars", id="role name"),
        pytest.param("POST", "roles", {"name": "a", "policies": ["Nope"]}, "EntityNotExist.Policy", id="policy"),
        pytest.param("POST", "roles", {"name": "a", "services": "ecs"}, "services must be a list", id="services"),
        pytest.param("POST", "roles", {"name": "a", "trust": "ecs"}, "unknown key 'trust'", id="role key"),
        pytest.param("POST", "faults", {"action": "X"}, "kind '' is none of throttle", id="fault without kind"),
        pytest.param("POST", "latency", {}, "the key 'ms' is missing", id="latency without ms"),
        pytest.param("POST", "latency", {"ms": -5}, "ms must be a number, 0 or more", id="negative latency"),
        pytest.param("POST", "latency", {"ms": 5, "per": "call"}, "unknown key 'per'", id="latency key"),
        pytest.param("POST", "switches", {"nope": 1}, "no switch 'nope'; there are", id="switch"),
        pytest.param("POST", "switches", {"roleless": "x"}, "none of absent, empty", id="switch value"),
        pytest.param("POST", "clock", {}, 'give {"advance": seconds}', id="clock without anything"),
        pytest.param("POST", "clock", {"advance": "1"}, "advance must be a number", id="advance"),
        pytest.param("POST", "clock", {"advance": -1}, "advance must be a number", id="back in time"),
        pytest.param("POST", "clock", {"settle": "yes"}, '"settle": true', id="settle"),
        pytest.param("GET", "state?limit=x", None, "limit must be 0 to 1000", id="limit"),
        pytest.param("GET", "state?limit=1001", None, "limit must be 0 to 1000", id="limit too high"),
        pytest.param("GET", "state?after=i-nope", None, "'i-nope' is not the id of an emulated instance", id="after"),
        pytest.param("GET", "calls?last=5", None, "unknown key 'last'", id="calls"),
        pytest.param("POST", "reset", {"hard": True}, "unknown key 'hard'", id="reset"),
    ],
)
def test_bad_input_is_answered_with_what_is_wrong(way: Way, method: str, path: str, body: Any, says: str) -> None:
    answer = way.door(method, path, body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert path.split("?")[0] in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "says"),
    [(b"{", "Expecting"), (b"[]", "must be a JSON object"), (b"\xff", "decode")],
    ids=["cut", "list", "bytes"],
)
def test_a_body_that_is_no_json_object_is_refused(way: Way, body: bytes, says: str) -> None:
    answer = requests.post(f"{way.url}/_fakecloud/instances", data=body, timeout=10)
    assert (answer.status_code, says in answer.json()["error"]) == (400, True)


@pytest.mark.parametrize(("method", "path"), [("GET", "nope"), ("PUT", "state"), ("GET", "faults"), ("GET", "")])
def test_a_route_that_is_not_there_tells_those_that_are(way: Way, method: str, path: str) -> None:
    answer = way.door(method, path)
    assert answer.status_code == 404
    assert "POST /_fakecloud/instances" in answer.json()["error"]
