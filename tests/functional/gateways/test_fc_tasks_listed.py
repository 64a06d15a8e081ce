"""What became of runs that were handed over: the newest task of a prefix, in either edition; and starts that are kept back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from shared.errors import PermanentError, Throttled, TransientError
from shared.gateways.clients import Credentials
from shared.gateways.fc import Functions, functions_gateway

from .conftest import EDITIONS, LISTING, NAME, REGION, SERVICE, settings


@pytest.fixture
def answering(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """answering(rows): the listing of tasks answers these."""

    def use(rows: object) -> None:
        body = {"tasks": rows, "invocations": rows}
        monkeypatch.setattr("fakecloud.fc.async_tasks.listing", lambda *_: body)

    return use


def test_the_newest_task_of_a_prefix_says_whether_it_runs(cloud: Cloud, edition: str, function: Functions) -> None:
    assert function.latest("run-1_") is None
    began = cloud.clock.now()
    function.start(b"1", "run-1_a-0")
    function.start(b"1", "run-2_b-0")
    waits = function.latest("run-1_")
    assert waits
    assert waits.since
    assert (waits.task_id, waits.is_running) == ("run-1_a-0", True)
    assert waits.since.timestamp() == pytest.approx(began, abs=5)
    cloud.settle()
    ended = function.latest("run-1_")
    assert ended
    assert (ended.task_id, ended.is_running) == ("run-1_a-0", False)
    cloud.clock.advance(60)
    function.start(b"1", "run-1_a-1")
    assert function.latest("run-1_a-") == function.latest("run-1_a-1")
    newest = function.latest("run-1_a-1")
    assert newest
    assert newest.is_running
    assert newest.since
    assert newest.since.timestamp() >= began + 60
    assert {call.action for call in cloud.calls} == {"InvokeFunction", LISTING[edition][0]}


def test_a_task_that_runs_comes_before_newer_ones_that_ended(cloud: Cloud, edition: str, function: Functions) -> None:
    cloud.fc.invoker.instance_limit = 0
    function.start(b"1", "run-old")
    cloud.clock.settle(within=5)
    cloud.fc.invoker.instance_limit = 1
    name = NAME if edition == "3.0" else f"{SERVICE}${NAME}"
    (old,) = cloud.fc.queue.tasks(cloud.fc.find(ACCOUNT, REGION, name))
    function.start(b"1", "run-new")
    cloud.settle()
    old.becomes("Retrying", cloud.clock.now())
    found = function.latest("run-")
    assert found
    assert (found.task_id, found.is_running) == ("run-old", True)


@pytest.mark.parametrize(
    ("status", "running"),
    [
        *((status, True) for status in ("Enqueued", "Dequeued", "Running", "Retrying", "Stopping")),
        *((status, False) for status in ("Succeeded", "Failed", "Stopped", "Expired", "Invalid", "Archived")),
    ],
)
def test_a_task_runs_until_its_status_is_a_final_one(
    cloud: Cloud, edition: str, function: Functions, status: str, running: bool
) -> None:
    """A status that no page lists counts as final: it would hold up every run to come."""
    function.start(b"1", "run-1")
    name = NAME if edition == "3.0" else f"{SERVICE}${NAME}"
    (task,) = cloud.fc.queue.tasks(cloud.fc.find(ACCOUNT, REGION, name))
    task.becomes(status, cloud.clock.now())
    found = function.latest("run-1")
    assert found
    assert found.is_running is running


ROW = {"taskId": "run-1", "invocationId": "run-1", "status": "Running"}
SECONDS = 1633449590


@pytest.mark.parametrize(
    ("row", "since"),
    [
        pytest.param({"startedTime": SECONDS * 1000}, SECONDS, id="milliseconds"),
        pytest.param({"startedTime": SECONDS}, SECONDS, id="seconds, as in a sample"),
        pytest.param(
            {"events": [{"eventId": 1, "status": "Enqueued", "timestamp": SECONDS * 1000}]}, SECONDS, id="event"
        ),
        pytest.param({}, None, id="not said"),
        pytest.param({"startedTime": 0, "events": None}, None, id="zero"),
    ],
)
def test_since_when_a_task_runs_is_read_from_what_is_there(
    answering: Callable[[object], None], function: Functions, row: dict[str, Any], since: int | None
) -> None:
    answering([{**ROW, **row}])
    found = function.latest("run-")
    assert found
    assert (found.since.timestamp() if found.since else None) == since


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param("text", id="no list"),
        pytest.param([None], id="no object"),
        pytest.param(["text"], id="texts"),
        pytest.param([{**ROW, "status": 7}], id="no text as status"),
        pytest.param([{**ROW, "status": None}], id="no status"),
        pytest.param([{**ROW, "startedTime": "soon"}], id="no number"),
        pytest.param([{**ROW, "startedTime": 10**30}], id="no time"),
    ],
)
def test_an_answer_that_cannot_be_read_is_transient(
    answering: Callable[[object], None], function: Functions, rows: object
) -> None:
    answering(rows)
    with pytest.raises(TransientError):
        function.latest("run-")


def test_rows_of_another_prefix_are_passed_over(answering: Callable[[object], None], function: Functions) -> None:
    answering([{**ROW, "taskId": "other", "invocationId": "other"}])
    assert function.latest("run-") is None


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        pytest.param({"kind": "throttle"}, Throttled, "ResourceExhausted", id="429"),
        pytest.param({"kind": "5xx"}, TransientError, "InternalServerError", id="500"),
        pytest.param({"kind": "html"}, TransientError, "", id="a proxy's page"),
        pytest.param({"kind": "reset"}, TransientError, "", id="broken connection"),
    ],
)
def test_a_listing_that_fails_is_told_by_its_kind_and_not_repeated(
    cloud: Cloud, edition: str, function: Functions, fault: dict[str, Any], kind: type[Exception], code: str
) -> None:
    action = LISTING[edition][0]
    cloud.faults.add(**fault, action=action, count=None)
    with pytest.raises((PermanentError, TransientError)) as caught:
        function.latest("run-")
    assert (type(caught.value), caught.value.call, caught.value.code) == (kind, action, code)
    assert [call.action for call in cloud.calls] == [action]


def test_without_the_permission_no_task_is_listed(
    cloud: Cloud, function: Functions, edition: str, may: dict[str, Any], keys_of: Callable[..., Credentials]
) -> None:
    start = {**may, "Statement": may["Statement"][:1]}
    with pytest.raises(PermanentError, match="AccessDenied") as caught:
        functions_gateway(settings(**EDITIONS[edition]), keys_of(start), NAME).latest("run-")
    assert LISTING[edition][1] in caught.value.message
    cloud.switches.fc_setting_resource = "all"
    with pytest.raises(PermanentError, match="AccessDenied"):
        function.latest("run-")


@pytest.mark.parametrize(("given", "kept_back"), [(90, 90), (9999, 3600), (0.4, 0), (-5, 0)])
def test_a_start_can_be_kept_back(cloud: Cloud, function: Functions, given: float, kept_back: int) -> None:
    assert function.start(b"1", "run-1", delay=given) is True
    if kept_back:
        cloud.clock.settle(within=kept_back / 2)
        assert not cloud.fc.invocations
        waits = function.latest("run-1")
        assert waits
        assert waits.is_running
    cloud.clock.settle(within=kept_back + 60)
    assert len(cloud.fc.invocations) == 1
