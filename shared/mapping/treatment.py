"""The way an instance is treated: what is compared of two mappings. The name of a rule, its place and its spelling do not count."""

from __future__ import annotations

from typing import Literal

import msgspec

from shared.mapping.contents import Mapping, Rule
from shared.model.instance import Desired, ForeignRoles, Instance, Mode

Verdict = Literal["role", "none", "ignore", "refused"]


class Treatment(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A verdict as in Desired, with what of it changes anything: an instance that is ignored or refused has no mode.

    foreign_roles: of a verdict "role" alone, and `replace` only where the file names roles that may be displaced. proof: of a role
    that not everybody may ask for, the tags by which an event shows who does: those that its rule reads.
    """

    verdict: Verdict
    role: str = ""
    mode: Mode = "enforce"
    foreign_roles: ForeignRoles = "keep"
    proof: str = ""

    def __str__(self) -> str:
        words = {
            "none": "no role",
            "ignore": "left alone (then: ignore)",
            "refused": "refused: a role that is not listed",
        }
        notes = [f"mode {self.mode}"] if self.mode != "enforce" else []
        notes += ["replaces foreign roles"] if self.foreign_roles == "replace" else []
        notes += [f"asked for by {self.proof}"] if self.proof else []
        return words.get(self.verdict, f"role {self.role}") + (f" ({', '.join(notes)})" if notes else "")


IGNORED, REFUSED = Treatment(verdict="ignore"), Treatment(verdict="refused")


def treatment(mapping: Mapping, instance: Instance) -> tuple[str, Treatment]:
    """Return the name of the rule that decides on the instance ("" = none), and how it is treated."""
    desired = mapping.desired(instance)
    return desired.rule, _of(mapping, desired)


def of_rule(mapping: Mapping, rule: Rule, role: str) -> Treatment:
    """Return the treatment of instances to which this rule gives this role."""
    mode, foreign = rule.mode or mapping.settings.mode, rule.foreign_roles or mapping.settings.foreign_roles
    return _role(mapping, Desired(verdict="role", rule=rule.name, role=role, mode=mode, foreign_roles=foreign))


def of_no_rule(mapping: Mapping) -> Treatment:
    return Treatment(verdict="none", mode=mapping.settings.mode)


def _of(mapping: Mapping, desired: Desired) -> Treatment:
    if desired.verdict == "role":
        return _role(mapping, desired)
    if desired.verdict == "none":
        return of_no_rule(mapping)
    return IGNORED if desired.verdict == "ignore" else REFUSED


def _role(mapping: Mapping, desired: Desired) -> Treatment:
    replaces = desired.foreign_roles == "replace" and bool(mapping.settings.displace)
    return Treatment(
        verdict="role",
        role=desired.role,
        mode=desired.mode,
        foreign_roles="replace" if replaces else "keep",
        proof=_proof(mapping, desired.rule) if mapping.roles[desired.role].assignable_by else "",
    )


def _proof(mapping: Mapping, rule: str) -> str:
    keys = mapping.provable(rule)
    return f"tag {', '.join(sorted(keys))}" if keys else "no event"
