"""Reads from RAM what a plan needs, and no more: one listing of roles, then only what the file names. Changes nothing."""

from __future__ import annotations

from shared.gateways.ram import RamGateway
from shared.policies import DesiredRam
from shared.provision.plan import Attachment, PolicyState, RamState, RoleState

OUR_NAMES = "rolekeeper-"
"""What the names of our policies begin with: only these are asked whether they are ours."""


def read(ram: RamGateway, desired: DesiredRam, *, prune: bool = False) -> RamState:
    """The state of the roles and policies in the file. prune: also every policy of ours that nothing lists.

    Raises PermanentError, TransientError or Throttled.
    """
    listed = {role.name: role for role in ram.roles()}
    roles: dict[str, RoleState] = {}
    for role in desired.roles:
        if found := listed.get(role.name):
            roles[role.name] = RoleState(
                description=found.description,
                trust=ram.trust(role.name),
                ours=found.ours,
                attached=frozenset(ram.attached(role.name)),
            )
    names = {policy.name for role in desired.roles for policy in role.policies if policy.type == "Custom"}
    stale = {
        name
        for role in roles.values()
        for kind, name in role.attached
        if kind == "Custom" and name.startswith(OUR_NAMES)
    }
    documents = {name: document for name in sorted(names | stale) if (document := ram.document(name)) is not None}
    ours = ram.ours(documents) if documents else set()
    policies = {name: PolicyState(document=document, ours=name in ours) for name, document in documents.items()}
    orphans = [name for name, role in listed.items() if role.ours and name not in {r.name for r in desired.roles}]
    held: dict[str, frozenset[Attachment]] = {name: frozenset(ram.attached(name) if prune else ()) for name in orphans}
    known = set(ram.our_policies()) if prune else {name for name in stale if name in ours}
    return RamState(
        roles=roles, policies=policies, orphan_roles=held, orphan_policies=tuple(sorted(known - names)),
    )  # fmt: skip
