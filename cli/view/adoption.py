"""The result of adopt as an operator reads it: exceptions of the new file first, then what it lists, then what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from cli.output import counted, say
from shared.mapping.adoption import Adoption

MOST = 20
"""Lines of each kind that are shown; the file has more, --json has all."""


def show(found: Adoption, *, out: str, snapshot: str, unread: Sequence[str], warnings: Sequence[str]) -> None:
    if unread:
        say((f"NOT OBSERVED: {counted(len(unread), 'instance')} could not be read; they taught nothing", "yellow"))
        _list(unread)
    if found.exceptions:
        say((f"EXCEPTIONS: {counted(len(found.exceptions), 'instance')} would change with mode enforce", "yellow"))
        _list(list(map(str, found.exceptions)))
        say("  for each: set the tags that the right rule asks for, or the tag rolekeeper=off, or accept the change")
    if found.left:
        say(("LEFT: roles that the file does not list stay where they are", "yellow"))
        _list([f"{role.role} on {counted(role.instances, 'instance')}: {role.why}" for role in found.left])
    for warning in warnings:
        say((warning, "yellow"))
    rules = sum(rule.role is not None for rule in found.mapping.rules)
    say(
        f"{out}: {counted(len(found.mapping.roles), 'role')}, {counted(rules, 'rule')}, hash {found.mapping.hash}, mode audit"
    )
    say(f"{found.described:,} of {found.instances:,} instances have what it gives them; nothing was changed")
    say(f"next: rolekeeper validate {out}; rolekeeper plan --roles-file {out} --snapshot {snapshot}")


def _list(lines: Sequence[str]) -> None:
    for line in lines[:MOST]:
        say(f"  {line}")
    if len(lines) > MOST:
        say(f"  ... and {len(lines) - MOST} more (--json has all)")
