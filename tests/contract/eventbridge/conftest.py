"""What the tests of EventBridge share: a generic real client, and functions that note what they are given."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, ROOT_KEY

from .streams import Stream, deploy

Ask = Callable[..., Any]
ARN = f"acs:fc:cn-hangzhou:{ACCOUNT}:functions/note"


@pytest.fixture
def eventbridge(cloud: Cloud) -> Ask:
    """eventbridge("CreateRule", EventBusName=...): the answer's body. Lists and maps go as JSON."""

    def call(action: str, region: str = "cn-hangzhou", **query: Any) -> Any:
        config = Config(
            access_key_id=ROOT_KEY[0],
            access_key_secret=ROOT_KEY[1],
            region_id=region,
            endpoint=f"eventbridge-console.{region}.aliyuncs.com",
        )
        params = Params(
            action=action,
            version="2020-04-01",
            protocol="HTTPS",
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )
        sent = {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}
        return Client(config).call_api(params, OpenApiRequest(query=sent), RuntimeOptions())["body"]

    return call


@pytest.fixture
def note(cloud: Cloud, tmp_path: Path) -> Callable[..., None]:
    """Deploy the function "note"; its handler fails for events whose data.fail is true. trigger: triggerConfig.

    asyncInvocationType: true means asynchronous here, unless a test says otherwise after it.
    """
    cloud.switches.async_invocation_type = "async"

    def deploy(**trigger: Any) -> None:
        (tmp_path / "index.py").write_text(
            "import json\n"
            "def handler(event, context):\n"
            "    data = json.loads(event).get('data') or {}\n"
            "    if data.get('fail'):\n"
            "        raise RuntimeError('told to')\n"
        )
        config = {
            "eventRuleFilterPattern": "{}",
            "asyncInvocationType": True,
            "eventSourceConfig": {"eventSourceType": "Default"},
            **trigger,
        }
        triggers = [{"triggerName": "all", "triggerType": "eventbridge", "triggerConfig": config}] if trigger else []
        props = {
            "functionName": "note",
            "region": "cn-hangzhou",
            "runtime": "python3.10",
            "handler": "index.handler",
            "triggers": triggers,
            "asyncInvokeConfig": {"maxAsyncRetryAttempts": 0},
        }
        document = {"edition": "3.0.0", "resources": {"note": {"component": "fc3", "props": props}}}
        (tmp_path / "s.yaml").write_text(yaml.safe_dump(document))
        cloud.fc.deploy(tmp_path / "s.yaml", code=tmp_path, account=ACCOUNT, runner="inline")

    return deploy


@pytest.fixture
def stream(cloud: Cloud, tmp_path: Path) -> Stream:
    return lambda **given: deploy(cloud, tmp_path, **given)


def event(**values: Any) -> dict[str, Any]:
    return {"aliyunaccountid": ACCOUNT, "source": "acs.test", "type": "test:Thing:Happened", "data": {}, **values}


def seen(cloud: Cloud) -> list[dict[str, Any]]:
    """The events that the function was given, in order."""
    return [json.loads(one.payload) for one in cloud.fc.invocations]
