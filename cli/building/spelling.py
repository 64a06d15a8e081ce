"""Keys in s.yaml that `s deploy` would drop or hand on without a word, as it does with any that it does not know. Reads no file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fakecloud.fc.deploy import KNOWN, WITHOUT_EFFECT
from shared.suggestions import suggestion

FUNCTION = (
    *KNOWN, *WITHOUT_EFFECT, "customContainerConfig", "customDNS", "customRuntimeConfig", "enableLongLiving", "gpuConfig",
    "instanceIsolationMode", "sessionAffinity", "sessionAffinityConfig",
)  # fmt: skip
"""Of component fc3 (devsapp/fc3, src/schema.json), as are the others."""
OURS, THEIRS = "Function Compute has", "Serverless Devs has"
Keys = Mapping[str, Any]
"""A key, and the Keys of what is in it; None: not looked into."""
DESTINATION: Keys = {"destination": None}
WITHIN: Keys = {
    "asyncInvokeConfig": {
        "asyncTask": None, "destinationConfig": {"onFailure": DESTINATION, "onSuccess": DESTINATION},
        "maxAsyncEventAgeInSeconds": None, "maxAsyncRetryAttempts": None, "qualifier": None,
    },
    "logConfig": dict.fromkeys(
        ("enableInstanceMetrics", "enableLlmMetrics", "enableRequestMetrics", "logBeginRule", "logstore", "project")
    ),
    "vpcConfig": dict.fromkeys(("securityGroupId", "vSwitchIds", "vpcId")),
}  # fmt: skip
TRIGGER = ("description", "invocationRole", "qualifier", "sourceArn", "triggerConfig", "triggerName", "triggerType")
BY_TRIGGER: Keys = {
    "eventbridge": {
        "asyncInvocationType": None, "eventRuleFilterPattern": None, "triggerEnable": None,
        "eventSinkConfig": {"deliveryOption": dict.fromkeys(("concurrency", "eventSchema", "mode"))},
        "eventSourceConfig": {"eventSourceParameters": None, "eventSourceType": None},
        "runOptions": {
            "batchWindow": dict.fromkeys(("CountBasedWindow", "TimeBasedWindow")), "deadLetterQueue": {"Arn": None},
            "errorsTolerance": None, "maximumTasks": None, "mode": None,
            "retryStrategy": dict.fromkeys(("MaximumEventAgeInSeconds", "MaximumRetryAttempts", "PushRetryStrategy")),
        },
    },
    "timer": dict.fromkeys(("cronExpression", "enable", "payload")),
    **dict.fromkeys(("cdn_events", "http", "log", "mns_topic", "oss", "tablestore")),
}  # fmt: skip
"""Keys of triggerConfig by triggerType. Within eventbridge's: the API's EventSinkConfig and RunOptions (reference of CreateTrigger)."""

DOCUMENT = (
    "access", "actions", "edition", "extend", "flow", "name", "resources", "template", "validation", "vars",
)  # fmt: skip
RESOURCE = ("actions", "allow_failure", "component", "extend", "props")
"""Around a function's props (manual.serverless-devs.com, user-guide/spec; Serverless-Devs/toolkit, packages/parse-spec)."""
MOMENTS = ("complete", "fail", "pre", "success")


def unknown_around(document: Mapping[str, Any]) -> Iterator[str]:
    """The same of a whole file, but for what is in props. A mistake in a template is reported there, not in each that extends it."""
    yield from _unknown(document, dict.fromkeys(DOCUMENT), "", THEIRS)
    yield from _hooks(document, "")
    resources, templates = document.get("resources"), document.get("template")
    for name, template in templates.items() if isinstance(templates, dict) else ():
        if isinstance(template, dict):
            yield from unknown(template, f"template.{name}.")
    for name, resource in resources.items() if isinstance(resources, dict) else ():
        yield from _unknown(resource, dict.fromkeys(RESOURCE), f"resources.{name}.", THEIRS)
        yield from _hooks(resource, f"resources.{name}.")


def _hooks(given: object, where: str) -> Iterator[str]:
    """An action of a moment that there is not would never run."""
    actions = given.get("actions") if isinstance(given, dict) else None
    for key in actions if isinstance(actions, dict) else ():
        if not re.fullmatch(rf"(?:{'|'.join(MOMENTS)})-[a-z][a-z_-]*", str(key)):
            yield f"{where}actions.{key}: would never run: write MOMENT-COMMAND, as pre-deploy; moments are {', '.join(MOMENTS)}"


def unknown(props: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """Each key that is not known, where it stands and what may be meant: "logConfig.logStore: Function Compute has no ..."."""
    yield from _unknown(props, {**dict.fromkeys(FUNCTION), **WITHIN}, where, OURS)
    triggers = props.get("triggers")
    for place, trigger in enumerate(triggers if isinstance(triggers, list) else []):
        kind = trigger.get("triggerType") if isinstance(trigger, dict) else None
        if isinstance(kind, str) and kind not in BY_TRIGGER:
            yield f"{where}triggers[{place}].triggerType: there is no {kind!r}; {suggestion(kind, sorted(BY_TRIGGER))}"
        config = BY_TRIGGER.get(kind) if isinstance(kind, str) else None
        yield from _unknown(
            trigger, {**dict.fromkeys(TRIGGER), "triggerConfig": config}, f"{where}triggers[{place}].", OURS
        )


def _unknown(given: object, known: Keys, where: str, who: str) -> Iterator[str]:
    for key, value in given.items() if isinstance(given, dict) else ():
        if key not in known:
            yield f"{where}{key}: {who} no such key, and `s deploy` would not say so; {suggestion(str(key), sorted(known))}"
        elif inner := known[key]:
            yield from _unknown(value, inner, f"{where}{key}.", who)
