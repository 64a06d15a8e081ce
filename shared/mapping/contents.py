"""The meaning of a valid roles.yaml as frozen data, and the one question asked of it: which role for this instance?"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any

import msgspec

from shared.clean import hidden
from shared.mapping.compiled import Predicate, compile_condition
from shared.mapping.conditions import ALWAYS, TAG, Condition, subjects, tag
from shared.mapping.globs import matcher
from shared.mapping.role_template import MAX_NAME, RoleTemplate
from shared.model.instance import Desired, ForeignRoles, Instance, Mode


class Allow(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of the policy lint that is right in this place, and why. line: where it stands, 0 = not known."""

    code: str
    reason: str
    line: int = 0


class TemplatePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy rendered from shared/policies/templates/NAME.json with these variables. line: as in Allow."""

    name: str
    variables: Map[str, str | tuple[str, ...]] = {}
    allow: tuple[Allow, ...] = ()
    line: int = 0


class SystemPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that Alibaba Cloud maintains, e.g. AliyunLogReadOnlyAccess."""

    name: str
    allow: tuple[Allow, ...] = ()
    line: int = 0


class InlinePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy document written out in roles.yaml. name: "" = let rolekeeper name it."""

    document: Map[str, Any]
    name: str = ""
    allow: tuple[Allow, ...] = ()
    line: int = 0


PolicySpec = TemplatePolicy | SystemPolicy | InlinePolicy


class RoleSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A listed role: what it is for, and what it may do. allow: holds for each of its policies.

    assignable_by: globs over who may ask for it, () = whoever may tag. require: by name, what an instance must be to get it.
    """

    description: str = ""
    policies: tuple[PolicySpec, ...] = ()
    allow: tuple[Allow, ...] = ()
    assignable_by: tuple[str, ...] = ()
    require: Map[str, Condition] = {}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """role: None = `then: ignore`. mode, foreign_roles: None = as in the settings."""

    name: str
    when: Condition = ALWAYS
    role: RoleTemplate | None = None
    mode: Mode | None = None
    foreign_roles: ForeignRoles | None = None


class Brake(msgspec.Struct, frozen=True, kw_only=True):
    """A run that would take listed roles off more than max_removals (a fraction, 0 to 1) of the instances that hold one, and
    off at least at_least, takes none off."""

    max_removals: float = 0.2
    at_least: int = 10


class Until(msgspec.Struct, frozen=True, kw_only=True):
    """The tag that says how long an instance keeps its role, and how long before its end records warn of it."""

    tag: str = "ram-role-until"
    warn: timedelta = timedelta(hours=24)


class MappingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """displace: names and globs (in lower case) of the foreign roles that `replace` may take off, () = none. role_patterns:
    globs that stand for the listed roles they cover in the functions' policies."""

    mode: Mode = "enforce"
    foreign_roles: ForeignRoles = "keep"
    displace: tuple[str, ...] = ()
    role_patterns: tuple[str, ...] = ()
    launch_grace: timedelta = timedelta(minutes=10)
    brake: Brake = Brake()
    record_unchanged: bool = False
    until: Until = Until()


Answer = Callable[[Map[str, str]], Desired]
"""The tags (keys in lower case) -> what a rule that matched wants."""


