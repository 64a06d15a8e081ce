"""Handing work to our own functions, by the SDK of either edition of Function Compute, over the emulated one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from shared.errors import PermanentError, Throttled, TransientError
from shared.gateways.clients import Credentials
from shared.gateways.fc import Functions, functions_gateway

from .conftest import REGION, settings

ROOT = Path(__file__).resolve().parents[3]
NAME, SERVICE = "rolekeeper-reconcile", "keeper"
EDITIONS = {"3.0": {}, "2.0": {"fc_edition": "2.0", "fc_service": SERVICE}}
ARNS = {
    "3.0": f"acs:fc:{REGION}:{ACCOUNT}:functions/{NAME}",
    "2.0": f"acs:fc:{REGION}:{ACCOUNT}:services/{SERVICE}/functions/{NAME}",
}


@pytest.fixture(params=EDITIONS)
def edition(request: pytest.FixtureRequest, cloud: Cloud, tmp_path: Path) -> str:
    """An edition in which the function is deployed, with task ids."""
    (tmp_path / "index.py").write_text("def handler(event, context):\n    return 1\n")
    props = {
        "functionName": NAME if request.param == "3.0" else f"{SERVICE}${NAME}", "region": REGION, "runtime": "python3.10",
        "handler": "index.handler", "asyncInvokeConfig": {"asyncTask": True},
    }  # fmt: skip
    document = {"edition": "3.0.0", "name": "t", "resources": {"f": {"component": "fc3", "props": props}}}
    (tmp_path / "s.yaml").write_text(json.dumps(document))
    cloud.fc.deploy(tmp_path / "s.yaml", code=tmp_path, account=ACCOUNT, runner="inline")
    return str(request.param)


LISTING = {
    "3.0": ("ListAsyncTasks", f"{ARNS['3.0']}/async-tasks/*"),
    "2.0": ("ListStatefulAsyncInvocations", f"{ARNS['2.0']}/stateful-async-invocations/*"),
}


@pytest.fixture
def may(edition: str) -> dict[str, Any]:
    """The policy that lets a caller start the function and list its tasks, and no other's."""
    action, tasks = LISTING[edition]
    allowed = {"fc:InvokeFunction": ARNS[edition], f"fc:{action}": tasks}
    statements = [{"Effect": "Allow", "Action": [what], "Resource": [where]} for what, where in allowed.items()]
    return {"Version": "1", "Statement": statements}


@pytest.fixture
def function(cloud: Cloud, edition: str, may: dict[str, Any], keys_of: Callable[..., Credentials]) -> Functions:
    cloud.switches.permissions = "on"
    return functions_gateway(settings(**EDITIONS[edition]), keys_of(may), NAME)


