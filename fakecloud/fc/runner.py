"""Function instances: a process of their own, or this process. Each does one piece of work at a time."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import logging
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from fakecloud.errors import NotEmulated
from fakecloud.fc import bootstrap

BOOTSTRAP = Path(bootstrap.__file__)
KILL_AFTER = 1.0
"""Seconds between SIGTERM and SIGKILL."""


@dataclass(slots=True)
class Answer:
    """status: "ok", "error" (the handler raised), "timeout" or "exited". log: what was written meanwhile. memory: MB."""

    status: str
    body: bytes = b""
    log: str = ""
    memory: float = 0.0


class Instance(Protocol):
    fresh: bool  # no work done yet: the initializer has not run

    def work(self, piece: dict[str, Any], timeout: float) -> Answer:
        """One piece of work. After a timeout or an exit the instance is gone."""

    @property
    def stop(self) -> Callable[[], object]:
        """End it at once."""


class ProcessInstance:
    """A child process that runs bootstrap.py. It inherits nothing of this process's environment.

    Code that brings its dependencies, in a folder that its PYTHONPATH names, is run without the packages installed beside
    the interpreter: what is missing in it is missing here too.

    stdout and stderr go to one nameless file, read after each piece of work: no pipe can fill up and block the handler.
    The child ends with stop(), or when this object or this process does.
    """

    def __init__(self, python: str, env: dict[str, str], code: Path) -> None:
        if os.name != "posix":
            raise NotEmulated(
                "functions in a process of their own on this system: it needs Linux or macOS (on Windows, WSL)"
            )
        import fcntl

        self.fresh = True
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        # Not by the mode: TemporaryFile opens without O_APPEND, and what is written after _written() would leave a hole.
        fcntl.fcntl(self._log, fcntl.F_SETFL, fcntl.fcntl(self._log, fcntl.F_GETFL) | os.O_APPEND)
        alone = ["-S"] if any(map(os.path.isdir, env.get("PYTHONPATH", "").split(os.pathsep))) else []
        child_in, self._requests = os.pipe()
        self._answers, child_out = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the function that was deployed
                [python, *alone, str(BOOTSTRAP), str(child_in), str(child_out)],
                env=env,
                cwd=code,
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=(child_in, child_out),
                start_new_session=True,
            )
        finally:
            os.close(child_in)
            os.close(child_out)
        self.stop = weakref.finalize(self, _end, self._process, self._log, (self._requests, self._answers))

    def work(self, piece: dict[str, Any], timeout: float) -> Answer:
        self.fresh = False
        data = json.dumps(piece).encode()
        deadline = time.monotonic() + timeout
        try:
            _write(self._requests, struct.pack(">I", len(data)) + data)
            head = self._read(4, deadline)
            raw = self._read(struct.unpack(">I", head)[0], deadline)
        except TimeoutError:
            memory = self._memory()
            self._process.terminate()
            _await_exit(self._process.pid)
            return self._gone("timeout", memory)
        except (EOFError, BrokenPipeError):
            return self._gone("exited")
        answer = json.loads(raw)
        body = base64.b64decode(answer["body"])
        return Answer("ok" if answer["ok"] else "error", body, self._written(), answer["memory_mb"])

    def _read(self, count: int, deadline: float) -> bytes:
        data = b""
        while len(data) < count:
            ready, _, _ = select.select([self._answers], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise TimeoutError
            part = os.read(self._answers, count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def _written(self) -> str:
        """Return what the child wrote since the last observation; the file is emptied, the child appends."""
        self._log.seek(0)
        text = self._log.read().decode(errors="replace")
        self._log.truncate(0)
        return text

    def _gone(self, status: str, memory: float = 0.0) -> Answer:
        log = self._written()
        self.stop()
        return Answer(status, log=log, memory=memory)

    def _memory(self) -> float:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        return 0.0


def _write(end: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(end, view) :]


def _await_exit(pid: int) -> None:
    """Wait a little for a child to end, without reaping it: its id stays its own until _end has killed the group."""
    deadline = time.monotonic() + KILL_AFTER
    while time.monotonic() < deadline:
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        time.sleep(0.01)


def _end(process: subprocess.Popen[bytes], log: IO[bytes], pipes: tuple[int, ...]) -> None:
    """Kill a child and what it started, and let go of its files."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    log.close()
    for pipe in pipes:
        os.close(pipe)


_one_at_a_time = threading.RLock()


class InlineInstance:
    """The handler in this process, for tests: os.environ, sys.path, stdout and the root logger are lent to it meanwhile.

    One at a time, for these belong to the process. A timeout cannot end it: it is told afterwards. Modules of the code
    directory that are already imported are used again, but the handler's own module is loaded again on a cold start.
    """

    def __init__(self, env: dict[str, str], code: Path) -> None:
        self.fresh = True
        self._env, self._code = env, str(code)
        self._runtime = bootstrap.Runtime(self._code, env["FC_RUNTIME_VERSION"])

    def work(self, piece: dict[str, Any], timeout: float) -> Answer:
        written = io.StringIO()
        with _one_at_a_time, self._lent(written, piece["request_id"]):
            if self.fresh:
                self._forget(piece["handler"])
                print("FunctionCompute python3 runtime inited.")
            self.fresh = False
            began = time.monotonic()
            try:
                answer = self._runtime.run(piece)
            except SystemExit:
                return Answer("exited", log=written.getvalue())
            took = time.monotonic() - began
        if took > timeout:
            return Answer("timeout", log=written.getvalue())
        body = base64.b64decode(answer["body"])
        return Answer("ok" if answer["ok"] else "error", body, written.getvalue())

    def stop(self) -> None:
        """Nothing of it runs between pieces of work."""

    def _forget(self, handler: str) -> None:
        """Drop the handler's module, and a package of its name that came from another code directory."""
        name = handler.rpartition(".")[0].replace("/", ".")
        sys.modules.pop(name, None)
        top = name.partition(".")[0]
        places = _places(sys.modules.get(top))
        if places and not any(Path(place).is_relative_to(self._code) for place in places):
            for module in [m for m in sys.modules if m == top or m.startswith(top + ".")]:
                del sys.modules[module]
        sys.path_importer_cache.clear()

    @contextlib.contextmanager
    def _lent(self, written: io.StringIO, request_id: str) -> Iterator[None]:
        environ, path, root = dict(os.environ), list(sys.path), logging.getLogger()
        handlers, level = list(root.handlers), root.level
        handler = bootstrap.LogHandler()
        handler.setFormatter(bootstrap.LogFormatter(request_id))
        try:
            os.environ.clear()
            os.environ.update(self._env)
            sys.path[:] = [self._code, *(entry for entry in sys.path if entry != self._code)]
            root.handlers[:] = [handler]
            root.setLevel(self._env.get("FC_SERVER_LOG_LEVEL", "INFO"))
            with contextlib.redirect_stdout(written), contextlib.redirect_stderr(written):
                yield
        finally:
            os.environ.clear()
            os.environ.update(environ)
            sys.path[:] = path
            root.handlers[:] = handlers
            root.setLevel(level)


def _places(module: Any) -> list[str]:
    if module is None:
        return []
    found = getattr(module, "__file__", None)
    return [found] if found else list(getattr(module, "__path__", []))
