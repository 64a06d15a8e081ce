"""The emulated cloud over HTTP: all services on one port of 127.0.0.1, for SDKs of any language and child processes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wsgi import get_input_stream

from fakecloud.cloud import Cloud
from fakecloud.errors import ConnectionReset, ReadTimeout
from fakecloud.http import Request
from fakecloud.sidedoor import SideDoor

HOST = "127.0.0.1"


class Server:
    """A context manager: serves `cloud` and runs what falls due in it until it is left. port 0 = any free one."""

    def __init__(self, cloud: Cloud, port: int = 0) -> None:
        self.cloud = cloud
        self._server: BaseWSGIServer = make_server(
            HOST, port, _application(cloud), threaded=True, request_handler=_Quiet
        )
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._server.serve_forever, name="fakecloud-http", daemon=True),
            threading.Thread(target=cloud.clock.run, args=(self._stop,), name="fakecloud-clock", daemon=True),
        ]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.server_port}"

    def __enter__(self) -> Server:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join(timeout=5)
        self._server.server_close()
        self.cloud.fc.shutdown()


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive: SDKs pool their connections

    def log(self, type: str, message: str, *args: Any) -> None:
        """The journal is the log."""


def _application(cloud: Cloud) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    door = SideDoor(cloud)
    stopping = threading.Event()

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            if environ.get(name):
                headers[name.replace("_", "-").lower()] = environ[name]
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ["PATH_INFO"]
        body = get_input_stream(environ).read()
        request = Request.of(environ["REQUEST_METHOD"], raw, headers, body)
        try:
            answer = door.handle(request) if door.matches(request) else cloud.handle(request)
        except ReadTimeout as fault:
            stopping.wait(fault.seconds)
            return _hang_up(environ)
        except ConnectionReset:
            return _hang_up(environ)
        answer.headers.setdefault("content-type", "text/plain")
        start(f"{answer.status} -", [*answer.headers.items(), ("content-length", str(len(answer.body)))])
        return [answer.body]

    return application


def _hang_up(environ: dict[str, Any]) -> Iterable[bytes]:
    """Close the socket without an answer."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionError("fault: hung up")
