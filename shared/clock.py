"""The clocks that rolekeeper goes by, and its sleep: the one place where a test puts others."""

from __future__ import annotations

import time
from datetime import datetime, timezone


class Clock:
    """The machine's own. All in seconds."""

    def monotonic(self) -> float:
        """Return seconds from some moment on: for durations and deadlines."""
        return time.monotonic()

    def wall(self) -> float:
        """Return seconds since the epoch: the cloud counts its minutes and the end of its sessions by this clock."""
        return time.time()

    def now(self) -> datetime:
        """Return the same as aware UTC time."""
        return datetime.fromtimestamp(self.wall(), timezone.utc)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


CLOCK = Clock()
"""The process's."""
