"""One invocation: triggers through the reconciler or as runs, records to SLS, a summary back. Knows no event format."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from shared.errors import CloudCallError, PermanentError, TransientError
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.gateways.sls import SlsGateway
from shared.lines import say
from shared.mapping import Mapping as RoleMapping
from shared.model.decision import Outcome, Reason
from shared.model.record import Record
from shared.model.trigger import FunctionName, Trigger
from shared.outcomes import LONGEST, Outcomes, by_rank
from shared.recent import Recent
from shared.reconciler import Parts, Reconciler
from shared.recorder import Recorder, Stamp
from shared.settings import Settings

SHOWN = 100  # records in an invocation's result, of each kind that went wrong and of the rest; SLS has them all
FLUSH = 1_000  # records held before a long run sends them: memory must not grow with the fleet


class Watch:
    """Who follows an invocation as it goes on: an operator. The functions have none."""

    def may_cost(self, calls: Mapping[str, int]) -> None:
        """What the looks of a run may cost at most, before it changes anything: `instances`, and calls by API."""

    def ended(self, record: Record) -> None:
        """A look has ended so."""

    def stopped(self) -> bool:
        """Whether the run is to end: nothing more is begun, what has begun is brought to its end."""
        return False

    def idle(self, seconds: float) -> None:
        """Sleep, but no longer than until the run is to end."""
        time.sleep(seconds)


class Invocation:
    """One invocation: how events and runs are carried out, and where the records go.

    recent: what this process remembers. function: our own name in Function Compute, "" = not running there.
    until: when Function Compute ends the invocation, by the monotonic clock. watch: who follows it. reportable: whether the request
    fits into a dead letter, if it fails to the end.
    """

    def __init__(
        self, name: FunctionName, settings: Settings, mapping: RoleMapping, credentials: Credentials, stamp: Stamp, *,
        recent: Recent | None = None, function: str = "", until: float = float("inf"), watch: Watch | None = None,
        reportable: bool = True,
    ) -> None:  # fmt: skip
        self._name, self._stamp, self._settings, self._mapping = name, stamp, settings, mapping
        self._credentials, self._recent = credentials, recent or Recent()
        self._sls = SlsGateway(settings, credentials)
        self._watch, self._operated = watch or Watch(), watch is not None
        self._function, self._until = function, until
        self._reportable = reportable
        self._errors: list[CloudCallError] = []  # what cut runs short
        self._left: dict[str, list[str]] = {}  # of events, to be tried again; by region
        self._buffer: list[dict[str, str]] = []
        self._shown = Outcomes(wrong=SHOWN, others=SHOWN)
        self._outcomes: Counter[str] = Counter()
        self._in_sls = True

    def __call__(self, triggers: Sequence[Trigger]) -> dict[str, Any]:
        """What came of it. Raises TransientError where something is to be tried again, after everything else is done."""
        result = self.carried_out(triggers)
        retrying = self._outcomes[Outcome.RETRYING.value]
        if self._left and not self._reportable and self._leave():
            return {**result, "left_to_remediate": sum(map(len, self._left.values()))}
        if retrying or any(isinstance(error, TransientError) for error in self._errors):
            why = "; ".join(filter(None, [_each(self._errors), self._shown.in_words()]))
            text = f"{retrying} to be tried again: {why}; {dict(self._outcomes)}"
            raise TransientError(self._name, "retrying", text)
        return result

    def _leave(self) -> bool:
        from shared.again import leave_to_remediate

        return leave_to_remediate(self._settings, self._credentials, self._stamp.request_id, self._left)

    def carried_out(self, triggers: Sequence[Trigger]) -> dict[str, Any]:
        """What came of it, whether or not something is to be tried again."""
        runs = [t for t in triggers if t.kind == "reconcile" or t.remedy]
        events = [t for t in triggers if t not in runs]
        try:
            if events:
                self._events(events)
            told = sorted(self._carry_out(runs), key=_went_well) if runs else []
        finally:
            self._flush()  # whatever happens, what was done is recorded
        return {
            "function": self._name,
            "outcomes": dict(by_rank(self._outcomes)),
            "records": [shown(record) for record in (*self._shown.wrong(), *self._shown.others())],
            **(
                {"records_left_out": left, "changes": self._shown.changes()} if (left := self._shown.left_out()) else {}
            ),
            "records_in_sls": self._in_sls,
            **({"runs": told} if told else {}),
            **({"error": _each(self._errors)} if self._errors else {}),
        }

    def _carry_out(self, triggers: Sequence[Trigger]) -> list[dict[str, Any]]:
        from shared.runs import Keeper, Runs  # an event, which is nearly always a cold start, does without

        runs = Runs(
            self._settings, self._mapping, self._credentials, self._stamp,
            Keeper(self._take, self._write, self._watch.may_cost, self._watch.stopped, self._watch.idle), self._parts,
            function=self._function, until=self._until,
        )  # fmt: skip
        self._sls.ready()  # before the run has threads
        try:
            return [one for trigger in triggers for one in runs(trigger)]
        finally:
            self._errors += runs.errors

    def _events(self, triggers: Sequence[Trigger]) -> None:
        reconciler = Reconciler(
            self._parts(self._stamp),
            lambda region: EcsGateway(self._settings, self._credentials, region),
            self._recent.removals,
        )
        at = datetime.now(timezone.utc)
        for record in reconciler.instances(triggers):
            self._take(record, keep_unchanged=True)
            self._recent.looked(record, at)
            if record.reason == Reason.NOT_VISIBLE_YET.value:
                self._reportable = True  # only this event's next try knows that the instance is new
            elif record.outcome == Outcome.RETRYING.value:
                self._left.setdefault(record.region, []).append(record.instance_id)

    def _parts(self, stamp: Stamp) -> Parts:
        """What each look needs; a run in another account has a stamp of its own."""

        def now() -> datetime:
            return datetime.now(timezone.utc)

        return Parts(
            mapping=self._mapping, recorder=Recorder(stamp, self._mapping.hash, now), announce=self._announce, now=now,
            pause=time.sleep, home=self._settings.region, look_again_seconds=self._settings.look_again_seconds,
            account_id=stamp.account_id, keys=self._settings.proof_keys, operated=self._operated,
            missing=self._recent.missing[stamp.account_id],
        )  # fmt: skip

    def _take(self, record: Record, *, keep_unchanged: bool) -> None:
        self._watch.ended(record)
        self._outcomes[record.outcome] += 1
        if not keep_unchanged and record.outcome == Outcome.UNCHANGED.value and record.action == "none":
            return
        self._write(record.fields())
        self._shown.add(record)

    def _write(self, fields: dict[str, str]) -> None:
        self._buffer.append(fields)
        if len(self._buffer) >= FLUSH:
            self._flush()

    def _flush(self) -> None:
        if self._buffer:
            self._in_sls = self._sls.send(self._buffer) and self._in_sls
            self._buffer.clear()

    def _announce(self, call: str, region: str, role: str, instance_ids: Sequence[str]) -> None:
        """Before each write, on stdout: so that even a killed process leaves an exact account. Raises PermanentError."""
        unsaid = say({"intent": call, "region": region, "role": role, "instance_ids": list(instance_ids),
                      "request_id": self._stamp.request_id})  # fmt: skip
        if unsaid:
            raise PermanentError(call, "IntentNotWritten", f"not asked: the intent could not be written: {unsaid}")


def _each(errors: Sequence[CloudCallError]) -> str:
    """Every error once, in one line."""
    return "; ".join(dict.fromkeys(map(str, errors)))[:LONGEST]


def _went_well(run: Mapping[str, Any]) -> bool:
    return run["run"] not in ("failed", "incomplete")


def shown(record: Record) -> dict[str, str]:
    """A record as an invocation's result shows it."""
    names = (
        "instance_id",
        "outcome",
        "reason",
        "action",
        "rule",
        "role",
        "role_before",
        "role_after",
        "error_code",
        "error_message",
    )
    return {name: value for name, value in record.fields().items() if name in names}
