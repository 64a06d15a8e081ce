"""A reconcile or a remediation, carried out on this machine with the operator's keys, or asked of the deployed function. The run
itself is the functions' own code: here stands only who asks and who follows it."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec

from cli import asked, confirm, coverage, missing
from cli.example import refuse_example
from cli.files import text
from cli.journal import Journal, journal, where
from cli.keys import keys
from cli.output import is_terminal, print_json, say
from cli.progress import saying
from cli.report import Report
from cli.stops import stops
from cli.view.run_progress import RunProgress
from shared.clock import CLOCK
from shared.engine.context import Context, RunObserver
from shared.engine.invocation import Invocation
from shared.engine.journal import Journal as Records
from shared.engine.memory import Memory
from shared.errors import ConfigError, PermanentError
from shared.gateways import transport
from shared.gateways.fc import functions_gateway
from shared.gateways.sls import SlsGateway
from shared.mapping import Mapping as RoleMapping
from shared.mapping import load
from shared.model.decision import Outcome, Reason
from shared.model.outcomes import BAD, Outcomes, shown
from shared.model.plan_file import Approved
from shared.model.record import Record, RecordContext
from shared.model.trigger import RemediationRequest, RunKind, Trigger
from shared.settings import Settings, member_role, variable

FUNCTION = "command"
"""The function's name in the records of a run on this machine."""
NAP = 0.2
"""Seconds that who waits for a turn may sleep on after the run was stopped."""
SHOWN = 100
"""Changes that are shown one by one; the records have them all."""
MOST_WRONG = 10_000
"""Instances that are shown of each kind of failure, refusal or skip: the run's memory must not grow with the fleet."""
LONG_WAIT = 5.0
"""Seconds of a wait from which on somebody at a terminal is told why nothing happens."""
MILD = f"{Outcome.REFUSED.value}/{Reason.ROLE_NOT_LISTED.value}"
"""The failure that a tag's content is enough for: an error under --strict alone."""


class Follower(RunObserver):
    """Keeps what the operator is shown: what went wrong, the first changes, and whether a dry run found something to do."""

    def __init__(self, report: Report | None) -> None:
        super().__init__()
        self._report = report
        self.outcomes = Outcomes(wrong=MOST_WRONG, others=SHOWN)
        self.held: Counter[str] = Counter()  # instances by the role on them
        self.to_do = False
        self._stopped = False
        self._has_said, self._lock = False, threading.Lock()
        self._progress = RunProgress(CLOCK.monotonic())

    def progress(self) -> str:
        """Say how far the run is, for the line on a terminal."""
        return self._progress.text(CLOCK.monotonic(), transport.calls())

    def advance(self) -> None:
        """Count an instance whose observation has ended."""
        self._progress.done += 1

    def estimated(self, calls: Mapping[str, int]) -> None:
        self._progress.total = calls["instances"]
        if self._report:
            self._report.estimated(calls)

    def ended(self, record: Record) -> None:
        self.advance()
        self.to_do = self.to_do or (record.outcome == Outcome.PLANNED.value and record.mode != "audit")
        if record.role_after:
            self.held[record.role_after] += 1
        if record.outcome != Outcome.UNCHANGED.value or record.reason == Reason.GONE.value:
            self.outcomes.add(record)

    def stopped(self) -> bool:
        return self._stopped

    def idle(self, seconds: float) -> None:
        until = CLOCK.monotonic() + seconds
        self._progress.waiting_until = max(self._progress.waiting_until, until)
        if seconds >= LONG_WAIT and is_terminal():
            self._say_wait(seconds)
        while not self._stopped and (left := until - CLOCK.monotonic()) > 0:
            CLOCK.sleep(min(left, NAP))

    def _say_wait(self, seconds: float) -> None:
        """Say once in a run why nothing happens; the line on the terminal goes on saying how long."""
        with self._lock:
            known, self._has_said = self._has_said, True
        if not known:
            say(
                f"waiting {seconds:.0f} s: the calls of this minute are used up (ECS throttled one, or {variable('calls_per_minute')}); "
                "Ctrl-C stops the run",
                err=True,
            )

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """End the run in good order on each signal of `stops()`; Ctrl-C or SIGTERM a second time at once. Meanwhile say how far it is."""

        def stop(number: int, frame: object) -> None:
            if self._stopped:
                if signal.Signals(number).name == "SIGHUP":  # a shell passes it on, so that it comes twice
                    return
                raise KeyboardInterrupt
            self._stopped = True
            say("rolekeeper: stopping: what has begun is brought to its end; again: at once", err=True)

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, *stops())}
        try:
            with saying(self.progress):
                yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def run(
    kind: RunKind,
    given: Mapping[str, Any],
    *,
    invoke: bool,
    as_json: bool,
    roles_file: Path,
    records: Path | None = None,
    strict: bool = False,
    ask: bool = False,
) -> int:
    """Exit code 0: all is right; 1: something was refused or failed, or the run did not end; 2: a dry run found work;
    130: it was stopped.

    given: the payload, by its keys. records: the file for the functions' JSON lines, None = a new one, - = standard error. strict: warnings,
    and roles that a tag asks for in vain, count as failures. ask: first, whether to go on, at a terminal. Raises RolekeeperError.
    """
    if not invoke:
        with journal(records, kind) as lines:
            return _here(kind, given, as_json, roles_file, lines, strict, ask)
    for option, is_given in (("--records", records), ("--strict", strict)):
        if is_given:
            raise ConfigError(
                f"{kind}: {option}: goes with a run on this machine alone: what the function does is in its log"
            )
    return _invoke(kind, given, as_json, roles_file, ask)


