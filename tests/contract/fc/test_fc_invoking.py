"""Invoking functions over the wire with the clients of both versions of the API."""

from __future__ import annotations

import base64
import io
import json
import re
from typing import Any

import pytest
from alibabacloud_fc20230330 import models as m3
from alibabacloud_fc20230330.client import Client as Fc3
from alibabacloud_fc_open20210406 import models as m2
from alibabacloud_fc_open20210406.client import Client as Fc2
from alibabacloud_tea_openapi.exceptions import ClientException, ServerException
from darabonba.runtime import RuntimeOptions

from fakecloud.cloud import Cloud
from fakecloud.http import Request
from fakecloud.identity import ACCOUNT, Identity
from fakecloud.service import Call

from .conftest import Deploy, config, handler

ECHO = handler("return event")
OPTIONS = RuntimeOptions()


def call3(client: Fc3, body: Any = b"{}", name: str = "hello", qualifier: str | None = None, **headers: str) -> Any:
    request = m3.InvokeFunctionRequest(body=body, qualifier=qualifier)
    return client.invoke_function_with_options(name, request, m3.InvokeFunctionHeaders(**headers), OPTIONS)


def call2(client: Fc2, body: bytes = b"{}", service: str = "svc", **headers: str) -> Any:
    request = m2.InvokeFunctionRequest(body=body)
    return client.invoke_function_with_options(service, "hello", request, m2.InvokeFunctionHeaders(**headers), OPTIONS)


def test_a_function_answers_what_its_handler_returns(fc3: Fc3, deploy: Deploy, runner: str) -> None:
    deploy(ECHO, runner=runner)
    answer = call3(fc3, b"\x00bytes\xff")
    assert answer.status_code == 200
    assert answer.body.read() == b"\x00bytes\xff"
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{12}", answer.headers["x-fc-request-id"])
    assert "x-fc-error-type" not in answer.headers


@pytest.mark.parametrize("body", [b"bytes", "text", io.BytesIO(b"stream")], ids=["bytes", "text", "stream"])
def test_a_body_comes_in_any_form_the_client_takes(fc3: Fc3, deploy: Deploy, body: Any) -> None:
    deploy(ECHO)
    assert call3(fc3, body).body.read() in (b"bytes", b"text", b"stream")


def test_a_function_of_fc2_is_reached_by_both_versions(fc2: Fc2, fc3: Fc3, deploy: Deploy, runner: str) -> None:
    deploy(ECHO, functionName="svc$hello", runner=runner)
    answer = call2(fc2, b"two")
    assert (answer.status_code, answer.body) == (200, b"two")
    assert call3(fc3, b"three", "svc$hello").body.read() == b"three"


def test_a_function_of_fc3_is_not_reached_by_the_version_of_fc2(fc2: Fc2, cloud: Cloud, deploy: Deploy) -> None:
    deploy(ECHO)
    with pytest.raises(ClientException) as caught:
        call2(fc2)
    assert caught.value.status_code == 404
    assert [call.code for call in cloud.calls] == ["ServiceNotFound"]


@pytest.mark.parametrize("version", ["2021", "2023"])
def test_an_error_of_the_function_is_an_answer_with_an_error_type(
    fc2: Fc2, fc3: Fc3, deploy: Deploy, version: str, runner: str
) -> None:
    deploy(handler("raise ValueError('no such thing')"), functionName="svc$hello", runner=runner)
    answer = call2(fc2) if version == "2021" else call3(fc3, name="svc$hello")
    body = json.loads(answer.body if version == "2021" else answer.body.read())
    assert answer.status_code == 200
    assert answer.headers["x-fc-error-type"] == "UnhandledInvocationError"
    assert (body["errorMessage"], body["errorType"]) == ("no such thing", "ValueError")
    ((file, line, name, source),) = body["stackTrace"]
    assert re.fullmatch(r'File "/.*/index\.py"', file)
    assert (line, name, source) == ("line 2", "in handler", "raise ValueError('no such thing')")


def test_the_tail_of_the_log_comes_back_on_request(fc3: Fc3, deploy: Deploy, runner: str) -> None:
    deploy("import logging\n" + handler("print('x' * 5000)\nlogging.info('bye')\nreturn 'done'"), runner=runner)
    tail = base64.b64decode(call3(fc3, x_fc_log_type="Tail").headers["x-fc-log-result"])
    assert len(tail) == 4096
    last = tail.decode().splitlines()[-2:]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z 1-[0-9a-f-]+ \[INFO\] bye", last[0])
    assert last[1].startswith("FC Invoke End RequestId: 1-")
    assert "x-fc-log-result" not in call3(fc3, x_fc_log_type="None").headers


