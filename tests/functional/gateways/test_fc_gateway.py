"""Handing work to our own functions, by the SDK of either edition of Function Compute, over the emulated one."""

from __future__ import annotations

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

from .conftest import ARNS, EDITIONS, NAME, settings

ROOT = Path(__file__).resolve().parents[3]


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
        pytest.param(
            {"kind": "error", "status": 503, "code": "ServiceUnavailable"},
            TransientError,
            "ServiceUnavailable",
            2,
            id="503",
        ),
        pytest.param({"kind": "html"}, TransientError, "", 2, id="a proxy's page"),
        pytest.param({"kind": "reset"}, TransientError, "", 2, id="broken connection"),
        pytest.param(
            {"kind": "error", "status": 412, "code": "PreconditionFailed"},
            PermanentError,
            "PreconditionFailed",
            1,
            id="412",
        ),
    ],
)
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
