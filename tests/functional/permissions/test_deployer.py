"""A key with the policy of the template `deployer` may look at and set what a deployment does, whichever resource FC judges on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from fakecloud.judgements import Need
from shared.policies import render
from tests.contract.permissions.callers import user

POLICY = render("deployer", {"account": ACCOUNT, "region": "cn-hangzhou"}, context="test")
OURS, OTHERS = (f"acs:fc:cn-hangzhou:{ACCOUNT}:functions/{name}" for name in ("rolekeeper-remediate", "payments"))
READS: dict[str, Callable[[Client], Any]] = {
    "GetFunction": lambda fc: fc.get_function("rolekeeper-remediate", models.GetFunctionRequest()),
    "GetAsyncInvokeConfig": lambda fc: fc.get_async_invoke_config("rolekeeper-remediate", models.GetAsyncInvokeConfigRequest()),
    "ListTriggers": lambda fc: fc.list_triggers("rolekeeper-remediate", models.ListTriggersRequest()),
    "GetTrigger": lambda fc: fc.get_trigger("rolekeeper-remediate", "timer"),
}  # fmt: skip


@pytest.fixture
def deployer(cloud: Cloud, tmp_path: Path) -> Client:
    (tmp_path / "index.py").write_text("def handler(event, context):\n    return 'hi'\n")
    timer = {"triggerName": "timer", "triggerType": "timer", "triggerConfig": {"cronExpression": "@every 5m"}}
    props = {
        "functionName": "rolekeeper-remediate",
        "region": "cn-hangzhou",
        "runtime": "python3.10",
        "triggers": [timer],
        "handler": "index.handler",
        "asyncInvokeConfig": {"maxAsyncRetryAttempts": 2},
    }
    document = {"edition": "3.0.0", "name": "t", "resources": {"r": {"component": "fc3", "props": props}}}
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(document))
    cloud.fc.deploy(tmp_path / "s.yaml", code=tmp_path, account=ACCOUNT, runner="inline")
    caller = user(cloud, *POLICY["Statement"])
    cloud.switches.permissions = "on"
    return Client(caller.config(f"{ACCOUNT}.cn-hangzhou.fc.aliyuncs.com"))


@pytest.mark.parametrize("judged_on", ["named", "all"])
@pytest.mark.parametrize("call", READS)
def test_it_reads_what_is_deployed(cloud: Cloud, deployer: Client, call: str, judged_on: Any) -> None:
    cloud.switches.fc_setting_resource = judged_on
    assert READS[call](deployer).status_code == 200


ALLOWED = [
    pytest.param("fc:PutFunctionAsyncInvokeConfig", OURS, id="the asynchronous configuration"),
    pytest.param("fc:PutFunctionAsyncInvokeConfig", f"{OURS}/LATEST", id="of a version"),
    pytest.param("fc:PutFunctionAsyncInvokeConfig", "*", id="on all resources"),
    pytest.param("fc:CreateTrigger", f"{OURS}/triggers/t", id="a trigger"),
    pytest.param("fc:CreateTrigger", "*", id="a trigger, on all resources"),
    pytest.param("fc:UpdateTrigger", "*", id="a trigger's change, on all resources"),
    pytest.param("fc:DeleteTrigger", f"{OURS}/triggers/t", id="a trigger's end"),
    pytest.param("fc:UpdateFunction", OURS, id="the code"),
]
REFUSED = [
    pytest.param("fc:UpdateFunction", OTHERS, id="the code of another function"),
    pytest.param("fc:UpdateFunction", "*", id="all code"),
    pytest.param("fc:InvokeFunction", OURS, id="an invocation"),
    pytest.param("fc:DeleteTrigger", f"{OTHERS}/triggers/t", id="the end of another function's trigger"),
]


@pytest.mark.parametrize(("action", "resource"), ALLOWED)
def test_it_writes_what_a_deployment_writes(cloud: Cloud, deployer: Client, action: str, resource: str) -> None:
    caller = cloud.keys.find(deployer._credential.get_credential().access_key_id)
    assert caller is not None
    assert cloud.judgements.refused(caller.identity, [Need(action, resource)]) is None, json.dumps(POLICY)


@pytest.mark.parametrize(("action", "resource"), REFUSED)
def test_it_writes_no_more(cloud: Cloud, deployer: Client, action: str, resource: str) -> None:
    caller = cloud.keys.find(deployer._credential.get_credential().access_key_id)
    assert caller is not None
    assert cloud.judgements.refused(caller.identity, [Need(action, resource)]) is not None
