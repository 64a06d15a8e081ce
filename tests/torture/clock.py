"""A clock that moves only where somebody waits: nothing sleeps in earnest, and a slow machine changes nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from fakecloud.cloud import Cloud
from fakecloud.fc import timeshift

BEGAN = 1_796_000_000.0
"""Seconds since the epoch at which each history begins, in the middle of a minute."""


@contextmanager
def held(cloud: Cloud) -> Iterator[None]:
    """Meanwhile the time of this process, wall and monotonic, is the cloud's; sleeping moves it."""

    def now() -> float:
        return BEGAN + cloud.clock.offset

    undo = timeshift.install(now)
    try:
        with (
            mock.patch.object(time, "monotonic", now),
            mock.patch.object(time, "sleep", cloud.clock.advance),
            mock.patch.object(cloud.clock, "now", now),
        ):
            yield
    finally:
        undo()
