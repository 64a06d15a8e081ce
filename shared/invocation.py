"""One invocation: triggers through the Reconciler, its records to SLS, a summary back. Knows no event format."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import Any

from shared.errors import CloudCallError, TransientError
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.gateways.sls import SlsGateway
from shared.lines import say
from shared.mapping import Mapping as RoleMapping
from shared.model import Kind, Outcome, Trigger
from shared.reconciler import Reconciler
from shared.recorder import Stamp
from shared.records import Record, RunRecord
from shared.settings import Settings

SHOWN = 100  # records in an invocation's result; SLS has them all
FLUSH = 1_000  # records held before a long run sends them


class Invocation:
    """One invocation: its reconciler, and where its records go."""

    def __init__(
        self, name: Kind, settings: Settings, mapping: RoleMapping, credentials: Credentials, stamp: Stamp
    ) -> None:
        self._name, self._stamp, self._settings = name, stamp, settings
        self._mapping = mapping
        self._sls = SlsGateway(settings, credentials)
        self._reconciler = Reconciler(
            self._mapping, lambda region: EcsGateway(settings, credentials, region), stamp=stamp, announce=self._announce,
            now=lambda: datetime.now(timezone.utc), pause=time.sleep, home=settings.region,
            look_again_seconds=settings.look_again_seconds,
        )  # fmt: skip
        self._buffer: list[dict[str, str]] = []
        self._shown: list[Record] = []
        self._counts: Counter[str] = Counter()
        self._outcomes: Counter[str] = Counter()
        self._retrying: list[str] = []
        self._in_sls = True

    def __call__(self, triggers: Sequence[Trigger]) -> dict[str, Any]:
        swept = [t for t in triggers if t.kind == "reconcile" or (t.remedy and not t.instance_ids)]
        named = [t for t in triggers if t not in swept]
        try:
            self._take(self._reconciler.instances(named), keep_unchanged=True)
            errors = [self._sweep(trigger) for trigger in swept]
        finally:
            self._flush()  # whatever happens, what was done is recorded
        result = {
            "function": self._name,
            "outcomes": dict(sorted(self._outcomes.items())),
            "records": [shown(record) for record in self._shown],
            "records_in_sls": self._in_sls,
            **({"error": str(error)} if (error := next(filter(None, errors), None)) else {}),
        }
        transient = next((e for e in errors if isinstance(e, TransientError)), None)
        if self._retrying or transient:
            first = str(transient) if transient else self._retrying[0]
            text = f"{len(self._retrying)} to be tried again: {first}; {dict(self._outcomes)}"
            raise TransientError(self._name, "retrying", text)
        return result

    def _sweep(self, trigger: Trigger) -> CloudCallError | None:
        """A run over a region: its records and its run record; the error that cut it short, if one did."""
        began, before, error = time.monotonic(), self._counts.copy(), None
        keep = trigger.kind == "remediate" or self._mapping.settings.record_unchanged
        try:
            self._take(self._reconciler.region(trigger), keep_unchanged=keep)
        except CloudCallError as caught:
            error = caught
        counts = self._counts - before
        remedy = trigger.remedy
        self._buffer.append(
            RunRecord(
                run="incomplete" if error else "complete", seen=str(sum(counts.values())),
                counts=json.dumps(dict(sorted(counts.items()))), region=trigger.region or self._settings.region,
                account_id=self._stamp.account_id, trigger=trigger.kind, event_time=trigger.event_time,
                actor=(remedy.operator if remedy else "") or trigger.actor, operator=remedy.operator if remedy else "",
                operator_reason=remedy.reason if remedy else "", mapping_hash=self._mapping.hash, function=self._name,
                request_id=self._stamp.request_id, attempt=self._stamp.attempt, error_code=error.code if error else "",
                error_message=str(error) if error else "", duration_ms=str(round((time.monotonic() - began) * 1000)),
            ).fields()
        )  # fmt: skip
        return error

    def _take(self, records: Iterable[Record], *, keep_unchanged: bool) -> None:
        for record in records:
            self._counts[f"{record.outcome}/{record.reason}"] += 1
            self._outcomes[record.outcome] += 1
            if record.outcome == Outcome.RETRYING.value:
                self._retrying.append(f"{record.instance_id}: {record.error_message or record.reason}")
            if not keep_unchanged and record.outcome == Outcome.UNCHANGED.value and record.action == "none":
                continue
            self._buffer.append(record.fields())
            if len(self._shown) < SHOWN:
                self._shown.append(record)
            if len(self._buffer) >= FLUSH:
                self._flush()

    def _flush(self) -> None:
        if self._buffer:
            self._in_sls = self._sls.send(self._buffer) and self._in_sls
            self._buffer.clear()

    def _announce(self, call: str, region: str, role: str, instance_ids: Sequence[str]) -> None:
        """Before each write, on stdout: so that even a killed process leaves an exact account."""
        say({"intent": call, "region": region, "role": role, "instance_ids": list(instance_ids),
             "request_id": self._stamp.request_id})  # fmt: skip


def shown(record: Record) -> dict[str, str]:
    """A record as an invocation's result shows it."""
    names = (
        "instance_id",
        "outcome",
        "reason",
        "action",
        "rule",
        "role_before",
        "role_after",
        "error_code",
        "error_message",
    )
    return {name: value for name, value in record.fields().items() if name in names}
