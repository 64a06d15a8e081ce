"""The in-process seam: real SDK clients, whose HTTP sends end in the emulated cloud instead of a socket."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Callable, Mapping
from http.client import responses
from typing import Any
from unittest import mock
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from fakecloud.cloud import Cloud
from fakecloud.errors import ConnectionReset, ReadTimeout
from fakecloud.http import Request, Response
from fakecloud.sidedoor import SideDoor

SEAM = "requests.adapters.HTTPAdapter.send"
"""The place where both SDK families (Tea and aliyun-log) send: patch this with `sender(cloud)`."""


def sender(cloud: Cloud) -> Callable[..., requests.Response]:
    """A replacement for HTTPAdapter.send that asks `cloud`. Nothing leaves the process, whatever the host.

    Raises what requests raises: ConnectionError for a reset, ReadTimeout for an answer that does not come or comes
    later than the client waits (then the call is carried out all the same, as over a socket).
    """
    door = SideDoor(cloud)

    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        asked = _asked(request, options.get("proxies") or {})
        began = time.perf_counter()  # of the client: tests may move the other clocks
        try:
            answer = door.handle(asked) if door.matches(asked) else cloud.handle(asked)
        except ConnectionReset:
            reset = ConnectionResetError(104, "Connection reset by peer")
            raise requests.ConnectionError(f"('Connection aborted.', {reset!r})", request=request) from None
        except ReadTimeout:
            raise _timed_out(asked, request) from None
        patience = options.get("timeout")
        patience = patience[1] if isinstance(patience, tuple) else patience
        if isinstance(patience, (int, float)) and time.perf_counter() - began > patience:
            raise _timed_out(asked, request)
        return adapter.build_response(request, _raw(answer))

    return send


def installed(cloud: Cloud) -> Any:
    """A context manager that puts the seam in place."""
    return mock.patch(SEAM, sender(cloud))


def _asked(request: requests.PreparedRequest, proxies: Mapping[str, str]) -> Request:
    body = request.body or b""
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = b"".join(chunk if isinstance(chunk, bytes) else str(chunk).encode() for chunk in body)
    headers = {n: v.decode() if isinstance(v, bytes) else str(v) for n, v in request.headers.items()}
    user = urlsplit(proxies.get(urlsplit(request.url or "").scheme, ""))
    if user.username:
        given = f"{unquote(user.username)}:{unquote(user.password or '')}"
        headers["Proxy-Authorization"] = "Basic " + base64.b64encode(given.encode()).decode()
    return Request.of(request.method or "GET", request.url or "", headers, body)


def _raw(answer: Response) -> HTTPResponse:
    """As urllib3 hands it over: not read yet, so that streaming clients work too."""
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    reason = responses.get(answer.status)
    return HTTPResponse(io.BytesIO(answer.body), headers, answer.status, reason=reason, preload_content=False)


def _timed_out(asked: Request, request: requests.PreparedRequest) -> requests.ReadTimeout:
    return requests.ReadTimeout(f"HTTPConnectionPool(host={asked.host!r}): Read timed out.", request=request)
