"""Function Compute as rolekeeper uses it: hand a payload to one of our own functions, to run later. Runs nothing itself.

Facts: InvokeFunction API pages of FC 3.0 (2023-03-30) and FC 2.0 (2021-04-06); "Task deduplication" (409 for a task id that
was used; the functions need asyncTask: true); shared/reported.py, whose limit is below that of an asynchronous payload, 128 KB.
"""

from __future__ import annotations

import re
from functools import cached_property
from time import sleep
from typing import Any, Protocol

from shared.errors import PermanentError, Throttled, TransientError
from shared.gateways.clients import Credentials, config
from shared.gateways.errors import translated
from shared.gateways.sdk import lean
from shared.reported import REQUEST, size
from shared.settings import Settings

CALL = "InvokeFunction"
PAUSE_SECONDS = 0.2
TASK_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")


class Functions(Protocol):
    """One function of ours, in whichever edition of Function Compute it is deployed."""

    def start(self, payload: bytes, task_id: str) -> bool:
        """Invoke it asynchronously; True once FC has taken the payload.

        task_id: a letter or `_`, then letters, digits, `_` and `-`, at most 128; the same for the same work. False: FC
        has a task of that id already, so the same was handed over before. The id is what makes it safe to try once more
        after a 5xx or a lost answer; False then means that the first try had arrived. Raises PermanentError,
        TransientError or Throttled.
        """


def functions_gateway(settings: Settings, credentials: Credentials, function: str) -> Functions:
    """The function of that name, in this deployment's account and region, by the API of the edition in settings."""
    return (Fc2 if settings.fc_edition == "2.0" else Fc3)(settings, credentials, function)


class _Fc:
    """What both editions share. A subclass has the client of its SDK and the call.

    The retry is ours, for the SDK of FC 2.0 sees no code in an error (it is in ErrorCode) and so would retry none.
    """

    def __init__(self, settings: Settings, credentials: Credentials, function: str) -> None:
        self.function, self.service = function, settings.fc_service
        self._settings, self._credentials = settings, credentials

    def start(self, payload: bytes, task_id: str) -> bool:
        if (reported := size(payload)) > REQUEST:
            raise PermanentError(CALL, "EntityTooLarge", f"{self.function}: the payload takes {reported} bytes in a report of its "
                                 f"failure, and {REQUEST} fit into a dead letter: hand over less at once")  # fmt: skip
        if not TASK_ID.fullmatch(task_id):
            raise PermanentError(CALL, "InvalidArgument", f"{self.function}: {task_id!r} is no task id: a letter or _, "
                                 "then letters, digits, _ and -, at most 128")  # fmt: skip
        try:
            return self._send(payload, task_id)
        except Throttled:
            raise
        except TransientError:
            sleep(PAUSE_SECONDS)
            return self._send(payload, task_id)

    def _send(self, payload: bytes, task_id: str) -> bool:
        with translated(CALL):
            try:
                self._invoke(payload, task_id)
            except Exception as error:
                if getattr(error, "status_code", 0) == 409:  # the code beside it is not documented
                    return False
                raise
        return True

    def _invoke(self, payload: bytes, task_id: str) -> None:
        raise NotImplementedError

    def _config(self) -> Any:
        return config(self._settings, self._credentials, region=self._settings.region, service="fc", retries=False)


class Fc3(_Fc):
    """FC 3.0: functions stand by themselves."""

    @cached_property
    def _sdk(self) -> tuple[Any, Any, Any]:
        client, models, options = _fc3()
        return client(self._config()), models, options

    def _invoke(self, payload: bytes, task_id: str) -> None:
        client, models, options = self._sdk
        headers = models.InvokeFunctionHeaders(x_fc_invocation_type="Async", x_fc_async_task_id=task_id)
        request = models.InvokeFunctionRequest(body=payload)
        client.invoke_function_with_options(self.function, request, headers, options())


class Fc2(_Fc):
    """FC 2.0: functions stand in a service."""

    @cached_property
    def _sdk(self) -> tuple[Any, Any, Any]:
        client, models, options = _fc2()
        return client(self._config()), models, options

    def _invoke(self, payload: bytes, task_id: str) -> None:
        client, models, options = self._sdk
        headers = models.InvokeFunctionHeaders(x_fc_invocation_type="Async", x_fc_stateful_async_invocation_id=task_id)
        request = models.InvokeFunctionRequest(body=payload)
        client.invoke_function_with_options(self.service, self.function, request, headers, options())


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
