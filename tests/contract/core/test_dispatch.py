"""What holds for every call through both ways in: loud refusals, the journal, several accounts, time, big bodies."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
import requests

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from fakecloud.switches import Switches
from tests.contract import sdk
from tests.contract.core.conftest import Way

NOT_EMULATED = (501, "Fakecloud.NotEmulated")


@pytest.mark.parametrize(
    ("action", "query", "expected"),
    [
        pytest.param("DescribeDisks", {}, NOT_EMULATED, id="unknown action"),
        pytest.param("describeregions", {}, NOT_EMULATED, id="action in another case"),
        pytest.param("DescribeRegions", {"Colour": "red"}, NOT_EMULATED, id="unknown parameter"),
        pytest.param("DescribeRegions", {"acceptLanguage": "zh-CN"}, NOT_EMULATED, id="parameter in another case"),
        pytest.param("DescribeRegions", {"Format": "XML"}, NOT_EMULATED, id="XML"),
        pytest.param("DescribeRegions", {"AcceptLanguage.1": "ja"}, NOT_EMULATED, id="a list where none is"),
        pytest.param(
            "DescribeInstances", {"RegionId": "cn-hangzhou", "Tag.1.Colour": "red"}, NOT_EMULATED, id="tag field"
        ),
        pytest.param(
            "DescribeInstances",
            {"RegionId": "cn-hangzhou", "Tag.0.Key": "a"},
            (400, "InvalidParameter.Tag"),
            id="from 1",
        ),
        pytest.param(
            "DescribeInstances",
            {"RegionId": "cn-hangzhou", "Tag.x.Key": "a"},
            (400, "InvalidParameter.Tag"),
            id="no number",
        ),
        pytest.param(
            "DescribeInstances",
            {"RegionId": "cn-hangzhou", "DryRun": "maybe"},
            (400, "InvalidParameter.DryRun"),
            id="no bool",
        ),
        pytest.param(
            "DescribeInstances",
            {"RegionId": "cn-hangzhou", "PageSize": "ten"},
            (400, "InvalidParameter.PageSize"),
            id="no integer",
        ),
        pytest.param("DescribeInstances", {"RegionId": ""}, (400, "MissingParameter.RegionId"), id="empty is missing"),
    ],
)
def test_what_is_not_known_is_refused_loudly(
    way: Way, action: str, query: dict[str, str], expected: tuple[int, str]
) -> None:
    assert sdk.refusal(sdk.rpc, way.config(), "ecs", action, query) == expected
    [call] = way.cloud.calls
    assert (call.status, call.code, call.action) == (*expected, action)


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        pytest.param({"x-acs-version": "1999-01-01", "x-acs-action": "DescribeRegions"}, "/", id="unknown version"),
        pytest.param({"host": "oss-cn-hangzhou.aliyuncs.com"}, "/bucket/object", id="unknown service"),
    ],
)
def test_a_service_that_is_not_there_is_refused_loudly(way: Way, headers: dict[str, str], path: str) -> None:
    answer = requests.get(way.url + path, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["Code"]) == NOT_EMULATED
    assert [(c.service, c.code) for c in way.cloud.calls] == [("?", NOT_EMULATED[1])]


@pytest.mark.not_emulated
@pytest.mark.parametrize("name", ["OwnerId", "ResourceOwnerAccount", "ResourceOwnerId", "OwnerAccount"])
def test_the_owners_of_old_are_taken_and_change_nothing(cloud: Cloud, name: str) -> None:
    query = {"RegionId": "cn-hangzhou", name: "77"}
    assert sdk.rpc(sdk.config(), "ecs", "DescribeInstances", query)["TotalCount"] == 0


def test_every_call_is_in_the_journal_in_order(way: Way) -> None:
    way.ecs("describe_regions")
    sdk.refusal(way.ecs, "describe_instance_attribute", instance_id="i-nope")
    calls = way.door("GET", "calls").json()
    assert [(c["service"], c["action"], c["status"], c["code"]) for c in calls] == [
        ("ecs", "DescribeRegions", 200, ""),
        ("ecs", "DescribeInstanceAttribute", 404, "InvalidInstanceId.NotFound"),
    ]
    assert {c["caller"] for c in calls} == {f"acs:ram::{ACCOUNT}:root"}
    assert calls[1]["params"] == {"InstanceId": "i-nope"}
    assert all(c["ms"] > 0 and c["request_id"] and c["at"] <= way.cloud.clock.now() for c in calls)
    assert (way.cloud.calls.actions("ecs"), way.cloud.calls.count()["DescribeRegions"]) == (
        [c["action"] for c in calls],
        1,
    )


def test_unicode_and_long_values_come_through(way: Way) -> None:
    made = way.cloud.ecs.make()[0].instance_id
    tags = {f"键 {n} &=+%~*": "値/ü'\"" * 20 for n in range(20)}
    way.ecs("tag_resources", resource_type="instance", resource_id=[made], tag=tags)
    [shown] = way.ecs("describe_instances", tag=dict(list(tags.items())[:3]))["Instances"]["Instance"]
    assert {t["TagKey"]: t["TagValue"] for t in shown["Tags"]["Tag"]} == tags


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "in chunks"])
def test_big_bodies_come_through(way: Way, chunked: bool) -> None:
    body = json.dumps({"name": "web", "note": "x" * 3_000_000}).encode()
    data: Any = (body[n : n + 65_536] for n in range(0, len(body), 65_536)) if chunked else body
    answer = requests.post(f"{way.url}/_fakecloud/roles", data=data, timeout=30)
    assert (answer.status_code, "unknown key 'note'" in answer.json()["error"]) == (400, True)


def test_an_answer_can_be_read_as_a_stream(way: Way) -> None:
    way.cloud.ecs.make(50)
    with requests.get(f"{way.url}/_fakecloud/state", timeout=10, stream=True) as answer:
        assert answer.raw.headers["content-type"].startswith("application/json")
        parts = list(answer.iter_content(1000))
    assert len(parts) > 3
    assert json.loads(b"".join(parts))["instances"]["count"] == 50
    assert answer.reason == "OK"


def test_calls_from_many_threads_are_all_carried_out(way: Way) -> None:
    problems: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(5):
                way.ecs("run_instances", amount=2)
                way.cloud.settle()
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    way.cloud.settle()
    rows = way.ecs("describe_instances", status="Running", page_size=100)
    assert rows["TotalCount"] == 60
    assert len(way.cloud.calls) == 31


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("already_attached", "requst"),
        ("roleless", None),
        ("code_type", 1),
        ("visible_after", "soon"),
        ("event_delay", -1),
        ("boot_seconds", True),
        ("token_seconds", float("inf")),
        ("already_attached_code", ""),
        ("malformed_policy_status", "400"),
        ("no_such_switch", 1),
    ],
)
def test_a_switch_takes_only_what_it_knows(name: str, value: Any) -> None:
    switches = Switches()
    with pytest.raises(ValueError, match=name):
        switches.set({"roleless": "empty", name: value})
    assert switches == Switches()
    with pytest.raises(ValueError, match=name):
        setattr(switches, name, value)


def test_tasks_run_in_the_order_of_their_time_and_one_that_fails_is_told(cloud: Cloud) -> None:
    ran: list[str] = []

    def failing() -> None:
        raise RuntimeError("broken")

    began = cloud.clock.now()
    for delay, name in ((20, "third"), (10, "first"), (10, "second"), (90_000, "too far")):
        cloud.clock.later(delay, lambda name=name: ran.append(name))  # type: ignore[misc]
    assert cloud.settle() == 3
    assert ran == ["first", "second", "third"]
    assert 20 <= cloud.clock.now() - began < 30
    cloud.clock.later(1, failing)
    with pytest.raises(RuntimeError, match="broken"):
        cloud.settle()
    assert (cloud.clock.settle(within=100_000), ran[-1]) == (1, "too far")


def test_settling_waits_for_what_another_thread_has_begun(cloud: Cloud) -> None:
    begun, go, ran = threading.Event(), threading.Event(), []

    def slow() -> None:
        begun.set()
        go.wait(10)
        cloud.clock.later(5, lambda: ran.append("after it"))

    def other() -> None:
        cloud.settle()

    cloud.clock.later(0, slow)
    threads: list[threading.Thread] = [threading.Thread(target=other)]
    threads[0].start()
    assert begun.wait(10)
    threads.append(threading.Thread(target=other))
    threads[1].start()
    go.set()
    for thread in threads:
        thread.join(10)
    assert ran == ["after it"]


def test_a_reset_empties_everything(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = way.cloud
    cloud.switches.roleless = "empty"
    cloud.faults.add("throttle", count=None)
    cloud.latency.set(50)
    cloud.ecs.make(3, role="web")
    cloud.clock.later(9999, lambda: None)
    cloud.clock.advance(500)
    assert way.door("POST", "reset").status_code == 200
    state = way.door("GET", "state").json()
    assert (state["instances"], state["calls"], state["pending"], state["roles"]) == (
        {"count": 0, "items": []},
        0,
        0,
        [],
    )
    assert cloud.switches == Switches()
    assert cloud.clock.offset == 0
    assert way.ecs("describe_instances")["TotalCount"] == 0
    assert [c.ms < 50 for c in cloud.calls] == [True]


@pytest.mark.parametrize(
    ("product", "action"),
    [
        ("ram", "ListRoles"),
        ("ram", "ListUsers"),
        ("sts", "GetCallerIdentity"),
        ("ecs", "DescribeRegions"),
        ("2020-04-01", "ListRules"),
    ],
)
def test_a_region_that_older_sdks_send_with_every_call_is_taken(cloud: Cloud, product: str, action: str) -> None:
    """aliyun-python-sdk-core and its like add RegionId, also where the action has none."""
    more = {"EventBusName": "default"} if action == "ListRules" else {}
    assert sdk.rpc(sdk.config(), product, action, {"RegionId": "cn-hangzhou", **more})
