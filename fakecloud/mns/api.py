"""MNS as other services use it: queues by account, region and name. Its own HTTP API is not emulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakecloud.errors import CloudError
from fakecloud.mns import exceptions
from fakecloud.mns.models import ARN, NAME, Key, Limits, Queue

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud


class Mns:
    """Every account's queues. Guarded by the cloud's lock."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._queues: dict[Key, Queue] = {}

    def create(self, account: str, region: str, name: str, **attributes: Any) -> Queue:
        """The queue; one that is there with the same attributes is given again, as CreateQueue does.

        attributes: of models.Limits. Raises InvalidQueueName, InvalidArgument, QueueExists.
        """
        if not NAME.fullmatch(name):
            raise exceptions.InvalidQueueName()
        limits, key = Limits.of(attributes), (account, region, name)
        with self.cloud.lock:
            queue = self._queues.setdefault(key, Queue(key, self.cloud.clock.now, limits))
            if queue.limits != limits:
                raise exceptions.QueueExists()
            return queue

    def queue(self, account: str, region: str, name: str) -> Queue:
        """Raises QueueNotFound."""
        queue = self._queues.get((account, region, name))
        if queue is None:
            raise exceptions.QueueNotFound()
        return queue

    def at(self, arn: str) -> Queue:
        """The queue that a destination, a target or a dead-letter queue names. Raises QueueNotFound."""
        found = ARN.fullmatch(arn)
        if not found:
            raise exceptions.QueueNotFound(f"{arn!r} is not the ARN of a queue")
        return self.queue(found["account"], found["region"], found["name"])

    def queues(self) -> list[Queue]:
        return list(self._queues.values())

    def deposit(self, arn: str, body: str) -> str:
        """Put what another service sends into a queue; return "" or why it is not in it (then it is lost)."""
        try:
            with self.cloud.lock:
                self.at(arn).send(body)
        except CloudError as error:
            return f"{error.code}: {error.message}"
        return ""

    def reset(self) -> None:
        self._queues.clear()
