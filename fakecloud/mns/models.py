"""Queues and messages: sent, received and hidden for a while, deleted or seen again. No wire; knows no consumer.

Sources: MNS, pages "Queue", "ReceiveMessage", "Message visibility"; ROS, ALIYUN::MNS::Queue (limits and defaults).
"""

from __future__ import annotations

import heapq
import itertools
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fakecloud.mns import exceptions

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,255}")
ARN = re.compile(r"acs:mns:(?P<region>[^:]*):(?P<account>[^:]*):/?queues/(?P<name>[^/]+)(?:/messages)?")
"""Of a queue, as destinations (with slashes) and as targets and dead-letter queues (without) write it."""
Key = tuple[str, str, str]
"""Account, region, name."""


@dataclass(slots=True)
class Message:
    """body: as sent. receipt: the handle of its last reception. sent, visible_at: seconds since the epoch."""

    id: str
    body: str
    sent: float
    visible_at: float
    receipt: str = ""
    dequeued: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """A queue's attributes: seconds and bytes."""

    visibility_timeout: float = 30.0
    delay_seconds: float = 0.0
    retention_seconds: float = 345_600.0
    maximum_size: int = 65_536

    @classmethod
    def of(cls, given: dict[str, Any]) -> Limits:
        """Raises InvalidArgument for an attribute that is unknown or out of its bounds."""
        for name, value in given.items():
            low, high = _BOUNDS.get(name, (1, 0))
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
                raise exceptions.InvalidArgument(f"{name}: {value!r} is not a number from {low} to {high}")
        return cls(**given)


_BOUNDS = {
    "visibility_timeout": (1, 43_200), "delay_seconds": (0, 604_800), "retention_seconds": (60, 604_800),
    "maximum_size": (1024, 65_536),
}  # fmt: skip


@dataclass(slots=True)
class Queue:
    """watchers: told after each message that can be received now. Guard it by the cloud's lock."""

    key: Key
    now: Callable[[], float]
    limits: Limits = field(default_factory=Limits)
    watchers: list[Callable[[], None]] = field(default_factory=list)
    _active: dict[str, Message] = field(default_factory=dict)
    _hidden: dict[str, Message] = field(default_factory=dict)  # by id: delayed, or received and not deleted
    _return: list[tuple[float, int, str]] = field(default_factory=list)
    _count: Iterator[int] = field(default_factory=itertools.count)

    @property
    def name(self) -> str:
        return self.key[2]

    def send(self, body: str, delay: float | None = None) -> Message:
        """delay: seconds until it can be received; None = the queue's. Raises InvalidArgument for one that is too long."""
        if len(body.encode()) > self.limits.maximum_size:
            raise exceptions.InvalidArgument(f"The message is longer than {self.limits.maximum_size} bytes.")
        now = self.now()
        wait = self.limits.delay_seconds if delay is None else delay
        message = Message(secrets.token_hex(16).upper(), body, now, now + wait)
        if wait > 0:
            self._hide(message, wait)
        else:
            self._active[message.id] = message
            for watcher in self.watchers:
                watcher()
        return message

    def receive(self, count: int = 1, *, accept: Callable[[Message], bool] = lambda _: True) -> list[Message]:
        """Up to `count` messages, the longest waiting first; none after the first that is not accepted.

        Each stays hidden for the queue's visibility timeout; then it can be received again, unless deleted meanwhile.
        """
        self._refresh()
        taken: list[Message] = []
        for message in list(itertools.islice(self._active.values(), count)):
            if not accept(message):
                break
            del self._active[message.id]
            message.dequeued += 1
            message.receipt = f"{message.dequeued}-{message.id}"
            self._hide(message, self.limits.visibility_timeout)
            taken.append(message)
        return taken

    def delete(self, receipt: str) -> None:
        """Raises MessageNotFound where the message is gone or was seen again since that reception."""
        self._refresh()
        found = self._hidden.get(receipt.partition("-")[2])
        if found is None or found.receipt != receipt:
            raise exceptions.MessageNotFound()
        del self._hidden[found.id]

    def delete_all(self, messages: list[Message]) -> int:
        """Delete what was received, and is hidden still. How many were."""
        self._refresh()
        mine = [m for m in messages if m.id in self._hidden and self._hidden[m.id].receipt == m.receipt]
        for message in mine:
            del self._hidden[message.id]
        return len(mine)

    def peek(self) -> list[Message]:
        """All that can be received now, without receiving it."""
        self._refresh()
        return list(self._active.values())

    def active(self) -> int:
        self._refresh()
        return len(self._active)

    def hidden(self) -> int:
        self._refresh()
        return len(self._hidden)

    def next_return(self) -> float | None:
        """Return when the next hidden message can be received again; None where none is hidden."""
        return min((m.visible_at for m in self._hidden.values()), default=None)

    def _hide(self, message: Message, seconds: float) -> None:
        message.visible_at = self.now() + seconds
        self._hidden[message.id] = message
        heapq.heappush(self._return, (message.visible_at, next(self._count), message.id))

    def _refresh(self) -> None:
        """Let come back what is due, and expire what has been kept for its time."""
        now = self.now()
        while self._return and self._return[0][0] <= now:
            _, _, id = heapq.heappop(self._return)
            message = self._hidden.get(id)
            if message is not None and message.visible_at <= now:
                self._active[id] = self._hidden.pop(id)
        oldest = next(iter(self._active.values()), None)
        if oldest is not None and oldest.sent + self.limits.retention_seconds <= now:
            limit = now - self.limits.retention_seconds
            self._active = {id: m for id, m in self._active.items() if m.sent > limit}
