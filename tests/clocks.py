"""Clocks of tests: the one place that knows how the product tells the time."""

from __future__ import annotations

import time

import pytest

from fakecloud.cloud import Cloud
from shared.clock import CLOCK, Clock


def emulated(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, *, frozen: bool = False) -> list[float]:
    """Make waiting take no time: it moves the emulated clock, and everything goes by that. Return the waits as they come, in seconds.

    frozen: time passes only where somebody waits, so that a slow machine changes nothing.
    """
    waits = list[float]()
    began, uptime, monotonic = cloud.clock.now() - cloud.clock.offset, time.monotonic(), time.monotonic

    def wait(seconds: float) -> None:
        waits.append(seconds)
        cloud.clock.advance(seconds)

    def elapsed() -> float:
        return (uptime if frozen else monotonic()) + cloud.clock.offset

    if frozen:
        monkeypatch.setattr(cloud.clock, "now", lambda: began + cloud.clock.offset)
    monkeypatch.setattr(time, "monotonic", elapsed)
    monkeypatch.setattr(time, "sleep", wait)  # the SDKs' own, too
    monkeypatch.setattr(CLOCK, "wall", lambda: cloud.clock.now())
    return waits


class Time(Clock):
    """Seconds that only waiting moves. Begins twenty seconds into a minute. ahead: of the wall's true time, in seconds."""

    def __init__(self) -> None:
        self.at = 999_980.0
        self.ahead = 0.0

    def monotonic(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at + self.ahead

    def sleep(self, seconds: float) -> None:
        self.at += seconds
