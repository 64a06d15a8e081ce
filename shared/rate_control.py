"""Rate control of a remediation, with the words of OOS: concurrency, max errors; and a canary. Numbers only."""

from __future__ import annotations

from shared.model.decision import Reason
from shared.model.progress import Cursor
from shared.model.trigger import Remedy, Share
from shared.plan import BATCH


class RateControl:
    """How many instances at once, and when to stop.

    tried: canaries that had their turn; failed: changes that failed; stopped: why no more may begin. All through the run:
    earlier parts of it are told of by the cursor.
    """

    def __init__(self, remedy: Remedy | None, earlier: Cursor | None = None) -> None:
        remedy, earlier = remedy or Remedy(), earlier or Cursor()
        self._concurrency, self._max_errors, self._canaries = remedy.concurrency, remedy.max_errors, remedy.canary
        self.tried, self.failed, self.stopped = earlier.tried, earlier.failed, earlier.stopped
        self._judged = 0  # failures that max_errors was held against before

    @property
    def canary(self) -> int:
        """So many more must be tried before others are touched."""
        return max(0, self._canaries - self.tried)

    @property
    def needs_total(self) -> bool:
        """Whether a percentage was given, so that nothing may begin before it is known of how many."""
        return any(share and share.part is not None for share in (self._concurrency, self._max_errors))

    def total(self, count: int) -> None:
        """How many instances this part of the run changes in all: of those a percentage is one."""
        if self._max_errors and self._max_errors.part is not None:
            self._judged = self.failed
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
        elif self._max_errors is not None and self.failed - self._judged > self._max_errors.count:
            self.stopped = self.stopped or Reason.MAX_ERRORS
