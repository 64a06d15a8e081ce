"""The Python runtime: loading handlers, contexts, environment, results, and errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aliyun.log import LogClient

from fakecloud.cloud import Cloud
from fakecloud.fc import bootstrap
from fakecloud.fc.exceptions import AccessDenied
from fakecloud.identity import ACCOUNT, ROOT_KEY

from .conftest import Deploy, handler, invoke

RESULTS = [
    pytest.param("return 'text'", b"text", id="str as it is"),
    pytest.param("return b'\\x00'", b"\x00", id="bytes as they are"),
    pytest.param("return {'b': 1, 'a': [True]}", b'{\n    "a": [\n        true\n    ],\n    "b": 1\n}', id="JSON"),
    pytest.param("return None", b"null", id="nothing"),
    pytest.param("import decimal; return [decimal.Decimal('1'), decimal.Decimal('1.5')]",
                 b"[\n    1,\n    1.5\n]", id="Decimal"),
    pytest.param("return type(event).__name__", b"bytes", id="the event is bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), RESULTS)
def test_a_result_is_written_as_fc_writes_it(
    cloud: Cloud, deploy: Deploy, runner: str, body: str, expected: bytes
) -> None:
    deploy(handler(body), runner=runner)
    assert invoke(cloud).body == expected


def test_a_result_that_json_cannot_say_is_an_error(cloud: Cloud, deploy: Deploy) -> None:
    deploy(handler("return object()"))
    outcome = invoke(cloud)
    assert json.loads(outcome.body)["errorType"] == "TypeError"


LOADING = [
    pytest.param("nodot", "InvalidHandleName", id="no dot"),
    pytest.param("missing.handler", "ImportModuleError", id="no such module"),
    pytest.param("index.missing", "HandlerNotFound", id="no such function"),
    pytest.param("wrong.handler", "UserCodeSyntaxError", id="syntax error"),
    pytest.param("raising.handler", "UserCodeError", id="error while loading"),
    pytest.param("importing.handler", "ImportModuleError", id="import error in the chain"),
]


@pytest.mark.parametrize("runtime", ["python3.10", "python3.12"])
@pytest.mark.parametrize(("name", "kind"), LOADING)
def test_a_handler_that_cannot_be_loaded_is_named_as_fc_does(
    cloud: Cloud, deploy: Deploy, tmp_path: Path, name: str, kind: str, runtime: str
) -> None:
    deploy(handler("return 1"), handler=name, runtime=runtime)
    for module, text in (("wrong", "def x(:"), ("raising", "1 / 0"), ("importing", "import no_such_thing")):
        (tmp_path / "code" / f"{module}.py").write_text(text)
    outcome = invoke(cloud)
    assert json.loads(outcome.body)["errorType"] == kind
    assert outcome.error_type == "UnhandledInvocationError"


PACKAGES = [
    pytest.param("pkg.mod.handler", "python3.10", "pkg.mod:False", id="3.10 dotted, __init__ not run"),
    pytest.param("pkg.mod.handler", "python3.12", "pkg.mod:True", id="3.12 dotted"),
    pytest.param("pkg/mod.handler", "python3.10", "pkg/mod:False", id="3.10 slash"),
    pytest.param("pkg/mod.handler", "python3.12", "pkg.mod:True", id="3.12 slash"),
    pytest.param("sub.mod.handler", "python3.10", "ImportModuleError", id="3.10 dotted without __init__"),
    pytest.param("sub.mod.handler", "python3.12", "sub.mod:False", id="3.12 namespace package"),
    pytest.param("sub/mod.handler", "python3.10", "sub/mod:False", id="3.10 slash without __init__"),
]


@pytest.mark.parametrize(("name", "runtime", "expected"), PACKAGES)
def test_packages_are_loaded_as_the_runtime_does(
    cloud: Cloud, deploy: Deploy, tmp_path: Path, name: str, runtime: str, expected: str
) -> None:
    deploy("", handler=name, runtime=runtime, runner="process")
    for package in ("pkg", "sub"):
        (tmp_path / "code" / package).mkdir()
        (tmp_path / "code" / package / "mod.py").write_text(
            "import builtins\ndef handler(event, context):\n"
            "    return f\"{__name__}:{hasattr(builtins, 'package_ran')}\"\n"
        )
    (tmp_path / "code" / "pkg" / "__init__.py").write_text("import builtins\nbuiltins.package_ran = True\n")
    body = invoke(cloud).body.decode()
    assert (json.loads(body)["errorType"] if body.startswith("{") else body) == expected


CONTEXT = handler(
    """
    import json
    def shown(thing):
        return {k: shown(v) if hasattr(v, "__dict__") else v for k, v in vars(thing).items()}
    return {**shown(context), "logs": context.getLogger().name}
    """
)


def test_the_context_of_310_has_credentials_and_service(cloud: Cloud, deploy: Deploy, runner: str) -> None:
    deploy(CONTEXT, runner=runner, functionName="svc$hello", memorySize=256, timeout=7)
    outcome = invoke(cloud, name="svc$hello")
    context = json.loads(outcome.body)
    assert set(context) == {
        "request_id",
        "credentials",
        "function",
        "service",
        "region",
        "account_id",
        "tracing",
        "logger",
        "retry_count",
        "logs",
    }
    assert context["request_id"] == outcome.request_id
    assert context["function"] == {"name": "hello", "handler": "index.handler", "memory": 256, "timeout": "7"}
    assert context["service"]["name"] == "svc"
    assert context["credentials"] == {"access_key_id": "", "access_key_secret": "", "security_token": ""}
    assert (context["region"], context["account_id"], context["retry_count"]) == ("cn-hangzhou", ACCOUNT, 0)


def test_the_context_of_312_has_neither(cloud: Cloud, deploy: Deploy, runner: str) -> None:
    log = {"project": "p", "logstore": "s"}
    deploy(CONTEXT, runner=runner, runtime="python3.12", timeout=7, logConfig=log)
    context = json.loads(invoke(cloud).body)
    assert set(context) == {
        "request_id",
        "function",
        "region",
        "account_id",
        "logger",
        "log_project",
        "log_store",
        "logs",
    }
    assert context["function"]["timeout"] == 7
    assert (context["log_project"], context["log_store"]) == ("p", "s")


def test_a_handler_sees_fcs_variables_and_its_own_and_nothing_else(
    cloud: Cloud, deploy: Deploy, runner: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "x")
    deploy(
        "import os\n" + handler("return dict(os.environ)"),
        runner=runner,
        env={"ENDPOINT": "http://127.0.0.1:1"},
        environmentVariables={"MODE": "audit", "DRY": True, "PYTHONPATH": "/code/python:/opt/python"},
    )
    seen = json.loads(invoke(cloud).body)
    code = str(tmp_path / "code")
    assert "SECRET_OF_THE_HOST" not in seen
    assert (seen["MODE"], seen["DRY"], seen["ENDPOINT"]) == ("audit", "true", "http://127.0.0.1:1")
    assert seen["PYTHONPATH"] == f"{code}/python:/opt/python"
    assert {name for name in seen if name.startswith("FC_")} == {
        "FC_FUNC_CODE_PATH",
        "FC_ACCOUNT_ID",
        "FC_FUNCTION_HANDLER",
        "FC_FUNCTION_MEMORY_SIZE",
        "FC_FUNCTION_NAME",
        "FC_REGION",
        "FC_INSTANCE_ID",
        "FC_CUSTOM_LISTEN_PORT",
        "FC_VER_ID",
        "FC_QUALIFIER",
        "FC_RUNTIME_VERSION",
    }
    assert (seen["HOME"], seen["FC_FUNC_CODE_PATH"]) == ("/tmp", code)
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" not in seen


def test_each_invocation_gets_fresh_keys_of_the_functions_role(cloud: Cloud, deploy: Deploy, runner: str) -> None:
    cloud.ram.put_role(ACCOUNT, "worker", ["fc.aliyuncs.com"])
    deploy(
        "import os\n"
        + handler("return [os.environ['ALIBABA_CLOUD_ACCESS_KEY_ID'], context.credentials.access_key_id]"),
        role="Worker",
        runner=runner,
    )
    first, second = (json.loads(invoke(cloud).body) for _ in range(2))
    assert first[0] == first[1] != second[0] == second[1]
    key = cloud.keys.find(first[0])
    assert key is not None
    assert (key.identity.name, key.identity.session) == ("worker", "hello")
    assert 129_590 < key.expires - cloud.clock.now() <= 129_600


@pytest.mark.parametrize(
    "role",
    [
        pytest.param("nobody", id="no such role"),
        pytest.param("for-ecs", id="a role that trusts another service"),
        pytest.param("acs:ram::999:role/for-fc", id="a role of another account"),
        pytest.param("acs:ram:for-fc", id="no role ARN"),
    ],
)
def test_a_role_that_cannot_be_assumed_is_said_by_name(cloud: Cloud, deploy: Deploy, role: str) -> None:
    cloud.ram.put_role(ACCOUNT, "for-ecs", ["ecs.aliyuncs.com"])
    cloud.ram.put_role("999", "for-fc", ["fc.aliyuncs.com"])
    deploy(handler("return 1"), role=role)
    with pytest.raises(AccessDenied, match=f"cannot assume the role .*{role}.*trust policy name fc.aliyuncs.com"):
        invoke(cloud)
    assert not cloud.fc.invocations[-1].ok


def test_what_a_function_prints_is_kept_with_its_start_and_end(cloud: Cloud, deploy: Deploy, runner: str) -> None:
    deploy("import sys\n" + handler("print('out')\nprint('err', file=sys.stderr)"), runner=runner)
    outcome = invoke(cloud)
    (entry,) = cloud.fc.logs
    rid = outcome.request_id
    assert (entry.function, entry.request_id) == ("hello", rid)
    lines = entry.text.splitlines()
    assert lines[:2] == ["FunctionCompute python3 runtime inited.", f"FC Invoke Start RequestId: {rid}"]
    assert sorted(lines[2:4]) == ["err", "out"]
    assert lines[4] == f"FC Invoke End RequestId: {rid}"


def test_what_a_function_prints_goes_to_its_logstore_where_there_is_one(cloud: Cloud, deploy: Deploy) -> None:
    deploy(handler("print('hello there')"), logConfig={"project": "fc-logs", "logstore": "all"})
    assert invoke(cloud).ok
    client = LogClient("cn-hangzhou.log.aliyuncs.com", *ROOT_KEY)
    client.create_project("fc-logs", "")
    client.create_logstore("fc-logs", "all", ttl=1, shard_count=1)
    outcome = invoke(cloud)
    written = cloud.sls.logs("fc-logs", "all")
    assert [one["message"] for one in written if one["requestId"] == outcome.request_id] == outcome.log.splitlines()
    assert {one["__topic__"] for one in written} == {"FCLogs:hello"}


def test_a_log_line_that_is_longer_than_an_entry_is_cut(cloud: Cloud, deploy: Deploy, runner: str) -> None:
    deploy(handler("print('x' * 40_000); print('角' * 20_000); print('y' * 32_768)"), runner=runner)
    invoke(cloud)
    lines = cloud.fc.invoker.logs[-1].text.splitlines()
    assert max(len(line.encode()) for line in lines) == 32 * 1024
    assert {line for line in lines if line[0] in "xy角"} == {"x" * 32_768, "角" * 10_922, "y" * 32_768}


def test_the_bootstrap_needs_nothing_of_the_emulator(tmp_path: Path) -> None:
    listing = "import sys, runpy; runpy.run_path(sys.argv[1]); print([m for m in sys.modules if 'fakecloud' in m])"
    command = [sys.executable, "-c", listing, bootstrap.__file__]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_inline_leaves_this_process_as_it_was(cloud: Cloud, deploy: Deploy) -> None:
    import os

    before: tuple[Any, ...] = (dict(os.environ), list(sys.path))
    deploy("import os\n" + handler("os.environ['LEFT'] = 'x'\nraise ValueError(1)"))
    invoke(cloud)
    assert (dict(os.environ), list(sys.path)) == before
