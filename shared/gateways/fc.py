"""Function Compute as rolekeeper uses it: hand a payload to one of our own functions, to run later, and ask what became of
what was handed over. Runs nothing itself.

Facts: InvokeFunction API pages of FC 3.0 (2023-03-30) and FC 2.0 (2021-04-06); "Task deduplication" (409 for a task id that
was used; the functions need asyncTask: true); "Asynchronous invocations" (x-fc-async-delay); ListAsyncTasks (FC 3.0) and
ListStatefulAsyncInvocations (FC 2.0) API pages; shared/reported.py, whose limit is below that of an asynchronous payload, 128 KB.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import cached_property
from time import sleep
from typing import Any, Protocol

import msgspec

from shared.errors import PermanentError, Throttled, TransientError
from shared.gateways.clients import Credentials, config
from shared.gateways.sdk import lean
from shared.gateways.translation import translated
from shared.reported import REQUEST, size
from shared.settings import Settings

CALL = "InvokeFunction"
PAUSE_SECONDS = 0.2
LONGEST_DELAY = 3600
"""Seconds that Function Compute keeps an asynchronous invocation back at most."""
RUNNING = frozenset({"Enqueued", "Dequeued", "Running", "Retrying", "Stopping"})
"""The statuses of a task that has not ended. One that no page lists counts as ended, so that it never holds a run up for ever."""
LISTED = 10
"""Tasks asked for at once: a task that waits is not listed first where it has no start yet (the order is not documented)."""
TASK_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")


class Task(msgspec.Struct, frozen=True):
    """An asynchronous task. since: when it started, or was taken where it has not started; None where FC says neither."""

    task_id: str
    is_running: bool
    since: datetime | None


class _Event(msgspec.Struct):
    timestamp: int = 0


class _Listed(msgspec.Struct):
    """A row of either listing, by the names of the SDKs' models. Times in milliseconds (a sample of FC 2.0: in seconds)."""

    status: str
    task_id: str = ""
    invocation_id: str = ""
    started_time: int | None = None
    events: list[_Event] | None = None

    def task(self) -> Task:
        at = self.started_time or next((event.timestamp for event in self.events or ()), 0)
        since = datetime.fromtimestamp(at / 1000 if at > 10**11 else at, timezone.utc) if at else None
        return Task(self.task_id or self.invocation_id, self.status in RUNNING, since)


class Functions(Protocol):
    """One function of ours, in whichever edition of Function Compute it is deployed."""

    def start(self, payload: bytes, task_id: str, *, delay: float = 0.0) -> bool:
        """Invoke it asynchronously; True once FC has taken the payload.

        delay: seconds that FC keeps it back, at most 3600; more counts as 3600.

        task_id: a letter or `_`, then letters, digits, `_` and `-`, at most 128; the same for the same work. False: FC
        has a task of that id already, so the same was handed over before. The id is what makes it safe to try once more
        after a 5xx or a lost answer; False then means that the first try had arrived. Raises PermanentError,
        TransientError or Throttled.
        """

    def latest(self, prefix: str) -> Task | None:
        """Return the newest task whose id begins with this, one that has not ended before any that has; None: there is none.

        One call, never repeated. Raises PermanentError, TransientError or Throttled.
        """


def functions_gateway(settings: Settings, credentials: Credentials, function: str) -> Functions:
    """The function of that name, in this deployment's account and region, by the API of the edition in settings."""
    return (Fc2 if settings.fc_edition == "2.0" else Fc3)(settings, credentials, function)


