"""The changes between two mappings beside their rules: what each role's entry says, settings. Pure; compares meaning, not text.

The settings `mode` and `foreign_roles` are not among them: they count where a rule, or no rule, uses them, and comparison.py
tells where. Policies are not either: what they grant is compared by those who can render them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from shared.mapping.conditions import AllOf, Condition, Has, Not
from shared.mapping.contents import Brake, Mapping, MappingSettings, RoleSpec, Until

ELSEWHERE = {"mode", "foreign_roles"}
NO_TREATMENT = {"policies", "allow"}
"""Fields of a role that are compared by what they grant, or that change nothing but what the lint says."""


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """A field that differs. role: whose entry it is in, "" = the settings. means: the consequence, "" = its name says it."""

    name: str
    old: str
    new: str
    role: str = ""
    means: str = ""


def setting_changes(old: Mapping, new: Mapping) -> tuple[FieldChange, ...]:
    """Return the settings that differ, each with what it changes. One that this module does not know by name counts too."""
    before, after = _settings(old), _settings(new)
    return tuple(
        FieldChange(name=name, old=_shown(before[name]), new=_shown(after[name]), means=_MEANS.get(name, ""))
        for name in before
        if before[name] != after[name]
    )


def role_changes(old: Mapping, new: Mapping) -> tuple[FieldChange, ...]:
    """Return the fields that differ of roles that both list, but for their policies."""
    return tuple(
        FieldChange(role=role, name=name, old=_shown(before), new=_shown(after))
        for role, spec in old.roles.items()
        if role in new.roles
        for name in RoleSpec.__struct_fields__
        if name not in NO_TREATMENT and (before := getattr(spec, name)) != (after := getattr(new.roles[role], name))
    )


def _settings(mapping: Mapping) -> dict[str, Any]:
    said = {
        name: getattr(mapping.settings, name) for name in MappingSettings.__struct_fields__ if name not in ELSEWHERE
    }
    for name in ("displace", "role_patterns"):
        said[name] = tuple(sorted(set(said[name])))
    return {**said, _REPLACED: mapping.replaces and bool(mapping.settings.displace)}


def _shown(value: Any) -> str:
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        units = [(seconds // 3600, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s")]
        return "".join(f"{number}{unit}" for number, unit in units if number) or "0"
    if isinstance(value, Brake):
        return f"max_removals {value.max_removals * 100:.12g}%, at_least {value.at_least}"
    if isinstance(value, Until):
        return f"tag {value.tag}, warn {_shown(value.warn)}"
    if isinstance(value, dict) and value:
        return ", ".join(f"{name}: {_condition(part)}" for name, part in value.items())
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if value not in ("", None, {}) else "none"


def _condition(condition: Condition) -> str:
    """Return a requirement in the words of the file, as near as one line can be."""
    if isinstance(condition, Has):
        return " or ".join(condition.globs)
    if isinstance(condition, Not):
        return f"not {_condition(condition.part)}"
    return (" and " if isinstance(condition, AllOf) else " or ").join(map(_condition, condition.parts))


_REPLACED = "foreign roles are displaced"
_MEANS = {
    "displace": "the foreign roles that may be taken off for a rule's role, and put back",
    _REPLACED: "while no rule does so, notes of displaced roles count for nothing",
    "launch_grace": "an instance that is younger keeps a listed role that no rule gives",
    "brake": "a run that would take off more roles takes none off",
    "role_patterns": "the roles that the functions' policies let them pass",
    "until": "the tag that says how long an instance keeps its role, and how long before records warn of it",
    "record_unchanged": "whether a reconcile records instances that are in sync",
}
