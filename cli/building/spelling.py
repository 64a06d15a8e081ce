"""Keys of a function in s.yaml that `s deploy` would drop without a word, as it does with any it does not know. Reads no file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

FUNCTION = frozenset({
    "annotations", "asyncInvokeConfig", "code", "concurrencyConfig", "cpu", "customContainerConfig", "customDNS",
    "customRuntimeConfig", "description", "diskSize", "enableLongLiving", "endpoint", "environmentVariables", "functionName",
    "gpuConfig", "handler", "instanceConcurrency", "instanceIsolationMode", "instanceLifecycleConfig", "internetAccess",
    "layers", "logConfig", "memorySize", "nasConfig", "ossMountConfig", "provisionConfig", "region", "resourceGroupId", "role",
    "runtime", "scalingConfig", "sessionAffinity", "sessionAffinityConfig", "supplement", "tags", "timeout", "tracingConfig",
    "triggers", "vpcBinding", "vpcConfig",
})  # fmt: skip
"""Of component fc3 (devsapp/fc3, src/schema.json), as are the others."""
WITHIN: Mapping[str, Collection[str]] = {
    "asyncInvokeConfig": (
        "asyncTask", "destinationConfig", "maxAsyncEventAgeInSeconds", "maxAsyncRetryAttempts", "qualifier",
    ),
    "logConfig": (
        "enableInstanceMetrics", "enableLlmMetrics", "enableRequestMetrics", "logBeginRule", "logstore", "project",
    ),
    "vpcConfig": ("securityGroupId", "vSwitchIds", "vpcId"),
}  # fmt: skip
TRIGGER = ("description", "invocationRole", "qualifier", "sourceArn", "triggerConfig", "triggerName", "triggerType")
BY_TRIGGER: Mapping[str, Collection[str]] = {
    "eventbridge": (
        "asyncInvocationType", "eventRuleFilterPattern", "eventSinkConfig", "eventSourceConfig", "runOptions",
        "triggerEnable",
    ),
    "timer": ("cronExpression", "enable", "payload"),
}  # fmt: skip
"""Keys of triggerConfig. Other kinds of trigger are not looked into."""


def unknown(props: Mapping[str, Any]) -> Iterator[str]:
    """Each key that fc3 does not know, where it stands and what may be meant: "logConfig.logStore: no key of ..."."""
    yield from _unknown(props, FUNCTION, "")
    for key, known in WITHIN.items():
        yield from _unknown(props.get(key), known, f"{key}.")
    triggers = props.get("triggers")
    for place, trigger in enumerate(triggers if isinstance(triggers, list) else []):
        yield from _unknown(trigger, TRIGGER, f"triggers[{place}].")
        if isinstance(trigger, dict) and (known := BY_TRIGGER.get(str(trigger.get("triggerType")), ())):
            yield from _unknown(trigger.get("triggerConfig"), known, f"triggers[{place}].triggerConfig.")


def _unknown(given: object, known: Collection[str], where: str) -> Iterator[str]:
    for key in given if isinstance(given, dict) else ():
        if key not in known:
            near = get_close_matches(str(key), known, 1)
            yield f"{where}{key}: Function Compute has no such key, and `s deploy` would drop it" + (
                f"; did you mean {near[0]}?" if near else f"; known: {', '.join(sorted(known))}"
            )
