"""Requests and answers of HTTP/1.1 on a connection: read, written. Knows no service; http.py has what they become.

RFC 9112. The standard library's parser reads headers as mail, which costs more than most calls do here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http.client import responses
from io import BufferedIOBase
from typing import Any
from urllib.parse import urlsplit

from fakecloud.http import Request, Response, plain_host
from fakecloud.parsing import digits

LONGEST_LINE, MOST_HEADERS = 256 * 1024, 200
LARGEST_BODY = 64 * 1024 * 1024
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\0]*)")
"""No space before the colon, no line that goes on on the next, no other end of a line: what is read so by one is another
header to the next (Origin, Host)."""


class Malformed(ValueError):
    """Not HTTP/1.1, or more of it than anybody here sends."""


@dataclass(frozen=True, slots=True)
class Found:
    """stays: whether the connection is to stay open after the answer."""

    request: Request
    stays: bool


def read(source: BufferedIOBase, reply: Any) -> Found | None:
    """The next request; None where the connection has ended. reply: where "100 Continue" goes. Raises Malformed."""
    line = _line(source)
    if not line:
        return None
    parts = line.split(" ")
    if len(parts) != 3 or parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise Malformed(f"not a request of HTTP/1.1: {line[:100]!r}")
    method, target, version = parts
    headers = _headers(source)
    if headers.get("expect", "").lower() == "100-continue":
        reply.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = _body(source, headers)
    wish = headers.get("connection", "").lower()
    stays = "close" not in wish if version == "HTTP/1.1" else "keep-alive" in wish
    try:
        request = Request.of(method, target, headers, body)
    except ValueError as error:
        raise Malformed(f"the target of the request is no address: {error}") from None
    if not request.host:
        raise Malformed("there is no Host header")
    _check_authority(target, request.host)
    return Found(request, stays)


def written(answer: Response, *, stays: bool, head: bool = False) -> bytes:
    """head: the request was HEAD, whose answer has no body."""
    headers = {"content-type": "text/plain", **answer.headers, "content-length": str(len(answer.body))}
    headers["connection"] = "keep-alive" if stays else "close"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    start = f"HTTP/1.1 {answer.status} {responses.get(answer.status, '-')}\r\n{lines}\r\n"
    return start.encode("latin-1", "replace") + (b"" if head else answer.body)


def _check_authority(target: str, host: str) -> None:
    """A target with its own host, as proxies get it, must name the Host's: else nobody could say which one was meant."""
    named = "" if target.startswith("/") else plain_host(urlsplit(target).netloc)
    if named and named.removesuffix(":80") != host.removesuffix(":80"):
        raise Malformed(f"the target is of {named[:100]!r}, the Host header says {host[:100]!r}")


def _line(source: BufferedIOBase) -> str:
    """Without its end; "" at the end of the connection, or for an empty line."""
    raw = source.readline(LONGEST_LINE + 1)
    if len(raw) > LONGEST_LINE:
        raise Malformed(f"a line of more than {LONGEST_LINE} bytes")
    return raw.decode("latin-1").rstrip("\r\n")


def _headers(source: BufferedIOBase) -> dict[str, str]:
    """Names in lower case; one that comes twice is joined."""
    headers: dict[str, str] = {}
    while line := _line(source):
        found = _HEADER.fullmatch(line)
        if not found or len(headers) >= MOST_HEADERS:
            raise Malformed(f"not a header, or one too many: {line[:100]!r}")
        name, value = found[1].lower(), found[2].strip()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _body(source: BufferedIOBase, headers: dict[str, str]) -> bytes:
    if coding := headers.get("transfer-encoding", ""):
        if coding.lower() != "chunked" or "content-length" in headers:
            raise Malformed(f"transfer-encoding: {coding[:100]}; there is chunked, without a content-length")
        return _chunks(source)
    length = headers.get("content-length", "0")
    count = digits(length)
    if count is None or count > LARGEST_BODY:
        raise Malformed(f"content-length: {length[:100]}")
    return _exactly(source, count)


def _chunks(source: BufferedIOBase) -> bytes:
    body = bytearray()
    while True:
        size = _line(source).partition(";")[0].strip()
        try:
            count = int(size, 16)
        except ValueError:
            raise Malformed(f"not the size of a chunk: {size[:100]!r}") from None
        if count < 0 or len(body) + count > LARGEST_BODY:
            raise Malformed(f"a body of more than {LARGEST_BODY} bytes")
        if count == 0:
            while _line(source):
                pass
            return bytes(body)
        body += _exactly(source, count)
        _line(source)


def _exactly(source: BufferedIOBase, count: int) -> bytes:
    data = source.read(count) if count else b""
    if len(data) < count:
        raise ConnectionError("the client went away in the middle of a request")
    return data
