"""A fingerprint of what a mapping means, so that a record tells which rules it was made under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from shared.mapping.conditions import Condition, Has, Not
from shared.mapping.contents import MappingSettings, RoleSpec, Rule


def fingerprint(roles: Mapping[str, RoleSpec], rules: Sequence[Rule], settings: MappingSettings) -> str:
    """12 hex digits. The order of rules counts; comments, layout, the order of keys, and a default written out do not."""
    meaning = {
        "roles": {name: _role(role) for name, role in roles.items()},
        "rules": [_rule(rule, settings) for rule in rules],
        "settings": _settings(settings),
    }
    return hashlib.sha256(_text(meaning).encode()).hexdigest()[:12]


def meaning(condition: Condition) -> str:
    """Return a text that is the same for two spellings of one condition, as far as order and doubles go."""
    return _text(_condition(condition))


def _settings(settings: MappingSettings) -> Any:
    said = {**msgspec.to_builtins(settings), "launch_grace": settings.launch_grace.total_seconds()}
    if settings.until == type(settings.until)():
        del said["until"]  # so that files without it keep the hash that they have always had
    else:
        said["until"]["warn"] = settings.until.warn.total_seconds()
    for name in ("displace", "role_patterns"):
        if names := said.pop(name):
            said[name] = sorted(set(names))
    return said


def _role(role: RoleSpec) -> Any:
    policies = [
        [type(policy).__name__, {f: getattr(policy, f) for f in policy.__struct_fields__ if f not in ("allow", "line")}]
        for policy in role.policies
    ]  # what the lint lets pass, and where it stands, changes nothing that an instance gets
    guards = {
        **({"assignable_by": sorted(set(role.assignable_by))} if role.assignable_by else {}),
        **({"require": {name: _condition(part) for name, part in role.require.items()}} if role.require else {}),
    }
    return [role.description, policies, *([guards] if guards else [])]


def _rule(rule: Rule, settings: MappingSettings) -> Any:
    role = rule.role.text if rule.role else None
    mode, foreign = rule.mode or settings.mode, rule.foreign_roles or settings.foreign_roles
    return [rule.name, _condition(rule.when), role, mode, foreign]


def _condition(condition: Condition) -> Any:
    if isinstance(condition, Has):
        return [condition.subject, sorted(set(condition.globs))]
    if isinstance(condition, Not):
        return ["not", _condition(condition.part)]
    return [type(condition).__name__, *sorted(map(_condition, condition.parts), key=_text)]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
