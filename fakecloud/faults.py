"""Faults and latency put between a client and the emulated cloud. Decides which call is hit; wire.py carries it out."""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["throttle", "5xx", "html", "timeout", "empty", "partial", "reset", "error"]
KINDS = ("throttle", "5xx", "html", "timeout", "empty", "partial", "reset", "error")


@dataclass(slots=True)
class Fault:
    """Hit calls of an action ("*" = any), `count` times (None = always), leaving the first `after`, then each `every`-th.

    lost_answer: the call is carried out and only its answer is lost (timeout, empty, reset, 5xx, html).
    partial: `items` instances of the batch fail, or those of instance_ids, with `code`; error: answer `status` and `code`.
    """

    kind: Kind
    action: str = "*"
    service: str = "*"
    count: int | None = 1
    after: int = 0
    every: int = 1
    lost_answer: bool = False
    items: int = 1
    instance_ids: tuple[str, ...] = ()
    code: str = ""
    status: int = 0
    message: str = ""
    seconds: float = 5.0
    seen: int = field(default=0, compare=False)
    hit: int = field(default=0, compare=False)

    @classmethod
    def of(cls, values: dict[str, Any]) -> Fault:
        """From JSON. Raises ValueError naming the key that is wrong."""
        known = {f.name for f in dataclasses.fields(cls)} - {"seen", "hit"}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(f"fault: unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
        if values.get("kind") not in KINDS:
            raise ValueError(f"fault: kind {values.get('kind')!r} is none of {', '.join(KINDS)}")
        if int(values.get("every", 1)) < 1:
            raise ValueError("fault: every must be 1 or more")
        return cls(**{**values, "instance_ids": tuple(values.get("instance_ids", ()))})

    def matches(self, service: str, action: str) -> bool:
        return self.service in ("*", service) and self.action in ("*", action)

    def take(self) -> bool:
        """Count one matching call; whether this one is hit."""
        if self.count is not None and self.hit >= self.count:
            return False
        self.seen += 1
        if self.seen <= self.after or (self.seen - self.after) % self.every:
            return False
        self.hit += 1
        return True


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, kind: Kind, **values: Any) -> Fault:
        fault = Fault.of({"kind": kind, **values})
        self._faults.append(fault)
        return fault

    def take(self, service: str, action: str) -> Fault | None:
        """The fault that hits this call, if any. The first that matches wins."""
        with self._lock:
            return next((f for f in self._faults if f.matches(service, action) and f.take()), None)

    def clear(self) -> None:
        self._faults.clear()


class Latency:
    """Milliseconds added to each call: for all, a service, or one action; the narrowest wins."""

    def __init__(self) -> None:
        self._ms: dict[tuple[str, str], float] = {}

    def set(self, ms: float, service: str = "*", action: str = "*") -> None:
        self._ms[service, action] = ms

    def seconds(self, service: str, action: str) -> float:
        for key in ((service, action), ("*", action), (service, "*"), ("*", "*")):
            if key in self._ms:
                return self._ms[key] / 1000
        return 0.0

    def clear(self) -> None:
        self._ms.clear()
