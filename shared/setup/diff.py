"""The changes that a plan makes in what each role may do: permissions gained and lost, not lines of text. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from shared.policies import DesiredRam, DesiredRole, grants
from shared.setup.state import Attachment, RamPlan, RamState


class AccessChange(msgspec.Struct, frozen=True, kw_only=True):
    """One role. gains, losses: lines "Allow oss:GetObject on acs:oss:*:*:jobs/*"; a policy that was not read stands by name."""

    role: str
    gains: tuple[str, ...]
    losses: tuple[str, ...]


def diff(state: RamState, desired: DesiredRam, planned: RamPlan) -> tuple[AccessChange, ...]:
    """The roles of the file whose permissions or trust the plan changes, system policies' documents included."""
    changes = []
    for role in desired.roles:
        held = state.roles.get(role.name)
        off = {
            (action.policy_type, action.policy)
            for action in planned.actions
            if action.call == "DetachPolicyFromRole" and action.role == role.name
        }
        attached = held.attached if held else frozenset()
        before = _all(state, attached) | ({f"trust: {line}" for line in principals(held.trust)} if held else set())
        trust = {f"trust: {line}" for line in principals(role.trust)}
        after = _all(state, attached - off - _own(role)) | _wanted(state, role) | trust
        if before != after:
            changes.append(
                AccessChange(role=role.name, gains=tuple(sorted(after - before)), losses=tuple(sorted(before - after)))
            )
    return tuple(changes)


def permissions(role: DesiredRole, system: Mapping[str, Mapping[str, Any]] | None = None) -> set[str]:
    """Return what the role's policies grant as a file has them, a line each. system: documents of Alibaba Cloud's own policies; one
    that is not known stands by its name."""
    return _wanted(RamState(system=system or {}), role)


def _own(role: DesiredRole) -> frozenset[Attachment]:
    return frozenset((policy.type, policy.name) for policy in role.policies)


def _all(state: RamState, attached: frozenset[Attachment]) -> set[str]:
    """Return what these policies grant as RAM has them now."""
    lines: set[str] = set()
    for kind, name in attached:
        if kind == "Custom":
            document = state.policies[name].document if name in state.policies else None
        else:
            document = state.system.get(name)
        lines |= {f"{kind.lower()} policy {name}"} if document is None else lines_of(document)
    return lines


def _wanted(state: RamState, role: DesiredRole) -> set[str]:
    lines: set[str] = set()
    for policy in role.policies:
        lines |= (
            _all(state, frozenset({("System", policy.name)})) if policy.document is None else lines_of(policy.document)
        )
    return lines


def lines_of(document: Mapping[str, Any]) -> set[str]:
    """Return what a document grants, a line each."""
    return {
        f"{effect} {action} on {resource}" + (f" if {condition}" if condition else "")
        for effect, action, resource, condition in grants(document)
    }


def principals(document: Mapping[str, Any]) -> set[str]:
    """Return who may assume the role, and who may not: a line each, "RAM acs:ram::1:root if CONDITION". A document that somebody
    else wrote may have any shape."""
    return {
        f"{'Deny ' if effect == 'Deny' else ''}{principal.replace(':', ' ', 1)}"
        + ("" if action == "sts:AssumeRole" else f" may {action}")
        + (f" if {condition}" if condition else "")
        for effect, action, principal, condition in grants(document)
        if effect and principal
    }
