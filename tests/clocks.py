"""Clocks of tests."""

from __future__ import annotations

from shared.clock import Clock


class Time(Clock):
    """Seconds that only waiting moves. Begins twenty seconds into a minute."""

    def __init__(self) -> None:
        self.at = 999_980.0

    def monotonic(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds
