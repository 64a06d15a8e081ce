"""Interference between two calls: a function that is called right before, or right after, the n-th call to the cloud.

It decides nothing about the calls; cloud.py asks it at each.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Side = Literal["before", "after"]


@dataclass(slots=True)
class Moment:
    """The n-th call from when this was asked for; `met` names it ("ecs AttachInstanceRamRole"), "" as long as it did not come."""

    side: Side
    nth: int
    do: Callable[[], object]
    service: str
    action: str
    depth: int
    seen: int = 0
    met: str = ""


class Between:
    """Moments of all clients of one cloud.

    Calls that `do` makes itself are not counted, but for moments that it asks for. So `do` may be a whole other invocation, and
    that may be interrupted in turn. An exception that `do` raises reaches the client in place of an answer: a BaseException
    that is no Exception passes through the SDKs, as the end of the process would. Calls that a client makes side by side come
    in no certain order.
    """

    def __init__(self) -> None:
        self._moments: list[Moment] = []
        self._depth = 0
        self._lock = threading.Lock()

    def before(self, nth: int, do: Callable[[], object], *, service: str = "*", action: str = "*") -> Moment:
        """Call `do` when the n-th call (1 = the next) of this service and action has come, before it is carried out."""
        return self._add("before", nth, do, service, action)

    def after(self, nth: int, do: Callable[[], object], *, service: str = "*", action: str = "*") -> Moment:
        """Call `do` when the n-th call has been carried out (or refused, or lost), before its answer reaches the client."""
        return self._add("after", nth, do, service, action)

    def reach(self, side: Side, service: str, action: str) -> None:
        """Do what is asked for at this call. Raises what that raises."""
        if not self._moments:
            return
        with self._lock:
            due = [
                m for m in self._moments if m.side == side and m.depth == self._depth and _counts(m, service, action)
            ]
            for moment in due:
                moment.met = f"{service} {action}"
                self._moments.remove(moment)
            self._depth += bool(due)
        try:
            for moment in due:
                moment.do()
        finally:
            with self._lock:
                self._depth -= bool(due)

    def clear(self) -> None:
        with self._lock:
            self._moments.clear()

    def _add(self, side: Side, nth: int, do: Callable[[], object], service: str, action: str) -> Moment:
        if nth < 1:
            raise ValueError(f"between: the first call is 1, not {nth!r}")
        with self._lock:
            moment = Moment(side, nth, do, service, action, self._depth)
            self._moments.append(moment)
        return moment


def _counts(moment: Moment, service: str, action: str) -> bool:
    """Count one matching call; whether it is the one."""
    if moment.service not in ("*", service) or moment.action not in ("*", action):
        return False
    moment.seen += 1
    return moment.seen == moment.nth
