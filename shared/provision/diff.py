"""What a plan changes in what each role may do: permissions gained and lost, not lines of text. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from shared.policies import DesiredRam, grants
from shared.provision.plan import RamState


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One role. gains, losses: lines "Allow oss:GetObject on acs:oss:*:*:jobs/*"; a system policy stands by its name."""

    role: str
    gains: tuple[str, ...]
    losses: tuple[str, ...]


def diff(state: RamState, desired: DesiredRam) -> tuple[Change, ...]:
    """The roles of the file whose permissions or trust would change."""
    changes = []
    for role in desired.roles:
        held = state.roles.get(role.name)
        before: set[str] = set()
        for kind, name in held.attached if held else ():
            ours = kind == "Custom" and name in state.policies
            before |= _lines(state.policies[name].document) if ours else {f"{kind.lower()} policy {name}"}
        after: set[str] = set()
        for policy in role.policies:
            after |= {f"system policy {policy.name}"} if policy.document is None else _lines(policy.document)
        foreign = {line for line in before if line.startswith(("custom policy ", "system policy "))}
        before |= _trust(held.trust) if held else set()
        after |= _trust(role.trust)
        gains, losses = after - before, before - after - foreign
        if gains or losses:
            changes.append(Change(role=role.name, gains=tuple(sorted(gains)), losses=tuple(sorted(losses))))
    return tuple(changes)


def _lines(document: Mapping[str, Any]) -> set[str]:
    return {
        f"{effect} {action} on {resource}" + (f" if {condition}" if condition else "")
        for effect, action, resource, condition in grants(document)
    }


def _trust(document: Mapping[str, Any]) -> set[str]:
    return {f"trust: {line}" for line in _principals(document)}


def _principals(document: Mapping[str, Any]) -> set[str]:
    """Who may assume the role; a document that somebody else wrote may have any shape."""
    found: set[str] = set()
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {}) if isinstance(statement, dict) else {}
        for kind, names in principal.items() if isinstance(principal, dict) else ():
            found |= {f"{kind} {name}" for name in (names if isinstance(names, list) else [names])}
    return found
