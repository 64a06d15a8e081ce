"""The quotas: calls a minute that an account may make of each API in a region. Decides; cloud.py refuses.

Source: ECS "API throttling": counted by account, region and API whoever calls; refused until the next minute begins.
The real figures are not public for the calls that matter here, so none is set unless a test sets it.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fakecloud.service import Call

_REGION = re.compile(r"\.([a-z]{2,}-[a-z0-9-]+)\.(?:log\.|fc\.)?aliyuncs\.com")


class Quotas:
    """Off until set. Minutes are the emulated clock's."""

    def __init__(self) -> None:
        self._limits: dict[tuple[str, str], int] = {}
        self._spent: dict[tuple[str, ...], tuple[int, int]] = {}
        self._lock = threading.Lock()

    def set(self, calls_per_minute: int | None, service: str = "*", action: str = "*") -> None:
        """For all APIs, those of a service, or one, each counted for itself; the narrowest holds. None = no limit there.

        Raises ValueError for what is no number of calls.
        """
        if calls_per_minute is not None and (type(calls_per_minute) is not int or calls_per_minute < 0):
            raise ValueError(
                f"quota: calls_per_minute must be an integer, 0 or more, or none, not {calls_per_minute!r}"
            )
        with self._lock:
            if calls_per_minute is None:
                self._limits.pop((service, action), None)
            else:
                self._limits[service, action] = calls_per_minute

    def spend(self, call: Call) -> bool:
        """Count the call; False where it is one too many in this minute. Calls of nobody's account are not counted."""
        limit = self._limit(call.service, call.action) if self._limits else None
        if limit is None or not call.account:
            return True
        key, minute = (call.account, region(call), call.service, call.action), int(call.cloud.clock.now() // 60)
        with self._lock:
            last, spent = self._spent.get(key, (minute, 0))
            spent = spent + 1 if last == minute else 1
            self._spent[key] = (minute, spent)
        return spent <= limit

    def clear(self) -> None:
        with self._lock:
            self._limits.clear()
            self._spent.clear()

    def _limit(self, service: str, action: str) -> int | None:
        for key in ((service, action), ("*", action), (service, "*"), ("*", "*")):
            if key in self._limits:
                return self._limits[key]
        return None


def region(call: Call) -> str:
    """Return what the call says, in RegionId or in the endpoint's name; "" for a global service."""
    found = _REGION.search(call.request.host)
    return call.params.get("RegionId") or (found[1] if found else "")
