"""The roles that the policies around a mapping name: those it lists, those it displaces."""

from __future__ import annotations

from collections.abc import Iterable

from shared.mapping import Mapping as Roles
from shared.mapping.globs import matcher
from shared.mapping.problems import nearest
from shared.policies.template import RenderError


def granted(mapping: Roles) -> list[str]:
    """Return what the policies of rolekeeper's own roles name: the listed roles, patterns in place of those they cover."""
    patterns = list(dict.fromkeys(mapping.settings.role_patterns))
    covered = matcher(tuple(patterns)) if patterns else lambda role: False
    return [*patterns, *(role for role in mapping.roles if not covered(role))]


def displaced(mapping: Roles) -> list[str]:
    """The foreign roles, by name or glob, that the functions' policies let them take off and put back.

    None where nothing says replace, or where no role is named: a policy never covers every role.
    """
    return list(dict.fromkeys(mapping.settings.displace)) if mapping.replaces else []


def listed(mapping: Roles, roles: Iterable[str] | None) -> list[str]:
    """Return these roles, or all of the mapping's. Raises RenderError for one that is not listed there."""
    chosen = list(dict.fromkeys(mapping.roles if roles is None else roles))
    for role in chosen:
        if role not in mapping.roles:
            raise RenderError(
                f"role {role!r} is not listed in roles.yaml; {nearest(role, mapping.roles) or 'list it there'}"
            )
    return chosen
