"""The policies of people: of those who may hand the roles out, and of the one who provisions them."""

from __future__ import annotations

from collections.abc import Iterable

from shared.mapping import Mapping as Roles
from shared.mapping.contents import SystemPolicy
from shared.policies.named import listed
from shared.policies.splitting import Document, Make, single, split
from shared.policies.template import Values
from shared.policies.templates import render


def pass_role(mapping: Roles, *, account_id: str, roles: Iterable[str] | None = None, region: str = "*") -> Document:
    """Return what a RAM user needs to attach these roles (None: all of the mapping's) to instances, and no other.

    Raises PolicyError for a role that is not listed, or where the roles do not fit into one policy: see pass_policies.
    """
    return single(_passing(account_id, region), listed(mapping, roles), "operator-pass-role")


def pass_policies(
    mapping: Roles, *, account_id: str, roles: Iterable[str] | None = None, region: str = "*"
) -> tuple[Document, ...]:
    """The same, as few documents as RAM's limit on their size allows: each for some of the roles."""
    return split(_passing(account_id, region), listed(mapping, roles), "operator-pass-role")


def provisioner_policies(mapping: Roles, *, account_id: str) -> tuple[Document, ...]:
    """Return what a key needs to provision this mapping's roles, as few documents as RAM's limit on their size allows.

    They cover the policies that rolekeeper makes, by their names' beginning, and of Alibaba Cloud's own the listed ones.
    """
    specs = [policy for role in mapping.roles.values() for policy in role.policies]
    system = sorted({spec.name for spec in specs if isinstance(spec, SystemPolicy)})
    values: Values = {"account": account_id, "system_policies": system}
    return split(
        lambda roles: render("provisioner", {**values, "roles": roles}, context="provisioner policy"),
        list(mapping.roles),
        "provisioner",
    )


def _passing(account_id: str, region: str) -> Make:
    return lambda roles: render(
        "operator-pass-role", {"account": account_id, "region": region, "roles": roles}, context="pass-role policy"
    )
