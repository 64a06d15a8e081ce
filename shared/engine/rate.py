"""The rate at which a run calls the cloud: a rate for each API, a stop after a throttle, a budget, a deadline, and the bill.

One Rate is for one run over one region of one account: ECS counts its quotas per account, region and API, and refuses from the
first throttle until the next minute (ECS, "API throttling"). It knows no API and no answer.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from math import ceil
from typing import TypeVar

import msgspec

from shared.clock import CLOCK, Clock
from shared.engine.turns import MINUTE, Turns
from shared.errors import BudgetSpent, Interrupted, OutOfTime, Throttled, TransientError
from shared.model.rate_use import ApiUse, Bill, RateUse

T = TypeVar("T")
THROTTLED_MINUTES = 3  # in a row, for one call, before it is given up
AGAIN_SECONDS = 0.2
CLOCKS_APART = 2.0  # seconds, those of two processes at most
FOREVER = float("inf")


class CallLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a run's calls.

    per_minute: calls, by the API's name; "" = every other API. max_calls: of all APIs together; None = no budget. until: no call
    begins from then on, by the monotonic clock.
    """

    per_minute: Mapping[str, int]
    max_calls: int | None = None
    until: float = FOREVER

    def rate(self, action: str) -> int:
        """Return the calls a minute of one API."""
        return self.per_minute.get(action) or self.per_minute[""]


class Stop:
    """Whoever may stop a run; this one never does."""

    def __init__(self, clock: Clock = CLOCK) -> None:
        self.clock = clock

    def stopped(self) -> bool:
        """Return whether nothing more may begin. A step that has begun is brought to its end."""
        return False

    def idle(self, seconds: float) -> None:
        """Sleep, but no longer than until the run is stopped."""
        self.clock.sleep(seconds)


class Rate:
    """The rate of one run. Thread-safe. As a Caller it makes calls for which nothing is reserved.

    stop: None = nobody can stop the run. used: what the invocation before has used of the running minute; it may make this one
    slower by a minute, never faster. cut_short: why a call was not made, if the run was stopped.
    """

    def __init__(
        self, limits: CallLimits, stop: Stop | None = None, clock: Clock = CLOCK, used: RateUse | None = None
    ) -> None:
        self.limits, self.clock, self.stop = limits, clock, stop or Stop(clock)
        self.cut_short: Interrupted | None = None
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._writes: set[str] = set()  # the APIs that write
        self._reserved = 0  # calls of the budget
        self._turns: defaultdict[str, Turns] = defaultdict(Turns)
        self._is_late = self._was_refused = False  # a call's turn would have come after the end; a call was throttled
        if used:
            since = clock.monotonic() - max(0.0, clock.wall() - used.at - CLOCKS_APART)
            self._turns |= {a: Turns.after(use, since, limits.rate(a)) for a, use in used.apis.items()}
        self._unreserved = Reservation(self)

    def __call__(self, action: str, send: Callable[[], T], *, read: bool) -> T:
        return self._unreserved(action, send, read=read)

    def reserve(self, calls: int, actions: tuple[str, ...] = (), kept: int = 0) -> Reservation:
        """Return a caller for one step that has so many calls of the budget for itself, `kept` of them for those actions alone.

        Entering it raises BudgetSpent where fewer are left, and Interrupted.
        """
        return Reservation(self, calls, actions, kept)

    def bill(self) -> Bill:
        with self._lock:
            calls = dict(sorted((+self._calls).items()))
        writes = sum(count for action, count in calls.items() if action in self._writes)
        return Bill(reads=sum(calls.values()) - writes, writes=writes, calls=calls)

    def used(self) -> RateUse:
        """Return what the invocation that goes on has to know of the running minute."""
        with self._lock:
            now = self.clock.monotonic()
            apis = {action: turns.used(now) for action, turns in sorted(self._turns.items())}
        return RateUse(at=ceil(self.clock.wall()), apis={a: use for a, use in apis.items() if use != ApiUse()})

    def wait_out(self) -> bool:
        """Sleep until the end where the turn of a call would come after it: what goes on then has that much less to wait for.

        Returns whether nothing but the rate stood against the call: then it says nothing if the invocation got nothing done.
        """
        left = self.limits.until - self.clock.monotonic()
        if self._is_late and left > 0:
            self.stop.idle(left)
        return self._is_late and left > 0 and not self._was_refused

    def spacing(self, action: str) -> float:
        """Return the seconds from call to call at the rate of this API, in the long run."""
        return MINUTE / self.limits.rate(action)

    def in_time(self, seconds: float = 0.0) -> bool:
        """Return whether there is still that much time."""
        return self.clock.monotonic() + seconds < self.limits.until

    def go_on(self, action: str) -> None:
        """Raise Interrupted where the run was stopped."""
        if self.stop.stopped():
            self.cut_short = Interrupted(action)
            raise self.cut_short

    def hold(self, calls: int) -> None:
        """Take them off the budget for a reservation. Raises BudgetSpent."""
        with self._lock:
            most = self.limits.max_calls
            if most is not None and self._calls.total() + self._reserved + calls > most:
                raise BudgetSpent("", most)
            self._reserved += calls

    def give_back(self, calls: int) -> None:
        """Return what a reservation has not used to the budget."""
        with self._lock:
            self._reserved -= calls

    def take(self, action: str, *, read: bool, held: int, booked: bool) -> float:
        """Put a call on the bill, and return the seconds until its turn. Raises BudgetSpent or OutOfTime: it must not be made.

        held: calls of the budget that are reserved for it. booked: its turn has been taken before.
        """
        with self._lock:
            most = self.limits.max_calls
            if most is not None and self._calls.total() + self._reserved - held >= most:
                raise BudgetSpent(action, most)
            now, turns = self.clock.monotonic(), self._turns[action]
            turn = max(now, turns.refused_until) if booked else turns.free(now, self.limits.rate(action))
            if turn >= self.limits.until:
                self._is_late = self._is_late or turn > now
                raise OutOfTime(action)
            if not booked:
                turns.take(turn)
            self._calls[action] += 1
            self._reserved -= 1 if held else 0
            if not read:
                self._writes.add(action)
        return turn - now

    def not_made(self, action: str) -> None:
        """Take a call off the bill again."""
        with self._lock:
            self._calls[action] -= 1

    def book(self, actions: tuple[str, ...], lasting: float) -> float:
        """Take a turn of each of these APIs at one and the same moment; return the seconds until then. Raises OutOfTime."""
        with self._lock:
            now = self.clock.monotonic()
            at = max(self._turns[action].free(now, self.limits.rate(action)) for action in actions)
            if at + lasting >= self.limits.until:
                self._is_late = self._is_late or at > now
                raise OutOfTime(actions[0])
            for action in actions:
                self._turns[action].take(at)
        return at - now

    def refused(self, action: str) -> None:
        """Stop the calls of this API: the cloud refuses them for the rest of its minute."""
        with self._lock:
            self._was_refused = True
            self._turns[action].refused_until = self.clock.monotonic() + MINUTE - self.clock.wall() % MINUTE


