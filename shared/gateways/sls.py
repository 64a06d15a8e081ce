"""SLS as rolekeeper uses it: send records. Where SLS does not take them, stdout does, and nothing else changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from shared.errors import CloudCallError, PermanentError, TransientError
from shared.gateways import sdk_private, transport
from shared.gateways.clients import Credentials
from shared.gateways.endpoints import host
from shared.gateways.sdk import lean
from shared.gateways.translation import from_sls, translated
from shared.lines import say
from shared.settings import Settings

LOGS_A_CALL = 4_000  # the documented limit is 4,096 logs and 3 MB a request
BYTES_A_CALL = 2_500_000
VALUE_BYTES = 32_000  # SLS takes 1 MB, but nothing that long is of use; no value may cost the others their place
GIVE_UP = 3  # calls in a row that SLS did not answer, before it is left alone for the rest of the invocation
TOPIC = "rolekeeper"
KEPT: dict[str, Any] = {}
"""The process's last client, after what it was made of. Later invocations go on with it, or, when their keys are others, with its
connections."""


class SlsGateway:
    """The logstore of the records. send() never raises."""

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        self._settings, self._credentials = settings, credentials
        self._unanswered = 0

    @cached_property
    def _client(self) -> Any:
        return client(self._settings, self._credentials)

    def ready(self) -> None:
        """Import the SDK now, while no other thread imports: importing is not done side by side."""
        if self._settings.sls_project:
            _sdk()

    def send(self, logs: Sequence[Mapping[str, str]]) -> bool:
        """Put logs of flat strings, with "now" as their time: SLS refuses times older than seven days.

        Whether SLS has them all; those that it did not take are on stdout as JSON lines.
        """
        ok = True
        for batch in _batches([{key: _clipped(str(value)) for key, value in log.items()} for log in logs]):
            try:
                self._put(batch)
                self._unanswered = 0
            except CloudCallError as error:
                ok = False
                self._unanswered += isinstance(error, TransientError)
                if self._settings.sls_project:
                    say({"records_not_in_sls": len(batch), "code": error.code, "why": error.message + error.advice})
                for log in batch:
                    say({"record": log})
        return ok

    def _put(self, logs: Sequence[Mapping[str, str]]) -> None:
        project = self._settings.sls_project
        if not project:
            raise PermanentError("PutLogs", "", "ROLEKEEPER_SLS_PROJECT is not set")
        if self._unanswered >= GIVE_UP:
            raise PermanentError("PutLogs", "", f"not asked: SLS did not answer {GIVE_UP} calls in a row")
        with translated("PutLogs"):
            _, log_item, put_logs_request, _ = _sdk()
            # One time for all, nanoseconds too: LogItem's own would be of a later moment, and so upset the order.
            seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
            items = []
            for log in logs:
                items.append(log_item(seconds, time_nano_part=nanoseconds or 1))
                for name, value in log.items():  # one by one: given as a whole, they are copied deeply
                    items[-1].push_back(name, value)
            answer = self._client.put_logs(put_logs_request(project, self._settings.sls_logstore, TOPIC, TOPIC, items))
            # Each answer of SLS has this header (its page "Common response headers"); success has no body to tell it by.
            if not any(name.lower() == "x-log-requestid" for name in answer.get_all_headers()):
                raise TransientError("PutLogs", "", "no usable answer (HTTP 200 without x-log-requestid: not from SLS)")


def _clipped(value: str) -> str:
    """As UTF-8, and no longer than is of use."""
    if value.isascii() and len(value) <= VALUE_BYTES:
        return value  # nearly all
    data = value.encode("utf-8", "replace")
    return data.decode() if len(data) <= VALUE_BYTES else data[:VALUE_BYTES].decode("utf-8", "ignore") + " (cut)"


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


@cache
def _one_try() -> Any:
    """Return the class of a LogClient that asks once, and once more on a connection that may have died.

    may_be_dead, of its instances: the connection is an earlier invocation's; it may have died while the function was frozen, with or
    without a word.
    """
    base, *_, log_exception = _sdk()

    def send(client: Any, request: Callable[[], Any]) -> Any:
        was_idle, client.may_be_dead = client.may_be_dead, False
        try:
            return request()
        except log_exception as error:  # the SDK asks again after no other error
            unanswered = error.get_error_code() == "LogRequestError" and error.get_resp_status() == 200
            if was_idle and unanswered and "connect timeout" not in error.get_error_message():
                return send(client, request)  # that costs one quiet retry
            ours = from_sls("SLS", error)
            if isinstance(ours, TransientError):
                raise ours from None  # its text may show what was sent
            raise

    return sdk_private.sending(base, send)


def client(settings: Settings, credentials: Credentials) -> Any:
    """A LogClient that asks once, on the connections of the process."""
    made_of = settings, credentials
    last_of, last = KEPT.get("client", (None, None))
    made = last if last_of == made_of else _made(settings, credentials, last)
    made.may_be_dead = last is not None
    KEPT["client"] = made_of, made
    return made


def _made(settings: Settings, credentials: Credentials, last: Any) -> Any:
    at, region = settings.endpoint, settings.sls_region or settings.region
    named = host(settings, "log", region)
    made = _one_try()(
        at or f"https://{named}",
        credentials.access_key_id,
        credentials.access_key_secret,
        securityToken=credentials.security_token or None,
        source=TOPIC,  # else the SDK opens a socket to find its own address
        auth_version="v4",
        region=region,
    )
    made.timeout = settings.timeout_seconds
    asked = at or f"https://{settings.sls_project}.{named}"
    kept = sdk_private.session(last) if last else _settled(sdk_private.session(made), asked)
    sdk_private.use_session(made, kept)
    if at:
        sdk_private.keep_host(made)
    return made


def _settled(session: Any, url: str) -> Any:
    """The session with what the environment says of proxies and certificates, read once and not before each call."""
    for name, value in session.merge_environment_settings(url, {}, None, None, None).items():
        setattr(session, name, value)
    session.trust_env = False
    return transport.led(session)


@lean
def _sdk() -> tuple[Any, Any, Any, Any]:
    from aliyun.log import LogClient, LogException, LogItem, PutLogsRequest

    return LogClient, LogItem, PutLogsRequest, LogException
