"""The role that another account keeps for rolekeeper's functions: what it may do, and whom it trusts."""

from __future__ import annotations

from collections.abc import Iterable

from shared.mapping import Mapping as Roles
from shared.policies.execution import displacing
from shared.policies.named import displaced, granted
from shared.policies.splitting import Document, split
from shared.policies.template import Values
from shared.policies.templates import render, trust


def member_policies(mapping: Roles, *, account_id: str, regions: Iterable[str]) -> tuple[Document, ...]:
    """Return what the role needs in that account, as few documents as RAM's limit on their size allows: each for some of the roles,
    or of those displaced. Raises RenderError, PolicyError.
    """
    values: Values = {"account": account_id, "regions": list(regions)}
    documents = split(
        lambda roles: render("member-role", {**values, "roles": roles}, context="member role"),
        granted(mapping),
        "member-role",
    )
    if names := displaced(mapping):
        documents += split(displacing(account_id, values["regions"], "member role"), names, "execution-role-displace")
    return documents


def member_trust(*, account_id: str, execution_role: str, external_id: str) -> Document:
    """Its trust policy. account_id, execution_role: where the functions are, and their role there. Raises RenderError."""
    return trust("member", {"account": account_id, "execution_role": execution_role, "external_id": external_id})
