"""Warnings of what is valid but surely not intended: rules that no instance reaches, roles that no rule gives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.mapping.breadth import MOST, is_broad, share
from shared.mapping.conditions import ANYWHERE, Condition, Has, Not, tag
from shared.mapping.contents import Mapping, Rule
from shared.mapping.globs import is_literal, matcher
from shared.mapping.nodes import Block, Items, Node, Scalar
from shared.mapping.overlap import Overlap
from shared.mapping.problems import Report, Where


def warn(root: Node, mapping: Mapping, report: Report) -> None:
    rules, roles = (root.get("rules"), root.get("roles")) if isinstance(root, Block) else (None, None)
    if not isinstance(rules, Items) or not isinstance(roles, Block):
        return
    overlap = Overlap(mapping.rules)
    for index, cover in overlap.unreachable():
        takers = [f"'{mapping.rules[i].name}' (line {rules.items[i].line})" for i in cover]
        where = Where("rules").item(index, mapping.rules[index].name)
        report.warning(rules.items[index], where, _unreached(takers))
    _warn_of_displacing(root, rules, mapping, report)
    _warn_of_globs(root, mapping, report)
    _warn_of_assigners(rules, roles, mapping, report)
    for index, rule in enumerate(rules.items):
        where = Where("rules").item(index, mapping.rules[index].name)
        for written in _globs_in_keys(rule.get("when") if isinstance(rule, Block) else None):
            report.warning(written, where.at("when.tags").at(written.text), _GLOB_IN_KEY)
        role = mapping.rules[index].role
        if isinstance(rule, Block) and role and not all(map(is_literal, role.keys)):
            report.warning(rule.get("role") or rule, where.at("role"), _GLOB_IN_KEY)
        if _is_open(overlap, index, mapping.rules[index]) and isinstance(rule, Block):
            report.warning(rule.get("role") or rule, where.at("role"), _OPEN)
    for key, _ in roles.entries:
        if isinstance(key, Scalar) and not overlap.gives(key.text):
            report.warning(key, Where("roles").at(key.text), "no rule can give this role to any instance")


def _warn_of_assigners(rules: Items, roles: Block, mapping: Mapping, report: Report) -> None:
    """Actors that are everybody; rules that give a guarded role, and that no call can prove."""
    for key, entry in roles.entries:
        name = key.text if isinstance(key, Scalar) else ""
        written = entry.get("assignable_by") if isinstance(entry, Block) else None
        for index, item in enumerate(written.items if isinstance(written, Items) else ()):
            if isinstance(item, Scalar) and not re.search(r"[A-Za-z0-9]", item.text.partition("/")[2] or item.text):
                where = Where("roles").at(name).at("assignable_by").item(index)
                report.warning(item, where, _ANYBODY.format(_EVERY.get(item.text.partition("/")[0], "every caller")))
    for index, rule in enumerate(mapping.rules):
        guarded = rule.role and any(mapping.roles[role].assignable_by for role in {rule.role.text} & {*mapping.roles})
        node = rules.items[index]
        if guarded and not mapping.provable(rule.name) and isinstance(node, Block):
            where = Where("rules").item(index, rule.name).at("role")
            report.warning(node.get("role") or node, where, _UNPROVABLE)


_EVERY = {"user": "every RAM user", "role": "every RAM role"}
_ANYBODY = "{} of the account may ask for the role: all that is refused is what names no caller; name those who may"
_UNPROVABLE = (
    "the role is assignable_by some, and no change of tags can prove who asks by this rule: it reads no tag, or the "
    "instance's name; only `rolekeeper remediate` will give the role"
)


def _warn_of_globs(root: Node, mapping: Mapping, report: Report) -> None:
    """Globs that take in most names; patterns that stand for nothing."""
    settings = root.get("settings") if isinstance(root, Block) else None
    for name, globs in (("displace", mapping.settings.displace), ("role_patterns", mapping.settings.role_patterns)):
        written = settings.get(name) if isinstance(settings, Block) else None
        if not isinstance(written, Items):
            continue
        where = Where(f"settings.{name}")
        if is_broad(globs):
            part, examples = share(globs)
            taken = _MOST.format(part, ", ".join(examples)) if part >= MOST else _ANY
            report.warning(written, where, f"together these take in {taken}; {_NARROWER}")
        for index, (item, glob) in enumerate(zip(written.items, globs, strict=True)):
            if name == "role_patterns" and not any(map(matcher((glob,)), mapping.roles)):
                report.warning(
                    item,
                    where.item(index),
                    f"{glob!r} covers no role that is listed, and lets the functions pass others",
                )


_MOST = "{0:.0%} of the role names that accounts usually have ({1}), and whatever is made later"
_ANY = "every role that has one certain character in its name, and whatever is made later"
_NARROWER = "name the roles, or write the beginning that they share"

_GLOB_IN_KEY = "a tag's key is taken as it is written: * and ? are globs in values alone"

_OPEN = (
    "whoever may tag an instance chooses its role among all that are listed: nothing here depends on what he cannot choose; "
    "bind the rule to a VPC or a resource group, or name the tag's values in a list"
)


def _is_open(overlap: Overlap, index: int, rule: Rule) -> bool:
    """Return whether a template's tag may name any role on an instance in a place that no rule names.

    A tag whose values are listed is as good as a rule for each; a role's name is chosen by whoever owns the instance.
    """
    somewhere = [Has(attribute, (value,)) for attribute, value in ANYWHERE.items()]
    return any(
        overlap.reached(index, [*somewhere, *(Not(Has(tag(key), (text,))) for text in _texts(rule.when, tag(key)))])
        for key in (rule.role.keys if rule.role else ())
    )


def _texts(condition: Condition, subject: str) -> Iterator[str]:
    """The values, globs apart, that a condition names for a subject."""
    if isinstance(condition, Has):
        yield from filter(is_literal, condition.globs if condition.subject == subject else ())
    for part in [condition.part] if isinstance(condition, Not) else getattr(condition, "parts", ()):
        yield from _texts(part, subject)


def _globs_in_keys(when: Node | None) -> Iterator[Scalar]:
    if not isinstance(when, Block):
        return
    tags, some = when.get("tags"), when.get("any")
    if isinstance(tags, Block):
        yield from (key for key, _ in tags.entries if isinstance(key, Scalar) and not is_literal(key.text))
    yield from _globs_in_keys(when.get("not"))
    for part in some.items if isinstance(some, Items) else ():
        yield from _globs_in_keys(part)


def _warn_of_displacing(root: Node, rules: Items, mapping: Mapping, report: Report) -> None:
    """`replace` and `displace` are of use only together: the one is the wish, the other what the functions may pass."""
    settings = root.get("settings") if isinstance(root, Block) else None
    displace = settings.get("displace") if isinstance(settings, Block) else None
    if displace is not None and not mapping.replaces:
        report.warning(
            displace, Where("settings.displace"), "of no use: no rule that gives a role says foreign_roles: replace"
        )
    if displace is not None or not mapping.replaces:
        return
    for index, rule in enumerate(rules.items):
        if isinstance(rule, Block) and mapping.rules[index].role and mapping.rules[index].foreign_roles == "replace":
            where = Where("rules").item(index, mapping.rules[index].name).at("foreign_roles")
            report.warning(rule.get("foreign_roles") or rule, where, _NOT_PERMITTED)
    said = settings.get("foreign_roles") if isinstance(settings, Block) else None
    if said is not None and mapping.settings.foreign_roles == "replace":
        report.warning(said, Where("settings.foreign_roles"), _NOT_PERMITTED)


_NOT_PERMITTED = (
    "the functions' role will not allow it: no foreign role is named that they may take off; list those under "
    "settings.displace and render the role anew (rolekeeper policy execution-role)"
)


def _unreached(takers: list[str]) -> str:
    if not takers:
        return "never matches: no instance can meet all of its conditions together"
    if len(takers) == 1:
        return f"never reached: rule {takers[0]} takes every instance that this one would match"
    return f"never reached: between them, rules {' and '.join(takers)} take every instance that this one would match"
