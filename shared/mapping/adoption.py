"""A fleet that holds roles by hand becomes a first mapping, and the list of those whom it does not describe. Pure; changes nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from shared.errors import ConfigError
from shared.mapping import Mapping, load
from shared.mapping.clues import Fleet
from shared.mapping.first_file import told, write
from shared.mapping.learning import learn
from shared.mapping.role_template import MAX_NAME
from shared.model.instance import Instance

_ROLE = re.compile(rf"[a-z0-9.-]{{1,{MAX_NAME}}}")


class AdoptionException(msgspec.Struct, frozen=True, kw_only=True):
    """An instance that the mapping would change, were its mode enforce. held, wanted: "" = no role."""

    instance_id: str
    name: str
    held: str
    wanted: str
    rule: str

    def __str__(self) -> str:
        held = f"holds {self.held}" if self.held else "holds no role"
        then = f"rule {told(self.rule)} gives {self.wanted}" if self.wanted else "no rule gives it one"
        return f"{told(self.instance_id)} {told(self.name) if self.name else '(no name)'}: {held}, {then}"


class LeftRole(msgspec.Struct, frozen=True, kw_only=True):
    """A role that the mapping does not list: it stays where it is. why: the reason it is not listed."""

    role: str
    instances: int
    why: str


class Adoption(msgspec.Struct, frozen=True, kw_only=True):
    """text: of the file. described: how many instances have what the mapping wants for them, without a role too."""

    text: str
    mapping: Mapping
    exceptions: tuple[AdoptionException, ...]
    left: tuple[LeftRole, ...]
    instances: int
    described: int


def adopt(instances: Sequence[Instance], *, source: str) -> Adoption:
    """Learn a mapping from instances with their roles. source: where they come from, for the file's first line.

    Instances that could not be read teach nothing. Raises ConfigError where no rule can be learnt.
    """
    known = [instance for instance in instances if instance.unread is None]
    fleet = Fleet(known)
    possible = [role for role in sorted(fleet.holders) if _ROLE.fullmatch(role)]
    rules = learn(fleet, possible)
    if not rules:
        raise ConfigError(_nothing(known, fleet, possible))
    listed = {rule.role for rule in rules}
    holders = {role: fleet.holders[role].bit_count() for role in sorted(listed)}
    left = tuple(
        LeftRole(
            role=role,
            instances=met.bit_count(),
            why="nothing tells its holders from others" if role in possible else "its name cannot be listed",
        )
        for role, met in sorted(fleet.holders.items())
        if role not in listed
    )
    text = write(rules, holders, fleet.spelling, head=())
    exceptions = _exceptions(load(text), known)
    described = len(known) - len(exceptions) - sum(role.instances for role in left)
    head = _head(source, len(known), described, left)
    text = write(rules, holders, fleet.spelling, head=head, exceptions=list(map(str, exceptions)))
    return Adoption(
        text=text,
        mapping=load(text),
        exceptions=exceptions,
        left=left,
        instances=len(known),
        described=described,
    )


def _exceptions(mapping: Mapping, instances: Sequence[Instance]) -> tuple[AdoptionException, ...]:
    """Return whom the mapping would change: a role that it does not list stays, and is none."""
    found = []
    for instance in instances:
        desired = mapping.desired(instance)
        wanted = desired.role if desired.verdict == "role" else ""
        foreign = bool(instance.role) and not mapping.is_managed(instance.role)
        classic = bool(wanted) and instance.network == "classic"
        if desired.verdict == "ignore" or foreign or classic or wanted == instance.role:
            continue
        found.append(
            AdoptionException(
                instance_id=instance.instance_id,
                name=instance.name,
                held=instance.role,
                wanted=wanted,
                rule=desired.rule,
            )
        )
    return tuple(sorted(found, key=lambda one: (one.held, one.wanted, one.instance_id)))


def _head(source: str, count: int, described: int, left: Sequence[LeftRole]) -> list[str]:
    lines = [
        f"Learnt by `rolekeeper adopt` from {source}.",
        f"{described:,} of {count:,} instances have what these rules give them. Nothing was changed.",
    ]
    if left:
        lines += ["", "Not listed below, so left where they are:"]
        lines += [f"  {told(role.role)} on {role.instances:,}: {role.why}" for role in left]
    return lines


def _nothing(known: Sequence[Instance], fleet: Fleet, possible: Sequence[str]) -> str:
    holding = sum(bool(instance.role) for instance in known)
    if not holding:
        return f"none of its {len(known):,} instances holds a role: there is nothing to learn from; write the first rules by hand"
    if not possible:
        return (
            f"its roles ({', '.join(map(told, sorted(fleet.holders)[:5]))}) have names that roles.yaml cannot list: 1 to {MAX_NAME} of a-z, "
            "0-9, '.' and '-'; make roles with such names first"
        )
    return (
        f"{holding:,} of its {len(known):,} instances hold {len(fleet.holders):,} roles, and no tag or attribute tells their holders from "
        "others: tag the instances by what they are for (app=web), and take the snapshot again"
    )
