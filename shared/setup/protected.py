"""Roles that provisioning never makes, adopts, rewrites or deletes: the functions' own and those that they assume. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.policies import grants, own_roles, why_own
from shared.settings import Settings
from shared.setup.diff import principals

_FC = "fc.aliyuncs.com"
_ROLE = re.compile(r"acs:ram::(\*|[0-9]+):(?:role|assumed-role)/.+", re.IGNORECASE)

Protected = Mapping[str, str]
"""Lower-case name of a role -> what it is."""


def protected(settings: Settings) -> Protected:
    """Return the roles that the settings name, as `validate` refuses them too."""
    return own_roles(settings)


def why_protected(name: str, roles: Protected) -> str:
    """Say why a role of this name is none to provision; "" where it is."""
    return why_own(name, roles)


def why_left(trust: Mapping[str, Any], account_id: str) -> str:
    """Return why a role with this trust policy is likely the functions' own, or one that they assume; "" where nothing says so."""
    return next(_reasons(trust, account_id), "")


def why_kept(trust: Mapping[str, Any], account_id: str) -> str:
    """Return why a role with this trust policy may be in use without any instance: somebody let others than ECS take it."""
    others = sorted(line for line in principals(trust) - {"Service ecs.aliyuncs.com"} if not line.startswith("Deny "))
    return why_left(trust, account_id) or (f"others than instances may take it ({others[0]})" if others else "")


def _reasons(trust: Mapping[str, Any], account_id: str) -> Iterator[str]:
    for effect, _, principal, _ in sorted(grants(trust)):
        kind, _, name = principal.partition(":")
        if effect != "Allow":
            continue
        if kind == "Service" and name.lower() == _FC:
            yield f"functions may take it (it trusts {_FC})"
        elif kind == "RAM" and (found := _ROLE.fullmatch(name)) and found[1] != account_id:
            yield f"a role of another account may take it (it trusts {name})"
