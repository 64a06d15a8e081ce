"""`rolekeeper plan`: what would be done, for whom and by which rule, and what is gained and lost by it. Changes nothing in the cloud."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from shlex import quote
from typing import Any

import msgspec

from cli import asked, coverage
from cli.files import ROLES, lines, text
from cli.keys import keys
from cli.output import print_json, say
from cli.planned import Planned, calls_of, minutes, of_snapshot
from cli.replaced import replaced
from cli.runs import FUNCTION, MILD, exit_code
from cli.view.plan import Seen, View
from shared.clock import CLOCK
from shared.engine.context import Context
from shared.engine.holders import Holders
from shared.engine.holders import asked as holders_asked
from shared.engine.invocation import Invocation
from shared.engine.journal import Journal
from shared.engine.memory import Memory
from shared.engine.rate import CallLimits, Rate
from shared.errors import ConfigError
from shared.gateways.ecs import EcsGateway
from shared.gateways.ram import RamGateway
from shared.gateways.sessions import Sessions
from shared.gateways.sls import SlsGateway
from shared.mapping import Mapping as RoleMapping
from shared.mapping import load
from shared.model.outcomes import BAD
from shared.model.plan_file import BEGINS, Approved, PlanFile, written
from shared.model.record import RecordContext
from shared.model.snapshot import Header, Snapshot
from shared.model.trigger import Trigger
from shared.settings import CALLS_PER_MINUTE, Settings, Target, member_role, targets, variable
from shared.setup import Granted, granted, listed

SELECTORS = ("instance_ids", "tags", "rule", "role", "drift", "all")


def run(
    given: Mapping[str, Any],
    *,
    roles_file: Path,
    snapshot: Path | None = None,
    out: Path | None = None,
    as_json: bool = False,
    strict: bool = False,
    ids: bool = False,
) -> int:
    """Exit code 0: nothing to do; 1: something failed, was refused, or could not be observed; 2: there is work to do; 130: stopped.

    given: the selectors and options, as the payload of a remediation has them; no selector: the whole region. snapshot: the fleet, in
    place of the cloud. out: the file that the plan is written to. ids: name every instance. Raises RolekeeperError.
    """
    if not any(given.get(name) for name in SELECTORS):
        given = {**given, "all": True}
    mapping = load(text(roles_file), file=str(roles_file))
    seen = _offline(given, mapping, snapshot) if snapshot else _online(given, mapping)
    view = View(seen, mapping)
    code = _code(seen, strict, warned=bool(view.warnings()))
    if as_json:
        if out:
            _write(out, seen, mapping, given)
        print_json({**view.as_json(), "file": str(out) if out else "", "exit_code": code})
    else:
        view.show(ids=ids)
        for note in seen.notes:
            say(note)
        if out:
            _write(out, seen, mapping, given)
            say(f"written to {out}: {_next(out, seen, given, roles_file)}")
    return code


def _trigger(given: Mapping[str, Any], region: str, mapping: RoleMapping) -> Trigger:
    """The brake is lifted: it is asked of the whole plan, see Braked."""
    payload = asked.payload("remediate", {**given, "dry_run": True, "lift_brake": True}, "plan")
    trigger = asked.trigger("remediate", payload, region=region, command="plan")
    asked.check("plan", trigger, mapping)
    return trigger


def _online(given: Mapping[str, Any], mapping: RoleMapping) -> Seen:
    region, account = str(given.get("region") or ""), str(given.get("account_id") or "")
    settings = Settings.from_env(os.environ, region=region, account_id=account)
    trigger = _trigger(given, settings.region, mapping)
    member_role(settings, trigger.account_id or settings.account_id)
    ours, planned, made_at = keys(settings), Planned(), CLOCK.now()
    account, whole = trigger.account_id or settings.account_id, not (given.get("tags") or given.get("instance_ids"))
    sessions = Sessions(settings, ours, account, trigger.region, mapping)
    per_minute = {"": CALLS_PER_MINUTE, **settings.calls_per_minute}
    rate = Rate(CallLimits(per_minute=per_minute), planned)
    ecs = EcsGateway(settings, sessions.reads(), trigger.region, caller=rate, keys=sessions)
    planned.count_by(Holders(mapping, None, whole, holders_asked(ecs, mapping)))
    with redirect_stdout(StringIO()), planned.stoppable():
        context = Context(
            name="remediate",
            settings=settings,
            mapping=mapping,
            credentials=ours,
            record=RecordContext(account_id=settings.account_id, function=FUNCTION, mapping_hash=mapping.hash),
            memory=Memory(),
            journal=Journal(
                SlsGateway(msgspec.structs.replace(settings, sls_project=""), ours), ""
            ),  # a plan is no record
            observer=planned,
            executor=planned,
        )
        (ended,) = Invocation(context).carried_out([trigger])["runs"]
        braked = planned.braked(mapping, may_ask="error" not in ended)
    at_home = ended["account_id"] == settings.account_id
    changes = planned.changes()
    ram = RamGateway(settings, ours)
    todo = calls_of(changes, counted=len(mapping.roles) * braked.counts)
    elsewhere = f"of account {ended['account_id']}; RAM was not asked, which takes a key of that account"

    def known(role: str) -> Granted:
        return granted(ram, role) if at_home or not role else elsewhere

    return Seen(
        planned=planned,
        account_id=ended["account_id"],
        region=ended["region"],
        made_at=made_at,
        braked=braked,
        permissions={role: known(role) for role in _roles(planned)},
        bill=dict(Counter(ended.get("bill", {}).get("calls", {})) + Counter(rate.bill().calls)),
        todo=todo,
        minutes=minutes(todo, per_minute),
        error=str(ended.get("error", "")),
        ended=ended,
        notes=[] if given.get("instance_ids") else _notes(given, ended, settings),
    )


def _offline(given: Mapping[str, Any], mapping: RoleMapping, file: Path) -> Seen:
    snapshot = Snapshot(lines(file), str(file))
    header = snapshot.header
    settings = Settings.from_env(os.environ, region=header.region, account_id=header.account_id)
    check_place(header, str(file), settings, given)
    planned = of_snapshot(snapshot, _trigger(given, header.region, mapping), mapping, settings.proof_keys)
    changes = planned.changes()
    braked = planned.braked(mapping)
    todo = calls_of(changes, counted=len(mapping.roles) * braked.counts)
    return Seen(
        planned=planned,
        account_id=header.account_id,
        region=header.region,
        made_at=header.made_at,
        braked=braked,
        permissions={role: listed(mapping, header.account_id, role) for role in _roles(planned)},
        todo=todo,
        minutes=minutes(todo, {"": CALLS_PER_MINUTE, **settings.calls_per_minute}),
        snapshot=str(file),
    )


def _notes(given: Mapping[str, Any], ended: Mapping[str, Any], settings: Settings) -> list[str]:
    nobody = not ended.get("counts") and "error" not in ended
    unmatched = []
    if nobody and given.get("tags"):
        unmatched = ["no instance there carries these tags (here the case of a key counts)"]
    elif nobody and given.get("all"):
        unmatched = [f"there is no instance in {ended['region']}: another region is planned for with --region"]
    return [*coverage.no_region(ended), *unmatched, *coverage.note(ended, coverage.others(settings, ended))]


def check_place(header: Header, name: str, settings: Settings, given: Mapping[str, Any]) -> None:
    """Raise ConfigError where the snapshot is of another place than the options say, or, without options, than the settings name."""
    for key, option, own in (("region", "--region", header.region), ("account_id", "--account", header.account_id)):
        if given.get(key) not in (None, own):
            raise ConfigError(
                f"{name}: is of {key.partition('_')[0]} {own}, not of {given[key]}: correct {option}, or the file"
            )
    named = given.get("region") and given.get("account_id")
    if not named and Target(header.account_id, header.region) not in targets(settings):
        raise ConfigError(
            f"{name}: is of {header.region} of account {header.account_id}; the settings name {settings.region} of account "
            f"{settings.account_id}; name the right file, or say that it is meant: --region {header.region} --account {header.account_id}"
        )


def _roles(planned: Planned) -> list[str]:
    return sorted({role for line in planned.lines for role in (line.role_before, line.role_then)})


def _code(seen: Seen, strict: bool, *, warned: bool) -> int:
    to_do = bool(seen.planned.changes())
    if seen.ended:
        return exit_code(seen.ended, to_do=to_do, strict=strict, warned=warned)
    if strict and warned:
        return 1
    bad = {f"{one.outcome}/{one.reason}" for one in seen.planned.wrong if one.outcome in BAD}
    return 1 if bad - (set() if strict else {MILD}) else 2 if to_do else 0


def _next(out: Path, seen: Seen, given: Mapping[str, Any], roles_file: Path) -> str:
    """Return the command that carries the plan out: in this shell, and with the mapping that it was made with."""
    if not seen.planned.changes():
        return "there is no change in it"
    region, file = variable("region"), os.environ.get(variable("roles_file")) or str(ROLES)
    there = f"{region}={seen.region} " if given.get("region") not in (None, os.environ.get(region)) else ""
    mapping = "" if str(roles_file) == file else f" --roles-file {quote(str(roles_file))}"
    return f"{there}rolekeeper apply {quote(str(out))}{mapping}"


def _write(out: Path, seen: Seen, mapping: RoleMapping, given: Mapping[str, Any]) -> None:
    if seen.error:
        raise ConfigError(f"{out}: not written: the plan is not whole: {seen.error}")
    plan = PlanFile(
        account_id=seen.account_id,
        region=seen.region,
        mapping_hash=mapping.hash,
        made_at=seen.made_at,
        asked={name: given[name] for name in SELECTORS if given.get(name)},
        changes=tuple(Approved.of(change) for change in seen.planned.changes()),
    )
    with replaced(out, "plan: -o", BEGINS) as file:
        file.write(written(plan).encode())
