"""The Python runtime inside a function instance: loads a handler and calls it as FC's own bootstrap does.

Run as a script it is the instance's process (imports nothing of fakecloud); runner.py uses the same Runtime in process.
Sources: FC's published runtime bootstrap (3.6, 3.9); help pages "Event handlers", "Context", "Error handling", "Logging".
"""

from __future__ import annotations

import base64
import decimal
import errno
import importlib
import importlib.util
import json
import logging
import os
import signal
import struct
import sys
import time
import traceback
from types import FrameType, ModuleType, SimpleNamespace
from typing import Any, BinaryIO


class LoadError(Exception):
    """The handler cannot be loaded. kind: FC's errorType; the message is FC's own."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Credentials(SimpleNamespace):
    access_key_id: str
    access_key_secret: str
    security_token: str


class Context(SimpleNamespace):
    """The context that a handler gets beside the event. Which attributes there are depends on the runtime: see make_context."""

    def getLogger(self) -> logging.Logger:
        return logging.getLogger()


def make_context(work: dict[str, Any], runtime: str) -> Context:
    """python3.12 has no credentials, service and tracing; up to 3.10 function.timeout is the text of a header."""
    meta, about = work["function"], {"name": work["function"]["name"], "handler": work["function"]["handler"]}
    common = {"request_id": work["request_id"], "region": meta["region"], "account_id": meta["account"], "logger": None}
    if runtime == "python3.12":
        function = SimpleNamespace(
            **about, memory=meta["memory"], timeout=meta["timeout"], version_id="", qualifier=meta["qualifier"]
        )
        return Context(**common, function=function, log_project=meta["log_project"], log_store=meta["log_store"])
    return Context(
        **common,
        credentials=Credentials(**work["credentials"]),
        function=SimpleNamespace(**about, memory=meta["memory"], timeout=str(meta["timeout"])),
        service=SimpleNamespace(
            name=meta["service"],
            log_project=meta["log_project"],
            log_store=meta["log_store"],
            qualifier=meta["qualifier"],
            version_id="",
        ),
        tracing=SimpleNamespace(span_context="", jaeger_endpoint="", span_baggages={}),
        retry_count=work["retry_count"],
    )


class Runtime:
    """One instance's Python side. Handlers stay loaded from call to call, and only a first call loads them."""

    def __init__(self, code: str, runtime: str) -> None:
        self.code, self.runtime = code, runtime
        self._handlers: dict[str, Any] = {}

    def run(self, work: dict[str, Any]) -> dict[str, Any]:
        """Do one piece of work: op is invoke, initialize or pre-stop. Answers {"ok", "body" (base64)}; never raises Exception."""
        if work["new_variables"] and work["credentials"]["access_key_id"]:
            os.environ.update({name: work["credentials"][key] for name, key in _CREDENTIAL_VARIABLES.items()})
        word = {"invoke": "Invoke", "initialize": "Initialize", "pre-stop": "PreStop"}[work["op"]]
        print(f"FC {word} Start RequestId: {work['request_id']}", flush=True)
        try:
            handler = self._load(work["handler"])
            context = make_context(work, self.runtime)
            if work["op"] == "invoke":
                body = encode(handler(base64.b64decode(work["event"]), context))
            else:
                handler(context)
                body = b""
            failed = ""
        except Exception as error:
            body, failed = encode(describe(error)), ", Error: Unhandled function error"
            traceback.print_exc(file=sys.stdout)
        print(f"FC {word} End RequestId: {work['request_id']}{failed}", flush=True)
        return {"ok": not failed, "body": base64.b64encode(body).decode()}

    def _load(self, handler: str) -> Any:
        if handler not in self._handlers:
            self._handlers[handler] = load_handler(handler, self.code, self.runtime)
        return self._handlers[handler]


_CREDENTIAL_VARIABLES = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "access_key_id",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "access_key_secret",
    "ALIBABA_CLOUD_SECURITY_TOKEN": "security_token",
}


def load_handler(handler: str, code: str, runtime: str) -> Any:
    """The function that a handler string names, from the code directory. Raises LoadError."""
    module_name, dot, name = handler.rpartition(".")
    if not dot or not module_name or not name:
        raise LoadError("InvalidHandleName", f"Invalid handler name '{handler}': it must be module.function")
    try:
        module = _import_new(module_name) if runtime == "python3.12" else _import_old(module_name, code)
    except ImportError as error:
        # The runtime hides the cause; it is in the function's log, because the traceback is printed there.
        raise LoadError("ImportModuleError", f"Unable to import module '{module_name}'") from error
    except SyntaxError as error:
        raise LoadError("UserCodeSyntaxError", f"Syntax error in module '{module_name}'") from error
    except Exception as error:
        raise LoadError("UserCodeError", f"Module initialization error: {error}") from error
    if not hasattr(module, name):
        raise LoadError("HandlerNotFound", f"Handler '{name}' is missing on module '{module_name}'")
    return getattr(module, name)


def _import_new(module_name: str) -> ModuleType:
    return importlib.import_module(module_name.replace("/", "."))


