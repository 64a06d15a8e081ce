"""Whom a trust policy lets take the role. A role for instances trusts ECS, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.mapping.globs import matcher
from shared.policies import rules
from shared.policies.forms import Found, texts
from shared.policies.positions import Path

ECS = "ecs.aliyuncs.com"
_ACTIONS = ("sts:assumerole", "sts:setsourceidentity")
_KINDS = {"RAM": "an account, a user or a role", "Federated": "an identity provider", "Service": "a service"}


def check_trust(statements: list[tuple[Path, dict[str, Any]]]) -> Iterator[Found]:
    trusts_ecs = False
    for at, statement in statements:
        actions = texts(statement, "Action")
        assumes = any(matcher((action.lower(),))("sts:assumerole") for _, action in actions)
        principal, path = statement.get("Principal", {}), (*at, "Principal")
        members = list(_members(principal)) if isinstance(principal, dict) else []
        if statement.get("Effect") == "Deny":
            if assumes and ("Service", ECS) in members and not statement.get("Condition"):
                yield rules.TRUST, f"{ECS} is denied to take the role, so no instance can hold it", path
            continue
        for index, action in actions:
            if action.lower() not in _ACTIONS:
                yield rules.TRUST_ACTION, f"{action!r}", (*at, "Action") if index is None else (*at, "Action", index)
        if not isinstance(principal, dict):
            yield rules.TRUST, f"Principal is {principal!r}, which is not one service", path
            continue
        trusts_ecs |= assumes and ("Service", ECS) in members
        for kind, member in members:
            if (kind, member) != ("Service", ECS):
                whose = _KINDS.get(kind, f"of the unknown kind {kind!r}")
                yield rules.TRUST, f"{member!r} ({whose}) may take the role", (*path, kind)
    if not trusts_ecs and statements:
        yield rules.TRUST, f"{ECS} may not take the role, so no instance can hold it", ()


def _members(principal: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for kind, members in principal.items():
        yield from ((kind, member) for member in (members if isinstance(members, list | tuple) else [members]))