@pytest.mark.parametrize("version", ["2021", "2023"])
def test_an_asynchronous_call_is_taken_and_runs_later(
    cloud: Cloud, fc2: Fc2, fc3: Fc3, deploy: Deploy, version: str
) -> None:
    deploy(ECHO, functionName="svc$hello")
    if version == "2021":
        answer = call2(fc2, b"later", x_fc_invocation_type="Async")
    else:
        answer = call3(fc3, b"later", "svc$hello", x_fc_invocation_type="Async")
    assert answer.status_code == 202
    assert not cloud.fc.invocations
    cloud.settle()
    (done,) = cloud.fc.invocations
    assert (done.kind, done.attempt, done.ok, done.payload) == ("async", 1, True, b"later")
    assert done.request_id == answer.headers["x-fc-request-id"]


@pytest.mark.parametrize("version", ["2021", "2023"])
def test_a_task_id_is_taken_once(cloud: Cloud, fc2: Fc2, fc3: Fc3, deploy: Deploy, version: str) -> None:
    deploy(ECHO, functionName="svc$hello")

    def invoke(task: str) -> Any:
        if version == "2021":
            return call2(fc2, x_fc_invocation_type="Async", x_fc_stateful_async_invocation_id=task)
        return call3(fc3, name="svc$hello", x_fc_invocation_type="Async", x_fc_async_task_id=task)

    assert invoke("run_1").headers["x-fc-async-task-id"] == "run_1"
    assert invoke("run_2").status_code == 202
    with pytest.raises(ClientException) as caught:
        invoke("run_1")
    assert caught.value.status_code == 409
    with pytest.raises(ClientException) as caught:
        invoke("1-begins-with-a-digit")
    assert caught.value.status_code == 400
    cloud.settle()
    assert len(cloud.fc.invocations) == 2


@pytest.mark.parametrize("on", [True, False], ids=["tasks on", "tasks off"])
@pytest.mark.parametrize("switch", ["taken", "ignored", "refused"])
@pytest.mark.parametrize("version", ["2021", "2023"])
def test_a_task_id_counts_where_tasks_are_on_and_else_as_the_switch_says(
    cloud: Cloud, fc2: Fc2, fc3: Fc3, deploy: Deploy, version: str, switch: Any, on: bool
) -> None:
    cloud.switches.task_id_unasked = switch
    deploy(ECHO, functionName="svc$hello", asyncInvokeConfig={"maxAsyncRetryAttempts": 0, "asyncTask": on})
    statuses = []
    for _ in range(2):
        try:
            if version == "2021":
                answer = call2(fc2, x_fc_invocation_type="Async", x_fc_stateful_async_invocation_id="run")
            else:
                answer = call3(fc3, name="svc$hello", x_fc_invocation_type="Async", x_fc_async_task_id="run")
            statuses.append(answer.status_code)
        except ClientException as error:
            statuses.append(error.status_code)
    expected = [202, 409] if on else {"taken": [202, 409], "ignored": [202, 202], "refused": [400, 400]}[switch]
    assert statuses == expected
    cloud.settle()
    assert len(cloud.fc.invocations) == expected.count(202)


REFUSALS = [
    pytest.param({"name": "nobody"}, 404, "FunctionNotFound", id="unknown function"),
    pytest.param({"name": "svc$hello"}, 404, "ServiceNotFound", id="unknown service"),
    pytest.param({"qualifier": "prod"}, 404, "AliasNotFound", id="unknown alias"),
    pytest.param({"qualifier": "7"}, 404, "VersionNotFound", id="unknown version"),
    pytest.param({"x_fc_invocation_type": "Later"}, 400, "InvalidArgument", id="unknown invocation type"),
    pytest.param({"x_fc_log_type": "Head"}, 400, "InvalidArgument", id="unknown log type"),
    pytest.param(
        {"x_fc_invocation_type": "Async", "body": b"x" * (128 * 1024 + 1)}, 400, "EntityTooLarge", id="async payload"
    ),
    pytest.param({"body": b"x" * (32 * 1024 * 1024 + 1)}, 400, "EntityTooLarge", id="sync payload"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "status", "code"), REFUSALS)
def test_a_call_that_cannot_be_carried_out_is_refused(
    fc3: Fc3, deploy: Deploy, arguments: dict[str, Any], status: int, code: str
) -> None:
    deploy(ECHO)
    with pytest.raises(ClientException) as caught:
        call3(fc3, **arguments)
    assert (caught.value.status_code, caught.value.code) == (status, code)


