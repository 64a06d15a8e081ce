"""The turns of one API: when its next call may be made. Pure: it is told the time."""

from __future__ import annotations

from collections import Counter, deque
from math import ceil

from shared.model.rate_use import SLICE, ApiUse

MINUTE = 60.0
WINDOW = 61.0
"""Seconds that a rate is kept over: a call is made a little after its turn, and still no minute may have too many."""


class Turns:
    """The times of its last calls.

    made: in order, also the ones still to come. refused_until: end of a stop. Both by the monotonic clock.
    """

    def __init__(self) -> None:
        self.made: deque[float] = deque()
        self.refused_until = 0.0

    @classmethod
    def after(cls, use: ApiUse, since: float, most: int) -> Turns:
        """Return those that another process has used: each call counts as the youngest of its slice. since: when it was so."""
        turns = cls()
        for age, count in reversed([*enumerate(use.calls)]):
            turns.made.extend([since - age * SLICE] * min(count, most))
        turns.refused_until = since + use.refused
        return turns

    def used(self, now: float) -> ApiUse:
        ages = Counter(int(max(0.0, now - at) // SLICE) for at in self.made if now - at < WINDOW)
        calls = tuple(ages[age] for age in range(max(ages, default=-1) + 1))
        return ApiUse(refused=min(int(MINUTE), max(0, ceil(self.refused_until - now))), calls=calls)

    def free(self, now: float, most: int) -> float:
        """Return when the next call may be made. most: calls that a window may have."""
        last = self.made[-1] if self.made else now
        room = self.made[-most] + WINDOW if len(self.made) >= most else now
        return max(now, last, room, self.refused_until)

    def take(self, at: float) -> None:
        while self.made and self.made[0] + WINDOW <= at:
            self.made.popleft()
        self.made.append(at)
