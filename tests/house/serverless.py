"""s.yaml as the real Serverless Devs CLI renders it (`make devs` puts it into build/), and which keys it may have. Deploys nothing."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from fakecloud.fc.s_yaml import merge, parse

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT, REGION = "1234567890123456", "cn-hangzhou"
ENV = {"ROLEKEEPER_REGION": REGION, "ROLEKEEPER_ACCOUNT_ID": ACCOUNT}

TEXT, NUMBER, FLAG, ANY = str, int, bool, object
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


PROPS3: dict[str, Any] = {
    **{f"{key}?": ANY for key in ("layers", "nasConfig", "tags", "tracingConfig", "vpcConfig")},
    "region": TEXT, "functionName": TEXT, "description": TEXT, "runtime": TEXT, "code": TEXT, "handler": TEXT, "cpu": float,
    "memorySize": NUMBER, "diskSize": NUMBER, "timeout": NUMBER, "internetAccess": FLAG, "role": TEXT,
    "environmentVariables": {"*": TEXT}, "logConfig": LOG, "triggers?": [trigger3],
    "asyncInvokeConfig": {
        "maxAsyncRetryAttempts": NUMBER, "maxAsyncEventAgeInSeconds": NUMBER, "asyncTask?": FLAG,
        "destinationConfig": {"onFailure": {"destination": TEXT}},
    },
}  # fmt: skip
"""Of component fc3 (devsapp/fc3, src/schema.json), as far as s.yaml uses it or a user may: `?` may be missing, `*` is any name."""
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
PROPS_ROS = {"region": TEXT, "name": TEXT, "template": TEXT, "parameters": {"*": TEXT}}
"""Of component ros (devsapp/ros), as far as s.buffered.yaml uses it."""

ACTIONS = {
    "run": {"run": TEXT, "path?": TEXT, "allow_failure?": ANY},
    "plugin": {"plugin": TEXT, "args?": {"*": ANY}, "allow_failure?": ANY},
    "component": {"component": TEXT, "allow_failure?": ANY},
}


def action(given: Any) -> Any:
    return next((rule for kind, rule in ACTIONS.items() if kind in (given or {})), ACTIONS["run"])


def hooks(*moments: str) -> Any:
    """`pre-deploy` and its like: one that names no moment or no command that there is never runs, and nothing says so."""
    return {f"{moment}-{command}?": [action] for moment in moments for command in ("build", "deploy", "remove")}


ACTIONS3, ACTIONS1 = hooks("pre", "success", "fail", "complete"), hooks("pre", "post")
DOCUMENT3 = {
    "edition": TEXT, "name": TEXT, "access": TEXT, "extend?": TEXT, "validation?": FLAG, "vars?": {"*": ANY},
    "template?": {"*": {"*": ANY}}, "flow?": {"*": ANY}, "actions?": ACTIONS3,
    "resources": {"*": {
        "component": TEXT, "props": {"*": ANY}, "extend?": {"name": TEXT, "ignore?": [lambda given: TEXT]},
        "actions?": ACTIONS3, "allow_failure?": ANY,
    }},
}  # fmt: skip
"""Around the props, in edition 3 (manual.serverless-devs.com, user-guide/spec; Serverless-Devs/toolkit, packages/parse-spec).
A resource has no `access` of its own: the CLI goes by that of the document."""
DOCUMENT1 = {
    "edition": TEXT, "name": TEXT, "access": TEXT, "vars?": {"*": ANY},
    "services": {"*": {"component": TEXT, "props": {"*": ANY}, "access?": TEXT, "actions?": ACTIONS1}},
}  # fmt: skip
"""The same in edition 1 (Serverless-Devs/Serverless-Devs, docs/zh/yaml.md), as far as s.fc2.yaml uses it."""


def document(name: str) -> Any:
    """The file as it stands."""
    return parse((ROOT / name).read_text(encoding="utf-8"))


def wrong_around(given: Any) -> Iterator[str]:
    """The same as `wrong` of a whole file but for its props, which `wrong` takes when they are rendered.

    Names are free in `vars` and `template`, so there what is misspelt is what nothing uses.
    """
    whole = merge(document(given["extend"]), given) if "extend" in given else given
    yield from wrong(whole, DOCUMENT1 if whole.get("edition") == "1.0.0" else DOCUMENT3, "")
    said = json.dumps(whole)
    yield from (f"{'.'.join(way)}: unused" for way in _leaves(whole.get("vars", {}), "vars") if not _used(way, said))
    resources = [resource for resource in whole.get("resources", {}).values() if isinstance(resource, Mapping)]
    taken = {resource["extend"].get("name") for resource in resources if "extend" in resource}
    yield from (f"template.{name}: unused" for name in whole.get("template", {}) if name not in taken)


def _leaves(node: Any, *way: str) -> Iterator[tuple[str, ...]]:
    if not isinstance(node, Mapping):
        yield way
        return
    for key, value in node.items():
        yield from _leaves(value, *way, key)


def _used(way: Sequence[str], said: str) -> bool:
    return any(f"${{{'.'.join(way[:end])}}}" in said for end in range(2, len(way) + 1))


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
        if not isinstance(node, list):
            yield f"{where}: not a list"
            return
        for number, item in enumerate(node):
            yield from wrong(item, rule[0](item), f"{where}[{number}]")
    elif rule is not ANY and type(node) is not rule:
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
