"""`rolekeeper test`: judges the cases of roles.test.yaml by roles.yaml as the functions do. Calls nothing. Exit code 1 where one fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec

from cli.files import lines, text
from cli.output import print_json
from cli.view import cases as view
from cli.view import junit as xml
from cli.view.case_explanation import explanation
from cli.view.cases import Judged, Tested
from shared.errors import ConfigError
from shared.mapping import Mapping, load
from shared.mapping.cases import Case, load_cases
from shared.mapping.described import NOW
from shared.model.instance import Instance
from shared.model.snapshot import Snapshot
from shared.model.trigger import TagCall, Trigger
from shared.planning.planner import Causes, Planner, Signing


def beside(roles_file: Path) -> Path:
    """Return the file of cases that belongs to a mapping: roles.test.yaml to roles.yaml."""
    return roles_file.with_name(f"{roles_file.stem}.test{roles_file.suffix or '.yaml'}")


def run(
    file: Path | None,
    *,
    roles_file: Path,
    snapshot: Path | None,
    as_json: bool,
    coverage: bool,
    strict: bool,
    junit: Path | None,
) -> int:
    """Exit code 0: every case passes; 1: one does not, or, under strict, a rule decides none of them."""
    mapping = load(text(roles_file), file=str(roles_file))
    is_named, file = file is not None, file or beside(roles_file)
    if not (is_named or file.exists()):
        raise ConfigError(f"{file}: is not there; name the file, or let one be written: rolekeeper test --new")
    cases = load_cases(text(file), mapping, file=str(file))
    tested = judge(_found(cases, file, snapshot), mapping, file=str(file))
    if junit:
        xml.write(junit, tested, strict=strict)
    if as_json:
        print_json(view.as_json(tested, mapping.hash))
    else:
        view.show(tested, coverage=coverage, strict=strict)
    return 1 if tested.failed or (strict and tested.unreached) else 0


def _found(cases: Sequence[Case], file: Path, snapshot: Path | None) -> Sequence[Case]:
    """Return the cases, those that name an instance of the snapshot with it. Raises ConfigError where one is not there."""
    wanted = {case.described.source: case for case in cases if case.described.source}
    if wanted and snapshot is None:
        case = next(iter(wanted.values()))
        raise ConfigError(
            f"{file}:{case.line}: case '{case.name}': instance.from names an instance of a snapshot: give it with --snapshot FILE"
        )
    if not snapshot:
        return cases
    read = Snapshot(lines(snapshot), str(snapshot))
    ahead = NOW - read.header.made_at  # an age is that which the instance had then
    fleet = {one.instance_id: one for one in read.instances() if one.instance_id in wanted}
    for source, case in wanted.items():
        if source not in fleet or fleet[source].unread:
            why = "was not read" if source in fleet else "is not there"
            raise ConfigError(f"{file}:{case.line}: case '{case.name}': instance.from: {source} {why} in {snapshot}")
    return [case.of(_moved(fleet[case.described.source], ahead)) if case.described.source else case for case in cases]


def _moved(instance: Instance, ahead: timedelta) -> Instance:
    """Return the instance with the age that it had, at the time at which cases are judged."""
    try:
        created = instance.created_at and instance.created_at + ahead
    except OverflowError:  # no instance of this age was ever made
        created = None
    return msgspec.structs.replace(instance, created_at=created)


def judge(cases: Sequence[Case], mapping: Mapping, *, file: str) -> Tested:
    """Judge each case by what the mapping wants and what the planner would do about it."""
    judged = []
    for case in cases:
        one = decided(case, mapping)
        judged.append(replace(one, why=explanation(one, mapping)) if one.differences else one)
    reached = Counter(each.desired.rule for each in judged if each.desired.rule)
    return Tested(file, judged, {rule.name: reached[rule.name] for rule in mapping.rules})


def decided(case: Case, mapping: Mapping) -> Judged:
    """Decide on the instance of a case as the functions do."""
    planner = Planner(mapping, Signing(), lambda: NOW, causes=cause_of(case))
    return Judged(case, planner.desired(case.instance), planner.change(case.instance))


def cause_of(case: Case) -> Causes:
    """Return what the instance is observed for: a remediation by an operator, or what the case says of who set its tags."""
    asked = Trigger(kind="remediate", source="manual")
    if case.tagged_by is not None:
        tags = {key.lower(): value for key, value in case.instance.tags.items()}
        call = TagCall(actor=case.tagged_by, tags=tags) if case.tagged_by else None
        asked = Trigger(kind="changed", source="actiontrail", event_at=NOW, call=call)
    return lambda instance_id: (asked,)
