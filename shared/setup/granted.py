"""The permissions that a role gives to the programs on an instance, as RAM has them now. Reads only."""

from __future__ import annotations

from collections.abc import Iterable

from shared.errors import CloudCallError
from shared.gateways.ram import RamGateway
from shared.mapping import Mapping
from shared.policies import DesiredPolicy, desired
from shared.setup.diff import lines_of

ABSENT = "does not exist in RAM"
Granted = frozenset[str] | str
"""Lines as diff() has them; or why they are not known."""


def granted(ram: RamGateway, role: str) -> Granted:
    """Return what the role grants; one call for its policies, and one for each. No role, no permissions. Raises nothing."""
    if not role:
        return frozenset()
    try:
        return _lines(
            DesiredPolicy(type=kind, name=name, document=ram.document(name, kind)) for kind, name in ram.attached(role)
        )
    except CloudCallError as error:
        return f"the role {role} {ABSENT}" if error.code == "EntityNotExist.Role" else str(error)


def absent(known: Granted) -> bool:
    """Return whether RAM has no such role."""
    return isinstance(known, str) and known.endswith(ABSENT)


def listed(mapping: Mapping, account_id: str, role: str) -> Granted:
    """Return what roles.yaml gives the role, without asking RAM: the content of Alibaba Cloud's own policies stands by name."""
    if not role:
        return frozenset()
    if role not in mapping.roles:
        return f"{role} is not listed, and RAM was not asked"
    found = next(one for one in desired(mapping, account_id=account_id).roles if one.name == role)
    return _lines(found.policies)


def _lines(policies: Iterable[DesiredPolicy]) -> frozenset[str]:
    found = set[str]()
    for policy in policies:
        found |= (
            {f"{policy.type.lower()} policy {policy.name}"} if policy.document is None else lines_of(policy.document)
        )
    return frozenset(found)
