"""From an event on a bus to its targets: matched when due, pushed, tried again, given up. Matches nothing itself."""

from __future__ import annotations

import json
import random
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from fakecloud.errors import CloudError
from fakecloud.eventbridge import transform
from fakecloud.eventbridge.models import QUEUE, Bus, Retry, Rule, Target

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

KEPT = 10_000
LATE = 5.0
"""Seconds an event is held back where `reorder` hits it, so that later ones pass it."""


@dataclass(slots=True)
class Delivery:
    """The unkindness of the delivery. duplicate, reorder, drop: probabilities; delay_jitter: at most so many seconds more."""

    duplicate: float = 0.0
    reorder: float = 0.0
    delay_jitter: float = 0.0
    drop: float = 0.0
    _random: random.Random = field(default_factory=lambda: random.Random(0))

    def seed(self, seed: int) -> None:
        """Begin a new, reproducible sequence of misfortunes."""
        self._random = random.Random(seed)

    def delays(self, delay: float) -> list[float]:
        """Return when the copies of one event arrive: none where it is lost, two where it is doubled."""
        if self._hit(self.drop):
            return []
        copies = 2 if self._hit(self.duplicate) else 1
        return [delay + self._extra() for _ in range(copies)]

    def pause(self, retry: Retry, attempt: int) -> float | None:
        """Seconds to the next try after so many; None: give up. Strategies: CreateRule's PushRetryStrategy."""
        if retry == "BACKOFF_RETRY":
            return self._random.uniform(10, 20) if attempt <= 3 else None
        return float(min(2 ** (attempt - 1), 512)) if attempt <= 176 else None

    def _hit(self, probability: float) -> bool:
        return probability > 0 and self._random.random() < probability

    def _extra(self) -> float:
        late = self._random.uniform(0, LATE) if self._hit(self.reorder) else 0.0
        return late + (self._random.uniform(0, self.delay_jitter) if self.delay_jitter else 0.0)


@dataclass(frozen=True, slots=True)
class Delivered:
    """One push to a target. at: seconds since the epoch. error: "" where it was taken."""

    rule: str
    target: str
    event_id: str
    at: float
    attempt: int = 1
    error: str = ""


@dataclass(slots=True)
class Log:
    """The last 10,000 events put on a bus, pushes to targets, and dead letters."""

    events: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    deliveries: deque[Delivered] = field(default_factory=lambda: deque(maxlen=KEPT))
    dead_letters: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))

    def clear(self) -> None:
        self.events.clear()
        self.deliveries.clear()
        self.dead_letters.clear()


class Courier:
    """Pushes events to the targets of the rules they match."""

    def __init__(self, cloud: Cloud, log: Log, delivery: Delivery) -> None:
        self.cloud, self.log, self.delivery = cloud, log, delivery

    def arrive(self, bus: Bus, event: dict[str, Any]) -> None:
        """The event reaches the bus: every enabled rule that matches pushes it, outside the cloud's lock."""
        with self.cloud.lock:
            hits = [
                (rule, target)
                for rule in bus.rules.values()
                if rule.enabled and rule.pattern.matches(event)
                for target in rule.targets
            ]
        for rule, target in hits:
            if self.waits(target):
                self.cloud.clock.later(0.0, partial(self.push, rule, target, event, 1), beside=True)
            else:
                self.push(rule, target, event, 1)

    def push(self, rule: Rule, target: Target, event: dict[str, Any], attempt: int) -> None:
        error = self._try(target, event)
        now = self.cloud.clock.now()
        with self.cloud.lock:
            self.log.deliveries.append(Delivered(rule.name, target.id, event["id"], now, attempt, error))
            if not error:
                return
            pause = self.delivery.pause(target.retry, attempt)
            if pause is None:
                letter = {"arn": target.dead_letter, "rule": rule.name, "target": target.id, "error": error}
                self.bury({**letter, "event": event})
                return
        self.cloud.clock.later(pause, partial(self.push, rule, target, event, attempt + 1), beside=self.waits(target))

    def bury(self, letter: dict[str, Any]) -> None:
        """Keep a dead letter in the log, and put its event into the queue that was named for it (as JSON: a guess)."""
        queue = letter["arn"]
        error = self.cloud.mns.deposit(queue, json.dumps(letter["event"], ensure_ascii=False)) if queue else ""
        self.log.dead_letters.append({**letter, **({"deliveryError": error} if error else {})})

    def waits(self, target: Target) -> bool:
        """Return whether a push lasts as long as the function runs: a synchronous invocation."""
        means_async = self.cloud.switches.async_invocation_type == "async"
        return target.type != QUEUE and target.async_invocation_type is not means_async

    def _try(self, target: Target, event: dict[str, Any]) -> str:
        """ "" where the target took it; what went wrong otherwise. An error of the function counts as one: a guess."""
        try:
            payload = transform.body(target, event)
            if target.type == QUEUE:
                return self.cloud.mns.deposit(target.endpoint, transform.message(target, payload))
            address = target.address
            function = self.cloud.fc.find(address.account, address.region, address.name)
            if not self.waits(target):
                self.cloud.fc.enqueue(function, payload, source="eventbridge")
                return ""
            outcome = self.cloud.fc.invoke(function, payload, source="eventbridge")
        except CloudError as error:
            return f"{error.code}: {error.message}"
        return outcome.error
