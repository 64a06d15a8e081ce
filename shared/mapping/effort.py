"""The limit of a search, after which it is given up, counted in steps and never in time: a file always gets one answer."""

from __future__ import annotations


class Undecided(Exception):
    """The search was given up: nothing is proven."""


class Effort:
    """So many steps, taken from a larger effort as well where there is one."""

    def __init__(self, steps: int, part_of: Effort | None = None) -> None:
        self._left = steps
        self._whole = part_of

    def spend(self, steps: int) -> None:
        """Raises Undecided once all is spent."""
        self._left -= steps
        if self._whole is not None:
            self._whole.spend(steps)
        if self._left < 0:
            raise Undecided
