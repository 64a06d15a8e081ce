"""Asynchronous invocations: queued on the cloud's clock, tried again, reported to their destinations.

Sources: Function Compute, pages "Error handling", "Retry policies", "Destinations for asynchronous invocations".
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fakecloud.errors import CloudError
from fakecloud.eventbridge.models import FunctionAddress
from fakecloud.fc import exceptions
from fakecloud.fc.async_tasks import AsyncTask
from fakecloud.fc.models import ASYNC_LIMIT, TASK_ID, Function, Outcome
from fakecloud.fc.permissions import may_report

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

DELAY = 0.05
"""Seconds from the 202 to the first attempt: a guess."""


@dataclass(slots=True)
class Pending:
    """One request in the queue. since: when it came. refused: how often there was no instance for it. task: in task mode."""

    function: Function
    payload: bytes
    request_id: str
    since: float
    source: str
    attempt: int = 1
    refused: int = 0
    task: AsyncTask | None = None

    def becomes(self, status: str, at: float, error: str = "") -> None:
        if self.task:
            self.task.becomes(status, at, error)


class AsyncQueue:
    """retry_seconds: between attempts of a handler that raises (60: a guess, FC documents none).

    destinations: what each ARN of a queue or topic was sent, as JSON objects.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.retry_seconds = 60.0
        self.destinations: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._tasks: dict[tuple[str, str, str], dict[str, AsyncTask]] = defaultdict(dict)

    def tasks(self, function: Function) -> list[AsyncTask]:
        """Every asynchronous task of the function, as they came."""
        with self.cloud.lock:
            return list(self._tasks.get(function.key, {}).values())

    def put(self, function: Function, payload: bytes, rid: str, task_id: str, source: str, delay: float = 0.0) -> None:
        """Raises EntityTooLarge, InvalidArgument for a bad task id, TaskExists for one that was used.

        delay: seconds that it is kept back.

        Tasks must be switched on (asyncTask), say both versions of InvokeFunction; what happens otherwise is a switch.
        """
        if len(payload) > ASYNC_LIMIT:
            raise exceptions.EntityTooLarge(ASYNC_LIMIT)
        if task_id and not TASK_ID.fullmatch(task_id):
            raise exceptions.InvalidArgument(
                f"async task id '{task_id}' must begin with a letter or '_', and hold letters, digits, '_' and '-', "
                "at most 128"
            )
        if task_id and not function.retries.task and (unasked := self.cloud.switches.task_id_unasked) != "taken":
            if unasked == "refused":
                raise exceptions.InvalidArgument(f"async task is not enabled for the function '{function.name}'")
            task_id = ""
        pending = Pending(function, payload, rid, self.cloud.clock.now(), source)
        with self.cloud.lock:
            if task_id in self._tasks[function.key]:
                raise exceptions.TaskExists(task_id)
            if task_id or function.retries.task:  # without an id in task mode FC makes one up
                pending.task = AsyncTask(task_id or rid, rid, payload, pending.since)
                self._tasks[function.key][task_id or rid] = pending.task
        self.cloud.clock.later(DELAY + delay, lambda: self._attempt(pending), beside=True)

    def _attempt(self, pending: Pending) -> None:
        function = pending.function
        now = self.cloud.clock.now
        if not self.cloud.fc.deployed(function):
            pending.becomes("Invalid", now())
            return
        if now() - pending.since > function.retries.age:
            pending.becomes("Expired", now())
            gone = Outcome(pending.request_id, b"", "EventAgeExceeded")
            self._report(pending, gone, condition="EventAgeExceeded")
            return
        pending.becomes("Running", now())
        try:
            outcome = self.cloud.fc.attempt(
                function, pending.payload, pending.request_id, "async", pending.attempt, pending.source
            )
        except exceptions.ResourceExhausted:
            pending.becomes("Enqueued", now())
            self._again(pending, 0.5 * 2**pending.refused)
            pending.refused += 1
            return
        except CloudError as error:
            # No retry of errors of the system itself: page "Error handling".
            body = json.dumps({"errorMessage": error.message, "errorType": error.code}).encode()
            pending.becomes("Failed", now(), error.code)
            self._report(pending, Outcome(pending.request_id, body, error.code), condition=error.code)
            return
        if outcome.ok:
            pending.becomes("Succeeded", now())
            self._report(pending, outcome, condition="")
        elif pending.attempt <= function.retries.retries:
            pending.attempt += 1
            pending.becomes("Retrying", now(), outcome.error_type)
            self._again(pending, self.retry_seconds)
        else:
            pending.becomes("Failed", now(), outcome.error_type)
            self._report(pending, outcome, condition=outcome.error_type)

    def _again(self, pending: Pending, seconds: float) -> None:
        """After a pause, but not later than just past the request's age limit: then it is reported."""
        left = pending.since + pending.function.retries.age - self.cloud.clock.now()
        self.cloud.clock.later(min(seconds, max(left, 0.0) + 0.001), lambda: self._attempt(pending), beside=True)

    def _report(self, pending: Pending, outcome: Outcome, condition: str) -> None:
        config = pending.function.retries
        arn = config.on_success if outcome.ok else config.on_failure
        if arn and may_report(self.cloud, pending.function, arn):
            self.send(arn, record(pending, outcome, condition, self.cloud.clock.stamp()))

    def send(self, arn: str, message: dict[str, Any]) -> None:
        """To a function: an asynchronous invocation; to a queue: a message. All is kept in `destinations` besides.

        What does not arrive is lost; its copy there gets a deliveryError.
        """
        address = FunctionAddress.of(arn)
        with self.cloud.lock:
            self.destinations[arn].append(message)
        if "/queues/" in arn and (error := self.cloud.mns.deposit(arn, json.dumps(message))):
            message["deliveryError"] = error
        if address is None:
            return
        try:
            function = self.cloud.fc.find(address.account, address.region, address.name)
            self.cloud.fc.enqueue(function, json.dumps(message).encode(), source="destination")
        except CloudError as error:
            message["deliveryError"] = f"{error.code}: {error.message}"


def record(pending: Pending, outcome: Outcome, condition: str, timestamp: str) -> dict[str, Any]:
    """Return what a destination gets. timestamp and requestContext: the page's sample; the rest of it and all values are unverified."""
    return {
        "timestamp": timestamp,
        "requestContext": {
            "requestId": pending.request_id,
            "functionArn": pending.function.arn,
            "condition": condition,
            "approximateInvokeCount": pending.attempt,
        },
        "requestPayload": pending.payload.decode(errors="replace"),
        "responseContext": {"statusCode": 200, "functionError": outcome.error_type},
        "responsePayload": outcome.body.decode(errors="replace"),
    }
