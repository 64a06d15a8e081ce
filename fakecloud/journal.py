"""The journal: every call that reached the emulated cloud, in order. Written by the dispatch alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """status: HTTP status, 0 where no answer was given (a reset, a timeout). ms: time in the emulator, latency included."""

    service: str
    action: str
    status: int
    ms: float
    code: str = ""
    request_id: str = ""
    caller: str = ""
    at: float = 0.0
    params: dict[str, Any] = field(default_factory=dict)


class Journal:
    def __init__(self) -> None:
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        self._calls.append(call)

    def clear(self) -> None:
        self._calls.clear()

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self._calls))

    def __len__(self) -> int:
        return len(self._calls)

    def actions(self, service: str = "") -> list[str]:
        """The actions in the order they were called, of one service or of all."""
        return [call.action for call in self._calls if service in ("", call.service)]

    def count(self) -> Counter[str]:
        return Counter(call.action for call in self._calls)

    def to_json(self) -> list[dict[str, Any]]:
        return [asdict(call) for call in self._calls]
