"""The server's HTTP/1.1: connections that stay open, bodies in chunks, and what is no HTTP."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import urllib3
from alibabacloud_ecs20140526.client import Client
from alibabacloud_ecs20140526.models import DescribeRegionsRequest

from fakecloud.cloud import Cloud
from fakecloud.server import Server
from tests.contract.core.conftest import Way

STATE = "GET /_fakecloud/state?limit=0 HTTP/1.1\r\nHost: localhost\r\n"


@contextmanager
def connected(served: Way) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(served.url.rsplit(":", 1)[1])), timeout=10) as connection:
        yield connection


def answered(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """One answer off the connection; status 0 where it has ended."""
    raw = connection.makefile("rb", buffering=0)
    line = raw.readline()
    if not line:
        return 0, {}, b""
    headers = {}
    while (header := raw.readline()) not in (b"\r\n", b""):
        name, _, value = header.decode().partition(":")
        headers[name.lower()] = value.strip()
    body, length = b"", int(headers.get("content-length", 0))
    while len(body) < length and (part := raw.read(length - len(body))):
        body += part
    assert len(body) == length
    return int(line.split()[1]), headers, body


def test_a_connection_stays_open_for_the_next_request(served: Way) -> None:
    with connected(served) as connection:
        for _ in range(3):
            connection.sendall(f"{STATE}\r\n".encode())
            status, headers, _ = answered(connection)
            assert (status, headers["connection"]) == (200, "keep-alive")


def test_an_sdk_client_uses_one_connection_for_many_calls(served: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, connect = list[object](), urllib3.util.connection.create_connection

    def counted(*args: Any, **options: Any) -> socket.socket:
        opened.append(args)
        return connect(*args, **options)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", counted)
    client = Client(served.config())
    for _ in range(5):
        client.describe_regions(DescribeRegionsRequest())
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("version", "header"), [("1.1", "Connection: close\r\n"), ("1.0", "")], ids=["told to close", "HTTP/1.0"]
)
def test_a_connection_ends_when_the_client_wants_it(served: Way, version: str, header: str) -> None:
    with connected(served) as connection:
        connection.sendall(f"{STATE.replace('1.1', version)}{header}\r\n".encode())
        status, headers, _ = answered(connection)
        assert (status, headers["connection"]) == (200, "close")
        assert answered(connection)[0] == 0


def test_requests_may_follow_each_other_without_waiting(served: Way) -> None:
    with connected(served) as connection:
        connection.sendall(f"{STATE}\r\n{STATE}\r\n".encode())
        raw = b""
        while raw.count(b'"pending"') < 2 and (part := connection.recv(65_536)):
            raw += part
        assert raw.count(b"HTTP/1.1 200 OK") == 2


BODY = b'{"ms": 0, "service": "ecs"}'
FRAMES = [
    pytest.param(b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY), id="with its length"),
    pytest.param(b"Transfer-Encoding: chunked\r\n\r\n5\r\n%s\r\n%x;note=1\r\n%s\r\n0\r\nX: y\r\n\r\n"
                 % (BODY[:5], len(BODY) - 5, BODY[5:]), id="in chunks"),
]  # fmt: skip


@pytest.mark.parametrize("frame", FRAMES)
def test_a_body_is_read_and_no_more_than_it(served: Way, frame: bytes) -> None:
    with connected(served) as connection:
        connection.sendall(
            b"POST /_fakecloud/latency HTTP/1.1\r\nHost: localhost\r\n" + frame + f"{STATE}\r\n".encode()
        )
        raw = b""
        while b'"pending"' not in raw and (part := connection.recv(65_536)):
            raw += part
        assert raw.count(b"HTTP/1.1 200 OK") == 2


def test_a_client_that_asks_first_is_told_to_go_on(served: Way) -> None:
    with connected(served) as connection:
        connection.sendall(
            b"POST /_fakecloud/latency HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
        )
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b'{"ms": 0}')
        assert answered(connection)[0] == 200


def test_the_answer_to_head_has_no_body(served: Way) -> None:
    with connected(served) as connection:
        connection.sendall(b"HEAD /_fakecloud/state HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        raw = b""
        while part := connection.recv(65_536):
            raw += part
    assert raw.endswith(b"\r\n\r\n")
    assert b"content-length: 0" not in raw


MALFORMED = [
    pytest.param(b"hello\r\n\r\n", id="no request"),
    pytest.param(b"GET / HTTP/2\r\n\r\n", id="another version"),
    pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="no Host"),
    pytest.param(b"GET / HTTP/1.0\r\n\r\n", id="no Host, in HTTP/1.0"),
    pytest.param(b"GET _fakecloud/state HTTP/1.1\r\nHost: localhost\r\n\r\n", id="a target that is no path"),
    pytest.param(b"GET http://[::1/ HTTP/1.1\r\nHost: localhost\r\n\r\n", id="a target with half an address"),
    pytest.param(b"GET ftp://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", id="a target of another protocol"),
    pytest.param(b"GET http://evil.test/ HTTP/1.1\r\nHost: localhost\r\n\r\n", id="a target of another host"),
    pytest.param(b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", id="a tunnel"),
    pytest.param(b"GET / HTTP/1.1\r\nnocolon\r\n\r\n", id="no header"),
    pytest.param(STATE.encode() + b"Origin : http://evil.test\r\n\r\n", id="a blank before the colon"),
    pytest.param(STATE.encode() + b"X: y\r\n Origin: http://evil.test\r\n\r\n", id="a header that goes on"),
    pytest.param(STATE.encode() + b"X: y\rOrigin: http://evil.test\r\n\r\n", id="half an end of a line"),
    pytest.param(STATE.encode() + b"X\0: y\r\n\r\n", id="a name with a null character"),
    pytest.param(STATE.encode() + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", id="another coding"),
    pytest.param(STATE.encode() + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", id="two codings"),
    pytest.param(
        STATE.encode() + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", id="two lengths"
    ),
    pytest.param(b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", id="negative length"),
    pytest.param(b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", id="too large"),
    pytest.param(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="no size of a chunk"),
    pytest.param(b"GET /" + b"x" * 300_000 + b" HTTP/1.1\r\n\r\n", id="too long a line"),
    pytest.param(b"GET / HTTP/1.1\r\n" + b"".join(b"h%d: v\r\n" % n for n in range(201)) + b"\r\n", id="many headers"),
]


@pytest.mark.parametrize("sent", MALFORMED)
def test_what_is_no_http_is_refused_and_the_connection_ends(served: Way, sent: bytes) -> None:
    with connected(served) as connection:
        connection.sendall(sent)
        status, headers, body = answered(connection)
        assert (status, headers["connection"]) == (400, "close")
        assert b"error" in body


def test_a_client_that_goes_away_leaves_the_server_well(served: Way, capfd: pytest.CaptureFixture[str]) -> None:
    with connected(served) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")
    assert requests.get(f"{served.url}/_fakecloud/state", timeout=10).status_code == 200
    assert capfd.readouterr().err == ""


def test_calls_that_are_slow_are_slow_side_by_side(served: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latency of each is over only when ten are in it: none waits for another's."""
    together = threading.Barrier(10)
    slow = SimpleNamespace(sleep=lambda _: together.wait(10), perf_counter=time.perf_counter)
    monkeypatch.setattr("fakecloud.cloud.time", slow)
    served.cloud.latency.set(1)
    threads = [threading.Thread(target=served.ecs, args=("describe_regions",)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [call.status for call in served.cloud.calls] == [200] * 10


def test_an_open_connection_ends_with_the_server(directly: None) -> None:
    with Server(Cloud()) as server:
        connection = socket.create_connection(("127.0.0.1", int(server.url.rsplit(":", 1)[1])), timeout=10)
        connection.sendall(f"{STATE}\r\n".encode())
        assert answered(connection)[0] == 200
    with connection:
        assert answered(connection)[0] == 0