class Reservation:
    """The share of one step: a context manager, and the Caller of the step's calls. For one thread at a time.

    From its first write on, the step is brought to its end, whether or not the run is stopped.
    """

    def __init__(self, rate: Rate, calls: int = 0, actions: tuple[str, ...] = (), kept: int = 0) -> None:
        self._rate, self._left, self._actions, self._kept = rate, calls, actions, kept
        self._booked: set[str] = set()  # the APIs of which it has a turn
        self._entered = self._begun = False  # begun: a write was sent

    def __enter__(self) -> Reservation:
        self._rate.go_on("run")
        self._rate.hold(self._left)
        self._entered = True
        return self

    def __exit__(self, *_: object) -> None:
        self._rate.give_back(self._left)
        self._left, self._entered, self._begun, self._booked = 0, False, False, set()

    def __call__(self, action: str, send: Callable[[], T], *, read: bool) -> T:
        throttles = losses = 0
        while True:
            had_begun = self._begun
            self._wait_for_turn(action, read)
            try:
                return send()
            except Throttled:
                self._begun = had_begun  # a refused call begins nothing
                throttles += 1
                if throttles == THROTTLED_MINUTES:
                    raise
                self._rate.refused(action)
            except TransientError:
                losses += 1
                if losses > 1 or not read:
                    raise
                self._rate.clock.sleep(AGAIN_SECONDS)

    def book(self, *actions: str, lasting: float = 0.0) -> None:
        """Wait until each of these APIs has a turn at one and the same moment: they are for the next calls of this step.

        A swap does this before it takes a role off, so that its instances do not wait without one. Raises OutOfTime where so many
        seconds are not left then, and Interrupted.
        """
        wait = self._rate.book(actions, lasting)
        self._booked = set(actions)
        if wait > 0:
            self._rate.stop.idle(wait)
        self._rate.go_on(actions[0])

    def forgo(self, action: str) -> None:
        """Give up the turn of an API that was booked, and was not used at its moment: a later call takes a turn of its own."""
        self._booked.discard(action)

    def _wait_for_turn(self, action: str, read: bool) -> None:
        """Raises BudgetSpent, OutOfTime or Interrupted: the call must not be made."""
        if not self._begun:
            self._rate.go_on(action)
        held = self._left if action in self._actions else max(0, self._left - self._kept)
        wait = self._rate.take(action, read=read, held=held, booked=action in self._booked)
        self._booked.discard(action)
        self._left -= 1 if held else 0
        if wait > 0 and self._begun:
            self._rate.clock.sleep(wait)
        elif wait > 0:
            self._rate.stop.idle(wait)
            if self._rate.stop.stopped():
                self._rate.not_made(action)
                self._rate.go_on(action)
        self._begun = self._begun or (self._entered and not read)