@dataclass(frozen=True)
class Mapping:
    """A valid roles.yaml. Made by load(); rules are in the order of the file."""

    roles: Map[str, RoleSpec]
    rules: tuple[Rule, ...]
    settings: MappingSettings
    hash: str  # of the meaning, 12 hex digits: comments, layout and the order of keys do not change it
    lines: Map[str, int] = field(
        default_factory=dict, compare=False
    )  # where each listed role is in the file; "" = the list

    def is_managed(self, role: str) -> bool:
        """Return whether the role belongs to this file. Any other role on an instance is foreign: somebody else's intent."""
        return role in self.roles

    def may_displace(self, role: str) -> bool:
        """Return whether `foreign_roles: replace` may take this foreign role off. RAM tells no two names apart by case alone."""
        return bool(self.settings.displace) and self._displaced(role.lower())

    @cached_property
    def replaces(self) -> bool:
        """Return whether any rule that gives a role would take a foreign one off for it."""
        return any(
            rule.role and (rule.foreign_roles or self.settings.foreign_roles) == "replace" for rule in self.rules
        )

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """Return the subjects that its rules read, in order: attributes, and `tags.KEY` with the key in lower case."""
        asked = {subject for rule in self.rules for subject in subjects(rule.when)}
        return tuple(sorted(asked | {tag(key) for rule in self.rules if rule.role for key in rule.role.keys}))

    @cached_property
    def attributes(self) -> frozenset[str]:
        """Return the attributes of instances that some rule reads or some role requires: a change of any other one changes nothing."""
        required = {subject for parts in self._required.values() for _, subject, _ in parts}
        return frozenset(subject for subject in {*self.reads, *required} if not subject.startswith(TAG))

    def facts(self, instance: Instance) -> str:
        """Return a digest of all that its rules read of an instance, 16 hex digits: where two are the same, so is what rules see."""
        tags = {tag(key): value for key, value in instance.tags.items()}
        values = [tags.get(name) if name.startswith(TAG) else getattr(instance, name) for name in self.reads]
        return sha256(json.dumps([instance.network, values]).encode()).hexdigest()[:16]

    def provable(self, rule: str) -> frozenset[str] | None:
        """Return the keys of all tags that a rule reads to give its role, in lower case; None where it reads the instance's name, too,
        which whoever owns an instance writes, and no call that sets tags."""
        read = self._read_by.get(rule, frozenset())
        return None if "name" in read else frozenset(name[len(TAG) :] for name in read if name.startswith(TAG))

    def assigners(self, role: str, actors: Collection[str]) -> frozenset[str]:
        """Return those of the actors who may ask for a role."""
        globs = self.roles[role].assignable_by
        matches = matcher(tuple(glob.lower() if glob.startswith("role/") else glob for glob in globs))
        return frozenset(filter(matches, filter(None, actors)))

    def unmet(self, role: str, instance: Instance) -> tuple[str, ...]:
        """Return what the role requires and the instance is not, each by its name and what the instance is in its place."""
        return tuple(
            f"{name} ({getattr(instance, subject) or 'none'})"
            for name, subject, holds in self._required.get(role, ())
            if not holds(instance, {})
        )

    def desired(self, instance: Instance) -> Desired:
        """Return what the first rule that matches wants for the instance. Never raises; gives no role but a listed one."""
        tags = {key.lower(): value for key, value in instance.tags.items()}
        for matches, answer in self._program:
            if matches(instance, tags):
                return answer(tags)
        return self._no_rule

    @cached_property
    def _read_by(self) -> Map[str, frozenset[str]]:
        keys = {rule.name: rule.role.keys if rule.role else () for rule in self.rules}
        return {rule.name: frozenset({*subjects(rule.when), *map(tag, keys[rule.name])}) for rule in self.rules}

    @cached_property
    def _required(self) -> Map[str, tuple[tuple[str, str, Predicate], ...]]:
        return {
            role: tuple((name, min(subjects(it)), compile_condition(it)) for name, it in spec.require.items())
            for role, spec in self.roles.items()
            if spec.require
        }

    @cached_property
    def _program(self) -> tuple[tuple[Predicate, Answer], ...]:
        return tuple((compile_condition(rule.when), self._answer(rule)) for rule in self.rules)

    @cached_property
    def _displaced(self) -> Callable[[str], bool]:
        return matcher(self.settings.displace)

    @cached_property
    def _no_rule(self) -> Desired:
        return Desired(verdict="none", mode=self.settings.mode, foreign_roles=self.settings.foreign_roles)

    def _answer(self, rule: Rule) -> Answer:
        template = rule.role
        blank = Desired(
            verdict="ignore",
            rule=rule.name,
            mode=rule.mode or self.settings.mode,
            foreign_roles=rule.foreign_roles or self.settings.foreign_roles,
        )
        if template is None:
            return lambda tags: blank
        given = {role: msgspec.structs.replace(blank, verdict="role", role=role) for role in self.roles}

        def answer(tags: Map[str, str]) -> Desired:
            text, complete = template.render(tags)
            if complete and text in given:
                return given[text]
            return msgspec.structs.replace(blank, verdict="refused", role=_harmless(text))

        return answer


def _harmless(text: str) -> str:
    """A tag's text made fit for a record: anybody who may tag an instance can write anything into it, keys too."""
    return "".join(char if char.isprintable() else "?" for char in hidden(text)[:MAX_NAME])
