"""Event streams: a queue's messages to a function in batches; tried again, given up, deleted only when taken.

Sources: Function Compute, "Advanced trigger features", RunOptions (2023-03-30); EventBridge, "MNS as an event stream source".
That one batch is on its way at a time, and blocks those behind it while it is tried again, is a guess.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fakecloud.errors import CloudError
from fakecloud.eventbridge.delivery import Courier, Delivered
from fakecloud.eventbridge.models import Target
from fakecloud.eventbridge.patterns import Pattern
from fakecloud.eventbridge.queue_events import envelope, member
from fakecloud.mns.models import Message, Queue

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

LARGEST = {"sync": 32 * 1024 * 1024, "async": 128 * 1024}
"""Bytes of one push (page "Advanced trigger features")."""


@dataclass(slots=True)
class Batch:
    """Messages that were received together, their events, and the payload that the function gets."""

    messages: list[Message] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    members: list[str] = field(default_factory=list)

    @property
    def payload(self) -> bytes:
        return f"[{','.join(self.members)}]".encode()


@dataclass(slots=True, eq=False)
class Stream:
    """count, seconds: the batch window; a batch is pushed when either is reached. decode: IsBase64Decode.

    blocked: why it stopped for good, where errorsTolerance is NONE and the retries are used up; its messages come back
    into the queue and wait there.
    """

    cloud: Cloud
    courier: Courier
    name: str
    queue: Queue
    target: Target
    pattern: Pattern
    count: int
    seconds: float
    decode: bool
    blocked: str = ""
    stopped: bool = False
    _window: Callable[[], None] | None = None  # what will close the open window
    _full: bool = False
    _busy: bool = False

    def start(self) -> None:
        """Look at the queue from now on, at what is in it already too."""
        self.queue.watchers.append(self.stir)
        if self.queue.active():
            self.stir()

    def stop(self) -> None:
        self.stopped = True
        self.queue.watchers.remove(self.stir)

    def stir(self) -> None:
        """A message can be received: the window opens with the first, and closes at once where it is full."""
        if self._busy or self.stopped or self._full:
            return
        self._full = self.queue.active() >= self.count
        if self._full or self._window is None:
            self._close_in(0.0 if self._full else self.seconds)

    def _close_in(self, seconds: float) -> None:
        def close() -> None:
            if self._window is close:
                self._pull()

        self._window = close
        self.cloud.clock.later(seconds, close, beside=True)

    def _pull(self) -> None:
        with self.cloud.lock:
            self._window, self._full = None, False
            if self._busy or self.stopped:
                return
            batch = self._receive()
            self._busy = bool(batch.messages)
            if not self._busy:
                self._rest()
                return
        self._push(batch, 1)

    def _receive(self) -> Batch:
        """As much as one push may hold. What the pattern does not match is deleted and goes no further."""
        kind, batch, size, unwanted = self._kind(), Batch(), 2, list[Message]()

        def fits(message: Message) -> bool:
            nonlocal size
            event = envelope(message, self.queue.key, decode=self.decode)
            if not self.pattern.matches(event):
                unwanted.append(message)
                return True
            text = member(event, self.cloud.switches.queue_event, raw=self.target.raw)
            size += len(text.encode()) + 1
            if batch.members and size > LARGEST[kind]:
                return False
            batch.messages.append(message)
            batch.events.append(event)
            batch.members.append(text)
            return True

        self.queue.receive(self.count, accept=fits)
        self.queue.delete_all(unwanted)
        return batch

    def _push(self, batch: Batch, attempt: int) -> None:
        error = self._invoke(batch.payload)
        now = self.cloud.clock.now()
        with self.cloud.lock:
            told = Delivered(self.name, self.target.id, batch.events[0]["id"], now, attempt, error)
            self.courier.log.deliveries.append(told)
            if self.stopped:
                return
            if error:
                pause = self.courier.delivery.pause(self.target.retry, attempt)
                if pause is not None:
                    self.cloud.clock.later(pause, lambda: self._push(batch, attempt + 1), beside=True)
                    return
                if self.target.tolerance == "NONE":
                    self.blocked = error
                    return
                about = {"arn": self.target.dead_letter, "rule": self.name, "target": self.target.id, "error": error}
                for event in batch.events:
                    self.courier.bury({**about, "event": event})
            self.queue.delete_all(batch.messages)
            self._busy = False
            self._rest()

    def _rest(self) -> None:
        """After a batch: what waits in the queue, or will be seen again there, has its turn."""
        if self.queue.active():
            self.stir()
        elif (back := self.queue.next_return()) is not None:
            self.cloud.clock.later(max(0.0, back - self.cloud.clock.now()), self._stir_again)

    def _stir_again(self) -> None:
        with self.cloud.lock:
            if self.queue.active():
                self.stir()

    def _kind(self) -> str:
        return "sync" if self.courier.waits(self.target) else "async"

    def _invoke(self, payload: bytes) -> str:
        """ "" where the function took it: returned (synchronous) or has it in its queue (asynchronous)."""
        fc, address = self.cloud.fc, self.target.address
        try:
            function = fc.find(address.account, address.region, address.name)
            if self._kind() == "async":
                fc.enqueue(function, payload, source="eventbridge")
                return ""
            return fc.invoke(function, payload, source="eventbridge").error
        except CloudError as error:
            return f"{error.code}: {error.message}"
