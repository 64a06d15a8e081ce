"""roles.yaml as a whole: the top of the file, and what can only be checked with all of it in view."""

from __future__ import annotations

import re
from collections.abc import Collection
from types import MappingProxyType

from shared.mapping.canonical import fingerprint
from shared.mapping.contents import Brake, Mapping, MappingSettings, RoleSpec, Rule, Until
from shared.mapping.nodes import Block, Items, Node, Scalar
from shared.mapping.problems import Report, Where, nearest
from shared.mapping.quantities import Count, Duration, Percentage, Version
from shared.mapping.role_policies import ROLE_NAME, ROLES
from shared.mapping.role_template import NAME_RULE
from shared.mapping.rule_fields import ABOUT_FOREIGN_ROLES, ABOUT_MODE, FOREIGN_ROLES, MODE, RULES, name_of
from shared.mapping.shapes import Flag, ListOf, Text
from shared.mapping.tables import Field, Table
from shared.mapping.when import TAG_KEY

MAX_SUGGESTIONS = 50
"""Roles that are not listed, for which a listed one like it is sought."""

BRAKE: Table[Brake] = Table(
    Field("max_removals", Percentage(), "a run takes roles off at most this share of the instances, e.g. 20%"),
    Field("at_least", Count(), "removals that are allowed however few the instances"),
    build=Brake,
)

UNTIL: Table[Until] = Table(
    Field("tag", TAG_KEY, "the tag whose value is that time, e.g. 2026-12-31T18:00+08:00"),
    Field("warn", Duration(), "so long before that time records warn of it, e.g. 24h"),
    build=lambda tag="ram-role-until", **given: Until(tag=tag.lower(), **given),
)


def _why_not_displaced(text: str) -> str:
    if text != text.lower():
        return "write it in lower case; role names compare without case here"
    if re.fullmatch(r"[.*-]+", text):
        return "it takes in every role of the account, and whoever may tag an instance could be given any of them"
    return f"{NAME_RULE}, and * for any of them"


DISPLACE = ListOf(
    Text("the name of a foreign role, or a glob with *", r"(?=.*[a-z0-9])[a-z0-9.*-]{1,64}", _why_not_displaced),
    "foreign roles",
)

ROLE_PATTERNS = ListOf(
    Text("the beginning of a role's name and *", r"[a-z0-9.-]{3,63}\*", "3 or more of a-z, 0-9, '.' and '-', then *"),
    "patterns",
)

SETTINGS: Table[MappingSettings] = Table(
    Field("mode", MODE, ABOUT_MODE),
    Field("foreign_roles", FOREIGN_ROLES, ABOUT_FOREIGN_ROLES),
    Field("displace", DISPLACE, "the roles not listed above that foreign_roles: replace may take off, e.g. legacy-*"),
    Field(
        "role_patterns", ROLE_PATTERNS, "stand for the listed roles they cover in the functions' policies, e.g. app-*"
    ),
    Field("launch_grace", Duration(), "instances younger than this only ever gain a role, e.g. 10m"),
    Field("brake", BRAKE, "stops a run that would take too many roles off"),
    Field("until", UNTIL, "the tag that says how long an instance keeps its role"),
    Field("record_unchanged", Flag(), "true: a reconcile also records each instance that is in sync"),
    build=MappingSettings,
)


def _mapping(
    version: int, roles: dict[str, RoleSpec], rules: tuple[Rule, ...], settings: MappingSettings | None = None
) -> Mapping:
    chosen = settings or MappingSettings()
    return Mapping(MappingProxyType(roles), rules, chosen, fingerprint(roles, rules, chosen))


FILE: Table[Mapping] = Table(
    Field("version", Version(), "the version of this format: 1", required=True),
    Field(
        "roles", ROLES, "the roles that may be attached, each with its policies; nothing else ever is", required=True
    ),
    Field("rules", RULES, "which instances get which role; the first rule that matches wins", required=True),
    Field("settings", SETTINGS, "how rules are applied; each has a default"),
    build=_mapping,
)


def role_lines(root: Node) -> dict[str, int]:
    """Return the line of each listed role, and under "" that of the first: an error about all of them is reported there.

    Under ":displace" and ":role_patterns", which no role is called, those of the settings.
    """
    roles = root.get("roles") if isinstance(root, Block) else None
    settings = root.get("settings") if isinstance(root, Block) else None
    named = settings.entries if isinstance(settings, Block) else ()
    entries = roles.entries if isinstance(roles, Block) else ()
    return {"": root.line if not entries else entries[0][0].line} | {
        f"{prefix}{key.text}": key.line
        for prefix, block in (("", entries), (":", named))
        for key, _ in block
        if isinstance(key, Scalar)
    }


def check_whole(root: Node, report: Report) -> None:
    """Rules against each other and against the list of roles."""
    rules = root.get("rules") if isinstance(root, Block) else None
    roles = root.get("roles") if isinstance(root, Block) else None
    listed = {key.text for key, _ in roles.entries if isinstance(key, Scalar)} if isinstance(roles, Block) else None
    if listed is not None:
        _check_displaced(root, listed, report)
    suggested = 0
    lines: dict[str, int] = {}
    for index, rule in enumerate(rules.items if isinstance(rules, Items) else ()):
        where = Where("rules").item(index, name_of(rule))
        if not isinstance(rule, Block):
            continue
        if where.rule in lines:
            message = f"rule names are unique; the rule on line {lines[where.rule]} has this one already"
            report.error(rule.get("name") or rule, where.at("name"), message)
        elif where.rule:
            lines[where.rule] = rule.line
        role = rule.get("role")
        if listed is not None and isinstance(role, Scalar) and _is_name(role) and role.text not in listed:
            suggested += 1  # each is compared with every listed role
            meant = nearest(role.text, listed) if suggested <= MAX_SUGGESTIONS else ""
            report.error(role, where.at("role"), f"{role.text!r} is not listed under roles", meant)


def _check_displaced(root: Node, listed: Collection[str], report: Report) -> None:
    settings = root.get("settings") if isinstance(root, Block) else None
    displaced = settings.get("displace") if isinstance(settings, Block) else None
    for index, name in enumerate(displaced.items if isinstance(displaced, Items) else ()):
        if isinstance(name, Scalar) and name.text in listed:
            where = Where("settings.displace").item(index)
            report.error(name, where, f"{name.text!r} is listed under roles; only roles that are not can be displaced")


def _is_name(role: Scalar) -> bool:
    """Return whether it is a good role name; what is none has been reported as such already."""
    return role.kind == "text" and re.fullmatch(ROLE_NAME, role.text) is not None