class _Fc:
    """The part that both editions share. A subclass has the client of its SDK and the calls. listing: the API that lists tasks.

    The retry is ours, for the SDK of FC 2.0 sees no code in an error (it is in ErrorCode) and so would retry none.
    """

    listing: str

    def __init__(self, settings: Settings, credentials: Credentials, function: str) -> None:
        self.function, self.service = function, settings.fc_service
        self._settings, self._credentials = settings, credentials

    def start(self, payload: bytes, task_id: str, *, delay: float = 0.0) -> bool:
        if (reported := size(payload)) > REQUEST:
            raise PermanentError(
                CALL,
                "EntityTooLarge",
                f"{self.function}: the payload takes {reported} bytes in a report of its "
                f"failure, and {REQUEST} fit into a dead letter: hand over less at once",
            )
        if not TASK_ID.fullmatch(task_id):
            raise PermanentError(
                CALL,
                "InvalidArgument",
                f"{self.function}: {task_id!r} is no task id: a letter or _, "
                "then letters, digits, _ and -, at most 128",
            )
        seconds = min(round(delay), LONGEST_DELAY)
        headers = {"x-fc-async-delay": str(seconds)} if seconds > 0 else {}
        try:
            return self._send(payload, task_id, headers)
        except Throttled:
            raise
        except TransientError:
            sleep(PAUSE_SECONDS)
            return self._send(payload, task_id, headers)

    def latest(self, prefix: str) -> Task | None:
        with translated(self.listing):
            rows = msgspec.convert(self._list(prefix), list[_Listed], from_attributes=True)
            found = [task for row in rows if (task := row.task()).task_id.startswith(prefix)]
        return next((task for task in found if task.is_running), found[0] if found else None)

    def _send(self, payload: bytes, task_id: str, headers: dict[str, str]) -> bool:
        with translated(CALL):
            try:
                self._invoke(payload, task_id, dict(headers))  # an SDK adds to what it is given
            except Exception as error:
                if getattr(error, "status_code", 0) == 409:  # the code beside it is not documented
                    return False
                raise
        return True

    def _invoke(self, payload: bytes, task_id: str, more: dict[str, str]) -> None:
        raise NotImplementedError

    def _list(self, prefix: str) -> Any:
        raise NotImplementedError

    def _config(self) -> Any:
        return config(self._settings, self._credentials, region=self._settings.region, service="fc", retries=False)


class Fc3(_Fc):
    """FC 3.0: functions stand by themselves."""

    listing = "ListAsyncTasks"

    @cached_property
    def _sdk(self) -> tuple[Any, Any, Any]:
        client, models, options = _fc3()
        return client(self._config()), models, options

    def _invoke(self, payload: bytes, task_id: str, more: dict[str, str]) -> None:
        client, models, options = self._sdk
        headers = models.InvokeFunctionHeaders(
            common_headers=more, x_fc_invocation_type="Async", x_fc_async_task_id=task_id
        )
        request = models.InvokeFunctionRequest(body=payload)
        client.invoke_function_with_options(self.function, request, headers, options())

    def _list(self, prefix: str) -> Any:
        client, models, options = self._sdk
        request = models.ListAsyncTasksRequest(prefix=prefix, sort_order_by_time="desc", limit=LISTED)
        return client.list_async_tasks_with_options(self.function, request, {}, options()).body.tasks or []


class Fc2(_Fc):
    """FC 2.0: functions are in a service."""

    listing = "ListStatefulAsyncInvocations"

    @cached_property
    def _sdk(self) -> tuple[Any, Any, Any]:
        client, models, options = _fc2()
        return client(self._config()), models, options

    def _invoke(self, payload: bytes, task_id: str, more: dict[str, str]) -> None:
        client, models, options = self._sdk
        headers = models.InvokeFunctionHeaders(
            common_headers=more, x_fc_invocation_type="Async", x_fc_stateful_async_invocation_id=task_id
        )
        request = models.InvokeFunctionRequest(body=payload)
        client.invoke_function_with_options(self.service, self.function, request, headers, options())

    def _list(self, prefix: str) -> Any:
        client, models, options = self._sdk
        request = models.ListStatefulAsyncInvocationsRequest(
            invocation_id_prefix=prefix, sort_order_by_time="desc", limit=LISTED
        )
        headers = models.ListStatefulAsyncInvocationsHeaders()
        answer = client.list_stateful_async_invocations_with_options(
            self.service, self.function, request, headers, options()
        )
        return answer.body.invocations or []


@lean
def _fc3() -> tuple[Any, Any, Any]:
    from alibabacloud_fc20230330 import models
    from alibabacloud_fc20230330.client import Client
    from darabonba.runtime import RuntimeOptions

    return Client, models, RuntimeOptions


@lean
def _fc2() -> tuple[Any, Any, Any]:
    from alibabacloud_fc_open20210406 import models
    from alibabacloud_fc_open20210406.client import Client
    from darabonba.runtime import RuntimeOptions

    return Client, models, RuntimeOptions
