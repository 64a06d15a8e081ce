"""The list of asynchronous tasks, with the clients of both versions of the API; and invocations that are kept back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException

from fakecloud.cloud import Cloud
from fakecloud.fc import async_tasks
from fakecloud.fc.models import Function
from fakecloud.identity import ACCOUNT
from tests.contract.openapi import definition
from tests.contract.permissions.callers import user

from .conftest import Deploy, handler
from .tasks_api import NAME, VERSIONS, Api

ECHO = handler("return event")
FLAKY = """
def handler(event, context):
    if context.retry_count < int(event):
        raise RuntimeError(context.retry_count)
"""
TASKS = {"asyncTask": True, "maxAsyncRetryAttempts": 1}


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def api(cloud: Cloud, deploy: Deploy, version: str) -> Api:
    deploy(FLAKY, functionName=NAME, asyncInvokeConfig=TASKS)
    return Api(version)


def function(cloud: Cloud) -> Function:
    return cloud.fc.find(ACCOUNT, "cn-hangzhou", NAME)


def test_a_task_is_listed_from_its_coming_to_its_end(cloud: Cloud, api: Api) -> None:
    answer = api.start("run-1", b"1")
    (row,) = api.tasks()
    assert (row["id"], row["status"], row["alreadyRetriedTimes"]) == ("run-1", "Enqueued", 0)
    assert row["requestId"] == answer.headers["x-fc-request-id"]
    assert {"startedTime", "endTime", "payload"}.isdisjoint(row)
    cloud.clock.settle(within=10)
    (row,) = api.tasks()
    assert (row["status"], row["alreadyRetriedTimes"]) == ("Retrying", 1)
    cloud.settle()
    (row,) = api.tasks()
    assert row["status"] == "Succeeded"
    assert [event["status"] for event in row["events"]] == ["Enqueued", "Running", "Retrying", "Running", "Succeeded"]
    times = [event["timestamp"] for event in row["events"]]
    assert times == sorted(times)
    assert (row["startedTime"], row["endTime"]) == (times[1], times[-1])
    assert row["durationMs"] >= 60_000, "the pause between the attempts, in the emulated time"


def test_what_runs_is_listed_as_running(
    cloud: Cloud, deploy: Deploy, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[str] = []
    api = Api(version)
    deploy(ECHO, functionName=NAME, asyncInvokeConfig=TASKS)
    attempt = cloud.fc.attempt

    def asked(*given: Any) -> Any:
        listed.extend(row["status"] for row in api.tasks())
        return attempt(*given)

    monkeypatch.setattr(cloud.fc, "attempt", asked)
    api.start("run-1")
    cloud.settle()
    assert listed == ["Running"]


@pytest.mark.parametrize(
    ("payload", "more", "status", "error"),
    [
        pytest.param(b"9", {}, "Failed", "UnhandledInvocationError", id="each attempt fails"),
        pytest.param(b"9", {"maxAsyncEventAgeInSeconds": 30}, "Expired", "", id="it grows too old"),
    ],
)
def test_how_a_task_ended_is_listed(
    cloud: Cloud, deploy: Deploy, version: str, payload: bytes, more: dict[str, int], status: str, error: str
) -> None:
    deploy(FLAKY, functionName=NAME, asyncInvokeConfig=TASKS | more)
    api = Api(version)
    api.start("run-1", payload)
    cloud.settle()
    (row,) = api.tasks()
    assert (row["status"], row.get("taskErrorMessage", row.get("invocationErrorMessage"))) == (status, error)


def test_a_task_of_a_function_that_was_replaced_is_invalid(cloud: Cloud, deploy: Deploy, api: Api) -> None:
    api.start("run-1")
    deploy(ECHO, functionName=NAME, asyncInvokeConfig=TASKS)
    cloud.settle()
    assert [row["status"] for row in api.tasks()] == ["Invalid"]


def test_a_task_that_waits_for_an_instance_is_enqueued(cloud: Cloud, api: Api) -> None:
    cloud.fc.invoker.instance_limit = 0
    api.start("run-1")
    cloud.clock.settle(within=5)
    assert [row["status"] for row in api.tasks()] == ["Enqueued"]


def test_tasks_are_chosen_by_prefix_status_and_time_and_come_in_the_order_asked_for(cloud: Cloud, api: Api) -> None:
    for number in range(3):
        api.start(f"run-{number}")
        cloud.settle()
        cloud.clock.advance(60)
    api.start("other")
    assert api.ids() == api.ids(sort_order_by_time="asc") == ["run-0", "run-1", "run-2", "other"]
    assert api.ids(prefix="run-", sort_order_by_time="desc") == ["run-2", "run-1", "run-0"]
    assert api.ids(status="Enqueued") == ["other"]
    assert api.ids(status="Succeeded", limit=2) == ["run-0", "run-1"]
    second = api.tasks(prefix="run-1")[0]["startedTime"]
    assert api.ids(started_time_begin=second, started_time_end=second) == ["run-1"]
    assert api.ids(prefix="absent") == []


def test_pages_follow_one_another(cloud: Cloud, api: Api) -> None:
    for number in range(5):
        api.start(f"run-{number}")
    seen, token, pages = [], None, 0
    while token or not pages:
        page = api.page(limit=2, next_token=token)
        seen += [row.to_map().get("taskId") or row.to_map()["invocationId"] for row in getattr(page, api.rows)]
        token, pages = page.next_token, pages + 1
    assert (seen, pages) == ([f"run-{number}" for number in range(5)], 3)
    assert len(api.tasks()) == 5
    for number in range(5, 25):
        api.start(f"run-{number}")
    assert len(api.tasks()) == 20, "the default"


def test_the_payload_is_shown_where_it_is_asked_for(cloud: Cloud, api: Api) -> None:
    api.start("run-1", b"7")
    assert api.tasks(include_payload=True)[0]["payload"] == "7"
    assert "payload" not in api.tasks(include_payload=False)[0]


def test_an_invocation_without_an_id_is_given_one_and_listed(cloud: Cloud, api: Api) -> None:
    answer = api.start()
    assert api.ids() == [answer.headers["x-fc-async-task-id"]]


def test_without_task_mode_nothing_is_listed_that_named_no_id(cloud: Cloud, deploy: Deploy, version: str) -> None:
    deploy(ECHO, functionName=NAME)
    api = Api(version)
    api.start()
    assert api.ids() == []


@pytest.mark.parametrize(
    "asked",
    [
        {"limit": 0},
        {"limit": 101},
        {"status": "Sleeping"},
        {"sort_order_by_time": "down"},
        {"next_token": "nobody gave it"},
        {"started_time_begin": -1},
    ],
    ids=str,
)
def test_a_listing_that_makes_no_sense_is_refused(api: Api, asked: dict[str, Any]) -> None:
    api.start("run-1")
    with pytest.raises(ClientException) as caught:
        api.page(**asked)
    assert caught.value.status_code == 400


def test_a_listing_of_what_is_not_there_is_refused(api: Api) -> None:
    with pytest.raises(ClientException) as caught:
        api.page(name="absent")
    assert caught.value.status_code == 404


def test_the_parameters_are_those_of_the_definition(cloud: Cloud, api: Api, version: str) -> None:
    """Each that the definition lists is taken by the emulator, in this version's own name; another is not emulated."""
    product, action, _ = VERSIONS[version]
    parameters = definition(product, action)["structure_2025_12"]["parameters"]
    listed = {one["name"] for one in parameters if one["in"] == "query"}
    asked: dict[str, Any] = {
        "limit": 1,
        "qualifier": "LATEST",
        "status": "Enqueued",
        "started_time_begin": 1,
        "started_time_end": 10**15,
        "sort_order_by_time": "desc",
        "include_payload": True,
        "prefix": "",
    }
    api.page(**asked)
    sent = {name for call in cloud.calls for name in call.params} - {"functionName"}
    assert sent <= listed
    assert listed - sent == {"nextToken"}


