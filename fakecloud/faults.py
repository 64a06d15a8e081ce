"""Faults and latency put between a client and the emulated cloud. Decides which call is hit; cloud.py carries it out."""

from __future__ import annotations

import dataclasses
import json
import math
import threading
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["throttle", "5xx", "html", "timeout", "empty", "partial", "reset", "error", "alter"]
KINDS = ("throttle", "5xx", "html", "timeout", "empty", "partial", "reset", "error", "alter")


@dataclass(slots=True)
class Fault:
    """Hit calls of an action ("*" = any), `count` times (None = always), leaving the first `after`, then each `every`-th.

    param: only calls that carry this parameter, e.g. NextToken, so that `error` with a code refuses a page's token.
    lost_answer: the call is carried out (or refused, as it may be) and only its answer is lost, in the way of the kind.
    partial: `items` members of the batch fail, or those of instance_ids, with `code` and `message`; it waits for a call
    that has such members. error: answer `status` and `code`. code, status and message also override those of throttle
    and 5xx. retry_after_ms: the header x-acs-retry-after. seconds: how long a timeout holds the connection.
    alter: the call is carried out, and in its JSON answer the field at `path` becomes `value`, or is removed (`missing`).
    A path is Instances.Instance.0.RegionId, "" is the whole answer; it waits for an answer that has the place. A path given
    with throttle, 5xx or error alters that answer.
    """

    kind: Kind
    action: str = "*"
    service: str = "*"
    param: str = ""
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
    retry_after_ms: int = 0
    path: str = ""
    value: Any = None
    missing: bool = False
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
        for key, least in {"count": 1, "after": 0, "every": 1, "items": 1, "retry_after_ms": 0}.items():
            value = values.get(key, least)
            if not (value is None and key == "count") and (type(value) is not int or value < least):
                raise ValueError(f"fault: {key} must be an integer, {least} or more, not {value!r}")
        if type(values.get("status", 400)) is not int or not (
            values.get("status", 0) == 0 or 400 <= values["status"] <= 599
        ):
            raise ValueError(f"fault: status must be 400 to 599, not {values['status']!r}")
        seconds = values.get("seconds", 0)
        if type(seconds) not in (int, float) or not 0 <= seconds < math.inf:
            raise ValueError(f"fault: seconds must be a number, 0 or more, not {seconds!r}")
        for key in ("action", "service", "param", "code", "message", "path"):
            if not isinstance(values.get(key, ""), str):
                raise ValueError(f"fault: {key} must be a text, not {values[key]!r}")
        for key in ("lost_answer", "missing"):
            if not isinstance(values.get(key, False), bool):
                raise ValueError(f"fault: {key} must be true or false, not {values[key]!r}")
        ids = values.get("instance_ids", ())
        if not isinstance(ids, (list, tuple)) or not all(isinstance(i, str) for i in ids):
            raise ValueError(f"fault: instance_ids must be a list of texts, not {ids!r}")
        return cls(**{**values, "instance_ids": tuple(ids)})

    def matches(self, service: str, action: str, params: Collection[str]) -> bool:
        return (
            self.service in ("*", service) and self.action in ("*", action) and (not self.param or self.param in params)
        )

    @property
    def alters(self) -> bool:
        """Return whether it changes the body of the answer."""
        return self.kind == "alter" or bool(self.path)

    def altered(self, body: bytes) -> bytes | None:
        """A JSON answer with the field changed; None where it has no such place."""
        try:
            answer = json.loads(body)
        except ValueError:
            return None
        *way, last = self.path.split(".")
        holder = answer
        for step in way:
            holder = _member(holder, step)
        if not self.path:
            answer = self.value
        elif isinstance(holder, list) and last.isdecimal() and int(last) < len(holder):
            holder[int(last)] = self.value
        elif isinstance(holder, dict) and self.missing:
            holder.pop(last, None)
        elif isinstance(holder, dict):
            holder[last] = self.value
        else:
            return None
        return json.dumps(answer, separators=(",", ":")).encode()

    def take(self) -> bool:
        """Count one matching call; whether this one is hit."""
        if self.count is not None and self.hit >= self.count:
            return False
        self.seen += 1
        if self.seen <= self.after or (self.seen - self.after) % self.every:
            return False
        self.hit += 1
        return True


def _member(holder: Any, step: str) -> Any:
    """Return what is there; None where nothing is."""
    if isinstance(holder, list):
        return holder[int(step)] if step.isdecimal() and int(step) < len(holder) else None
    return holder.get(step) if isinstance(holder, dict) else None


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, kind: Kind, **values: Any) -> Fault:
        """Raises ValueError naming the key that is wrong."""
        fault = Fault.of({"kind": kind, **values})
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, service: str, action: str, params: Collection[str] = ()) -> Fault | None:
        """The fault that hits this call, if any. The first that matches wins. params: the names of those it carries."""
        with self._lock:
            return next((f for f in self._faults if f.matches(service, action, params) and f.take()), None)

    def give_back(self, fault: Fault) -> None:
        """The call had nothing that the fault could hit: it waits for the next one."""
        with self._lock:
            fault.hit, fault.seen = fault.hit - 1, fault.seen - 1

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()


class Latency:
    """Milliseconds added to each call: for all, a service, or one action; the narrowest wins."""

    def __init__(self) -> None:
        self._ms: dict[tuple[str, str], float] = {}

    def set(self, ms: float, service: str = "*", action: str = "*") -> None:
        """Raises ValueError for what is no number of milliseconds."""
        if type(ms) not in (int, float) or not 0 <= ms < math.inf:
            raise ValueError(f"latency: ms must be a number, 0 or more, not {ms!r}")
        self._ms[service, action] = float(ms)

    def seconds(self, service: str, action: str) -> float:
        for key in ((service, action), ("*", action), (service, "*"), ("*", "*")):
            if key in self._ms:
                return self._ms[key] / 1000
        return 0.0

    def clear(self) -> None:
        self._ms.clear()
