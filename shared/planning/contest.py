"""Instances over whose role another tool and rolekeeper disagree: what was corrected lately, and when it is left to the timer.

Each correction answers a call of somebody else, and our own calls are not answered, so there are never more corrections than calls of
others. A tool that reacts to events as we do would still call without end. Changes no decision: the next run of the timer decides as ever.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

Place = tuple[str, str]
"""Region and instance id."""
MOST = 3
"""Corrections of one instance within WITHIN; what is attached or detached by hand after these waits for the timer."""
WITHIN = timedelta(minutes=30)
KEPT = 20_000  # instances


class Contest:
    """The corrections of roles that were attached or detached by hand. The caller brings the time."""

    def __init__(self) -> None:
        self._corrected: OrderedDict[Place, list[datetime]] = OrderedDict()

    def corrected(self, place: Place, now: datetime) -> None:
        """Remember that a role attached or detached by hand was set right."""
        self._corrected[place] = [*self._lately(place, now), now]
        self._corrected.move_to_end(place)
        if len(self._corrected) > KEPT:
            self._corrected.popitem(last=False)

    def is_over(self, place: Place, now: datetime) -> bool:
        """Return whether the instance was corrected so often that the timer is to do the rest."""
        return len(self._lately(place, now)) >= MOST

    def _lately(self, place: Place, now: datetime) -> list[datetime]:
        return [at for at in self._corrected.get(place, ()) if at > now - WITHIN]
