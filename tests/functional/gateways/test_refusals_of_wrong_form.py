"""Refusals, errors and keys of a wrong form: what a gateway lets out is one of our errors, whatever came over the wire."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, ROOT_KEY, Identity
from shared.errors import CloudCallError, TransientError
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.gateways.fc import functions_gateway
from shared.gateways.ram import RamGateway
from shared.gateways.sls import SlsGateway
from shared.gateways.sls_admin import SlsAdmin
from shared.gateways.sts import StsGateway
from shared.policies import read_session

from .conftest import REGION, settings

KEYS = Credentials(access_key_id=ROOT_KEY[0], access_key_secret=ROOT_KEY[1])
GIVEN = settings(sls_project="p-one", sls_logstore="l-one")
CALLS: dict[str, Any] = {
    "DescribeInstances": lambda: EcsGateway(GIVEN, KEYS, REGION).instances(["i-1"]),
    "DescribeInstanceRamRole": lambda: EcsGateway(GIVEN, KEYS, REGION).roles(["i-1"]),
    "AttachInstanceRamRole": lambda: EcsGateway(GIVEN, KEYS, REGION).attach("web", ["i-1"]),
    "TagResources": lambda: EcsGateway(GIVEN, KEYS, REGION).tag("web", ["i-1"], "k", "v"),
    "ListRoles": lambda: RamGateway(GIVEN, KEYS).roles(),
    "CreateRole": lambda: RamGateway(GIVEN, KEYS).create_role("r", "d", {}),
    "AssumeRole": lambda: StsGateway(GIVEN, KEYS).assume(ACCOUNT, "r", session_policy="{}", session_name="rolekeeper"),
    "GetCallerIdentity": lambda: StsGateway(GIVEN, KEYS).account(),
    "InvokeFunction": lambda: functions_gateway(GIVEN, KEYS, "f").start(b"{}", "t"),
    "InvokeFunction of FC 2.0": lambda: functions_gateway(settings(fc_edition="2.0", fc_service="s"), KEYS, "f").start(
        b"{}", "t"
    ),
    "CreateProject": lambda: SlsAdmin(GIVEN, KEYS).ensure(),
    "GetLogs": lambda: SlsAdmin(GIVEN, KEYS).query("*", 0, 1),
}
WRONG: tuple[Any, ...] = (7, True, [], {"a": 1}, None)
PATHS = ("Code", "Message", "RequestId", "errorCode", "errorMessage", "ErrorCode", "ErrorMessage")


@pytest.mark.parametrize("status", [400, 429, 500])
@pytest.mark.parametrize("call", CALLS)
def test_a_refusal_of_a_wrong_form_is_one_of_our_errors(
    cloud: Cloud, mocker: MockerFixture, call: str, status: int
) -> None:
    mocker.patch("time.sleep", cloud.clock.advance)
    for path in PATHS:
        for value in WRONG:
            cloud.faults.clear()
            cloud.faults.add("error", action=call.split()[0], status=status, count=None, path=path, value=value)
            with pytest.raises(CloudCallError) as caught:
                CALLS[call]()
            error = caught.value
            assert all(isinstance(text, str) for text in (error.code, error.message, error.request_id, str(error)))


@pytest.mark.parametrize("status", [400, 401, 500])
@pytest.mark.parametrize("path", ["errorCode", "errorMessage"])
@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_sending_records_raises_nothing_whatever_sls_answers(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], status: int, path: str, value: Any
) -> None:
    cloud.faults.add("error", action="PutLogs", status=status, count=None, path=path, value=value)
    assert SlsGateway(GIVEN, KEYS).send([{"a": "b"}]) is False
    assert '{"record": {"a": "b"}}' in capsys.readouterr().out


@pytest.mark.parametrize("value", [7, None, 1.5, True, ["x"], {"a": 1}, b"bytes", "\ud800"], ids=repr)
def test_sending_a_field_that_is_no_text_raises_nothing(cloud: Cloud, value: Any) -> None:
    assert SlsGateway(GIVEN, KEYS).send([{"field": value}]) is False, "there is no such project"


@pytest.mark.parametrize("name", ["AccessKeyId", "AccessKeySecret", "SecurityToken"])
@pytest.mark.parametrize("value", [7, [], {"a": 1}, None, ""], ids=repr)
def test_keys_of_a_wrong_form_are_none(cloud: Cloud, name: str, value: Any) -> None:
    cloud.ram.put_role(ACCOUNT, "r", services=())
    fault = cloud.faults.add("alter", action="AssumeRole", path=f"Credentials.{name}", value=value)
    key = cloud.keys.permanent(Identity("RAMUser", ACCOUNT, "u"))
    sts = StsGateway(GIVEN, Credentials(access_key_id=key.access_key_id, access_key_secret=key.secret))
    with pytest.raises(TransientError, match="no usable answer"):
        sts.assume(ACCOUNT, "r", session_policy=read_session(ACCOUNT, REGION), session_name="rolekeeper")
    assert fault.hit
