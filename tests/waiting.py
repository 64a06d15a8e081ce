"""Waiting in a test for what another thread or process does, and no longer than any machine needs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def wait_until(met: Callable[[], object], *, seconds: float = 60.0) -> None:
    """Raises TimeoutError. By a clock and a pause that no test moves."""
    end, pause = time.perf_counter() + seconds, threading.Event()
    while not met():
        if time.perf_counter() > end:
            raise TimeoutError(f"it did not come about in {seconds:g} seconds")
        pause.wait(0.005)
