"""A queue, an event stream and a function behind it, as the tests of streams deploy them. Asserts nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from fakecloud.mns.models import Queue

DEAD = f"acs:mns:cn-hangzhou:{ACCOUNT}:/queues/dead"
HANDLER = """
import json, os
def handler(event, context):
    bodies = [member["data"]["messageBody"] for member in json.loads(event)]
    if any(body.startswith("bad") for body in bodies):
        raise RuntimeError("told to")
"""
Stream = Callable[..., Queue]


def deploy(
    cloud: Cloud,
    folder: Path,
    *,
    count: int = 10,
    seconds: int = 5,
    code: str = HANDLER,
    queue: dict[str, Any] | None = None,
    synchronous: bool = True,
    options: dict[str, Any] | None = None,
    source: dict[str, Any] | None = None,
    **config: Any,
) -> Queue:
    """A queue "q", one of dead letters, and the function "take" with a stream between; true means synchronous."""
    made = cloud.mns.create(ACCOUNT, "cn-hangzhou", "q", **(queue or {"visibility_timeout": 600}))
    cloud.mns.create(ACCOUNT, "cn-hangzhou", "dead")
    (folder / "index.py").write_text(code)
    trigger = {
        "eventRuleFilterPattern": "{}",
        "asyncInvocationType": synchronous,
        "eventSourceConfig": {
            "eventSourceType": "MNS",
            "eventSourceParameters": {
                "sourceMNSParameters": {"QueueName": "q", "IsBase64Decode": False, **(source or {})}
            },
        },
        "runOptions": {
            "mode": "event-streaming",
            "errorsTolerance": "ALL",
            "deadLetterQueue": {"Arn": DEAD},
            "batchWindow": {"CountBasedWindow": count, "TimeBasedWindow": seconds},
            **(options or {}),
        },
        **config,
    }
    props = {
        "functionName": "take",
        "region": "cn-hangzhou",
        "runtime": "python3.10",
        "handler": "index.handler",
        "triggers": [{"triggerName": "s", "triggerType": "eventbridge", "triggerConfig": trigger}],
        "asyncInvokeConfig": {"maxAsyncRetryAttempts": 0, "destinationConfig": {"onFailure": {"destination": DEAD}}},
    }
    document = {"edition": "3.0.0", "resources": {"take": {"component": "fc3", "props": props}}}
    (folder / "s.yaml").write_text(yaml.safe_dump(document))
    cloud.fc.deploy(folder / "s.yaml", code=folder, account=ACCOUNT, runner="inline")
    return made


def batches(cloud: Cloud) -> list[list[str]]:
    """The message bodies of each invocation."""
    return [[member["data"]["messageBody"] for member in json.loads(one.payload)] for one in cloud.fc.invocations]
