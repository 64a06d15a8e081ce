"""Time of the emulated cloud and what is due in it: boots, event deliveries, retries. Knows no service."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
import traceback
from collections.abc import Callable
from datetime import datetime, timezone

Task = Callable[[], None]


class Clock:
    """Real time plus an offset that tests move. Tasks run in settle() (time jumps to each) or by a server's thread.

    Tasks run outside the clock's own lock, in any thread but one at a time, so that none overtakes an earlier one. Those
    that say `beside` wait for others (function invocations): where real time passes, up to `most_beside()` of them run
    side by side, each in a thread of its own; in settle() they too run one by one, in their order.
    Tasks that touch a service's state take the cloud's lock.
    """

    def __init__(self) -> None:
        self.offset = 0.0
        self.most_beside: Callable[[], int] = lambda: 1
        self._due: list[tuple[float, int, Task, bool]] = []
        self._count = itertools.count()
        self._changed = threading.Condition()
        self._busy: list[int] = []  # the thread inside a task; twice where a task settles
        self._beside: set[threading.Thread] = set()  # those inside tasks that run side by side

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.offset

    def utc(self, at: float | None = None) -> datetime:
        return datetime.fromtimestamp(self.now() if at is None else at, timezone.utc)

    def stamp(self, at: float | None = None) -> str:
        """RFC 3339 with seconds, as RAM and STS write times."""
        return self.utc(at).strftime("%Y-%m-%dT%H:%M:%SZ")

    def advance(self, seconds: float) -> None:
        with self._changed:
            self.offset += seconds
            self._changed.notify_all()

    def later(self, delay: float, task: Task, *, beside: bool = False) -> None:
        """Run task `delay` seconds from now; tasks due at one time run in the order they were given."""
        with self._changed:
            heapq.heappush(self._due, (self.now() + delay, next(self._count), task, beside))
            self._changed.notify_all()

    def settle(self, *, within: float = 86_400.0) -> int:
        """Run everything that falls due within so many seconds, moving time forward to each. Returns how many ran here.

        Waits for tasks that other threads have begun: what they leave behind is settled too. Never call it while
        holding a lock that tasks take.
        """
        until = self.now() + within
        ran = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._free() and not self._beside - {threading.current_thread()})
                if not self._due or self._due[0][0] > until:
                    return ran
                at, _, task, _ = heapq.heappop(self._due)
                self.offset += max(0.0, at - self.now())
                self._busy.append(threading.get_ident())
            self._run(task)
            ran += 1

    def pending(self) -> int:
        with self._changed:
            return len(self._due)

    def wake(self) -> None:
        """Whoever waits for the time looks up."""
        with self._changed:
            self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            self._due.clear()
            self.offset = 0.0
            self._changed.notify_all()

    def run(self, stop: threading.Event) -> None:
        """Run tasks as real time reaches them, until `stop` is set: the server's background thread. wake() lets it see that
        at once."""
        while not stop.is_set():
            with self._changed:
                if not self._changed.wait_for(self._ready, 0.2):
                    continue
                wait = self._due[0][0] - self.now() if self._due else 0.2
                if wait > 0:
                    self._changed.wait(min(max(wait, 0.001), 0.2))
                    continue
                _, _, task, beside = heapq.heappop(self._due)
                if beside:
                    thread = threading.Thread(target=self._run_beside, args=(task,), name="fakecloud-task", daemon=True)
                    self._beside.add(thread)
                    thread.start()
                    continue
                self._busy.append(threading.get_ident())
            try:
                self._run(task)
            except Exception:  # one bad task must not stop the clock for all that comes after it
                traceback.print_exc()

    def _ready(self) -> bool:
        """Return whether the next task may begin: alone where it says nothing, else with fewer than most_beside() others."""
        return self._free() and (not self._due or not self._due[0][3] or len(self._beside) < self.most_beside())

    def _free(self) -> bool:
        return not self._busy or self._busy[0] == threading.get_ident()

    def _run(self, task: Task) -> None:
        try:
            task()
        finally:
            with self._changed:
                self._busy.pop()
                self._changed.notify_all()

    def _run_beside(self, task: Task) -> None:
        try:
            task()
        except Exception:  # as in run()
            traceback.print_exc()
        finally:
            with self._changed:
                self._beside.discard(threading.current_thread())
                self._changed.notify_all()