def test_the_largest_asynchronous_payload_is_taken(fc3: Fc3, deploy: Deploy) -> None:
    deploy(ECHO)
    assert call3(fc3, b"x" * 128 * 1024, x_fc_invocation_type="Async").status_code == 202
    assert call3(fc3, qualifier="LATEST").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        pytest.param({"secret": "wrong"}, "SignatureNotMatch", id="secret"),
        pytest.param({"key": "LTAInobody"}, "InvalidAccessKeyID", id="key"),
    ],
)
def test_a_caller_who_is_not_who_he_says_is_refused(cloud: Cloud, deploy: Deploy, wrong: Any, code: str) -> None:
    deploy(ECHO)
    with pytest.raises(ClientException) as caught:
        call3(Fc3(config(**wrong)))
    assert (caught.value.status_code, caught.value.code) == (403, code)


def test_a_caller_of_another_account_is_refused(cloud: Cloud, fc2: Fc2, deploy: Deploy) -> None:
    deploy(ECHO, functionName="svc$hello")
    assert call2(fc2, x_fc_account_id=ACCOUNT).status_code == 200
    with pytest.raises(ClientException) as caught:
        call2(fc2, x_fc_account_id="999")
    assert caught.value.data["ErrorCode"] == "AccessDenied"


def test_a_trace_id_becomes_the_request_id(fc2: Fc2, deploy: Deploy) -> None:
    deploy(handler("return context.request_id"), functionName="svc$hello")
    answer = call2(fc2, x_fc_trace_id="my-trace")
    assert (answer.headers["x-fc-request-id"], answer.body) == ("my-trace", b"my-trace")


def test_a_function_is_called_in_its_own_region_only(cloud: Cloud, deploy: Deploy) -> None:
    deploy(ECHO)
    with pytest.raises(ClientException) as caught:
        call3(Fc3(config(region="cn-beijing")))
    assert caught.value.code == "FunctionNotFound"


def test_each_version_has_its_own_form_of_errors(cloud: Cloud, fc2: Fc2, fc3: Fc3) -> None:
    with pytest.raises(ClientException) as two:
        call2(fc2)
    with pytest.raises(ClientException) as three:
        call3(fc3)
    assert two.value.data["ErrorCode"] == "ServiceNotFound"
    assert "Code" not in two.value.data
    assert three.value.data["Code"] == "FunctionNotFound"
    assert three.value.data["Message"] == "function 'hello' does not exist"
    assert three.value.data["RequestId"].startswith("1-")


@pytest.mark.parametrize(
    ("kind", "raised", "status"),
    [
        pytest.param("throttle", ClientException, 429, id="throttled"),
        pytest.param("5xx", ServerException, 500, id="broken"),
    ],
)
def test_faults_come_in_the_words_of_function_compute(
    cloud: Cloud, fc3: Fc3, deploy: Deploy, kind: Any, raised: type[ClientException], status: int
) -> None:
    deploy(ECHO)
    cloud.faults.add(kind, action="InvokeFunction")
    with pytest.raises(raised) as caught:
        call3(fc3)
    assert caught.value.status_code == status
    assert call3(fc3).status_code == 200


NEEDS = [
    pytest.param("functions/hello/invocations", "POST", "fc:InvokeFunction", "functions/hello", id="3.0"),
    pytest.param(
        "functions/svc%24hello/invocations", "POST", "fc:InvokeFunction", "services/svc/functions/hello", id="2.0"
    ),
    pytest.param("functions", "GET", "fc:ListFunctions", "functions/*", id="a listing"),
    pytest.param("functions/f/triggers/t", "GET", "fc:GetTrigger", "functions/f/triggers/t", id="a trigger"),
]


@pytest.mark.parametrize(("path", "method", "action", "resource"), NEEDS)
def test_a_call_needs_a_permission_on_its_resource(
    cloud: Cloud, path: str, method: str, action: str, resource: str
) -> None:
    request = Request.of(method, f"https://{ACCOUNT}.cn-hangzhou.fc.aliyuncs.com/2023-03-30/{path}", {}, b"")
    call = Call(cloud, "fc", action, request, Identity("Account", ACCOUNT))
    assert cloud.fc.needs(call) == (action, f"acs:fc:cn-hangzhou:{ACCOUNT}:{resource}")


@pytest.mark.not_emulated
def test_a_path_that_is_not_emulated_says_so(cloud: Cloud, fc3: Fc3) -> None:
    with pytest.raises(ServerException) as caught:
        fc3.delete_function("hello")
    assert caught.value.code == "Fakecloud.NotEmulated"
