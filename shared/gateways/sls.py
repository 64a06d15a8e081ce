"""SLS as rolekeeper uses it: send records. Where SLS does not take them, stdout does, and nothing else changes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from shared.errors import CloudCallError, TransientError
from shared.gateways.clients import Credentials
from shared.gateways.errors import translated
from shared.settings import Settings

LOGS_A_CALL = 4_000  # the documented limit is 4,096 logs and 3 MB a request
BYTES_A_CALL = 2_500_000
TOPIC = "rolekeeper"


class SlsGateway:
    """The logstore of the records. send() never raises."""

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        self._settings, self._credentials = settings, credentials

    @cached_property
    def _client(self) -> Any:
        return client(self._settings, self._credentials)

    def send(self, logs: Sequence[Mapping[str, str]]) -> bool:
        """Put logs of flat strings, with "now" as their time: SLS refuses times older than seven days.

        Whether SLS has them all; those that it did not take stand on stdout as JSON lines.
        """
        project, ok = self._settings.sls_project, True
        for batch in _batches(logs):
            try:
                if not project:
                    raise TransientError("PutLogs", "", "ROLEKEEPER_SLS_PROJECT is not set")
                self._put(project, batch)
            except CloudCallError as error:
                ok = False
                reason = {"records_not_in_sls": len(batch), "code": error.code, "why": error.message}
                lines = [*([reason] if project else []), *({"record": dict(log)} for log in batch)]
                sys.stdout.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
        sys.stdout.flush()
        return ok

    def _put(self, project: str, logs: Sequence[Mapping[str, str]]) -> None:
        from aliyun.log import LogItem, PutLogsRequest

        now = int(time.time())
        items = [LogItem(timestamp=now, contents=list(log.items())) for log in logs]
        with translated("PutLogs"):
            self._client.put_logs(PutLogsRequest(project, self._settings.sls_logstore, TOPIC, TOPIC, items))


def _batches(logs: Sequence[Mapping[str, str]]) -> list[list[Mapping[str, str]]]:
    """As few calls as the limits on count and bytes allow."""
    batches: list[list[Mapping[str, str]]] = []
    size = 0
    for log in logs:
        weight = sum(len(key) + len(value.encode()) + 16 for key, value in log.items())
        if not batches or len(batches[-1]) == LOGS_A_CALL or size + weight > BYTES_A_CALL:
            batches.append([])
            size = 0
        batches[-1].append(log)
        size += weight
    return batches


def client(settings: Settings, credentials: Credentials) -> Any:
    """A LogClient that asks once."""
    from aliyun.log import LogClient

    base: Any = LogClient

    class OneTry(base):  # type: ignore[misc]
        """The SDK's client tries ten times with a second between on any 5xx (measured): longer than a function lives."""

        def _getHttpResponse(self, *args: Any, **options: Any) -> Any:
            from aliyun.log import LogException

            try:
                answer = super()._getHttpResponse(*args, **options)
            except LogException as error:
                raise TransientError("SLS", "", str(error.get_error_message())) from error
            if answer[0] >= 500:
                raise TransientError("SLS", f"HTTP {answer[0]}", "SLS could not carry the call out")
            return answer

    at, region = settings.endpoint, settings.region
    made: Any = OneTry(
        at or f"https://{region}.log.aliyuncs.com",
        credentials.access_key_id,
        credentials.access_key_secret,
        securityToken=credentials.security_token or None,
        source=TOPIC,  # else the SDK opens a socket to find its own address
        auth_version="v4",
        region=region,
    )
    made.timeout = settings.timeout_seconds
    if at:
        made._isRowIp = True  # else it asks PROJECT.127.0.0.1, which has no address
    return made
