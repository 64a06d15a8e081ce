"""Each observation becomes one record as it ends, and goes to the sink of the run."""

from __future__ import annotations

from collections.abc import Callable

from shared.clock import CLOCK
from shared.errors import CloudCallError
from shared.model.plan import Result
from shared.model.record import Observed, Record, RecordContext
from shared.model.trigger import Trigger
from shared.planning import records

Ended = tuple[str, str]
"""Outcome and reason."""


class Recording:
    """The records of one region. why: the trigger by which an instance is observed, or of its event that has this id. sink: takes each record."""

    def __init__(
        self, context: RecordContext, region: str, why: Callable[[str, str], Trigger], sink: Callable[[Record], None]
    ) -> None:
        self._context, self._region, self._why, self._sink = context, region, why, sink

    def result(self, result: Result, began: float) -> Ended:
        """Record how a change ended. began: of the observation, by the monotonic clock."""
        observed = self._observed(result.change.instance_id, began, result.change.asked_by)
        return self._take(records.of_result(result, observed, self._context))

    def not_found(self, instance_id: str, began: float) -> Ended:
        """Record an instance that ECS does not show."""
        return self._take(records.of_not_found(self._observed(instance_id, began), self._context))

    def unread(self, instance_id: str, error: CloudCallError, began: float) -> Ended:
        """Record an instance that could not be observed."""
        return self._take(records.of_unread(error, self._observed(instance_id, began), self._context))

    def _observed(self, instance_id: str, began: float, event_id: str = "") -> Observed:
        return Observed(
            instance_id=instance_id,
            region=self._region,
            trigger=self._why(instance_id, event_id),
            now=CLOCK.now(),
            duration=CLOCK.monotonic() - began,
        )

    def _take(self, record: Record) -> Ended:
        self._sink(record)
        return record.outcome, record.reason
