"""Settings and keys for the gateways, over the emulated cloud at the wire. Asserts nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from shared.gateways.clients import Credentials
from shared.gateways.fc import Functions, functions_gateway
from shared.settings import Settings

REGION, FC_ROLE = "cn-hangzhou", "rolekeeper-fc"
NAME, SERVICE = "rolekeeper-reconcile", "keeper"
EDITIONS = {"3.0": {}, "2.0": {"fc_edition": "2.0", "fc_service": SERVICE}}
ARNS = {
    "3.0": f"acs:fc:{REGION}:{ACCOUNT}:functions/{NAME}",
    "2.0": f"acs:fc:{REGION}:{ACCOUNT}:services/{SERVICE}/functions/{NAME}",
}
LISTING = {
    "3.0": ("ListAsyncTasks", f"{ARNS['3.0']}/async-tasks/*"),
    "2.0": ("ListStatefulAsyncInvocations", f"{ARNS['2.0']}/stateful-async-invocations/*"),
}


def settings(**given: Any) -> Settings:
    return Settings(**{"region": REGION, "account_id": ACCOUNT, "timeout_seconds": 1, **given})


@pytest.fixture
def keys_of(cloud: Cloud) -> Callable[..., Credentials]:
    """keys_of(policy, ...): the functions' keys, under an execution role with these policies."""

    def make(*policies: dict[str, Any]) -> Credentials:
        cloud.ram.put_role(ACCOUNT, FC_ROLE, services=("fc.aliyuncs.com",), policies=policies)
        key = cloud.sts.assume_for_service(ACCOUNT, FC_ROLE, "fc.aliyuncs.com", "rolekeeper-reconcile", 3600)
        return Credentials(access_key_id=key.access_key_id, access_key_secret=key.secret, security_token=key.token)

    return make


@pytest.fixture(params=EDITIONS)
def edition(request: pytest.FixtureRequest, cloud: Cloud, tmp_path: Path) -> str:
    """An edition in which the function is deployed, with task ids."""
    (tmp_path / "index.py").write_text("def handler(event, context):\n    return 1\n")
    props = {
        "functionName": NAME if request.param == "3.0" else f"{SERVICE}${NAME}",
        "region": REGION,
        "runtime": "python3.10",
        "handler": "index.handler",
        "asyncInvokeConfig": {"asyncTask": True},
    }
    document = {"edition": "3.0.0", "name": "t", "resources": {"f": {"component": "fc3", "props": props}}}
    (tmp_path / "s.yaml").write_text(json.dumps(document))
    cloud.fc.deploy(tmp_path / "s.yaml", code=tmp_path, account=ACCOUNT, runner="inline")
    return str(request.param)


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
