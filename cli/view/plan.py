"""The view of `rolekeeper plan`: first what needs a human, then the changes by kind, then the brake, what stays, and the bill."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from cli.output import console, counted, say
from cli.planned import Braked, Line, Planned, Wrong
from cli.view.access import grouped
from cli.view.advice import ADVICE
from shared.mapping import Mapping as RoleMapping
from shared.model.decision import Reason
from shared.model.outcomes import WRONG
from shared.setup import Granted, absent
from shared.suggestions import did_you_mean

EXAMPLES = 5
"""Instances that a group names where not all are asked for."""
GRANTS = 6
"""Permissions gained, and lost, that a group names; --json has all."""


@dataclass(frozen=True)
class Seen:
    """A plan with all that is to be told of it. bill: calls that were made; todo: calls that carrying it out takes. ended: the run."""

    planned: Planned
    account_id: str
    region: str
    made_at: datetime
    braked: Braked
    permissions: Mapping[str, Granted]
    todo: Mapping[str, int]
    minutes: float
    bill: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    ended: Mapping[str, Any] = field(default_factory=dict)
    snapshot: str = ""
    notes: Sequence[str] = ()


class View:
    """Shows a plan, or gives it as JSON."""

    def __init__(self, seen: Seen, mapping: RoleMapping) -> None:
        self._seen, self._mapping, self._out = seen, mapping, console()
        groups: dict[tuple[str, ...], list[Line]] = defaultdict(list)
        for line in seen.planned.lines:
            groups[line.group].append(line)
        rank = {"swap": 0, "detach": 1, "attach": 2}
        self._groups = sorted(
            groups.values(), key=lambda lines: (lines[0].change is None, rank.get(lines[0].action, 3), -len(lines))
        )

    def show(self, *, ids: bool) -> None:
        """ids: name every instance of each group."""
        seen, planned = self._seen, self._seen.planned
        if seen.error:
            self._say(("not whole: ", "red"), seen.error)
        self._wrong(planned.wrong)
        for text in self.warnings():
            self._say(("warning: ", "yellow"), text)
        done = [lines for lines in self._groups if lines[0].change]
        for lines in done:
            self._group(lines, ids)
        if audited := [lines for lines in self._groups if not lines[0].change]:
            self._say("audit only: told, never done")
            for lines in audited:
                self._group(lines, ids)
        self._sum(done)
        self._brake()
        if planned.stays:
            self._say(
                "stays as it is: " + ", ".join(f"{count} {reason}" for reason, count in planned.stays.most_common())
            )
        if seen.bill:
            self._say(f"this plan took {_calls(seen.bill)}")
        if seen.todo:
            took = f"about {counted(round(seen.minutes), 'minute')}" if seen.minutes >= 1 else "less than a minute"
            self._say(
                f"to carry it out takes up to {_calls(seen.todo)}, if none has to be made twice: {took} at the configured rate"
            )
        self._say(self.sentence())

    def sentence(self) -> str:
        """Return the whole in one sentence."""
        seen = self._seen
        wrong = f"; {counted(len(seen.planned.wrong), 'instance')} for a human to see to" if seen.planned.wrong else ""
        where = f"{seen.region} of account {seen.account_id}"
        of = f"{seen.snapshot}, {where} as of {seen.made_at:%Y-%m-%d %H:%M}Z" if seen.snapshot else where
        todo = f"{self._todo()}, and not whole" if seen.planned.changes() else "not whole"
        return f"plan for {of}: {todo if seen.error else self._todo()}{wrong}; mapping {self._mapping.hash}"

    def _todo(self, *, with_removals: bool = True) -> str:
        changes = (change for change in self._seen.planned.changes() if with_removals or not change.removes)
        kinds = Counter(change.action for change in changes)
        return ", ".join(f"{count} to {action}" for action, count in kinds.most_common()) or "nothing to do"

    def warnings(self) -> list[str]:
        """Return what stands against the plan as a whole: roles that it gives, and that RAM does not have."""
        given = Counter(line.role_then for line in self._seen.planned.lines if line.change)
        return [
            f"role {role} does not exist in RAM, and {counted(count, 'instance')} would be given it, which ECS refuses; "
            "`rolekeeper provision` makes it"
            for role, count in sorted(given.items())
            if absent(self._seen.permissions.get(role, ""))
        ]

    def as_json(self) -> dict[str, Any]:
        """Return all of it."""
        seen = self._seen
        return {
            "kind": "plan",
            "account_id": seen.account_id,
            "region": seen.region,
            "made_at": seen.made_at.isoformat(),
            "mapping_hash": self._mapping.hash,
            "snapshot": seen.snapshot,
            "wrong": [
                {**msgspec.structs.asdict(one), "advice": ADVICE.get(one.reason, "")} for one in seen.planned.wrong
            ],
            "warnings": self.warnings(),
            "permissions": {
                word: dict(found.most_common()) for word, found in zip(("gained", "lost"), self._summed(), strict=True)
            },
            "groups": [self._told(lines) for lines in self._groups],
            "brake": msgspec.structs.asdict(seen.braked),
            "stays": dict(seen.planned.stays),
            "bill": dict(seen.bill),
            "to_carry_out": dict(seen.todo),
            "minutes": round(seen.minutes, 2),
            "error": seen.error,
            "summary": self.sentence(),
        }

    def _told(self, lines: Sequence[Line]) -> dict[str, Any]:
        first = lines[0]
        gains, losses, unknown = self._grants(first)
        return {
            "action": first.action,
            "role_before": first.role_before,
            "role_then": first.role_then,
            "rule": first.rule,
            "mode": first.mode,
            "reason": first.reason,
            "instances": [{"instance_id": line.instance_id, "name": line.name} for line in lines],
            "gains": gains,
            "losses": losses,
            "unknown": unknown,
        }

    def _wrong(self, wrong: Sequence[Wrong]) -> None:
        kinds: dict[tuple[int, str, str, str], list[Wrong]] = defaultdict(list)
        for one in wrong:
            rank = WRONG.index(one.outcome) if one.outcome in WRONG else len(WRONG)
            kinds[rank, one.outcome, one.reason, "" if one.reason != Reason.NOT_OBSERVED.value else one.error].append(
                one
            )
        for (_, outcome, reason, _), members in sorted(kinds.items()):
            self._say(
                (f"{outcome}, {reason}", "red" if outcome != "skipped" else "yellow"),
                f": {counted(len(members), 'instance')}",
            )
            if advice := ADVICE.get(reason):
                self._say(f"  {advice}")
            errors = {one.error for one in members}
            common = errors.pop() if len(errors) == 1 else ""
            if common:
                self._say(f"  {common}")
            for one in members:
                roles = f"  holds {one.role_before}" if one.role_before else ""
                wants = f"  should hold {one.role}{self._meant(one)}" if one.role else ""
                told = f"  {one.error}" if one.error and not common else ""
                self._say(f"  {_named(one.instance_id, one.name)}{roles}{wants}{told}")

    def _meant(self, one: Wrong) -> str:
        """A role that is not listed may be a slip of one that is."""
        near = did_you_mean(one.role, self._mapping.roles) if one.reason == Reason.ROLE_NOT_LISTED.value else ""
        return near and f" ({near})"

    def _group(self, lines: Sequence[Line], ids: bool) -> None:
        first = lines[0]
        by = f"by rule {first.rule}" if first.rule else "no rule gives a role"
        self._say(
            (f"{first.action} ", "bold"),
            f"{counted(len(lines), 'instance')}: {first.role_before or 'no role'} -> {first.role_then or 'no role'}, {by} ({first.reason})",
        )
        shown = lines if ids else lines[:EXAMPLES]
        for line in shown:
            self._say(f"  {_named(line.instance_id, line.name)}")
        if len(lines) > len(shown):
            self._say(f"  and {len(lines) - len(shown)} more (--ids names all)")
        gains, losses, unknown = self._grants(first)
        self._permissions(grouped(gains), grouped(losses), "  ")
        for why in unknown:
            self._say(f"  permissions not known: {why}")
        if not (gains or losses or unknown):
            self._say("  no permission is gained or lost")

    def _permissions(self, gains: Sequence[str], losses: Sequence[str], indent: str) -> None:
        for sign, found in (("+", gains), ("-", losses)):
            for text in found[:GRANTS]:
                self._say(f"{indent}{sign} {text}")
            if len(found) > GRANTS:
                self._say(f"{indent}{sign} and {len(found) - GRANTS} more (--json has all)")

    def _grants(self, line: Line) -> tuple[list[str], list[str], list[str]]:
        before, then = (self._seen.permissions.get(role, "not asked") for role in (line.role_before, line.role_then))
        unknown = [known for known in (before, then) if isinstance(known, str)]
        if isinstance(before, str) or isinstance(then, str):
            return [], [], unknown
        return sorted(then - before), sorted(before - then), []

    def _sum(self, groups: Sequence[Sequence[Line]]) -> None:
        """Over all groups, where there are several: permissions by the number of instances that gain or lose them."""
        if len(groups) < 2:
            return
        gains, losses = self._summed()
        if gains or losses:
            self._say("in all:")
            self._permissions(_numbered(gains), _numbered(losses), "  ")

    def _summed(self) -> tuple[Counter[str], Counter[str]]:
        """Return by permission how many instances gain it, and how many lose it."""
        gains, losses = Counter[str](), Counter[str]()
        for lines in self._groups:
            if lines[0].change:
                gained, lost, _ = self._grants(lines[0])
                gains.update(dict.fromkeys(gained, len(lines)))
                losses.update(dict.fromkeys(lost, len(lines)))
        return gains, losses

    def _brake(self) -> None:
        braked = self._seen.braked
        if not braked.removals:
            return
        most = f"{counted(braked.allowance, 'removal')} of listed roles may be made at once"
        of = (
            f", of {counted(braked.holders, 'instance')} that hold one"
            if braked.holders is not None
            else ", as it is not known how many hold one"
        )
        if braked.acts:
            self._say(
                ("the brake would refuse all ", "red"),
                f"{counted(braked.removals, 'removal')}: {most}{of}",
            )
            self._say(f"  without --lift-brake: {self._todo(with_removals=False)}; with it: {self._todo()}")
        else:
            self._say(f"the brake lets {counted(braked.removals, 'removal')} through: {most}{of}")

    def _say(self, *parts: str | tuple[str, str]) -> None:
        say(*parts, out=self._out)


def _numbered(counts: Mapping[str, int]) -> list[str]:
    """Permissions by the number of instances, the greatest first; those on one resource together."""
    by_number = sorted({-count for count in counts.values()})
    return [
        f"{text} ({counted(-number, 'instance')})"
        for number in by_number
        for text in grouped(sorted(line for line, count in counts.items() if count == -number))
    ]


def _named(instance_id: str, name: str) -> str:
    return f"{instance_id}  {name}" if name else instance_id


def _calls(calls: Mapping[str, int]) -> str:
    whole = sum(calls.values())
    return f"{counted(whole, 'call')} ({', '.join(f'{name} {count}' for name, count in calls.items())})"
