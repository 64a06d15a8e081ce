"""The plan: from the state of RAM and the desired one to the calls that make the one the other. Pure: no SDK, clock or network."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from types import MappingProxyType

import msgspec

from shared.mapping.problems import nearest
from shared.policies import DesiredPolicy, DesiredRam, DesiredRole, same
from shared.policies.system import NAMES
from shared.setup.beyond import beyond
from shared.setup.notes import Notes, mark, marks, note
from shared.setup.protected import Protected, why_left, why_protected
from shared.setup.prune import Pruned, pruned, with_room
from shared.setup.quotas import Limits, exceeded, short_of_policies, uncertain
from shared.setup.state import Action, Attachment, RamPlan, RamState, RoleState

DOCUMENTED, NOBODY = Limits(), MappingProxyType[str, str]({})
MAX_ATTACHED = {"Custom": DOCUMENTED.custom, "System": DOCUMENTED.system}
"""A full role has to lose a policy before it gains another."""
MAX_DESCRIPTION = 1024  # characters, of a policy as of a role (CreatePolicy)


def plan(
    state: RamState,
    desired: DesiredRam,
    *,
    adopt: Collection[str] = (),
    prune: bool = False,
    protected: Protected = NOBODY,
    account_id: str = "",
    limits: Limits = DOCUMENTED,
    handled: Collection[tuple[str, str]] = (),
) -> RamPlan:
    """adopt: roles of somebody else to take over, with the policies they need. prune: also remove what nothing lists.

    protected, account_id: see protected.py. limits: of the account. handled: role and mark of each system policy that this
    run has attached, detached or struck out of the notes: where it is attached, it is ours, whatever the notes say now.
    """
    state = _with_notes(state, handled)
    if conflicts := [text for role in desired.roles for text in _conflicts(state, role, adopt, protected, account_id)]:
        return RamPlan(conflicts=tuple(conflicts))
    changes: list[Action] = []
    made: set[str] = set()
    for role in desired.roles:
        changes += _role(state, role, adopt)
        changes += [a for p in role.policies if p.name not in made for a in _policy(state, role, p)]
        made |= {policy.name for policy in role.policies}
        changes += _attachments_of(state, role, prune)
    removals = pruned(state, changes, protected, account_id) if prune else Pruned()
    actions = (*removals.first, *changes, *removals.last)
    if short_of_policies(state, actions, limits):
        actions = with_room(changes, removals)
    if conflicts := [*exceeded(state, desired, actions, limits, removals.kept if prune else None)]:
        return RamPlan(conflicts=tuple(conflicts))
    unlisted = () if prune else tuple(_unlisted(state, desired))
    return RamPlan(
        actions=actions,
        unlisted=unlisted,
        kept=removals.kept,
        orphan_roles=() if prune else tuple(state.orphan_roles),
        orphan_policies=() if prune else tuple(state.orphan_policies),
        warnings=(*beyond(state, desired, unlisted), *uncertain(state, actions, limits)),
    )


def _with_notes(state: RamState, handled: Collection[tuple[str, str]]) -> RamState:
    roles = dict(state.roles)
    for role, sign in handled:
        if held := roles.get(role):
            roles[role] = msgspec.structs.replace(held, ours_too=held.ours_too | {sign})
    return msgspec.structs.replace(state, roles=roles)


def _unlisted(state: RamState, desired: DesiredRam) -> Iterator[tuple[str, Attachment]]:
    for role in desired.roles:
        if held := state.roles.get(role.name):
            for attachment in sorted(held.attached - _attachments(role)):
                if not _is_ours(state, held, attachment):
                    yield role.name, attachment


def _conflicts(
    state: RamState, role: DesiredRole, adopt: Collection[str], protected: Protected, account_id: str
) -> Iterator[str]:
    if why := why_protected(role.name, protected):
        yield f"role '{role.name}': it is {why}, which no instance holds and provision never changes; take it out of roles:"
        return
    for policy in role.policies:
        if policy.type == "System" and policy.name not in state.system:
            meant = nearest(policy.name, NAMES) or "see the console, RAM > Policies"
            yield f"role '{role.name}': there is no system policy '{policy.name}'; {meant}"
    held = state.roles.get(role.name)
    other = next((name for name in state.names if name.lower() == role.name and name != role.name), None)
    if other and held is None:
        yield f"role '{role.name}': RAM has the role '{other}', which differs in case only; rename one of the two"
        return
    if held and not held.ours and (why := why_left(held.trust, account_id)):
        yield (
            f"role '{role.name}' is there and not rolekeeper's, and {why}: it is not taken over, whatever --adopt says; rename "
            "it in roles.yaml, or change its trust policy first where that is out of date"
        )
        return
    if role.name in adopt:
        return
    fix = f"rename it in roles.yaml, or take it over with --adopt {role.name}"
    if held and not held.ours:
        yield f"role '{role.name}' is there and not rolekeeper's (no tag managed-by=rolekeeper); {fix}"
    for policy in role.policies:
        found = state.policies.get(policy.name) if policy.type == "Custom" else None
        if found and not found.ours:
            yield f"role '{role.name}': policy '{policy.name}' ({policy.source}) is there and not rolekeeper's; {fix}"


def _role(state: RamState, role: DesiredRole, adopt: Collection[str]) -> Iterator[Action]:
    held = state.roles.get(role.name)
    if held is None:
        system = [policy.name for policy in role.policies if policy.type == "System"]
        yield Action(
            call="CreateRole",
            role=role.name,
            document=role.trust,
            description=role.description,
            note=note(system) if system else "",
        )
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
        text = f"{policy.source} of role {role.name}"[-MAX_DESCRIPTION:]
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
    notes = Notes(role.name, held, left)
    if any(
        sum(kind == k for k, _ in on) + sum(action.policy_type == kind for action in gained) > most
        for kind, most in MAX_ATTACHED.items()
    ):
        return [*lost, *notes.say(left), *gained]
    if not new:
        return [*gained, *lost, *notes.say(left)]
    return [*notes.say(ours | new), *gained, *lost, *notes.say(left)]


def _attachments(role: DesiredRole) -> frozenset[Attachment]:
    return frozenset((policy.type, policy.name) for policy in role.policies)


def _is_ours(state: RamState, role: RoleState, attachment: Attachment) -> bool:
    """Return whether rolekeeper attached it: a custom policy that is ours, or a system policy that the role's note has."""
    kind, name = attachment
    if kind == "System":
        return mark(name) in marks(role.note) | role.noted | role.ours_too
    return name in state.policies and state.policies[name].ours
