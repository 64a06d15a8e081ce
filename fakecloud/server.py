"""The emulated cloud over HTTP: all services on one port of 127.0.0.1, for SDKs of any language and child processes."""

from __future__ import annotations

import socket
import threading
import traceback
from collections.abc import Callable, Iterable
from http.client import responses
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wsgi import get_input_stream

from fakecloud.cloud import Cloud
from fakecloud.errors import ConnectionReset, ReadTimeout
from fakecloud.http import Request, Response
from fakecloud.sidedoor import SideDoor

HOST = "127.0.0.1"
POLL_SECONDS = 0.02  # how soon the server sees that it shall stop
WAITING = 1024  # connections that may wait to be taken up: clients come in crowds


class Server:
    """A context manager: serves `cloud` until it is left, and runs what falls due in it as real time reaches it.

    port 0 = any free one. runs_clock False: nothing falls due by itself; cloud.settle() lets it happen.
    Raises OSError where the port is taken.
    """

    def __init__(self, cloud: Cloud, port: int = 0, *, runs_clock: bool = True) -> None:
        self.cloud = cloud
        self._stop = threading.Event()
        application = _application(cloud, self._stop)
        with socket.create_server((HOST, port), backlog=WAITING) as listening:
            self._server: BaseWSGIServer = make_server(
                HOST, port, application, threaded=True, request_handler=_Quiet, fd=listening.fileno()
            )
        self._threads = [
            threading.Thread(
                target=self._server.serve_forever, args=(POLL_SECONDS,), name="fakecloud-http", daemon=True
            )
        ]
        if runs_clock:
            ticking = threading.Thread(target=cloud.clock.run, args=(self._stop,), name="fakecloud-clock", daemon=True)
            self._threads.append(ticking)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.port}"

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
    protocol_version = "HTTP/1.1"  # chunked bodies and Expect; werkzeug closes the connection after each answer
    disable_nagle_algorithm = True  # head and body go out apart: the body must not wait for the head's receipt

    def log(self, type: str, message: str, *args: Any) -> None:
        """The journal is the log."""


def _application(
    cloud: Cloud, stop: threading.Event
) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    door = SideDoor(cloud)

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        request = _request(environ)
        try:
            answer = door.handle(request) if door.matches(request) else cloud.handle(request)
        except ReadTimeout as fault:
            stop.wait(fault.seconds)
            return _hang_up(environ)
        except ConnectionReset:
            return _hang_up(environ)
        except Exception as error:  # a bug of the emulator: say so to whoever asked, and where it can be seen
            traceback.print_exc()
            text = f"a bug in fakecloud, not an answer of the cloud: {type(error).__name__}: {error}"
            answer = Response.json({"Code": "Fakecloud.Bug", "Message": text}, 500)
        answer.headers.setdefault("content-type", "text/plain")
        headers = {**answer.headers, "content-length": str(len(answer.body))}
        reason = responses.get(answer.status, "-")
        start(f"{answer.status} {reason}", list(headers.items()))
        return [answer.body]

    return application


def _request(environ: dict[str, Any]) -> Request:
    headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ["PATH_INFO"]
    return Request.of(environ["REQUEST_METHOD"], raw, headers, get_input_stream(environ).read())


def _hang_up(environ: dict[str, Any]) -> Iterable[bytes]:
    """Close the socket without an answer."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionError("fault: hung up")