def _here(
    kind: RunKind, given: Mapping[str, Any], as_json: bool, roles_file: Path, lines: Journal, strict: bool, ask: bool
) -> int:
    settings = Settings.from_env(
        os.environ, region=str(given.get("region") or ""), account_id=str(given.get("account_id") or "")
    )
    trigger = asked.trigger(kind, asked.payload(kind, given), region=settings.region)
    mapping = load(text(roles_file), file=str(roles_file))
    asked.check(kind, trigger, mapping)
    if trigger.request and trigger.request.everywhere:
        raise ConfigError(
            f"{kind}: --everywhere: goes with --invoke alone: the deployed function starts a run in each region"
        )
    going = Going(settings=settings, mapping=mapping, roles_file=roles_file, trigger=trigger, ask=ask)
    return carry_out(kind, going, lines, as_json=as_json, strict=strict)


class Going(msgspec.Struct, frozen=True, kw_only=True):
    """A run on this machine that may begin. approved: the plan that it carries out, None = it plans for itself. ask: first, whether
    to go on, at a terminal."""

    settings: Settings
    mapping: RoleMapping
    roles_file: Path
    trigger: Trigger
    approved: Mapping[str, Approved] | None = None
    ask: bool = False


def carry_out(kind: RunKind, going: Going, lines: Journal, *, as_json: bool, strict: bool) -> int:
    """Carry it out, and tell of it; exit codes as of run(). Raises RolekeeperError."""
    settings, mapping, trigger = going.settings, going.mapping, going.trigger
    request = trigger.request or RemediationRequest()
    if not settings.endpoint and not request.dry_run:
        refuse_example(mapping, going.roles_file, str(kind))
    member_role(settings, trigger.account_id or settings.account_id)
    ours = keys(settings)
    if going.ask:
        confirm.all_instances(settings.region, trigger.account_id or settings.account_id, mapping.hash)
    report = None if as_json else Report()
    follower = Follower(report)
    with redirect_stdout(lines), follower.stoppable():
        result = Invocation(
            Context(
                name=kind,
                settings=settings,
                mapping=mapping,
                credentials=ours,
                record=RecordContext(account_id=settings.account_id, function=FUNCTION, mapping_hash=mapping.hash),
                memory=Memory(),
                journal=Records(SlsGateway(settings, ours), ""),
                observer=follower,
                approved=going.approved,
            )
        ).carried_out([trigger])
    (ended,) = result["runs"]
    roles = missing.roles_not_in_ram(settings, ours, mapping, ended, follower.held)
    places = [] if trigger.instance_ids else coverage.others(settings, ended)
    code = exit_code(ended, to_do=request.dry_run and follower.to_do, strict=strict, warned=bool(roles.missing))
    if lines.lost_records and not code:
        code = 1
    rest = where(settings, ended["run_id"], in_sls=result["records_in_sls"], lines=lines)
    if report:
        notes = [*roles.notes(), *coverage.note(ended, places)]
        if request.tags and not ended["counts"] and not ended.get("error"):
            notes.append("no instance there carries these tags (here the case of a key counts)")
        notes += coverage.no_region(ended)
        report.ended(ended, follower.outcomes, notes, rest)
        return code
    outcomes = follower.outcomes
    left_out = outcomes.left_out()
    told = {
        "kind": kind,
        **ended,
        "changes": [shown(record) for record in (*outcomes.wrong(), *outcomes.others())],
        "changes_left_out": sum(left_out.values()),
        "left_out": left_out,
        "summed": outcomes.changes(),
        "warnings": roles.notes(),
        "not_covered": [msgspec.structs.asdict(place) for place in places],
        "records": rest,
        "exit_code": code,
    }
    print_json(told)
    return code


def exit_code(ended: Mapping[str, Any], *, to_do: bool, strict: bool = False, warned: bool = False) -> int:
    """warned: whether something besides the instances is not as it should be, which counts under strict alone."""
    if ended.get("stopped"):
        return 130
    wrong = [key for key in ended["counts"] if key.partition("/")[0] in BAD and (strict or key != MILD)]
    if ended["run"] != "complete" or wrong or (strict and warned):
        return 1
    return 2 if to_do else 0


def _invoke(kind: RunKind, given: Mapping[str, Any], as_json: bool, roles_file: Path, ask: bool) -> int:
    settings = Settings.from_env(os.environ)
    body = asked.payload(kind, given)
    trigger = asked.trigger(kind, body, region=settings.region)
    remedy = trigger.request
    if remedy and (remedy.rule or remedy.role):  # only then is the file needed
        asked.check(kind, trigger, load(text(roles_file), file=str(roles_file)))
    if ask:
        confirm.all_instances(trigger.region or settings.region, trigger.account_id or settings.account_id, "")
    function = f"rolekeeper-{kind}"
    task_id = f"{kind}-{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    try:
        functions_gateway(settings, keys(settings), function).start(body, task_id)
    except PermanentError as error:
        if error.code != "FunctionNotFound":
            raise
        raise PermanentError(
            error.call, error.code, f'{error.message}; deploy it first (docs/operations.md, "Deploy")'
        ) from error
    at = {"region": trigger.region or settings.region, "account_id": trigger.account_id or settings.account_id}
    elsewhere = bool(remedy and remedy.everywhere) or bool(trigger.instance_ids)
    places = [] if elsewhere else coverage.others(settings, at)
    if as_json:
        told = {"kind": kind, "function": function, "region": settings.region, "task_id": task_id}
        print_json({**told, "not_covered": [msgspec.structs.asdict(place) for place in places]})
    else:
        say(f"{function} in {settings.region} was asked; task id {task_id}")
        say(f"its records: function: {kind} in SLS")
        for line in coverage.note(at, places):
            say(line)
    return 0
