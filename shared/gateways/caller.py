"""The way a gateway makes its calls: by a caller, which decides when, and how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Caller(Protocol):
    """Makes a call by send(): once or more, as often as a run allows."""

    def __call__(self, action: str, send: Callable[[], T], *, read: bool) -> T:
        """Return what send() does, and raise what it raises.

        action: the API's name. read: whether send() may be repeated after an answer was lost.
        """
