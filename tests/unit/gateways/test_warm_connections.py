"""A record is sent twice only where the connection may have died while the function was frozen."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import requests
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.sls.models import Project
from fakecloud.wire import SEAM
from shared.gateways import sls
from shared.gateways.clients import Credentials
from shared.settings import Settings

PROJECT, LOGSTORE, REGION = "rolekeeper", "rolekeeper-records", "cn-hangzhou"
KEYS = Credentials(access_key_id=ROOT_KEY[0], access_key_secret=ROOT_KEY[1])
SETTINGS = Settings(region=REGION, account_id=ACCOUNT, sls_project=PROJECT)


@pytest.fixture
def records(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """A cloud with the logstore, and a process that has no connection yet."""
    monkeypatch.setattr(sls, "KEPT", {})
    project = Project(PROJECT, REGION, ACCOUNT, "", 0, 0)
    cloud.sls.state.add(project)
    project.create_logstore(LOGSTORE, {"ttl": 30}, 0, 200)
    return cloud


def sent(cloud: Cloud, name: str) -> tuple[bool, list[str]]:
    """By a gateway of its own, as each invocation has one: whether SLS took the record, and what it holds now."""
    took = sls.SlsGateway(SETTINGS, KEYS).send([{"name": name}])
    return took, [log["name"] for log in cloud.sls.logs(PROJECT, LOGSTORE)]


def test_a_first_record_whose_answer_is_lost_is_not_sent_twice(
    records: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its connection is new, so it cannot have died while the function was frozen: SLS may have the record."""
    records.faults.add("reset", action="PutLogs", lost_answer=True)
    assert sent(records, "first") == (False, ["first"])
    assert records.calls.actions() == ["PutLogs"]
    assert '"first"' in capsys.readouterr().out


def test_a_record_on_an_earlier_invocation_s_connection_is_sent_again_once(records: Cloud) -> None:
    assert sent(records, "first") == (True, ["first"])
    records.faults.add("reset", action="PutLogs")
    assert sent(records, "second") == (True, ["first", "second"])
    assert records.calls.actions() == ["PutLogs"] * 3


@pytest.mark.parametrize("kind", ["reset", "timeout"])
def test_an_earlier_invocation_s_connection_may_have_died_with_or_without_a_word(records: Cloud, kind: Any) -> None:
    """A NAT gateway that forgot the connection says nothing: no answer comes."""
    assert sent(records, "first") == (True, ["first"])
    records.faults.add(kind, action="PutLogs")
    assert sent(records, "second") == (True, ["first", "second"])


def test_a_connection_that_has_just_served_is_not_dead(records: Cloud) -> None:
    """SLS may have the record whose answer is lost then: it is not sent twice, and stands on stdout."""
    assert sent(records, "first") == (True, ["first"])
    gateway = sls.SlsGateway(SETTINGS, KEYS)
    assert gateway.send([{"name": "second"}])
    records.faults.add("reset", action="PutLogs", lost_answer=True)
    assert not gateway.send([{"name": "third"}])
    assert [log["name"] for log in records.sls.logs(PROJECT, LOGSTORE)] == ["first", "second", "third"]


def test_one_quiet_retry_is_all_that_an_invocation_has(records: Cloud) -> None:
    assert sent(records, "first") == (True, ["first"])
    records.faults.add("reset", action="PutLogs", count=None)
    gateway = sls.SlsGateway(SETTINGS, KEYS)
    records.calls.clear()
    assert not gateway.send([{"name": "second"}])
    assert not gateway.send([{"name": "third"}])
    assert records.calls.actions() == ["PutLogs"] * 3


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"timeout_seconds": 1.0}, id="timeout"),
        pytest.param({"endpoint": "http://127.0.0.1:1"}, id="endpoint"),
        pytest.param({"region": "cn-beijing"}, id="region"),
    ],
)
def test_a_client_serves_the_settings_that_it_was_made_of_alone(records: Cloud, other: dict[str, Any]) -> None:
    first = sls.client(SETTINGS, KEYS)
    second = sls.client(msgspec.structs.replace(SETTINGS, **other), KEYS)
    assert first is not second
    assert sls.client(msgspec.structs.replace(SETTINGS, **other), KEYS) is second
    assert second._session is first._session
    assert (second.timeout, second._region) == (other.get("timeout_seconds", 5.0), other.get("region", REGION))


def test_a_connection_that_could_not_be_made_did_not_die(records: Cloud, mocker: MockerFixture) -> None:
    assert sent(records, "first") == (True, ["first"])
    unreached = requests.exceptions.ConnectTimeout("Connection to log timed out. (connect timeout=5.0)")
    asked = mocker.patch(SEAM, side_effect=unreached)
    assert sent(records, "second") == (False, ["first"])
    assert asked.call_count == 1
