"""From the props of one resource to a Function, with every limit checked as the API would. Registers nothing.

Keys: devsapp/fc3's schema. Limits: Function Compute, page "Limits", and the CreateFunction reference.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fakecloud.errors import NotEmulated
from fakecloud.fc.models import NAME, RUNTIMES, AsyncConfig, Function, Runner, Trigger
from fakecloud.fc.s_yaml import YamlError

WITHOUT_EFFECT = (
    "code", "internetAccess", "layers", "tags", "annotations", "tracingConfig", "vpcConfig", "nasConfig", "ossMountConfig",
    "resourceGroupId", "endpoint", "scalingConfig", "provisionConfig", "concurrencyConfig", "vpcBinding", "supplement",
)  # fmt: skip
"""Keys of fc3 that change nothing here: network, mounts, prices."""
KNOWN = (
    "functionName", "region", "runtime", "handler", "memorySize", "timeout", "cpu", "diskSize", "description", "role",
    "environmentVariables", "logConfig", "asyncInvokeConfig", "instanceLifecycleConfig", "instanceConcurrency", "triggers",
)  # fmt: skip
ENV_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
ENV_LIMIT = 4096
MOST_TRIGGERS = 50
"""Bytes of all names and values."""


def build(
    props: Mapping[str, Any],
    where: str,
    *,
    code: Path,
    account: str,
    env: Mapping[str, str],
    python: str,
    runner: Runner,
) -> Function:
    """Raises YamlError for what is wrong, NotEmulated for what is not known here."""
    for key in props:
        if key not in KNOWN and key not in WITHOUT_EFFECT:
            raise NotEmulated(f"{where}.props.{key}")
    for key in ("functionName", "region", "runtime", "handler"):
        if not props.get(key):
            raise YamlError(f"{where}.props: {key} is missing")
    if props["runtime"] not in RUNTIMES:
        raise NotEmulated(f"the runtime {props['runtime']} ({where})")
    if props.get("instanceConcurrency", 1) != 1:
        raise YamlError(f"{where}.props.instanceConcurrency: Python runtimes handle one request an instance")
    name = props["functionName"]
    if not all(NAME.fullmatch(part) for part in name.split("$", 1)):
        raise YamlError(f"{where}.props.functionName: {name!r}: letters, digits, _ and -, at most 64, no digit first")
    log = props.get("logConfig") or {}
    if isinstance(log, str):
        raise NotEmulated(f"logConfig: {log} ({where}); name a project and a logstore")
    hooks = props.get("instanceLifecycleConfig") or {}
    return Function(
        name=name,
        account=account,
        region=props["region"],
        handler=props["handler"],
        code=code.resolve(),
        runtime=props["runtime"],
        memory=_memory(props, where),
        timeout=_within(props, where, "timeout", 3, 1, 86_400),
        cpu=float(props.get("cpu", 0.35)),
        disk=int(props.get("diskSize", 512)),
        description=props.get("description", ""),
        role=_role(props.get("role", ""), account),
        environment=_environment(props, env, where),
        log_project=log.get("project", ""),
        log_store=log.get("logstore", ""),
        async_config=_async(props["asyncInvokeConfig"], where) if props.get("asyncInvokeConfig") else None,
        initializer=_hook(hooks, "initializer"),
        pre_stop=_hook(hooks, "preStop"),
        triggers=_triggers(props.get("triggers") or [], where),
        python=python,
        runner=runner,
    )


def _memory(props: Mapping[str, Any], where: str) -> int:
    memory = _within(props, where, "memorySize", 512, 128, 32_768)
    if memory % 64:
        raise YamlError(f"{where}.props.memorySize: {memory} is not a multiple of 64")
    return memory


def _within(node: Mapping[str, Any], where: str, key: str, default: int, low: int, high: int) -> int:
    value = node.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise YamlError(f"{where}: {key}: {value!r} is not an integer from {low} to {high}")
    return value


def _role(role: str, account: str) -> str:
    """fc3 makes an ARN of a bare name and writes it all in lower case (devsapp/fc3)."""
    arn = role if not role or ":" in role else f"acs:ram::{account}:role/{role}"
    return arn.lower()


def _environment(props: Mapping[str, Any], extra: Mapping[str, str], where: str) -> dict[str, str]:
    """The function's own variables, `extra` over them. Both obey FC's rules."""
    given = {**(props.get("environmentVariables") or {}), **extra}
    variables = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in given.items()}
    for name in variables:
        if not ENV_NAME.fullmatch(name):
            raise YamlError(f"{where}: environment variable {name!r}: a letter, then letters, digits and underscores")
        if name.startswith("FC_"):
            raise YamlError(f"{where}: environment variable {name!r}: the prefix FC_ is Function Compute's own")
    if sum(len(name) + len(os.fsencode(value)) for name, value in variables.items()) > ENV_LIMIT:
        raise YamlError(f"{where}: the environment variables are more than {ENV_LIMIT} bytes")
    return variables


def _async(given: Mapping[str, Any], where: str) -> AsyncConfig:
    where = f"{where}.props.asyncInvokeConfig"
    destinations = given.get("destinationConfig") or {}
    for key in given:
        if key not in (
            "maxAsyncRetryAttempts",
            "maxAsyncEventAgeInSeconds",
            "destinationConfig",
            "asyncTask",
            "qualifier",
        ):
            raise NotEmulated(f"{where}.{key}")
    return AsyncConfig(
        retries=_within(given, where, "maxAsyncRetryAttempts", 3, 0, 8),
        age=_within(given, where, "maxAsyncEventAgeInSeconds", 86_400, 1, 604_800),
        on_success=(destinations.get("onSuccess") or {}).get("destination", ""),
        on_failure=(destinations.get("onFailure") or {}).get("destination", ""),
        task=bool(given.get("asyncTask", False)),
    )


def _hook(hooks: Mapping[str, Any], name: str) -> tuple[str, int] | None:
    """Handler and seconds. The default of three seconds is a guess."""
    hook = hooks.get(name)
    return (hook["handler"], int(hook.get("timeout", 3))) if hook and hook.get("handler") else None


def _triggers(given: list[Mapping[str, Any]], where: str) -> dict[str, Trigger]:
    if len(given) > MOST_TRIGGERS:
        raise YamlError(
            f"{where}.props.triggers: {len(given)} are more than the {MOST_TRIGGERS} that a function may have"
        )
    return dict(_trigger(one, where) for one in given)


def _trigger(given: Mapping[str, Any], where: str) -> tuple[str, Trigger]:
    name, kind, config = given.get("triggerName", ""), given.get("triggerType"), given.get("triggerConfig") or {}
    where = f"{where}.props.triggers.{name}"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name):
        raise YamlError(f"{where}: triggerName: letters, digits, _ and -, 1 to 128")
    if kind == "timer":
        if not config.get("cronExpression"):
            raise YamlError(f"{where}: triggerConfig.cronExpression is missing")
        return name, Trigger(name, "timer", config, given.get("qualifier", "LATEST"))
    if kind != "eventbridge":
        raise NotEmulated(f"the trigger type {kind} ({where})")
    source = (config.get("eventSourceConfig") or {}).get("eventSourceType")
    if source not in ("Default", "MNS"):
        raise NotEmulated(f"the eventSourceType {source} ({where})")
    if not isinstance(config.get("eventRuleFilterPattern"), str):
        raise YamlError(f"{where}: triggerConfig.eventRuleFilterPattern must be JSON in a string")
    return name, Trigger(name, "eventbridge", config, given.get("qualifier", "LATEST"))
