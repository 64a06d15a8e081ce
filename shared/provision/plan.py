"""What RAM holds and what it should hold -> the calls that make the one the other. Pure: no SDK, clock or network."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

import msgspec

from shared.policies import DesiredPolicy, DesiredRam, DesiredRole, same

MAX_CUSTOM = 10  # custom policies a role (RAM "Limits"); a full role has to lose one before it gains another
PolicyType = Literal["Custom", "System"]
Attachment = tuple[PolicyType, str]
Call = Literal[
    "CreateRole", "UpdateRole", "TagResources", "CreatePolicy", "CreatePolicyVersion", "AttachPolicyToRole",
    "DetachPolicyFromRole", "DeletePolicy", "DeleteRole",
]  # fmt: skip


class RoleState(msgspec.Struct, frozen=True, kw_only=True):
    """A role that is there. ours: it carries our tag."""

    description: str
    trust: Mapping[str, Any]
    ours: bool
    attached: frozenset[Attachment] = frozenset()


class PolicyState(msgspec.Struct, frozen=True, kw_only=True):
    """A custom policy that is there. document: the version in force."""

    document: Mapping[str, Any]
    ours: bool


class RamState(msgspec.Struct, frozen=True, kw_only=True):
    """What was read. orphan_roles, orphan_policies: ours, and nothing in the file wants them."""

    roles: Mapping[str, RoleState] = {}
    policies: Mapping[str, PolicyState] = {}
    orphan_roles: Mapping[str, frozenset[Attachment]] = {}
    orphan_policies: tuple[str, ...] = ()


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One call that changes RAM. source: where in roles.yaml it comes from."""

    call: Call
    role: str = ""
    policy: str = ""
    policy_type: PolicyType = "Custom"
    document: Mapping[str, Any] | None = None
    description: str | None = None
    source: str = ""

    def __str__(self) -> str:
        what = [self.role and f"role {self.role}", self.policy and f"{self.policy_type.lower()} policy {self.policy}"]
        return f"{self.call}: {', '.join(filter(None, what))}" + (f" ({self.source})" if self.source else "")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """actions: in order. conflicts: somebody else's roles and policies in the way: nothing is done while there are any.

    unlisted: attachments on our roles that roles.yaml does not list and that are not ours to take off unasked.
    """

    actions: tuple[Action, ...] = ()
    conflicts: tuple[str, ...] = ()
    unlisted: tuple[tuple[str, Attachment], ...] = ()
    orphan_roles: tuple[str, ...] = ()
    orphan_policies: tuple[str, ...] = ()


def plan(state: RamState, desired: DesiredRam, *, adopt: Collection[str] = (), prune: bool = False) -> Plan:
    """adopt: roles of somebody else to take over, with the policies they need. prune: also remove what nothing lists."""
    wanted = {policy.name for role in desired.roles for policy in role.policies if policy.type == "Custom"}
    conflicts = [text for role in desired.roles for text in _conflicts(state, role, adopt)]
    unlisted = [
        (role.name, attachment)
        for role in desired.roles
        if (held := state.roles.get(role.name))
        for attachment in sorted(held.attached - _attachments(role))
        if not _is_ours(state, attachment)
    ]
    actions: list[Action] = []
    if not conflicts:
        made: set[str] = set()
        for role in desired.roles:
            actions += _role(state, role, adopt)
            actions += [a for p in role.policies if p.name not in made for a in _policy(state, role, p)]
            made |= {policy.name for policy in role.policies}
            actions += _attachments_of(state, role, prune)
        actions += _pruned(state, wanted) if prune else []
    return Plan(
        actions=tuple(actions), conflicts=tuple(conflicts), unlisted=() if prune else tuple(unlisted),
        orphan_roles=tuple(state.orphan_roles), orphan_policies=state.orphan_policies,
    )  # fmt: skip


def _conflicts(state: RamState, role: DesiredRole, adopt: Collection[str]) -> Iterator[str]:
    if role.name in adopt:
        return
    mend = f"rename it in roles.yaml, or take it over with --adopt {role.name}"
    held = state.roles.get(role.name)
    if held and not held.ours:
        yield f"role '{role.name}' is there and not rolekeeper's (no tag managed-by=rolekeeper); {mend}"
    for policy in role.policies:
        found = state.policies.get(policy.name) if policy.type == "Custom" else None
        if found and not found.ours:
            yield f"role '{role.name}': policy '{policy.name}' ({policy.source}) is there and not rolekeeper's; {mend}"


def _role(state: RamState, role: DesiredRole, adopt: Collection[str]) -> Iterator[Action]:
    held = state.roles.get(role.name)
    if held is None:
        yield Action(call="CreateRole", role=role.name, document=role.trust, description=role.description)
        return
    if not held.ours and role.name in adopt:
        yield Action(call="TagResources", role=role.name)
    if not same(held.trust, role.trust):
        yield Action(call="UpdateRole", role=role.name, document=role.trust, source="trust policy")
    if role.description and held.description != role.description:
        yield Action(call="UpdateRole", role=role.name, description=role.description, source="description")


def _policy(state: RamState, role: DesiredRole, policy: DesiredPolicy) -> Iterator[Action]:
    if policy.type == "System" or policy.document is None:
        return
    held = state.policies.get(policy.name)
    common = Action(call="TagResources", role=role.name, policy=policy.name, source=policy.source)
    if held is None:
        text = f"{policy.source} of role {role.name}"
        yield msgspec.structs.replace(common, call="CreatePolicy", document=policy.document, description=text)
        return
    if not held.ours:
        yield common
    if not same(held.document, policy.document):
        yield msgspec.structs.replace(common, call="CreatePolicyVersion", document=policy.document)


def _attachments_of(state: RamState, role: DesiredRole, prune: bool) -> list[Action]:
    """Attached before detached, so that nothing is missing in between, unless the role is full."""
    held = state.roles[role.name].attached if role.name in state.roles else frozenset()
    sources = {(policy.type, policy.name): policy.source for policy in role.policies}
    gained = [
        Action(call="AttachPolicyToRole", role=role.name, policy=name, policy_type=kind, source=sources[kind, name])
        for kind, name in dict.fromkeys((p.type, p.name) for p in role.policies)
        if (kind, name) not in held
    ]
    lost = [
        Action(call="DetachPolicyFromRole", role=role.name, policy=name, policy_type=kind)
        for kind, name in sorted(held - set(sources))
        if prune or _is_ours(state, (kind, name))
    ]
    custom = sum(kind == "Custom" for kind, _ in held) + sum(action.policy_type == "Custom" for action in gained)
    return lost + gained if custom > MAX_CUSTOM else gained + lost


def _pruned(state: RamState, wanted: Collection[str]) -> Iterator[Action]:
    for role, attached in state.orphan_roles.items():
        for kind, name in sorted(attached):
            yield Action(call="DetachPolicyFromRole", role=role, policy=name, policy_type=kind)
        yield Action(call="DeleteRole", role=role)
    for policy in state.orphan_policies:
        if policy not in wanted:
            yield Action(call="DeletePolicy", policy=policy)


def _attachments(role: DesiredRole) -> frozenset[Attachment]:
    return frozenset((policy.type, policy.name) for policy in role.policies)


def _is_ours(state: RamState, attachment: Attachment) -> bool:
    kind, name = attachment
    return kind == "Custom" and name in state.policies and state.policies[name].ours
