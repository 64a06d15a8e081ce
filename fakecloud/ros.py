"""The Serverless Devs component `ros`, which makes of a template: queues and event rules. Other resources are refused.

Sources: devsapp/ros (props); Resource Orchestration Service, "Template syntax", ALIYUN::MNS::Queue, ALIYUN::EventBridge::Rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from fakecloud.errors import NotEmulated
from fakecloud.eventbridge.models import Target
from fakecloud.parsing import loads

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

VERSION = "2015-09-01"
_QUEUE = {
    "VisibilityTimeout": "visibility_timeout", "DelaySeconds": "delay_seconds",
    "MessageRetentionPeriod": "retention_seconds", "MaximumMessageSize": "maximum_size",
}  # fmt: skip
_NAME = {"ALIYUN::MNS::Queue": "QueueName", "ALIYUN::EventBridge::Rule": "RuleName"}
"""The emulated types; what a Ref to one gives."""


class TemplateError(ValueError):
    """The template cannot be carried out; the text says which resource or parameter, and why."""


def deploy(cloud: Cloud, props: Mapping[str, Any], folder: Path, account: str) -> list[str]:
    """Make or update a stack; the names of what it made. Raises TemplateError, NotEmulated, and as the services do."""
    if unknown := set(props) - {"region", "name", "template", "parameters", "endpoint"}:
        raise NotEmulated(f"{sorted(unknown)[0]} of the component ros")
    path = folder / str(props.get("template", ""))
    try:
        template = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TemplateError(f"{path}: {error.strerror}") from None
    if str(template.get("ROSTemplateFormatVersion")) != VERSION:
        raise TemplateError(f"{path}: ROSTemplateFormatVersion must be {VERSION}")
    values = _parameters(template.get("Parameters") or {}, props.get("parameters") or {}, path)
    resources = template.get("Resources") or {}
    known = {**values, **{key: _named(resource, values, path) for key, resource in resources.items()}}
    made = []
    for kind in _NAME:  # queues before the rules that name them
        for key, resource in resources.items():
            if resource["Type"] == kind:
                properties = _resolved(resource.get("Properties") or {}, known, f"{path}: {key}")
                _MAKERS[kind](cloud, properties, account, str(props["region"]), f"{path}: {key}")
                made.append(known[key])
    return made


def _parameters(declared: Mapping[str, Any], given: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Values by name; a value of the type Json is given as text."""
    values: dict[str, Any] = {}
    if unknown := set(given) - set(declared):
        raise TemplateError(f"{path}: there is no parameter {sorted(unknown)[0]}")
    for name, about in declared.items():
        value = given.get(name, about.get("Default"))
        if value is None:
            raise TemplateError(f"{path}: the parameter {name} has no value")
        values[name] = loads(value) if about["Type"] == "Json" and isinstance(value, str) else value
    return values


def _named(resource: Mapping[str, Any], values: Mapping[str, Any], path: Path) -> str:
    if resource.get("Type") not in _NAME or set(resource) - {"Type", "Properties", "DependsOn"}:
        raise NotEmulated(f"the resource type {resource.get('Type')} with {', '.join(resource)} in {path}")
    return str(_resolved(resource["Properties"][_NAME[resource["Type"]]], values, str(path)))


def _resolved(node: Any, known: Mapping[str, Any], where: str) -> Any:
    """With Ref and Fn::Sub carried out."""
    if isinstance(node, list):
        return [_resolved(member, known, where) for member in node]
    if not isinstance(node, dict):
        return node
    if set(node) == {"Ref"}:
        return _known(node["Ref"], known, where)
    if set(node) == {"Fn::Sub"}:
        return re.sub(r"\$\{([^}]+)\}", lambda found: str(_known(found[1], known, where)), node["Fn::Sub"])
    if called := [key for key in node if key.startswith("Fn::")]:
        raise NotEmulated(f"{called[0]} ({where})")
    return {key: _resolved(value, known, where) for key, value in node.items()}


def _known(name: str, known: Mapping[str, Any], where: str) -> Any:
    if name not in known:
        raise TemplateError(f"{where}: there is no parameter or resource {name!r} (pseudo parameters are not emulated)")
    return known[name]


def _queue(cloud: Cloud, properties: dict[str, Any], account: str, region: str, where: str) -> None:
    name = properties.pop("QueueName")
    if unknown := set(properties) - set(_QUEUE):
        raise NotEmulated(f"{sorted(unknown)[0]} of a queue ({where})")
    cloud.mns.create(account, region, name, **{_QUEUE[key]: value for key, value in properties.items()})


def _rule(cloud: Cloud, properties: dict[str, Any], account: str, region: str, where: str) -> None:
    known = {"EventBusName", "RuleName", "FilterPattern", "Targets", "Description", "Status"}
    if properties.get("EventBusName") != "default" or set(properties) - known:
        raise NotEmulated(
            f"a rule that is not on the default bus, or with more than {', '.join(sorted(known))} ({where})"
        )
    targets = [Target.of(given, account, region) for given in properties["Targets"]]
    cloud.events.drop_rule(account, region, properties["RuleName"])
    cloud.events.put_rule(
        account,
        region,
        properties["RuleName"],
        json.dumps(properties["FilterPattern"]),
        targets,
        enabled=properties.get("Status", "ENABLE") == "ENABLE",
        description=properties.get("Description", ""),
    )


_MAKERS: Mapping[str, Callable[..., None]] = {
    "ALIYUN::MNS::Queue": _queue,
    "ALIYUN::EventBridge::Rule": _rule,
}
