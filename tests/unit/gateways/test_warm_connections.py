"""A record is sent twice only where the connection may have died while the function was frozen."""

from __future__ import annotations

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.sls.models import Project
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
