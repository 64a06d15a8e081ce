"""s.yaml as the real Serverless Devs CLI renders it (`make devs` puts it into build/), and which keys it may have. Deploys nothing."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT, REGION = "1234567890123456", "cn-hangzhou"
ENV = {"ROLEKEEPER_REGION": REGION, "ROLEKEEPER_ACCOUNT_ID": ACCOUNT}

TEXT, NUMBER, FLAG = str, int, bool
LOG = {
    "project": TEXT,
    "logstore": TEXT,
    "enableRequestMetrics": FLAG,
    "enableInstanceMetrics": FLAG,
    "logBeginRule": TEXT,
}
PUSH = {"PushRetryStrategy": TEXT}
TIMER = {"cronExpression": TEXT, "enable": FLAG, "payload": TEXT}
BUS = {
    "triggerEnable": FLAG, "asyncInvocationType": FLAG, "eventRuleFilterPattern": TEXT,
    "eventSourceConfig": {"eventSourceType": TEXT},
    "eventSinkConfig": {"deliveryOption": {"mode": TEXT, "eventSchema": TEXT}},
    "runOptions": {"mode": TEXT, "errorsTolerance": TEXT, "retryStrategy": PUSH},
}  # fmt: skip
QUEUE = {
    **BUS,
    "eventSourceConfig": {
        "eventSourceType": TEXT,
        "eventSourceParameters": {"sourceMNSParameters": {"RegionId": TEXT, "QueueName": TEXT, "IsBase64Decode": FLAG}},
    },
    "eventSinkConfig": {"deliveryOption": {"eventSchema": TEXT}},
    "runOptions": {
        **BUS["runOptions"],  # type: ignore[dict-item]
        "deadLetterQueue": {"Arn": TEXT}, "batchWindow": {"CountBasedWindow": NUMBER, "TimeBasedWindow": NUMBER},
    },
}  # fmt: skip


def trigger_config(kind: str, config: Any) -> Any:
    if kind == "timer":
        return TIMER
    return QUEUE if config.get("eventSourceConfig", {}).get("eventSourceType") == "MNS" else BUS


def trigger3(given: Any) -> Any:
    config = trigger_config(given.get("triggerType"), given.get("triggerConfig") or {})
    return {"triggerName": TEXT, "triggerType": TEXT, "qualifier": TEXT, "triggerConfig": config}


def trigger2(given: Any) -> Any:
    return {
        "name": TEXT,
        "type": TEXT,
        "qualifier": TEXT,
        "config": trigger_config(given.get("type"), given.get("config") or {}),
    }


PROPS3 = {
    "region": TEXT, "functionName": TEXT, "description": TEXT, "runtime": TEXT, "code": TEXT, "handler": TEXT, "cpu": float,
    "memorySize": NUMBER, "diskSize": NUMBER, "timeout": NUMBER, "internetAccess": FLAG, "role": TEXT,
    "environmentVariables": {"*": TEXT}, "logConfig": LOG, "triggers?": [trigger3],
    "asyncInvokeConfig": {
        "maxAsyncRetryAttempts": NUMBER, "maxAsyncEventAgeInSeconds": NUMBER, "asyncTask?": FLAG,
        "destinationConfig": {"onFailure": {"destination": TEXT}},
    },
}  # fmt: skip
"""Of component fc3 (devsapp/fc3, src/schema.json), as far as s.yaml uses it: `?` may be missing, `*` is any name."""
PROPS2 = {
    "region": TEXT,
    "service": {"name": TEXT, "description": TEXT, "internetAccess": FLAG, "role": TEXT, "logConfig": LOG},
    "function": {
        "name": TEXT, "description": TEXT, "runtime": TEXT, "codeUri": TEXT, "handler": TEXT, "cpu": float,
        "memorySize": NUMBER, "diskSize": NUMBER, "timeout": NUMBER, "environmentVariables": {"*": TEXT},
        "asyncConfiguration": {
            "maxAsyncRetryAttempts": NUMBER, "maxAsyncEventAgeInSeconds": NUMBER, "statefulInvocation?": FLAG,
            "destination": {"onFailure": TEXT},
        },
    },
    "triggers?": [trigger2],
}  # fmt: skip
"""Of component fc (devsapp/fc, docs/zh/yaml)."""


def wrong(node: Any, rule: Any, where: str = "props") -> Iterator[str]:
    """Every key that is not known, is missing, or has a value of another kind."""
    if isinstance(rule, Mapping):
        if not isinstance(node, Mapping):
            yield f"{where}: not a map"
            return
        rules = {key.rstrip("?"): value for key, value in rule.items()}
        yield from (f"{where}.{key}: unknown" for key in node if key not in rules and "*" not in rules)
        yield from (f"{where}.{key}: missing" for key in rule if key[-1] not in "?*" and key not in node)
        for key, value in node.items():
            yield from (
                wrong(value, rules.get(key, rules.get("*")), f"{where}.{key}") if key in rules or "*" in rules else ()
            )
    elif isinstance(rule, list):
        for number, item in enumerate(node if isinstance(node, Sequence) else ()):
            yield from wrong(item, rule[0](item), f"{where}[{number}]")
    elif type(node) is not rule:
        yield f"{where}: {node!r} is not of type {rule.__name__}"


def cli(edition: int) -> Path:
    """The CLI's executable. Skips where it is not installed."""
    found = ROOT / "build" / "serverless-devs" / str(edition) / "node_modules" / ".bin" / "s"
    if not found.exists():
        pytest.skip("the Serverless Devs CLI is not in build/: `make devs`")
    return found


def run(command: Sequence[object], home: Path, cwd: Path) -> str:
    """Its output; it finds no credentials and no component of the user's, and must not need the network."""
    keys = json.dumps({"AccountID": ACCOUNT, "AccessKeyID": "a", "AccessKeySecret": "emulated-secret"})
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "default_serverless_devs_key": keys, **ENV}
    ran = subprocess.run([*map(str, command)], cwd=cwd, env=env, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def rendered3(path: Path, home: Path) -> dict[str, dict[str, Any]]:
    """`s preview` of an s.yaml of edition 3: what of each function the component would get."""
    said = run([cli(3), "preview", "-t", path, "-o", "json"], home, ROOT)
    resources = json.loads(said[said.index("\n{\n") if "\n{\n" in said else said.index("{") :])["resources"]
    return {key: resource["props"] for key, resource in resources.items() if resource["component"] != "ros"}


COMPONENT = """class Show { async info(inputs) { console.log("PROPS " + JSON.stringify([inputs.project.projectName, inputs.props])) } }
module.exports = Show; module.exports.default = Show
"""


def rendered2(path: Path, home: Path) -> dict[str, dict[str, Any]]:
    """The same of edition 1, by a component that shows what it gets: Serverless Devs 2 has no preview."""
    (home / "show").mkdir()
    (home / "show" / "index.js").write_text(COMPONENT)
    (home / "show" / "package.json").write_text('{"name": "show", "version": "0.0.1", "main": "index.js"}')
    shown = home / "s.yaml"
    shown.write_text(path.read_text(encoding="utf-8").replace("component: fc\n", "component: ./show\n"))
    said = run([cli(2), "info", "-t", shown], home, home)
    return dict(json.loads(line[len("PROPS ") :]) for line in said.splitlines() if line.startswith("PROPS "))
