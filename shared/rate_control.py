"""Rate control of a remediation, with the words of OOS: concurrency, max errors; and a canary. Numbers only."""

from __future__ import annotations

from shared.model import Reason, Remedy, Share
from shared.plan import BATCH


class RateControl:
    """How many instances at once, and when to stop. failed: changes that failed before, in an earlier part of the run."""

    def __init__(self, remedy: Remedy | None, failed: int = 0) -> None:
        remedy = remedy or Remedy()
        self._concurrency, self._max_errors = remedy.concurrency, remedy.max_errors
        self.canary = remedy.canary
        self.failed = failed
        self.stopped: Reason | None = None

    @property
    def needs_total(self) -> bool:
        """Whether a percentage was given, so that nothing may begin before it is known of how many."""
        return any(share and share.part is not None for share in (self._concurrency, self._max_errors))

    def total(self, count: int) -> None:
        """How many instances the run changes in all."""
        self._concurrency, self._max_errors = (
            share and Share(count=share.of(count)) for share in (self._concurrency, self._max_errors)
        )

    def batch(self) -> int:
        """Instances a call."""
        return BATCH if self._concurrency is None else max(1, min(BATCH, self._concurrency.count))

    def at_once(self, most: int) -> int:
        """Calls at once."""
        return most if self._concurrency is None else max(1, min(most, self._concurrency.count // BATCH))

    def ended(self, failed: int, *, canary: bool) -> None:
        """So many of a batch failed."""
        self.failed += failed
        if canary and failed:
            self.stopped = Reason.CANARY
        elif self._max_errors is not None and self.failed > self._max_errors.count:
            self.stopped = self.stopped or Reason.MAX_ERRORS
