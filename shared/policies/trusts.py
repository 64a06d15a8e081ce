"""Whom a trust policy lets take the role. A role for instances trusts ECS, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.policies import rules
from shared.policies.forms import Found, texts
from shared.policies.positions import Path

ECS = "ecs.aliyuncs.com"
_ACTIONS = ("sts:assumerole", "sts:setsourceidentity")
_KINDS = {"RAM": "an account, a user or a role", "Federated": "an identity provider", "Service": "a service"}


def check_trust(statements: list[tuple[Path, dict[str, Any]]]) -> Iterator[Found]:
    trusts_ecs = False
    for at, statement in statements:
        if statement.get("Effect") == "Deny":
            continue
        for index, action in texts(statement, "Action"):
            if action.lower() not in _ACTIONS:
                yield rules.TRUST_ACTION, f"{action!r}", (*at, "Action") if index is None else (*at, "Action", index)
        principal = statement.get("Principal", {})
        path = (*at, "Principal")
        if not isinstance(principal, dict):
            yield rules.TRUST, f"Principal is {principal!r}, which is not one service", path
            continue
        for kind, members in principal.items():
            for member in members if isinstance(members, list | tuple) else [members]:
                if kind == "Service" and member == ECS:
                    trusts_ecs = True
                else:
                    yield (
                        rules.TRUST,
                        f"{member!r} ({_KINDS.get(kind, f'of the unknown kind {kind!r}')}) may take the role",
                        (*path, kind),
                    )
    if not trusts_ecs and statements:
        yield rules.TRUST, f"{ECS} may not take the role, so no instance can hold it", ()