@pytest.fixture
def answering(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """answering(rows): the listing of tasks answers these."""

    def use(rows: object) -> None:
        body = {"tasks": rows, "invocations": rows}
        monkeypatch.setattr("fakecloud.fc.async_tasks.listing", lambda *_: body)

    return use


def ran(cloud: Cloud) -> list[tuple[str, bytes]]:
    """What ran, after all that was handed over had its turn: kind and payload."""
    cloud.settle()
    return [(one.kind, one.payload) for one in cloud.fc.invocations if one.ok]


def calls(cloud: Cloud) -> int:
    return sum(call.action == "InvokeFunction" for call in cloud.calls)


@pytest.mark.parametrize("payload", [b"", b"\x00\xff", b'{"cursor": "next"}', b"x" * 57_000])
def test_a_payload_is_handed_over_and_runs_later(cloud: Cloud, function: Functions, payload: bytes) -> None:
    assert function.start(payload, "t-1") is True
    assert not cloud.fc.invocations, "it does not wait for the run"
    assert ran(cloud) == [("async", payload)]


def test_a_task_id_that_was_used_is_not_handed_over_again(cloud: Cloud, function: Functions) -> None:
    assert function.start(b"1", "chain-7") is True
    assert function.start(b"1", "chain-7") is False
    cloud.settle()
    assert function.start(b"1", "chain-7") is False
    assert function.start(b"2", "chain-8") is True
    assert ran(cloud) == [("async", b"1"), ("async", b"2")]


@pytest.mark.parametrize("kind", ["reset", "timeout"])
def test_a_lost_answer_is_asked_for_again_and_the_work_runs_once(cloud: Cloud, function: Functions, kind: Any) -> None:
    cloud.faults.add(kind, action="InvokeFunction", lost_answer=True, seconds=0.01)
    assert function.start(b"1", "t-1") is False
    assert calls(cloud) == 2
    assert ran(cloud) == [("async", b"1")]


@pytest.mark.parametrize("kind", ["reset", "5xx", "html", "timeout"])
def test_a_call_that_failed_is_made_again(cloud: Cloud, function: Functions, kind: Any) -> None:
    cloud.faults.add(kind, action="InvokeFunction", seconds=0.01)
    assert function.start(b"1", "t-1") is True
    assert ran(cloud) == [("async", b"1")]


@pytest.mark.parametrize(
    ("fault", "kind", "code", "tries"),
    [
        pytest.param({"kind": "throttle"}, Throttled, "ResourceExhausted", 1, id="429"),
        pytest.param({"kind": "5xx"}, TransientError, "InternalServerError", 2, id="500"),
        pytest.param({"kind": "error", "status": 503, "code": "ServiceUnavailable"}, TransientError, "ServiceUnavailable", 2,
                     id="503"),
        pytest.param({"kind": "html"}, TransientError, "", 2, id="a proxy's page"),
        pytest.param({"kind": "reset"}, TransientError, "", 2, id="broken connection"),
        pytest.param({"kind": "error", "status": 412, "code": "PreconditionFailed"}, PermanentError, "PreconditionFailed", 1,
                     id="412"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_by_its_kind(
    cloud: Cloud, function: Functions, fault: dict[str, Any], kind: type[Exception], code: str, tries: int
) -> None:
    cloud.faults.add(**fault, action="InvokeFunction", count=None)
    with pytest.raises((PermanentError, TransientError)) as caught:
        function.start(b"1", "t-1")
    assert type(caught.value) is kind
    assert caught.value.call == "InvokeFunction"
    assert caught.value.code == code
    assert calls(cloud) == tries
    assert ran(cloud) == []


def test_a_function_that_is_not_there_is_permanent(
    cloud: Cloud, edition: str, keys_of: Callable[..., Credentials]
) -> None:
    absent = functions_gateway(settings(**EDITIONS[edition]), keys_of(), "rolekeeper-absent")
    with pytest.raises(PermanentError, match="FunctionNotFound: function 'rolekeeper-absent' does not exist"):
        absent.start(b"1", "t-1")


def test_a_service_that_is_not_there_is_permanent(cloud: Cloud, keys_of: Callable[..., Credentials]) -> None:
    absent = functions_gateway(settings(fc_edition="2.0", fc_service="absent"), keys_of(), NAME)
    with pytest.raises(PermanentError, match="ServiceNotFound: service 'absent' does not exist"):
        absent.start(b"1", "t-1")


def test_without_the_permission_nothing_is_started(
    cloud: Cloud, function: Functions, edition: str, keys_of: Callable[..., Credentials]
) -> None:
    bare = functions_gateway(settings(**EDITIONS[edition]), keys_of(), NAME)
    with pytest.raises(PermanentError) as caught:
        bare.start(b"1", "t-1")
    assert caught.value.code == "AccessDenied"
    assert ARNS[edition] in caught.value.message
    assert ran(cloud) == []


@pytest.mark.parametrize(
    ("payload", "task_id", "words"),
    [
        pytest.param(
            b'"' * 30_000,
            "t-1",
            f"{NAME}: the payload takes 60002 bytes in a report .* 57344 fit into a dead",
            id="large",
        ),
        pytest.param(b"1", "1-5f", "'1-5f' is no task id", id="begins with a digit"),
        pytest.param(b"1", "", "'' is no task id", id="no task id"),
        pytest.param(b"1", "t" * 129, "is no task id", id="long task id"),
        pytest.param(b"1", "t\n", "is no task id", id="line break"),
    ],
)
def test_what_function_compute_would_refuse_is_not_sent(
    cloud: Cloud, function: Functions, payload: bytes, task_id: str, words: str
) -> None:
    with pytest.raises(PermanentError, match=words):
        function.start(payload, task_id)
    assert calls(cloud) == 0


def test_the_function_of_the_deployments_own_region_is_started(
    cloud: Cloud, edition: str, may: dict[str, Any], keys_of: Callable[..., Credentials], tmp_path: Path
) -> None:
    """The emulator takes the region from the endpoint's name; the role may start the one in cn-hangzhou only."""
    cloud.switches.permissions = "on"
    cloud.fc.deploy(tmp_path / "s.yaml", code=tmp_path, account=ACCOUNT, runner="inline", region="cn-beijing")
    keys, elsewhere = keys_of(may), settings(region="cn-beijing", **EDITIONS[edition])
    assert functions_gateway(settings(**EDITIONS[edition]), keys, NAME).start(b"1", "t-1") is True
    with pytest.raises(PermanentError, match=f"AccessDenied: .*acs:fc:cn-beijing:{ACCOUNT}:"):
        functions_gateway(elsewhere, keys, NAME).start(b"1", "t-1")
    assert ran(cloud) == [("async", b"1")]


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:4566", "http://127.0.0.1:4566/"])
def test_an_emulator_is_asked_where_the_settings_name_one(
    cloud: Cloud, edition: str, may: dict[str, Any], keys_of: Callable[..., Credentials], endpoint: str
) -> None:
    there = settings(endpoint=endpoint, account_id="42", **EDITIONS[edition])  # 42.cn-hangzhou.fc... would be refused
    assert functions_gateway(there, keys_of(may), NAME).start(b"1", "t-1") is True
    assert ran(cloud) == [("async", b"1")]


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
        pytest.param({"events": [{"eventId": 1, "status": "Enqueued", "timestamp": SECONDS * 1000}]}, SECONDS, id="event"),
        pytest.param({}, None, id="not said"),
        pytest.param({"startedTime": 0, "events": None}, None, id="zero"),
    ],
)  # fmt: skip
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


def test_an_sdk_is_loaded_by_the_first_call_only() -> None:
    code = (
        "import sys\nfrom shared.gateways.fc import functions_gateway\nfrom shared.gateways.sts import StsGateway\n"
        "from shared.gateways.clients import Credentials\nfrom shared.settings import Settings\n"
        "keys = Credentials(access_key_id='a', access_key_secret='b')\nhome = Settings(region='r', account_id='1')\n"
        "functions_gateway(home, keys, 'f')\nStsGateway(home, keys)\n"
        "print([name for name in sys.modules if name.startswith(('alibabacloud', 'darabonba', 'Tea'))])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"
