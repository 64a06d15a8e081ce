"""`rolekeeper compare`: two mappings, and which instances they treat differently. Calls nothing, changes nothing.

Exit code 0: the same, which is proven; 2: they differ, whether or not an instance of the fleet does; 1: an error, or nothing was found and something is undecided.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from cli.files import lines, text
from cli.findings import SOME_ACCOUNT, SOME_REGION
from cli.output import print_json
from cli.view.comparison import show
from cli.view.comparison_markdown import show_markdown
from cli.view.examples import asked_for
from shared import policies
from shared.errors import ConfigError
from shared.mapping import Mapping, decoded, load
from shared.mapping.comparison import MAX_EFFORT, Comparison, Difference, OpenQuestion, RulePair, compare
from shared.mapping.file_changes import FieldChange, role_changes, setting_changes
from shared.mapping.fleet_comparison import FleetComparison, compare_fleet
from shared.mapping.treatment import Treatment
from shared.model.instance import Instance
from shared.model.snapshot import Snapshot, shown_as
from shared.settings import Settings
from shared.setup.diff import permissions

EXIT = {"same": 0, "differs": 2, "undecided": 1}
Granted = dict[str, set[str]]
"""Role -> what its policies grant, a line each."""


def run(old: Path, new: Path, *, snapshot: Path | None, as_json: bool, markdown: bool, ids: bool, effort: int) -> int:
    """snapshot: a fleet on which both are evaluated besides. ids: show all of its instances. effort: times the usual. Raises
    RolekeeperError."""
    if as_json and markdown:
        raise ConfigError("compare: --json or --markdown, not both")
    if ids and not snapshot:
        raise ConfigError("compare: --ids: there are instances to be shown with --snapshot alone")
    if str(old) == str(new) == "-":
        raise ConfigError("compare: standard input can be one of the two mappings, not both")
    before, after = _load(old), _load(new)
    granted, then = _granted(before, old), _granted(after, new)
    fleet, about = FleetComparison(), dict[str, Any]()
    if snapshot:
        opened = Snapshot(lines(snapshot), str(snapshot))
        fleet = compare_fleet(before, after, opened.instances())
        about = {"file": str(snapshot), **shown_as(opened.header), **_numbers(fleet)}
    report = _report(before, after, granted, then, fleet, MAX_EFFORT * effort)
    report = {
        "old": {"file": str(old), "hash": before.hash},
        "new": {"file": str(new), "hash": after.hash},
        "fleet": about or None,
        **report,
    }
    if as_json:
        print_json(report)
    elif markdown:
        show_markdown(report)
    else:
        show(report, ids=ids)
    return EXIT[report["result"]]


def _numbers(fleet: FleetComparison) -> dict[str, Any]:
    return {"instances": fleet.instances, "changed": fleet.changed, "unread": fleet.unread}


def _load(file: Path) -> Mapping:
    """Raises MappingError, ConfigError."""
    if str(file) != "-":
        return load(text(file), file=str(file))
    try:
        return load(decoded(sys.stdin.buffer.read()), file="standard input")
    except UnicodeDecodeError as error:
        raise ConfigError(f"standard input: is not UTF-8 text: {error.reason} at byte {error.start}") from error


def _granted(mapping: Mapping, file: Path) -> Granted:
    """Raises PolicyError with all that RAM would refuse."""
    settings = Settings.from_env(os.environ, region=SOME_REGION, account_id=SOME_ACCOUNT)
    desired = policies.desired(mapping, account_id=settings.account_id, file=str(file))
    return {role.name: permissions(role) for role in desired.roles}


def _report(
    old: Mapping, new: Mapping, granted: Granted, then: Granted, fleet: FleetComparison, effort: int
) -> dict[str, Any]:
    found = compare(old, new, effort=effort)
    differences = [*found.differences, *_only_in(fleet, found)]
    differences.sort(key=lambda one: (one.old, one.new) not in fleet.affected)  # what hits nobody today is read last
    roles = [*_roles(granted, then, fleet), *map(_field, role_changes(old, new))]
    settings = list(map(_field, setting_changes(old, new)))
    differs = bool(differences or roles or settings)
    open_questions = [one for one in found.undecided if (one.old, one.new) not in set(fleet.affected)]
    return {
        "result": "differs" if differs else "undecided" if open_questions else "same",
        "undecided": [_question(question) for question in open_questions],
        "differences": [_difference(one, granted, then, fleet) for one in differences],
        "roles": roles,
        "settings": settings,
    }


def _only_in(fleet: FleetComparison, found: Comparison) -> Iterable[Difference]:
    """Yield what the search did not decide, and the fleet proves."""
    known = {(one.old, one.new) for one in found.differences}
    for (old, new), affected in fleet.affected.items():
        if (old, new) not in known:
            pairs = {(one.old_rule, one.new_rule): one for one in reversed(affected)}
            by = tuple(
                RulePair(old_rule=before, new_rule=after, example=Instance(instance_id=one.instance_id, region=""))
                for (before, after), one in pairs.items()
            )
            yield Difference(old=old, new=new, by=by, complete=False)


def _difference(one: Difference, granted: Granted, then: Granted, fleet: FleetComparison) -> dict[str, Any]:
    gains, losses = _access(one.old, one.new, granted, then)
    return {
        "old": _treated(one.old),
        "new": _treated(one.new),
        "rules": [{"old": pair.old_rule, "new": pair.new_rule, "example": asked_for(pair.example)} for pair in one.by],
        "all_rules_named": one.complete,
        "gains": gains,
        "losses": losses,
        "instances": [msgspec.structs.asdict(instance) for instance in fleet.affected.get((one.old, one.new), [])],
    }


def _access(old: Treatment, new: Treatment, granted: Granted, then: Granted) -> tuple[list[str], list[str]]:
    """Return the permissions gained and lost; none where a treatment leaves on the instance whatever is on it."""
    if not {old.verdict, new.verdict} <= {"role", "none"} or old.role == new.role:
        return [], []  # the change of one role's own policies is told under roles
    before, after = granted.get(old.role, set()), then.get(new.role, set())
    return sorted(after - before), sorted(before - after)


def _roles(granted: Granted, then: Granted, fleet: FleetComparison) -> Iterable[dict[str, Any]]:
    for role in [*granted, *(role for role in then if role not in granted)]:
        before, after = granted.get(role), then.get(role)
        change = "unlisted" if after is None else "listed" if before is None else "permissions"
        gains, losses = sorted((after or set()) - (before or set())), sorted((before or set()) - (after or set()))
        if change != "permissions" or gains or losses:
            holders = fleet.holders[role]
            yield {"role": role, "change": change, "gains": gains, "losses": losses, "holders": holders}


def _field(change: FieldChange) -> dict[str, Any]:
    shown = {key: value for key, value in msgspec.structs.asdict(change).items() if value or key in ("old", "new")}
    return {"change": "field", **shown} if change.role else shown


def _treated(treated: Treatment) -> dict[str, Any]:
    return {**msgspec.structs.asdict(treated), "text": str(treated)}


def _question(question: OpenQuestion) -> dict[str, Any]:
    return {
        "old_rule": question.old_rule,
        "new_rule": question.new_rule,
        "old": _treated(question.old) if question.old else None,
        "new": _treated(question.new) if question.new else None,
    }
