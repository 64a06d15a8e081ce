"""The journal: before each write call its intent, on stdout; at the end of each observation its record, to SLS."""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import PermanentError
from shared.gateways.sls import SlsGateway
from shared.lines import say
from shared.model.record import Record, RunRecord

FLUSH = 1_000
"""Records that are kept before they are sent: memory must not grow with the fleet."""


class Journal:
    """One invocation's. in_sls: whether SLS has taken all records; those that it has not are on stdout."""

    def __init__(self, sls: SlsGateway, request_id: str) -> None:
        self._sls, self._request_id = sls, request_id
        self._kept: list[dict[str, str]] = []
        self.in_sls = True

    def ready(self) -> None:
        """Prepare for sending, before there are threads."""
        self._sls.ready()

    def announce(self, call: str, region: str, role: str, instance_ids: Sequence[str]) -> None:
        """State a write before it is made: so that even a killed process leaves an exact account. Raises PermanentError."""
        unsaid = say(
            {
                "intent": call,
                "region": region,
                "role": role,
                "instance_ids": list(instance_ids),
                "request_id": self._request_id,
            }
        )
        if unsaid:
            raise PermanentError(call, "IntentNotWritten", f"not asked: the intent could not be written: {unsaid}")

    def record(self, record: Record | RunRecord) -> None:
        """Keep a record, to be sent with others."""
        self._kept.append(record.fields())
        if len(self._kept) >= FLUSH:
            self.flush()

    def flush(self) -> None:
        """Send what is kept."""
        if self._kept:
            self.in_sls = self._sls.send(self._kept) and self.in_sls
            self._kept.clear()
