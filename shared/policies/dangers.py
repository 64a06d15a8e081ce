"""The dangerous grants of a permission policy. Judges Allow statements; a Deny takes nothing from safety."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.mapping.globs import matcher
from shared.policies import rules
from shared.policies.choosing import check_choosing, within
from shared.policies.findings import LintRule
from shared.policies.forms import Found, texts
from shared.policies.positions import Path

_IDENTITY = ("ram", "ims")
"""The services that say who may do what; ims is the newer half of RAM's API, and its actions are judged by the same names."""

_WAYS: dict[LintRule, tuple[str, ...]] = {
    rules.ATTACH_POLICY: (
        "ram:AttachPolicyToRole", "ram:AttachPolicyToUser", "ram:AttachPolicyToGroup", "resourcemanager:AttachPolicy",
    ),
    rules.ESCALATION: (
        "ram:CreatePolicyVersion", "ram:SetDefaultPolicyVersion", "ram:CreateRole", "ram:UpdateRole",
        "ram:DetachPolicyFromRole", "ram:DetachPolicyFromUser", "ram:DetachPolicyFromGroup", "ram:AddUserToGroup",
        "ram:CreateAccessKey", "ram:CreateLoginProfile", "ram:UpdateLoginProfile", "ram:CreateUser",
        "ram:CreateSAMLProvider", "ram:UpdateSAMLProvider", "ram:CreateOIDCProvider", "ram:UpdateOIDCProvider",
        "resourcemanager:CreatePolicyVersion", "resourcemanager:SetDefaultPolicyVersion", "resourcemanager:CreateRole",
        "resourcemanager:UpdateRole", "resourcemanager:DetachPolicy",
    ),
}  # fmt: skip
"""Ways to permissions beyond those granted."""

_ON_ROLES: dict[str, LintRule | None] = {
    "ram:PassRole": rules.PASS_ANY,
    "sts:AssumeRole": rules.ASSUME_ANY,
    "ecs:AttachInstanceRamRole": None,  # ram:PassRole is what limits the roles
}
"""Actions on roles, each with what it is to allow them on any."""


def check_dangers(statement: dict[str, Any], at: Path, pass_role: bool) -> Iterator[Found]:
    """pass_role: the document lets somebody give roles to instances, so ecs.aliyuncs.com is the one service to pass to."""
    denies = statement.get("Effect") == "Deny"
    for name, rule in (("NotAction", rules.NOT_ACTION), ("NotResource", rules.NOT_RESOURCE)):
        if name in statement:
            yield rule, f"{name} {'denies' if denies else 'allows'} everything but what it lists", (*at, name)
    if denies:
        return
    resources = texts(statement, "Resource")
    universal = "NotResource" in statement or any(_is_universal(text) for _, text in resources)
    for index, action in texts(statement, "Action"):
        path = (*at, "Action") if index is None else (*at, "Action", index)
        service, _, rest = action.partition(":")
        if not service.strip("*") and not rest.strip("*") and universal:
            yield rules.EVERYTHING, f"{action!r} on every resource", path
        elif "*" in service or "?" in service:
            yield rules.SERVICE_WILDCARD, f"{action!r} has a wildcard in place of a service", path
        elif service.lower() in _IDENTITY and not rest.strip("*"):
            yield rules.RAM_ALL, f"{action!r} allows everything that RAM can do", path
        else:
            yield from _check_action(action, statement, universal, at, path, pass_role)


def _check_action(
    action: str, statement: dict[str, Any], universal: bool, at: Path, path: Path, pass_role: bool
) -> Iterator[Found]:
    service, _, rest = action.partition(":")
    covers = matcher((f"{'ram' if service.lower() in _IDENTITY else service}:{rest}".lower(),))
    for rule, ways in _WAYS.items():
        reached = [f"{service}:{way.partition(':')[2]}" for way in ways if covers(way.lower())]
        if reached:
            more = f" and {len(reached) - 3} more" if len(reached) > 3 else ""
            yield rule, f"{action!r} allows {', '.join(reached[:3])}{more}", path
    if not pass_role:
        yield from check_choosing(action, covers, statement, path)
    for on_role, worst in _ON_ROLES.items():
        if covers(on_role.lower()):
            yield from _check_roles(on_role, worst, statement, at, path)
    if covers("ram:passrole"):
        problem = _service_problem(statement.get("Condition"), pass_role)
        if problem:
            yield rules.PASS_SERVICE, problem, path
    whole = universal or any(_is_universal(text, service) for _, text in texts(statement, "Resource"))
    if not rest.strip("*") and whole and service.lower() != "sts":
        yield rules.WHOLE_SERVICE, f"{action!r} on every resource", path


def _check_roles(
    action: str, rule: LintRule | None, statement: dict[str, Any], at: Path, path: Path
) -> Iterator[Found]:
    if "NotResource" in statement and rule:
        yield rule, f"{action} on every role that NotResource does not list", path
    for index, resource in texts(statement, "Resource"):
        where = (*at, "Resource") if index is None else (*at, "Resource", index)
        name = role_named(resource)
        if name is None:
            continue
        if not name.strip("*?"):
            if rule:
                yield rule, f"{action} on {resource!r}: any role", where
        elif rule and ("*" in name or "?" in name or _any_account(resource, action)):
            yield rules.ROLE_PATTERN, f"{action} on {resource!r}", where
        elif name != name.lower():
            yield rules.UPPER_CASE_ROLE, f"{action} on {resource!r}", where


def _any_account(resource: str, action: str) -> bool:
    """Return whether a role of any account is intended. Only sts:AssumeRole reaches beyond the own one."""
    return action == "sts:AssumeRole" and any(char in resource.split(":")[3] for char in "*?")


def role_named(resource: str) -> str | None:
    """The role's name in a resource, with its wildcards; "*" = any role; None = the resource is no role at all."""
    inside = within(resource, "ram")
    if inside is None:
        return None
    kind, slash, name = inside.partition("/")
    if "*" in kind or "?" in kind:
        return "*"
    return name if kind.lower() == "role" and slash else None


def _is_universal(resource: str, service: str = "") -> bool:
    """Return whether it is every resource, or every one of the service."""
    return not resource.lower().removeprefix("acs").removeprefix(f":{service.lower()}").strip("*?:/")


def _service_problem(condition: Any, pass_role: bool) -> str:
    """Return what the condition on acs:Service leaves open, "" = nothing."""
    services = [service for test, keys in _tests(condition) if test in _LIMITING for service in _values(keys)]
    if not services or any("*" in service or "?" in service for service in services):
        return "ram:PassRole to any service: no condition says which one may get the role"
    others = sorted({service for service in services if service.lower() != "ecs.aliyuncs.com"})
    return f"ram:PassRole to {', '.join(others)}, which is not ECS" if pass_role and others else ""


_LIMITING = ("StringEquals", "StringEqualsIgnoreCase", "StringLike")


def _tests(condition: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for operator, keys in condition.items() if isinstance(condition, dict) else ():
        if isinstance(keys, dict):
            yield operator, keys


def _values(keys: Mapping[str, Any]) -> Iterator[str]:
    for key, values in keys.items():
        if key.lower() == "acs:service":
            yield from (str(value) for value in (values if isinstance(values, list | tuple) else [values]))
