"""Listed roles that ECS did not find. RAM may show a role some seconds after it was made, so that is "not yet" at first; a role that
really is missing must not cost each event a wait, nor each swap a gap. Counts and remembers; makes no call."""

from __future__ import annotations

import time

NO_SUCH_ROLE = "InvalidRamRole.NotFound"
WAITS = (1.0, 3.0)
"""Seconds before each further try."""
LATELY = 60.0
"""So long after a refusal no wait and no swap for that role is begun: it would most likely be in vain."""
NOT_YET = 600.0
"""So long from the first refusal on another try may succeed; then the role is missing."""


class MissingRoles:
    """What a process knows of one account's. One that has just begun knows nothing of it, and is as right."""

    def __init__(self) -> None:
        self._refused: dict[str, tuple[float, float]] = {}  # first and last, by the monotonic clock

    def refused(self, role: str) -> None:
        """ECS did not find it."""
        now = time.monotonic()
        self._refused[role] = self._refused.get(role, (now, now))[0], now

    def found(self, role: str) -> None:
        self._refused.pop(role, None)

    def waits(self) -> tuple[float, ...]:
        """What to wait now; nothing where waiting for any role was in vain a short while ago."""
        now = time.monotonic()
        return () if any(now - last < LATELY for _, last in self._refused.values()) else WAITS

    def is_lately(self, role: str) -> bool:
        return role in self._refused and time.monotonic() - self._refused[role][1] < LATELY

    def not_yet(self, role: str) -> bool:
        """Whether it may only be too early for it."""
        return role not in self._refused or time.monotonic() - self._refused[role][0] < NOT_YET
