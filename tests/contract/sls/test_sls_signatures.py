"""Who may call the emulated SLS: both signatures, temporary keys, clocks; signed by the real SDK."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests
from aliyun.log import LogException
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, ROOT_KEY, Identity
from tests.contract.sls.toolbox import PROJECT, STORE, Logs, client

VERSIONS = [
    pytest.param({"auth_version": "v1"}, id="v1"),
    pytest.param({"auth_version": "v4", "region": "cn-hangzhou"}, id="v4"),
]
ROLE = Identity("AssumedRoleUser", ACCOUNT, "function", "session")


def refusal(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(LogException) as caught:
        call()
    return caught.value.get_resp_status(), caught.value.get_error_code()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_kind_of_call_passes_with_the_right_secret(cloud: Cloud, logs: Logs, version: dict[str, Any]) -> None:
    caller = Logs(client(**version))
    caller.put({"id": "一", "message": "chinese 文字"}, hashKey="14d2f850ad6ea48e46e4547edbbb27e0")
    assert caller.ids('message: 文字 and not id: "x y+z%"') == ["一"]
    caller.client._get_logs_v2_enabled = False
    assert caller.ids('message: 文字 and not id: "x y+z%"') == ["一"]
    assert caller.client.list_logstore(PROJECT).get_logstores() == [STORE]
    assert cloud.calls.count()["PutLogs"] == 1


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("key", "expected"),
    [
        pytest.param((ROOT_KEY[0], "wrong"), (401, "SignatureNotMatch"), id="wrong secret"),
        pytest.param(("LTAIunknown", ROOT_KEY[1]), (401, "InvalidAccessKeyId"), id="unknown key"),
    ],
)
def test_a_wrong_key_is_refused(
    logs: Logs, version: dict[str, Any], key: tuple[str, str], expected: tuple[int, str]
) -> None:
    caller = Logs(client(key, **version))
    assert refusal(lambda: caller.client.get_project(PROJECT)) == expected
    assert refusal(lambda: caller.put({"id": "1"})) == expected
    assert logs.ids("*") == []


@pytest.mark.parametrize("version", VERSIONS)
def test_temporary_keys_work_with_their_token_until_they_expire(
    cloud: Cloud, logs: Logs, version: dict[str, Any]
) -> None:
    key = cloud.keys.temporary(ROLE, cloud.clock.now() + 600)
    pair = (key.access_key_id, key.secret)
    caller = Logs(client(pair, key.token, **version))
    caller.put({"id": "1"})
    assert refusal(lambda: client(pair, "CAISother", **version).get_project(PROJECT)) == (401, "Unauthorized")
    assert refusal(lambda: client(pair, **version).get_project(PROJECT)) == (401, "Unauthorized")
    cloud.clock.advance(601)
    assert refusal(lambda: caller.client.get_project(PROJECT)) == (401, "SecurityTokenExpired")
    assert [call.caller for call in cloud.calls if call.action == "PutLogs"] == [ROLE.arn]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_clock_that_is_off_by_more_than_15_minutes_is_refused(
    logs: Logs, mocker: MockerFixture, version: dict[str, Any]
) -> None:
    class Late(datetime):
        @classmethod
        def utcnow(cls) -> Any:
            return datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(minutes=16)

    mocker.patch("aliyun.log.auth.datetime", Late)
    assert refusal(lambda: client(**version).get_project(PROJECT)) == (400, "RequestTimeTooSkewed")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"body": b"{}"}, "SignatureNotMatch", id="another body"),
        pytest.param(
            {"url": "http://rolekeeper.cn-hangzhou.log.aliyuncs.com/logstores?size=2"}, "SignatureNotMatch", id="query"
        ),
        pytest.param({"headers": {"x-log-bodyrawsize": "7"}}, "SignatureNotMatch", id="a signed header"),
        pytest.param({"headers": {"x-log-apiversion": "0.7.0"}}, "InvalidAPIVersion", id="version"),
        pytest.param({"headers": {"Authorization": "Bearer x"}}, "MissAccessKeyId", id="another scheme"),
        pytest.param({"headers": {"x-log-date": "yesterday", "Date": "yesterday"}}, "InvalidDateFormat", id="date"),
    ],
)
def test_what_was_changed_after_signing_is_noticed(
    cloud: Cloud, sls: Any, mocker: MockerFixture, version: dict[str, Any], change: dict[str, Any], code: str
) -> None:
    """The signed request is caught, altered and sent on."""
    real = requests.Session.request

    def altered(session: requests.Session, method: str, url: str, **sent: Any) -> requests.Response:
        sent["headers"].update(change.get("headers", {}))
        sent["data"] = change.get("body", sent.get("data"))
        return real(session, method, change.get("url", url), **sent)

    mocker.patch("requests.Session.request", autospec=True, side_effect=altered)
    sender = client(**version)
    call = (lambda: sender.create_project(PROJECT, "d")) if "body" in change else (lambda: sender.get_project(PROJECT))
    assert refusal(call)[1] == code
