"""The ways in which a role could choose the next role of an instance, its own included: by tags, by rolekeeper's functions, by commands.

For policies of the listed roles alone; rolekeeper's own functions and its operators do these things by right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from shared.mapping.effort import Effort, Undecided
from shared.mapping.globs import example, matcher
from shared.policies import rules
from shared.policies.findings import LintRule
from shared.policies.forms import Found, texts
from shared.policies.positions import Path

INSTANCES = {"ecs": ("instance/*",)}


class Means(NamedTuple):
    """actions: on resources of these services that begin thus. every: only where all of them are intended."""

    rule: LintRule
    what: str
    actions: tuple[str, ...]
    on: Mapping[str, tuple[str, ...]]
    every: bool = False


WAYS = (
    Means(
        rules.TAG_INSTANCES, "the rules read an instance's tags",
        (
            "ecs:TagResources", "ecs:AddTags", "ecs:UntagResources", "ecs:RemoveTags",
            "ecs:CreateTags", "ecs:DeleteTags",  # of older documents
        ),
        INSTANCES,
    ),
    Means(
        rules.TAG_INSTANCES, "the rules read an instance's tags",
        ("tag:TagResources", "tag:UntagResources"), {**INSTANCES, "tag": ("*",)},
    ),
    Means(
        rules.TAG_INSTANCES, "rules may read an instance's name and its resource group",
        ("ecs:ModifyInstanceAttribute", "ecs:JoinResourceGroup"), INSTANCES,
    ),
    Means(
        rules.TAG_INSTANCES, "an instance may be launched with any tags",
        ("ecs:RunInstances", "ecs:CreateInstance"), INSTANCES,
    ),
    Means(
        rules.OWN_FUNCTIONS, "rolekeeper's functions hand out the roles",
        (
            "fc:UpdateFunction", "fc:InvokeFunction", "fc:UpdateFunctionCode", "fc:UpdateService", "fc:UpdateAlias", "fc:CreateAlias",
            "fc:PublishFunctionVersion", "fc:PublishServiceVersion", "fc:CreateTrigger", "fc:UpdateTrigger",
            "fc:PutFunctionAsyncInvokeConfig", "fc:PutAsyncInvokeConfig",
        ),
        {"fc": ("functions/rolekeeper-*", "services/*/functions/rolekeeper-*", "services/rolekeeper*")},
    ),
    Means(
        rules.RUN_ANYWHERE, "a command on an instance has that instance's role",
        (
            "ecs:RunCommand", "ecs:InvokeCommand", "ecs:SendFile", "ecs:StartTerminalSession", "ecs:AttachKeyPair",
            "ecs:ReplaceSystemDisk",
        ),
        {"ecs": ("instance/i-*",)}, every=True,
    ),
    Means(
        rules.RUN_ANYWHERE, "an execution may run commands on every instance",
        ("oos:StartExecution",), {"oos": ("template/*", "execution/*")}, every=True,
    ),
)  # fmt: skip

_ANYTHING = "x-anything"
_EFFORT = 100_000


def check_choosing(
    action: str, covers: Callable[[str], bool], statement: dict[str, Any], path: Path
) -> Iterator[Found]:
    """Yield what this action of an Allow statement chooses. covers: whether it covers an action, in lower case."""
    for way in WAYS:
        reached = [name for name in way.actions if covers(name.lower())]
        resource = _reached(statement, way) if reached else None
        if resource is not None and not (way.every and _limited_by_tags(statement.get("Condition"))):
            more = f" and {len(reached) - 3} more" if len(reached) > 3 else ""
            yield way.rule, f"{action!r} allows {', '.join(reached[:3])}{more} on {resource}; {way.what}", path


def _reached(statement: dict[str, Any], way: Means) -> str | None:
    """The resource of the statement that the way goes through, None where there is none."""
    if "NotResource" in statement:
        return "all that NotResource does not list"
    for _, resource in texts(statement, "Resource"):
        for service, targets in way.on.items():
            inside = within(resource, service)
            if inside is not None and any(_meets(inside.lower(), target, way.every) for target in targets):
                return repr(resource)
    return None


def _meets(inside: str, target: str, every: bool) -> bool:
    if every:
        return matcher((inside,))(target.replace("*", _ANYTHING))
    if target.startswith("services/*/") and inside.startswith("services/"):
        target = target.replace("*", inside.split("/")[1], 1)  # a * here would reach over the service's name
    try:
        return example(frozenset({(inside,), (target,)}), frozenset(), False, Effort(_EFFORT)) is not None
    except Undecided:
        return True


def within(resource: str, service: str) -> str | None:
    """Return what a resource names within the service, with its wildcards; "*" = all of it; None = it is another service's."""
    scheme, _, rest = resource.partition(":")
    parts = rest.split(":", 3)
    if "*" in scheme or "?" in scheme:
        return "*"
    if not matcher((parts[0].lower(),))(service):
        return None
    if len(parts) < 4:
        return "*" if resource.endswith("*") else None
    return parts[3]


def _limited_by_tags(condition: Any) -> bool:
    """Return whether the instances are limited by a tag, which somebody else has given them."""
    tests = condition.items() if isinstance(condition, dict) else ()
    return any(
        operator in ("StringEquals", "StringEqualsIgnoreCase", "StringLike")
        and isinstance(keys, dict)
        and any(str(key).lower().startswith(("acs:resourcetag/", "ecs:tag/")) and _limits(keys[key]) for key in keys)
        for operator, keys in tests
    )


def _limits(values: Any) -> bool:
    """Return whether these values of a tag leave any out: a lone `*` is every value, and who launches an instance writes that."""
    return all(str(value).strip("*?") for value in (values if isinstance(values, list | tuple) else [values]))