@pytest.mark.parametrize(
    ("allowed", "resource", "switch", "answered"),
    [
        pytest.param("own", "tasks", "named", True, id="named"),
        pytest.param("own", "*", "named", True, id="on everything"),
        pytest.param("own", "tasks", "all", False, id="named, where all resources are asked for"),
        pytest.param("own", "*", "all", True, id="on everything, where all resources are asked for"),
        pytest.param("other", "tasks", "named", False, id="another function's tasks"),
        pytest.param("InvokeFunction", "function", "named", False, id="invoking alone"),
    ],
)
def test_a_listing_needs_its_permission(
    cloud: Cloud, api: Api, version: str, allowed: str, resource: str, switch: Any, answered: bool
) -> None:
    action = allowed if allowed == "InvokeFunction" else VERSIONS[version][1]
    below = "stateful-async-invocations" if api.old else "async-tasks"
    name = "other" if allowed == "other" else "hello"
    path = f"services/svc/functions/{name}"
    arn = f"acs:fc:cn-hangzhou:{ACCOUNT}:{path}"
    where = {"*": "*", "tasks": f"{arn}/{below}/*", "function": arn}[resource]
    statement = {"Effect": "Allow", "Action": f"fc:{action}", "Resource": where}
    caller = user(cloud, statement)
    cloud.switches.permissions, cloud.switches.fc_setting_resource = "on", switch
    narrow = Api(version, key=caller.key.access_key_id, secret=caller.key.secret)
    if answered:
        assert narrow.ids() == []
        return
    with pytest.raises(ClientException) as caught:
        narrow.ids()
    assert caught.value.status_code == 403


@pytest.mark.parametrize("switch", ["kept", "ignored"])
def test_an_invocation_is_kept_back_as_the_switch_says(cloud: Cloud, api: Api, switch: Any) -> None:
    cloud.switches.async_delay = switch
    api.start("run-1", delay="1200")
    cloud.clock.settle(within=600)
    assert [row["status"] for row in api.tasks()] == ["Enqueued" if switch == "kept" else "Succeeded"]
    cloud.settle()
    assert [row["status"] for row in api.tasks()] == ["Succeeded"]


@pytest.mark.parametrize("delay", ["3601", "-1", "soon", "1.5"])
def test_a_delay_that_is_none_is_refused(api: Api, delay: str) -> None:
    with pytest.raises(ClientException) as caught:
        api.start("run-1", delay=delay)
    assert caught.value.status_code == 400
    assert api.ids() == []


def test_rows_have_the_fields_of_the_clients_models(cloud: Cloud, api: Api) -> None:
    """What a model does not know gets lost in it, and would never be noticed."""
    api.start("run-1", b"0")
    cloud.settle()
    (task,) = cloud.fc.queue.tasks(function(cloud))
    raw = async_tasks.listing(function(cloud), [task], "2021-04-06" if api.old else "2023-03-30", {})[api.rows][0]
    (row,) = getattr(api.page(), api.rows)
    assert json.dumps(row.to_map(), sort_keys=True) == json.dumps(raw, sort_keys=True)
