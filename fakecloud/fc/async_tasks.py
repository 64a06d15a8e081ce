"""Asynchronous tasks: what became of each, and how both versions of the API list them. Runs nothing.

Sources: definitions of ListAsyncTasks (2023-03-30) and ListStatefulAsyncInvocations (2021-04-06).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fakecloud.errors import NotEmulated
from fakecloud.fc import exceptions
from fakecloud.fc.models import Function
from fakecloud.parsing import digits

UNDER_WAY = ("Enqueued", "Dequeued", "Running", "Retrying", "Stopping")
ENDED = ("Succeeded", "Failed", "Stopped", "Expired", "Invalid")
_TIMES = {"startedTimeBegin", "startedTimeEnd", "sortOrderByTime"}
_KNOWN = {"nextToken", "limit", "qualifier", "status", "includePayload"} | _TIMES
_PREFIX = {"2023-03-30": "prefix", "2021-04-06": "invocationIdPrefix"}


@dataclass(slots=True)
class AsyncTask:
    """One asynchronous invocation in task mode. came, started, ended: seconds since the epoch, 0 for not yet.

    events: each status with its time.
    """

    task_id: str
    request_id: str
    payload: bytes
    came: float
    status: str = "Enqueued"
    started: float = 0.0
    ended: float = 0.0
    retried: int = 0
    error: str = ""
    events: list[tuple[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events.append((self.status, self.came))

    def becomes(self, status: str, at: float, error: str = "") -> None:
        """Enter the status at that time."""
        self.status, self.error = status, error
        self.events.append((status, at))
        self.retried += status == "Retrying"
        if status == "Running":
            self.started = self.started or at
        self.ended = at if status in ENDED else 0.0


def listing(function: Function, tasks: Iterable[AsyncTask], version: str, query: dict[str, str]) -> dict[str, Any]:
    """The answer to one call of that version of the API. tasks: all of the function, as they came.

    Not documented, and so a guess: the order where none is asked for (as they came), and the time of a task that has
    not started (when it came). Raises InvalidArgument, and NotEmulated for a parameter that is not known.
    """
    if unknown := set(query) - _KNOWN - {_PREFIX[version]}:
        raise NotEmulated(f"the parameter {sorted(unknown)[0]} of a listing of asynchronous tasks")
    limit = _number(query, "limit", 20)
    if not 1 <= limit <= 100:
        raise exceptions.InvalidArgument(f"limit '{limit}' is not an integer from 1 to 100")
    status = _one_of(query, "status", ("", *UNDER_WAY, *ENDED))
    order = _one_of(query, "sortOrderByTime", ("", "asc", "desc"))
    payload = _one_of(
        query, "includePayload", ("", "true", "false", "True", "False")
    )  # Python's clients send a capital
    begin, end = _number(query, "startedTimeBegin", 0), _number(query, "startedTimeEnd", 10**15)
    found = [
        task
        for task in tasks
        if task.task_id.startswith(query.get(_PREFIX[version], ""))
        and status in ("", task.status)
        and begin <= _ms(task.started or task.came) <= end
    ]
    found.sort(key=lambda task: task.started or task.came, reverse=order == "desc")
    token = query.get("nextToken", "")
    at = next((number for number, task in enumerate(found) if task.task_id == token), None) if token else 0
    if at is None:
        raise exceptions.InvalidArgument(f"nextToken '{token[:100]}' is none that was given")
    view = _view_2021 if version == "2021-04-06" else _view_2023
    name = "invocations" if version == "2021-04-06" else "tasks"
    more = found[at + limit : at + limit + 1]
    rows = [view(function, task, payload.lower() == "true") for task in found[at : at + limit]]
    return {name: rows, **({"nextToken": more[0].task_id} if more else {})}


def _view_2023(function: Function, task: AsyncTask, with_payload: bool) -> dict[str, Any]:
    shown = {**_common(task), "functionArn": function.arn, "taskId": task.task_id, "taskErrorMessage": task.error}
    return {**shown, **({"taskPayload": task.payload.decode(errors="replace")} if with_payload else {})}


def _view_2021(function: Function, task: AsyncTask, with_payload: bool) -> dict[str, Any]:
    shown = {
        **_common(task),
        "serviceName": function.service,
        "functionName": function.name.rpartition("$")[2],
        "invocationId": task.task_id,
        "invocationErrorMessage": task.error,
    }
    return {**shown, **({"invocationPayload": task.payload.decode(errors="replace")} if with_payload else {})}


def _common(task: AsyncTask) -> dict[str, Any]:
    """Return what both versions show. Times in milliseconds; those that are not yet are left out."""
    times = {"startedTime": task.started, "endTime": task.ended}
    events = enumerate(task.events, start=1)
    return {
        "qualifier": "LATEST",
        "requestId": task.request_id,
        "status": task.status,
        "alreadyRetriedTimes": task.retried,
        "events": [{"eventId": number, "status": status, "timestamp": _ms(at)} for number, (status, at) in events],
        **{name: _ms(at) for name, at in times.items() if at},
        **({"durationMs": _ms(task.ended - task.started)} if task.ended and task.started else {}),
    }


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _number(query: dict[str, str], name: str, default: int) -> int:
    found = digits(query.get(name, str(default)))
    if found is None:
        raise exceptions.InvalidArgument(f"{name} '{query[name][:100]}' is not a number")
    return found


def _one_of(query: dict[str, str], name: str, values: tuple[str, ...]) -> str:
    given = query.get(name, "")
    if given not in values:
        raise exceptions.InvalidArgument(f"{name} '{given[:100]}' is none of {', '.join(filter(None, values))}")
    return given
