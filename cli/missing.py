"""Listed roles that instances hold and RAM does not have: the functions may not read RAM, so a run calls them in sync. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from shared.errors import CloudCallError
from shared.gateways.clients import Credentials
from shared.gateways.ram import RamGateway
from shared.mapping import Mapping as RoleMapping
from shared.settings import Settings


class Held(msgspec.Struct, frozen=True):
    """Instances that a run saw, by the role that RAM does not have; or why nobody knows which those are."""

    missing: Mapping[str, int] = {}
    unknown: str = ""

    def notes(self) -> list[str]:
        """A line each."""
        found = [
            f"warning: role {role} does not exist in RAM, but {number} of the instances seen hold{'s' * (number == 1)} it: "
            "programs there may get no new keys; `rolekeeper provision` makes it"
            for role, number in self.missing.items()
        ]
        return [*found, *([self.unknown] if self.unknown else [])]


def roles_not_in_ram(
    settings: Settings,
    credentials: Credentials,
    mapping: RoleMapping,
    ended: Mapping[str, Any],
    held: Mapping[str, int],
) -> Held:
    """Of the listed roles that were seen on instances, those that are not there. One call for each 1,000 roles of the account.

    ended: the run. held: how many instances of it hold each role. Raises nothing: where RAM cannot be read, that is said.
    """
    listed = {role: number for role, number in sorted(held.items()) if role in mapping.roles}
    if not listed or ended.get("stopped"):
        return Held()
    if ended["account_id"] != settings.account_id:
        return Held(
            unknown=f"whether account {ended['account_id']} still has these roles in RAM was not read: that takes a key "
            "of that account (`rolekeeper roles`)"
        )
    try:
        there = {role.name for role in RamGateway(settings, credentials).roles()}
    except CloudCallError as error:
        return Held(unknown=f"whether RAM still has these roles was not read: {error}")
    return Held({role: number for role, number in listed.items() if role not in there})
