"""The in-process seam: real SDK clients, whose HTTP sends end in the emulated cloud instead of a socket."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from fakecloud.cloud import Cloud
from fakecloud.errors import ConnectionReset, ReadTimeout
from fakecloud.http import Request
from fakecloud.sidedoor import SideDoor

SEAM = "requests.adapters.HTTPAdapter.send"
"""Where both SDK families (Tea and aliyun-log) send: patch this with `sender(cloud)`."""


def sender(cloud: Cloud) -> Callable[..., requests.Response]:
    """A replacement for HTTPAdapter.send that asks `cloud`. Nothing leaves the process, whatever the host."""
    door = SideDoor(cloud)

    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        body = request.body or b""
        if not isinstance(body, (bytes, str)):
            body = b"".join(chunk if isinstance(chunk, bytes) else str(chunk).encode() for chunk in body)
        asked = Request.of(
            request.method or "GET", request.url or "", _texts(request.headers), body if isinstance(body, bytes) else body.encode()
        )  # fmt: skip
        try:
            answer = door.handle(asked) if door.matches(asked) else cloud.handle(asked)
        except ConnectionReset:
            raise requests.ConnectionError(
                f"('Connection aborted.', {ConnectionResetError(104, 'reset by peer')!r})"
            ) from None
        except ReadTimeout:
            raise requests.ReadTimeout(f"HTTPConnectionPool(host={asked.host!r}): Read timed out.") from None
        response = requests.Response()
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict(answer.headers)
        response.raw = io.BytesIO(answer.body)
        response.url, response.request = request.url or "", request
        response.reason = str(answer.status)
        response.encoding = "utf-8"
        return response

    return send


def installed(cloud: Cloud) -> Any:
    """A context manager that puts the seam in place (tests use pytest-mock for the same)."""
    return mock.patch(SEAM, sender(cloud))


def _texts(headers: Mapping[str, Any]) -> dict[str, str]:
    return {name: value.decode() if isinstance(value, bytes) else str(value) for name, value in headers.items()}
