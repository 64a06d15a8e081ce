"""A rate on a clock of its own, and an API that is called at it."""

from __future__ import annotations

from typing import Any

from shared.engine.rate import CallLimits, Rate
from shared.errors import Throttled
from tests.clocks import Time


def rate_on(clock: Time, per_minute: int = 1_000, **limits: Any) -> Rate:
    return Rate(CallLimits(per_minute={"": per_minute}, **limits), clock=clock)


class Api:
    """What is called: remembers when. fails: what it raises, call by call."""

    def __init__(self, clock: Time, *fails: Exception | None, takes: float = 0.0) -> None:
        self.clock, self.fails, self.takes = clock, list(fails), takes
        self.at: list[float] = []

    def __call__(self) -> str:
        self.at.append(self.clock.at)
        self.clock.sleep(self.takes)
        error = self.fails.pop(0) if self.fails else None
        if error:
            raise error
        return "answer"


def throttled() -> Throttled:
    return Throttled("Look", "Throttling", "slow down")
