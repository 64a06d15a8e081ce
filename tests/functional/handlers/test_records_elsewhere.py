"""When SLS is not there: the records stand on stdout as JSON lines, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.handlers.world import PROJECT, World, created, timer

DOWN = [
    pytest.param({"kind": "5xx"}, id="5xx"),
    pytest.param({"kind": "html"}, id="a proxy's page"),
    pytest.param({"kind": "reset"}, id="connection reset"),
    pytest.param({"kind": "timeout"}, id="no answer"),
    pytest.param({"kind": "throttle"}, id="throttled"),
    pytest.param({"kind": "error", "code": "Unauthorized", "status": 401}, id="not allowed"),
    pytest.param({"kind": "error", "code": "LogStoreNotExist", "status": 404}, id="no logstore"),
]


@pytest.mark.parametrize("fault", DOWN)
def test_records_that_sls_does_not_take_stand_on_stdout(world: World, fault: dict[str, Any]) -> None:
    usual = world.run("instance_created", created([world.instance("web").instance_id]))
    world.cloud.faults.add(action="PutLogs", count=None, **fault)
    instance = world.instance("web")
    run = world.run("instance_created", created([instance.instance_id]))
    assert run.error is None
    assert instance.role == "web"
    assert run.result == {**usual.result, "records": run.result["records"], "records_in_sls": False}
    (record,) = [line["record"] for line in run.lines if "record" in line]
    assert (record["instance_id"], record["outcome"]) == (instance.instance_id, "attached")
    (why,) = [line for line in run.lines if "records_not_in_sls" in line]
    assert why["records_not_in_sls"] == 1
    assert 1 <= run.calls.count("PutLogs") <= 2, "the SDK's own ten tries would outlast the function"


def test_without_a_project_records_go_to_stdout_alone(world: World) -> None:
    world.env.setenv("ROLEKEEPER_SLS_PROJECT", "")
    instance = world.instance("web")
    run = world.run("instance_created", created([instance.instance_id]))
    assert "PutLogs" not in run.calls
    assert [line["record"]["outcome"] for line in run.lines if "record" in line] == ["attached"]
    assert not [line for line in run.lines if "records_not_in_sls" in line], "nothing is wrong"


def test_a_long_run_sends_its_records_in_as_few_calls_as_the_limits_allow(world: World) -> None:
    world.map(shown=True)
    world.instances(4_500, "web", role="web")
    run = world.run("reconcile", timer())
    assert len([r for r in world.records() if "instance_id" in r]) == 4_500
    assert run.calls.count("PutLogs") <= 6


def test_no_credential_is_ever_printed_or_recorded(world: World) -> None:
    world.instances(3, "web")
    world.cloud.faults.add("reset", action="AttachInstanceRamRole", count=None)
    world.cloud.faults.add("error", action="PutLogs", code="SignatureNotMatch", status=401)
    world.run("reconcile", timer())
    told = "".join(world.printed) + str(world.cloud.sls.logs(PROJECT, "rolekeeper-records"))
    assert "intent" in told
    assert not [key for key in (world.keys.access_key_id, world.keys.secret, world.keys.token) if key in told]