def _import_old(module_name: str, code: str) -> ModuleType:
    """Up to 3.10: by file. What is before the last "/" is a directory; a dotted part must be a package with __init__.py,
    which is looked for but not run; the module's __name__ is the string as given."""
    directory, _, dotted = module_name.rpartition("/")
    folder = os.path.join(code, *directory.split("/")) if directory else code
    *packages, last = dotted.split(".")
    for package in packages:
        folder = os.path.join(folder, package)
        if not os.path.isfile(os.path.join(folder, "__init__.py")):
            raise ImportError(f"No module named {package}")
    own = os.path.join(folder, last, "__init__.py")
    path = own if os.path.isfile(own) else os.path.join(folder, last + ".py")
    if not os.path.isfile(path):
        raise ImportError(f"No module named {last}")
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"No module named {last}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(module_name, None)
        raise
    return module


def encode(result: Any) -> bytes:
    """str and bytes as they are; anything else as JSON the way FC writes it. Raises TypeError for what JSON cannot say."""
    if isinstance(result, bytes):
        return result
    if isinstance(result, str):
        return result.encode()
    return json.dumps(result, default=_number, indent=4, sort_keys=True).encode()


def _number(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{value!r} is not JSON serializable")


def describe(error: Exception) -> dict[str, Any]:
    """FC's JSON of an error: frames of this file are left out of stackTrace."""
    kind = error.kind if isinstance(error, LoadError) else type(error).__name__
    shown = error.__cause__ if isinstance(error, LoadError) and kind != "ImportModuleError" else error
    frames = traceback.extract_tb(shown.__traceback__) if shown is not None else []
    trace = [
        [f'File "{frame.filename}"', f"line {frame.lineno}", f"in {frame.name}", frame.line or ""]
        for frame in frames
        if frame.filename != __file__
    ]
    return {"errorMessage": str(error), "errorType": kind, "stackTrace": trace}


def code_changed(changes: str, code: str) -> dict[str, Any]:
    """The answer, and a line of the log, of a function whose write got through where Function Compute would refuse it."""
    text = (
        f"{OSError(errno.EROFS, os.strerror(errno.EROFS))}: this function, or a process it started, wrote into the folder of "
        f"its code: {changes} (in {code}). In Function Compute that folder cannot be written to; write to /tmp."
    )
    print(f"emulator: {text}")
    error = {"errorMessage": text, "errorType": "OSError", "stackTrace": []}
    return {"ok": False, "body": base64.b64encode(encode(error)).decode()}


class LogFormatter(logging.Formatter):
    """`2024-02-27T08:35:26.651Z <request id> [INFO] message`, in UTC."""

    def __init__(self, request_id: str) -> None:
        super().__init__(f"%(asctime)s.%(msecs)03dZ {request_id} [%(levelname)s] %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))


class LogHandler(logging.Handler):
    """Writes to whatever sys.stdout is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), flush=True)


def main(requests: BinaryIO, answers: BinaryIO) -> None:
    """Serve pieces of work from one pipe, answers on the other: a length of four bytes, then JSON."""
    handler = LogHandler()
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(os.environ.get("FC_SERVER_LOG_LEVEL", "INFO"))
    signal.signal(signal.SIGTERM, _dump)
    code = os.environ["FC_FUNC_CODE_PATH"]
    clock: Any = importlib.import_module("timeshift")  # from the folder of this script
    confine: Any = importlib.import_module("confine")
    del sys.modules["timeshift"], sys.modules["confine"]  # the names are the function's to use
    clock.install()
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [code, *(entry for entry in sys.path if os.path.abspath(entry or ".") not in (own, code))]
    runtime = Runtime(code, os.environ["FC_RUNTIME_VERSION"])
    watch = confine.install(code, int(os.environ["FC_FUNCTION_MEMORY_SIZE"]))
    print("FunctionCompute python3 runtime inited.", flush=True)
    while head := requests.read(4):
        work = json.loads(requests.read(struct.unpack(">I", head)[0]))
        handler.setFormatter(LogFormatter(work["request_id"]))
        clock.offset = work["clock_offset"]
        answer = runtime.run(work)
        if changes := watch.changes():
            answer = code_changed(changes, code)
        sys.stdout.flush()
        sys.stderr.flush()
        answer["memory_mb"] = confine.peak_memory()
        data = json.dumps(answer).encode()
        answers.write(struct.pack(">I", len(data)) + data)
        answers.flush()


def _dump(signum: int, frame: FrameType | None) -> None:
    """End as the runtime does when its time is up: the stacks of all threads to the log, then the end."""
    print("Dumping stack trace after function timeout")
    for thread, stack in sys._current_frames().items():
        print(f"Thread {thread}:\n" + "".join(traceback.format_stack(stack)))
    sys.stdout.flush()
    os._exit(1)


if __name__ == "__main__":
    main(os.fdopen(int(sys.argv[1]), "rb"), os.fdopen(int(sys.argv[2]), "wb"))
