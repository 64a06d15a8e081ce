"""What RAM holds and what it should hold -> the calls that make the one the other. Pure: no SDK, clock or network."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import msgspec

from shared.policies import DesiredPolicy, DesiredRam, DesiredRole, same
from shared.provision.notes import mark, marks, note
from shared.provision.prune import pruned
from shared.provision.state import Action, Attachment, Plan, RamState, RoleState

MAX_ATTACHED = {"Custom": 10, "System": 20}  # a role (RAM "Limits"); a full one has to lose one before it gains another


def plan(state: RamState, desired: DesiredRam, *, adopt: Collection[str] = (), prune: bool = False) -> Plan:
    """adopt: roles of somebody else to take over, with the policies they need. prune: also remove what nothing lists."""
    if conflicts := [text for role in desired.roles for text in _conflicts(state, role, adopt)]:
        return Plan(conflicts=tuple(conflicts))
    actions: list[Action] = []
    made: set[str] = set()
    for role in desired.roles:
        actions += _role(state, role, adopt)
        actions += [a for p in role.policies if p.name not in made for a in _policy(state, role, p)]
        made |= {policy.name for policy in role.policies}
        actions += _attachments_of(state, role, prune)
    if prune:
        removals, kept = pruned(state, actions)
        return Plan(actions=(*actions, *removals), kept=kept)
    unlisted = [
        (role.name, attachment)
        for role in desired.roles
        if (held := state.roles.get(role.name))
        for attachment in sorted(held.attached - _attachments(role))
        if not _is_ours(state, held, attachment)
    ]
    return Plan(
        actions=tuple(actions), unlisted=tuple(unlisted),
        orphan_roles=tuple(state.orphan_roles), orphan_policies=tuple(state.orphan_policies),
    )  # fmt: skip


def _conflicts(state: RamState, role: DesiredRole, adopt: Collection[str]) -> Iterator[str]:
    for policy in role.policies:
        if policy.type == "System" and policy.name not in state.system:
            yield f"role '{role.name}': there is no system policy '{policy.name}'; see the console, RAM > Policies"
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
        system = [policy.name for policy in role.policies if policy.type == "System"]
        yield Action(
            call="CreateRole", role=role.name, document=role.trust, description=role.description,
            note=note(system) if system else "",
        )  # fmt: skip
        return
    if not held.ours and role.name in adopt:
        yield Action(call="TagResources", role=role.name, source="adopted")
    if not same(held.trust, role.trust):
        yield Action(call="UpdateRole", role=role.name, document=role.trust, source="trust policy")
    if role.description and held.description != role.description:  # UpdateRole cannot empty one: 1 to 1024 characters
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
    """Attached before detached, so that nothing is missing in between, unless the role is full.

    A system policy is noted before it is attached and struck out after it is detached: what was stopped in between is
    ours all the same.
    """
    held = state.roles.get(role.name)
    on = held.attached if held else frozenset()
    sources = {(policy.type, policy.name): policy.source for policy in role.policies}
    gained = [
        Action(call="AttachPolicyToRole", role=role.name, policy=name, policy_type=kind, source=source)
        for (kind, name), source in sources.items()
        if (kind, name) not in on
    ]
    lost = [
        Action(call="DetachPolicyFromRole", role=role.name, policy=name, policy_type=kind)
        for kind, name in sorted(on - set(sources))
        if prune or (held and _is_ours(state, held, (kind, name)))
    ]
    new = {action.policy for action in gained if action.policy_type == "System"}
    ours = {name for kind, name in on if kind == "System" and held and _is_ours(state, held, (kind, name))}
    left = new | {name for name in ours if ("System", name) in sources}
    said = {mark(name) for name in left} if held is None else set(marks(held.note))  # CreateRole notes them all
    if any(
        sum(kind == k for k, _ in on) + sum(action.policy_type == kind for action in gained) > most
        for kind, most in MAX_ATTACHED.items()
    ):
        return [*lost, *_noting(role, left, said), *gained]
    if not new:
        return [*gained, *lost, *_noting(role, left, said)]
    both = ours | new
    return [*_noting(role, both, said), *gained, *lost, *_noting(role, left, {mark(name) for name in both})]


def _noting(role: DesiredRole, names: Collection[str], said: Collection[str]) -> list[Action]:
    if {mark(name) for name in names} == said:
        return []
    return [Action(call="TagResources", role=role.name, note=note(names), source="notes its system policies")]


def _attachments(role: DesiredRole) -> frozenset[Attachment]:
    return frozenset((policy.type, policy.name) for policy in role.policies)


def _is_ours(state: RamState, role: RoleState, attachment: Attachment) -> bool:
    """Whether rolekeeper attached it: a custom policy that is ours, or a system policy that the role's note has."""
    kind, name = attachment
    if kind == "System":
        return mark(name) in marks(role.note)
    return name in state.policies and state.policies[name].ours
