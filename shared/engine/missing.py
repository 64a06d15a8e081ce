"""Listed roles that ECS refused. RAM may show a role some seconds after it was made, so "not found" is "not yet" at first; a role that
really is missing, or is none for ECS, must not cost each event a wait, nor each swap a gap. Counts and remembers;
makes no call."""

from __future__ import annotations

from shared.clock import CLOCK

NO_SUCH_ROLE = "InvalidRamRole.NotFound"
WRONG_ROLE = "InvalidRamRole."
"""The heads of codes that refuse a role on whichever instance, whoever asks."""
WAITS = (1.0, 3.0)
"""Seconds before each further try."""
LATELY = 60.0
"""So long after a refusal no wait and no swap for that role is begun: it would most likely be in vain."""
NOT_YET = 600.0
"""So long from the first refusal on another try may succeed; then the role is missing."""


class MissingRoles:
    """The memory of a process of one account's refused roles. One that has just begun knows nothing of it, and is as right."""

    def __init__(self) -> None:
        self._refused: dict[str, tuple[float, float, str]] = {}  # first and last, by the monotonic clock, and the code

    def refused(self, role: str, code: str = NO_SUCH_ROLE) -> None:
        """Remember that ECS refused it, with a code of WRONG_ROLE."""
        now = CLOCK.monotonic()
        first, _, before = self._refused.get(role, (now, now, code))
        self._refused[role] = first if before == code else now, now, code

    def found(self, role: str) -> None:
        self._refused.pop(role, None)

    def waits(self) -> tuple[float, ...]:
        """Return what to wait now; nothing where waiting for any role was in vain a short while ago."""
        now = CLOCK.monotonic()
        lately = {code for _, last, code in self._refused.values() if now - last < LATELY}
        return () if NO_SUCH_ROLE in lately else WAITS

    def lately(self, role: str) -> str:
        """Return the code that it was refused with a short while ago, "" for none."""
        _, last, code = self._refused.get(role, (0.0, 0.0, ""))
        return code if code and CLOCK.monotonic() - last < LATELY else ""

    def not_yet(self, role: str) -> bool:
        """Return whether it may only be too early for it."""
        return role not in self._refused or CLOCK.monotonic() - self._refused[role][0] < NOT_YET
