"""Functions, triggers and async configurations as the two versions of the API show them. Decides nothing."""

from __future__ import annotations

import json
from typing import Any

from fakecloud.fc.models import AsyncConfig, Function, Trigger


def function_2023(function: Function) -> dict[str, Any]:
    shown = {
        "functionName": function.name,
        "functionArn": function.arn,
        "functionId": f"{function.region}-{function.name}",
        "runtime": function.runtime,
        "handler": function.handler,
        "memorySize": function.memory,
        "timeout": function.timeout,
        "cpu": function.cpu,
        "diskSize": function.disk,
        "description": function.description,
        "role": function.role,
        "environmentVariables": function.environment,
        "instanceConcurrency": 1,
        "internetAccess": True,
        "logConfig": {"project": function.log_project, "logstore": function.log_store},
        "createdTime": function.created,
        "lastModifiedTime": function.created,
        "state": "Active",
        "lastUpdateStatus": "Successful",
    }
    if function.initializer or function.pre_stop:
        hooks = {"initializer": function.initializer, "preStop": function.pre_stop}
        shown["instanceLifecycleConfig"] = {
            key: {"handler": hook[0], "timeout": hook[1]} for key, hook in hooks.items() if hook
        }
    return shown


def function_2021(function: Function) -> dict[str, Any]:
    """role, logConfig and internetAccess belong to the service there."""
    left_out = {"functionArn", "role", "logConfig", "internetAccess", "state", "lastUpdateStatus"}
    shown = {key: value for key, value in function_2023(function).items() if key not in left_out}
    return {**shown, "functionName": function.name.rpartition("$")[2], "caPort": 9000, "instanceType": "e1"}


def trigger_view(function: Function, trigger: Trigger) -> dict[str, Any]:
    """triggerConfig is JSON in a string."""
    return {
        "triggerName": trigger.name,
        "triggerType": trigger.type,
        "triggerId": f"{function.name}-{trigger.name}",
        "triggerConfig": json.dumps(trigger.config),
        "qualifier": trigger.qualifier,
        "sourceArn": trigger.source_arn,
        "targetArn": function.arn,
        "invocationRole": "",
        "description": "",
        "status": "",
        "createdTime": function.created,
        "lastModifiedTime": function.created,
    }


def _destinations(config: AsyncConfig) -> dict[str, Any]:
    ends = {"onSuccess": config.on_success, "onFailure": config.on_failure}
    return {key: {"destination": arn} for key, arn in ends.items() if arn}


def async_2023(function: Function, config: AsyncConfig) -> dict[str, Any]:
    return {
        "functionArn": function.arn,
        "maxAsyncRetryAttempts": config.retries,
        "maxAsyncEventAgeInSeconds": config.age,
        "destinationConfig": _destinations(config),
        "asyncTask": config.task,
        "createdTime": function.created,
        "lastModifiedTime": function.created,
    }


def async_2021(function: Function, config: AsyncConfig) -> dict[str, Any]:
    shown = async_2023(function, config)
    del shown["functionArn"]
    shown["statefulInvocation"] = shown.pop("asyncTask")
    return {**shown, "service": function.service, "function": function.name.rpartition("$")[2], "qualifier": "LATEST"}
