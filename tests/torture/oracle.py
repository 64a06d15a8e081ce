"""What docs/mapping.md says of one instance, stated once more and plainly: what the searching machine holds the product against.

It knows no module of the product. Whatever it says, the page says; where the two differ, one of them is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

MINUTE = 60.0


@dataclass(frozen=True)
class Rule:
    """tags: key -> value, one of several, or None for "with whatever value". role: "" = leave alone; may hold ${tags.KEY}."""

    name: str
    tags: Mapping[str, str | tuple[str, ...] | None]
    role: str = ""
    mode: str = ""
    foreign: str = ""


@dataclass(frozen=True, repr=False)
class File:
    """A roles.yaml. grace: seconds. share, least: of the brake."""

    roles: tuple[str, ...]
    rules: tuple[Rule, ...]
    mode: str = "enforce"
    foreign: str = "keep"
    displace: tuple[str, ...] = ()
    grace: float = 600.0
    share: float = 1.0
    least: int = 1
    shows_all: bool = True
    guarded: tuple[str, ...] = ()  # roles that ops-... alone may ask for

    def __repr__(self) -> str:
        values = {**self.__dict__, "rules": [rule.name for rule in self.rules]}
        return f"File({', '.join(f'{name}={value}' for name, value in values.items())})"

    def text(self) -> str:
        """As roles.yaml: YAML takes JSON."""
        settings = {
            "mode": self.mode,
            "foreign_roles": self.foreign,
            "launch_grace": f"{self.grace:.0f}s" if self.grace else "0",
            "brake": {"max_removals": f"{self.share:.0%}", "at_least": self.least},
            "record_unchanged": self.shows_all,
            **({"displace": list(self.displace)} if self.displace else {}),
        }
        whole = {"version": 1, "roles": {role: self._role(role) for role in self.roles}, "settings": settings}
        return json.dumps({**whole, "rules": [_written(rule) for rule in self.rules]})

    def _role(self, role: str) -> dict[str, Any]:
        return {"description": "d", **({"assignable_by": ["user/ops-*"]} if role in self.guarded else {})}

    def displaces(self, role: str) -> bool:
        """Whether a foreign role may be taken off for a listed one, and put back; where no rule replaces, notes count for nothing."""
        replaced = any((rule.foreign or self.foreign) == "replace" for rule in self.rules if rule.role)
        return replaced and role not in self.roles and any(fnmatchcase(role, glob) for glob in self.displace)

    def brakes(self, removals: int, holders: int) -> bool:
        """Whether a run that would take a listed role off (or swap it) on so many instances, of so many that hold one, takes none off."""
        return removals >= self.least and removals > round(self.share * holders, 6)


@dataclass(frozen=True)
class Wanted:
    """verdict: "role", "none" (no rule matches), "ignore", "refused" (a role by template that is not listed, or an end that nobody
    can read). over: the instance's time is."""

    verdict: str
    role: str = ""
    mode: str = "enforce"
    foreign: str = "keep"
    over: bool = False


@dataclass(frozen=True)
class Seen:
    """An instance at one moment. displaced: the foreign role that its note names, if the note is one that we wrote there. age: seconds. asked: whether who
    may has asked for its role."""

    tags: Mapping[str, str]
    held: str
    classic: bool = False
    displaced: str = ""
    age: float = 1e9
    created_just_now: bool = False
    asked: bool = False


@dataclass(frozen=True)
class End:
    """What a healthy look makes of it. action: attach, detach, swap or none."""

    role: str
    action: str = "none"
    removes_listed: bool = False


def wanted(file: File, tags: Mapping[str, str]) -> Wanted:
    """The first rule that matches wins."""
    lower = {key.lower(): value for key, value in tags.items()}
    for rule in file.rules:
        if not all(_holds(lower.get(key.lower()), value) for key, value in rule.tags.items()):
            continue
        if not rule.role:
            return Wanted("ignore")
        role = rule.role
        if role.startswith("${tags."):
            role = lower.get(role[len("${tags.") : -1].lower(), "")
        if role not in file.roles:
            return Wanted("refused")
        mode, foreign = rule.mode or file.mode, rule.foreign or file.foreign
        until = lower.get("ram-role-until", "2099")
        if until < "2026":  # the moves write years that are long over, or far away
            return Wanted("none", "", mode, foreign, over=True)
        return Wanted("role", role, mode, foreign) if until[0].isdigit() else Wanted("refused")
    return Wanted("none", "", file.mode, file.foreign)


def end(file: File, seen: Seen) -> End:
    """The decision table of the page, for a look at which the cloud is well and no guard says no."""
    want, held = wanted(file, seen.tags), seen.held
    stays = End(held)
    displaced = seen.displaced if file.displaces(seen.displaced) else ""
    foreign = bool(held) and held not in file.roles
    if (
        want.verdict in ("ignore", "refused")
        or want.mode == "audit"
        or (want.role and seen.classic)
        or held == want.role != ""
    ):
        return stays
    if want.role in file.guarded and not seen.asked:
        return stays
    if not held:
        role = want.role or ("" if seen.classic else displaced)
        return End(role, "attach") if role else stays
    if foreign and (not want.role or want.foreign == "keep" or not file.displaces(held)):
        return stays
    if not want.role and not want.over and (seen.created_just_now or seen.age < file.grace):
        return stays
    if want.mode == "attach-only":
        return stays
    role = want.role or displaced
    return End(role, "swap" if role else "detach", removes_listed=not foreign)


def _holds(found: str | None, asked: str | tuple[str, ...] | None) -> bool:
    return found is not None and (asked is None or found in ((asked,) if isinstance(asked, str) else asked))


def _written(rule: Rule) -> dict[str, Any]:
    tags = {
        key: {"exists": True} if value is None else list(value) if isinstance(value, tuple) else value
        for key, value in rule.tags.items()
    }
    then = {"role": rule.role} if rule.role else {"then": "ignore"}
    modes = {key: value for key, value in (("mode", rule.mode), ("foreign_roles", rule.foreign)) if value}
    return {"name": rule.name, "when": {"tags": tags}, **then, **modes}
