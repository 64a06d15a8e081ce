"""The emulated cloud over HTTP: all services on one port of 127.0.0.1, for SDKs of any language and child processes."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import traceback

from fakecloud import admission, http11
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
        self._server = _Listening(cloud, port, self._stop)
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
        return f"http://{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> Server:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.cloud.clock.wake()
        self._server.shutdown()
        for thread in self._threads:
            thread.join(timeout=5)
        self._server.server_close()
        self.cloud.fc.shutdown()


class _Listening(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A thread a connection; connections stay open until the client or the server ends them."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = WAITING

    def __init__(self, cloud: Cloud, port: int, stop: threading.Event) -> None:
        self.cloud, self.door, self.stop = cloud, SideDoor(cloud), stop
        self._open: set[socket.socket] = set()
        super().__init__((HOST, port), _Connection)

    def process_request(self, request: socket.socket | tuple[bytes, socket.socket], client_address: object) -> None:
        assert isinstance(request, socket.socket)
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(socketserver.StreamRequestHandler):
    """One request after the other, each answered in one piece."""

    disable_nagle_algorithm = True
    server: _Listening

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            while not self.server.stop.is_set():
                try:
                    found = http11.read(self.rfile, self.wfile)
                except http11.Malformed as error:
                    self.wfile.write(http11.written(Response.json({"error": str(error)}, 400), stays=False))
                    return
                if found is None:
                    return
                answer = self.answer(found.request)
                if answer is None:
                    return
                self.wfile.write(http11.written(answer, stays=found.stays, head=found.request.method == "HEAD"))
                if not found.stays:
                    return

    def answer(self, request: Request) -> Response | None:
        """None: the connection is to break without an answer."""
        cloud, door = self.server.cloud, self.server.door
        if reason := admission.refusal(request):
            text = f"fakecloud refuses this request: {reason}"
            return Response.json({"Code": "Fakecloud.Refused", "Message": text, "error": text}, 403)
        try:
            return door.handle(request) if door.matches(request) else cloud.handle(request)
        except ReadTimeout as fault:
            self.server.stop.wait(fault.seconds)
            return None
        except ConnectionReset:
            return None
        except Exception as error:  # a bug of the emulator: say so to whoever asked, and where it can be seen
            traceback.print_exc()
            text = f"a bug in fakecloud, not an answer of the cloud: {type(error).__name__}: {error}"
            return Response.json({"Code": "Fakecloud.Bug", "Message": text}, 500)
