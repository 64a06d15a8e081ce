"""How often the cloud is asked in a run: a rate for each API, a stop after a throttle, a hard budget, a deadline, the bill.

Knows no API and no answer. One Pace is for one run over one region of one account: ECS counts its quotas per account, region
and API, and refuses from the first throttle until the next minute (ECS, "API throttling").
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from shared.errors import BudgetSpent, Interrupted, OutOfTime, Throttled, TransientError

T = TypeVar("T")
MINUTE = 60.0
WINDOW = 61_000
"""Milliseconds that a rate is kept over: a call is made a little after its turn, and still no minute may have too many."""
THROTTLED_MINUTES = 3  # in a row, for one call, before it is given up
AGAIN_SECONDS = 0.2
FOREVER = float("inf")


def wall() -> float:
    """Seconds since the epoch: the cloud's minutes are those of the clock on the wall."""
    return time.time()


class Ask(Protocol):
    """How a gateway makes a call: send() once or more, as often as the run allows."""

    def __call__(self, action: str, send: Callable[[], T], *, read: bool) -> T:
        """action: the API's name. read: whether send() may be repeated after an answer was lost."""


def once(action: str, send: Callable[[], T], *, read: bool) -> T:
    """An event's way: asked once and at once, refusals are the caller's."""
    return send()


