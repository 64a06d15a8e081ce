"""Reads from RAM what a plan needs, and no more: one listing of roles, then what the file names, and all that is ours only
where it is asked for. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shared.gateways.ram import NOTE_OF_ONE, RamGateway, is_ours
from shared.gateways.ram_answers import PolicyType
from shared.policies import DesiredRam
from shared.setup.notes import mark, marks
from shared.setup.state import Attachment, PolicyState, RamState, RoleState

OUR_NAMES = "rolekeeper-"
"""The head of our policies' names: only these are asked whether they are ours."""


def read(
    ram: RamGateway,
    desired: DesiredRam,
    *,
    prune: bool = False,
    orphans: bool = False,
    holders: Callable[[str], int] = lambda role: 0,
) -> RamState:
    """The state of the roles and policies in the file. prune: also what nothing lists, and who still holds it. orphans: of that
    the names alone; without either, a policy that nothing lists is there only where a role in the file still has it.

    holders: how many instances hold a role. Raises PermanentError, TransientError or Throttled.
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
                note=found.note,
                noted=frozenset(key.removeprefix(NOTE_OF_ONE) for key in found.tags if key.startswith(NOTE_OF_ONE)),
                tags=len(found.tags),
            )
    wanted = {(policy.type, policy.name) for role in desired.roles for policy in role.policies}
    leaving = {
        (kind, name)
        for role in roles.values()
        for kind, name in role.attached
        if prune or (name.startswith(OUR_NAMES) if kind == "Custom" else mark(name) in marks(role.note) | role.noted)
    }
    documents = _documents(ram, wanted | leaving, "Custom")
    tags = ram.tags("policy", documents) if documents else {}
    policies = {
        name: PolicyState(document=document, ours=is_ours(tags.get(name, {})), tags=len(tags.get(name, {})))
        for name, document in documents.items()
    }
    unlisted = [name for name, role in listed.items() if role.ours and name not in {r.name for r in desired.roles}]
    if prune or orphans:
        known = ram.our_policies()
    else:
        known = {
            name: 0 for kind, name in sorted(leaving) if kind == "Custom" and name in policies and policies[name].ours
        }
    return RamState(
        roles=roles,
        policies=policies,
        system=_documents(ram, wanted | leaving, "System"),
        orphan_roles={name: frozenset(ram.attached(name) if prune else ()) for name in unlisted},
        orphan_policies={name: count for name, count in known.items() if ("Custom", name) not in wanted},
        holders={name: holders(name) for name in unlisted} if prune else {},
        orphan_trusts={name: ram.trust(name) for name in unlisted} if prune else {},
        names=frozenset(listed),
    )


def _documents(ram: RamGateway, policies: set[Attachment], kind: PolicyType) -> dict[str, Mapping[str, Any]]:
    """Return the policies of the kind that are there, each asked for once."""
    names = sorted(name for type_, name in policies if type_ == kind)
    return {name: document for name in names if (document := ram.document(name, kind)) is not None}
