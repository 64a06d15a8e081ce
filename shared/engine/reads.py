"""Two reads of one observation: side by side where that pays, else in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from shared.bounds import BOUNDS
from shared.clock import CLOCK
from shared.errors import CloudCallError

if TYPE_CHECKING:  # an event that is ignored does without
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")
R = TypeVar("R")


class Reads:
    """Two reads, side by side where that pays, else in turn. One for a process: a thread anew for each event costs as much as a
    call."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._seconds = float(
            "inf"
        )  # that the last second read took; nothing is known of the first: it goes beside another

    def both(self, first: Callable[[], R], second: Callable[[], T]) -> tuple[R | CloudCallError, T]:
        """Return both answers; of the first also the error in its place. Raises the second's."""
        if not self.pays():
            return _or_error(first), self._timed(second)
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(4, thread_name_prefix="read")
        aside = self._pool.submit(first)
        try:
            other = self._timed(second)
        finally:
            aside.exception()  # waits: an invocation must not end with a call of its own under way
        return _or_error(aside.result), other

    def pays(self) -> bool:
        """Say whether reads take so long that two at once are faster than one after the other."""
        if BOUNDS.side_by_side is not None:
            return BOUNDS.side_by_side
        return self._seconds >= BOUNDS.pays_from

    def _timed(self, read: Callable[[], T]) -> T:
        began = CLOCK.monotonic()
        answer = read()
        self._seconds = CLOCK.monotonic() - began
        return answer


def _or_error(call: Callable[[], R]) -> R | CloudCallError:
    try:
        return call()
    except CloudCallError as error:
        return error
