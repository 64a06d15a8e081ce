"""`rolekeeper compare`: two mappings, and which instances they treat differently. Calls nothing, changes nothing.

Exit code 0: the same, which is proven; 2: they differ; 1: an error, or nothing was found and something is undecided.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from cli.files import text
from cli.findings import SOME_ACCOUNT, SOME_REGION
from cli.output import print_json
from cli.view.comparison import show
from cli.view.comparison_markdown import show_markdown
from cli.view.examples import asked_for
from shared import policies
from shared.errors import ConfigError
from shared.mapping import Mapping, decoded, load
from shared.mapping.comparison import MAX_EFFORT, Difference, OpenQuestion, compare
from shared.mapping.file_changes import FieldChange, role_changes, setting_changes
from shared.mapping.treatment import Treatment
from shared.settings import Settings
from shared.setup.diff import permissions

EXIT = {"same": 0, "differs": 2, "undecided": 1}
Granted = dict[str, set[str]]
"""Role -> what its policies grant, a line each."""


def run(old: Path, new: Path, *, as_json: bool, markdown: bool, effort: int) -> int:
    if as_json and markdown:
        raise ConfigError("compare: --json or --markdown, not both")
    if str(old) == str(new) == "-":
        raise ConfigError("compare: standard input can be one of the two mappings, not both")
    before, after = _load(old), _load(new)
    report = _report(before, after, _granted(before, old), _granted(after, new), MAX_EFFORT * effort)
    report = {"old": {"file": str(old), "hash": before.hash}, "new": {"file": str(new), "hash": after.hash}, **report}
    if as_json:
        print_json(report)
    else:
        (show_markdown if markdown else show)(report)
    return EXIT[report["result"]]


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


def _report(old: Mapping, new: Mapping, granted: Granted, then: Granted, effort: int) -> dict[str, Any]:
    found = compare(old, new, effort=effort)
    roles = [*_roles(granted, then), *map(_field, role_changes(old, new))]
    settings = list(map(_field, setting_changes(old, new)))
    differs = bool(found.differences or roles or settings)
    return {
        "result": "differs" if differs else "undecided" if found.undecided else "same",
        "undecided": [_question(question) for question in found.undecided],
        "differences": [_difference(one, granted, then) for one in found.differences],
        "roles": roles,
        "settings": settings,
    }


def _difference(one: Difference, granted: Granted, then: Granted) -> dict[str, Any]:
    gains, losses = _access(one.old, one.new, granted, then)
    return {
        "old": _treated(one.old),
        "new": _treated(one.new),
        "rules": [{"old": pair.old_rule, "new": pair.new_rule, "example": asked_for(pair.example)} for pair in one.by],
        "all_rules_named": one.complete,
        "gains": gains,
        "losses": losses,
    }


def _access(old: Treatment, new: Treatment, granted: Granted, then: Granted) -> tuple[list[str], list[str]]:
    """Return the permissions gained and lost; none where a treatment leaves on the instance whatever is on it."""
    if not {old.verdict, new.verdict} <= {"role", "none"} or old.role == new.role:
        return [], []  # the change of one role's own policies is told under roles
    before, after = granted.get(old.role, set()), then.get(new.role, set())
    return sorted(after - before), sorted(before - after)


def _roles(granted: Granted, then: Granted) -> Iterable[dict[str, Any]]:
    for role in [*granted, *(role for role in then if role not in granted)]:
        before, after = granted.get(role), then.get(role)
        change = "unlisted" if after is None else "listed" if before is None else "permissions"
        gains, losses = sorted((after or set()) - (before or set())), sorted((before or set()) - (after or set()))
        if change != "permissions" or gains or losses:
            yield {"role": role, "change": change, "gains": gains, "losses": losses}


def _field(change: FieldChange) -> dict[str, Any]:
    shown = {key: value for key, value in msgspec.structs.asdict(change).items() if value or key in ("old", "new")}
    return {"change": "field", **shown} if change.role else shown


def _treated(treated: Treatment) -> dict[str, Any]:
    return {**msgspec.structs.asdict(treated), "text": str(treated)}


def _question(question: OpenQuestion) -> dict[str, Any]:
    return {
        "old_rule": question.old_rule,
        "new_rule": question.new_rule,
        "old": _treated(question.old),
        "new": _treated(question.new),
    }