class Pace:
    """Thread-safe. Used as an Ask.

    per_minute: calls an API and minute, from the API's name. max_calls: of all APIs together; None = no budget.
    until: when no call may begin any more, by the monotonic clock. pause: sleeps seconds. stopped: whether no call may begin
    but those that end what has begun within hold(). idle: sleeps seconds, but no longer than until it is stopped.
    """

    def __init__(
        self, per_minute: Callable[[str], int], *, max_calls: int | None = None, until: float = FOREVER,
        pause: Callable[[float], None] = time.sleep, stopped: Callable[[], bool] = lambda: False,
        idle: Callable[[float], None] | None = None,
    ) -> None:  # fmt: skip
        self.bill: Counter[str] = Counter()
        self.writes: set[str] = set()  # which actions of the bill are writes
        self.until = until
        self._per_minute, self._max_calls, self._pause = per_minute, max_calls, pause
        self._stopped, self._idle = stopped, idle or pause
        self.cut_short: Interrupted | None = None  # why a call was not made, if the run was stopped
        self._lock, self._mine = threading.Lock(), _Mine()
        self._held = 0  # calls of the budget that are kept for what is under way
        self._queues: dict[str, Any] = {}
        self._turns: dict[str, float] = {}  # the last turn given out, or the end of a stop
        self._stops: dict[str, float] = {}  # until when the cloud refuses

    def __call__(self, action: str, send: Callable[[], T], *, read: bool) -> T:
        throttles = losses = 0
        while True:
            has_begun = self._mine.begun
            self._take_turn(action, read)
            try:
                return send()
            except Throttled:
                self._mine.begun = has_begun  # by what was refused nothing has
                throttles += 1
                if throttles == THROTTLED_MINUTES:
                    raise
                self._stop(action)
            except TransientError:
                losses += 1
                if losses > 1 or not read:
                    raise
                self._pause(AGAIN_SECONDS)

    @contextmanager
    def hold(self, calls: int, actions: tuple[str, ...] = (), kept: int = 0) -> Iterator[None]:
        """Keep so many calls of the budget for what this thread does meanwhile, `kept` of them for those actions alone. From its
        first write on it is brought to its end, whether or not the run is stopped. Raises BudgetSpent where fewer are left, and
        Interrupted."""
        self._go_on("run")
        with self._lock:
            if self._max_calls is not None and self._spent() + calls > self._max_calls:
                raise BudgetSpent("", self._max_calls)
            self._held += calls
            self._mine.inside = True
            self._mine.held, self._mine.kept_for, self._mine.kept = calls, actions, kept
        try:
            yield
        finally:
            with self._lock:
                self._held -= self._mine.held
                self._mine.inside = self._mine.begun = False
                self._mine.held = self._mine.kept = 0
                self._mine.booked = set()

    def _go_on(self, action: str) -> None:
        if self._stopped():
            self.cut_short = Interrupted(action)
            raise self.cut_short

    def _spent(self) -> int:
        """Calls made, and calls held by other threads."""
        return self.bill.total() + self._held - self._mine.held

    def spacing(self, action: str) -> float:
        """Seconds from call to call at the rate of this API, in the long run."""
        return MINUTE / self._per_minute(action)

    def in_time(self, seconds: float = 0.0) -> bool:
        """Whether there is still that much time."""
        return time.monotonic() + seconds < self.until

    def book(self, *actions: str, lasting: float = 0.0) -> None:
        """Wait until each of these APIs has a turn at one and the same moment: they are this thread's, for its next calls.

        A swap does this before it takes a role off, so that its instances do not wait without one. Within hold() only, which
        gives back what was not used. Raises OutOfTime where so many seconds are not left then, and Interrupted.
        """
        with self._lock:
            now = time.monotonic()
            at = max(map(self._free, actions))
            if at + lasting >= self.until:
                raise OutOfTime(actions[0])
            for action in actions:
                self._turns[action] = self._turn(action, at)
            self._mine.booked = set(actions)
        if at > now:
            self._idle(at - now)
        self._go_on(actions[0])

    def _free(self, action: str) -> float:
        """When the next call may be made."""
        last = self._queue(action).peek(self._per_minute(action) - 1)
        return max(
            time.monotonic(), self._turns.get(action, 0.0), (last.timestamp + WINDOW + 1) / 1000 if last else 0.0
        )

    def told(self) -> dict[str, Any]:
        """The bill, as records and results show it."""
        with self._lock:
            calls = dict(sorted((+self.bill).items()))
        writes = sum(count for action, count in calls.items() if action in self.writes)
        return {"reads": sum(calls.values()) - writes, "writes": writes, "calls": calls}

    def _take_turn(self, action: str, read: bool) -> None:
        """Wait for the call's turn, and put it on the bill. Raises BudgetSpent, OutOfTime or Interrupted: it must not be made."""
        if not self._mine.begun:
            self._go_on(action)
        with self._lock:
            kept = 0 if action in self._mine.kept_for else self._mine.kept  # not for this call
            mine = max(0, self._mine.held - kept)
            if self._max_calls is not None and self.bill.total() + self._held - mine >= self._max_calls:
                raise BudgetSpent(action, self._max_calls)
            now = time.monotonic()
            booked = action in self._mine.booked
            turn = max(now, self._stops.get(action, 0.0)) if booked else self._turn(action, self._free(action))
            if turn >= self.until:
                raise OutOfTime(action)
            if booked:
                self._mine.booked.discard(action)
            else:
                self._turns[action] = turn
            self.bill[action] += 1
            if mine:
                self._mine.held, self._held = self._mine.held - 1, self._held - 1
            if not read:
                self.writes.add(action)
        if turn > now:
            (self._pause if self._mine.begun else self._idle)(turn - now)
            if not self._mine.begun and self._stopped():
                with self._lock:
                    self.bill[action] -= 1
                self._go_on(action)
        self._mine.begun = self._mine.begun or (self._mine.inside and not read)

    def _turn(self, action: str, at: float) -> float:
        """Take the turn that is free then."""
        from pyrate_limiter import RateItem

        queue, item = self._queue(action), RateItem(action, math.ceil(at * 1000))
        queue.leak(item.timestamp)
        queue.put(item)
        return at

    def _queue(self, action: str) -> Any:
        from pyrate_limiter import InMemoryBucket, Rate

        if action not in self._queues:
            self._queues[action] = InMemoryBucket([Rate(self._per_minute(action), WINDOW)])
        return self._queues[action]

    def _stop(self, action: str) -> None:
        """The cloud refuses this API for the rest of its minute."""
        rest = MINUTE - wall() % MINUTE
        with self._lock:
            self._stops[action] = time.monotonic() + rest
            self._turns[action] = max(self._turns.get(action, 0.0), self._stops[action])


class _Mine(threading.local):
    """Of a thread: calls of the budget that are held for it, APIs that it has a turn of, whether it is inside hold() and has sent a
    write there."""

    def __init__(self) -> None:
        self.held, self.booked, self.inside, self.begun = 0, set[str](), False, False
        self.kept, self.kept_for = 0, tuple[str, ...]()


def rates(given: Mapping[str, int], default: int) -> Callable[[str], int]:
    """Calls an API and minute: what is given for the API by name, else the default."""
    return lambda action: given.get(action, default)
