"""Runs functions: finds or starts an instance, gives it work, keeps its log. Knows neither wire nor queue."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from fakecloud.errors import CloudError
from fakecloud.fc import exceptions
from fakecloud.fc.models import Function, LogEntry, Outcome
from fakecloud.fc.permissions import may_log
from fakecloud.fc.runner import Answer, InlineInstance, Instance, ProcessInstance
from fakecloud.identity import AccessKey

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

CREDENTIAL_SECONDS = 129_600
"""36 hours, says FC's documentation of credentials."""
DEFAULT_INSTANCES = 300
"""Instances an account may run at once in a region (page "Limits")."""
LOGS_KEPT = 2_000
ENTRY_BYTES = 32 * 1024
"""Of a log entry: what is longer is cut (page "Limits")."""


def request_id() -> str:
    """In the form FC gives: 1-65dd9ece-123e1745-e6b2fe71423f."""
    return f"1-{int(time.time()):08x}-{secrets.token_hex(4)}-{secrets.token_hex(6)}"


class Invoker:
    """instance_limit: instances at once, an account and region. logs: what the last 2,000 invocations wrote."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.instance_limit = DEFAULT_INSTANCES
        self.logs: deque[LogEntry] = deque(maxlen=LOGS_KEPT)
        self._idle: dict[tuple[str, str, str], list[Instance]] = defaultdict(list)
        self._busy: dict[tuple[str, str], int] = defaultdict(int)

    def run(self, function: Function, payload: bytes, rid: str, retry_count: int) -> Outcome:
        """One attempt. Raises ResourceExhausted at the limit, AccessDenied where the role cannot be assumed."""
        credentials = self._credentials(function)
        instance = self._take(function, credentials)
        began = time.monotonic()
        keep = False
        try:
            answer, timeout, keep = self._work(function, instance, payload, rid, retry_count, credentials)
        finally:
            self._give_back(function, instance, keep)
        # Wording: of the timeout from a public report, of the exit unverified.
        ms = (time.monotonic() - began) * 1000
        outcome = Outcome(rid, answer.body, "", answer.log, round(ms, 3), answer.memory)
        if answer.status != "ok":
            outcome.error_type = "UnhandledInvocationError"
        if answer.status == "timeout":
            used = f"(maxMemoryUsage: {answer.memory:.2f}MB)"
            outcome.body = _error(f"Function timed out after {timeout} seconds {used}")
        elif answer.status == "exited":
            used = f"(duration: {ms:.0f}ms, maxMemoryUsage: {answer.memory:.2f}MB)"
            outcome.body = _error(f"Process exited unexpectedly before completing request {used}")
        if answer.status in ("timeout", "exited"):
            outcome.log += f"FC Invoke End RequestId: {rid}, Error: {json.loads(outcome.body)['errorMessage']}\n"
        self._keep_log(function, outcome)
        return outcome

    def forget(self, function: Function, *, hooks: bool = False) -> None:
        """End the idle instances of a function. hooks: let preStop run first."""
        with self.cloud.lock:
            idle = self._idle.pop(function.key, [])
        for instance in idle:
            if hooks and function.pre_stop:
                handler, timeout = function.pre_stop
                answer = instance.work(self._piece(function, "pre-stop", handler, request_id(), _NONE), timeout)
                self._keep_log(function, Outcome("", b"", log=answer.log))
            instance.stop()

    def _work(
        self,
        function: Function,
        instance: Instance,
        payload: bytes,
        rid: str,
        retry_count: int,
        credentials: dict[str, str],
    ) -> tuple[Answer, int, bool]:
        """The initializer where it is due, then the handler. Also the timeout that counted, and whether to keep the instance.

        An initializer that fails fails the invocation; the next one gets a new instance (page "Lifecycle hooks").
        """
        first = Answer("ok")
        if instance.fresh and function.initializer:
            handler, timeout = function.initializer
            first = instance.work(self._piece(function, "initialize", handler, rid, credentials), timeout)
            if first.status != "ok":
                return first, timeout, False
        piece = self._piece(function, "invoke", function.handler, rid, credentials)
        piece |= {"event": base64.b64encode(payload).decode(), "retry_count": retry_count}
        answer = instance.work(piece, function.timeout)
        answer.log = first.log + answer.log
        return answer, function.timeout, answer.status in ("ok", "error")

    def _take(self, function: Function, credentials: dict[str, str]) -> Instance:
        place = (function.account, function.region)
        with self.cloud.lock:
            if self._busy[place] >= self.instance_limit:
                raise exceptions.ResourceExhausted()
            self._busy[place] += 1
            idle = self._idle[function.key]
            if idle:
                return idle.pop()
        try:
            return self._start(function, credentials)
        except BaseException:
            with self.cloud.lock:
                self._busy[place] -= 1
            raise

    def _start(self, function: Function, credentials: dict[str, str]) -> Instance:
        env = environment(function, credentials)
        if function.runner == "inline":
            return InlineInstance(env, function.code)
        return ProcessInstance(function.python, env, function.code)

    def _give_back(self, function: Function, instance: Instance, keep: bool) -> None:
        with self.cloud.lock:
            self._busy[function.account, function.region] -= 1
            if keep and self.cloud.fc.deployed(function):
                self._idle[function.key].append(instance)
                return
        instance.stop()

    def _credentials(self, function: Function) -> dict[str, str]:
        """Fresh keys of the function's role, none without a role."""
        if not function.role:
            return _NONE
        try:
            key = self._assume(function)
        except (CloudError, ValueError) as error:
            why = error.message if isinstance(error, CloudError) else str(error)
            raise exceptions.AccessDenied(
                f"Function Compute cannot assume the role {function.role} of the function {function.name}: {why} "
                "Create the role in this account and let its trust policy name fc.aliyuncs.com."
            ) from None
        return {"access_key_id": key.access_key_id, "access_key_secret": key.secret, "security_token": key.token}

    def _assume(self, function: Function) -> AccessKey:
        """Raises CloudError or ValueError."""
        with self.cloud.lock:
            # By its ARN, where case does not matter: fc3 writes role ARNs in lower case.
            role = self.cloud.ram.role_of_arn(function.role)
            if role is None or not function.role.startswith(f"acs:ram::{function.account}:"):
                raise ValueError(f"the account {function.account} has no such role.")
            return self.cloud.sts.assume_for_service(
                function.account, role.name, "fc.aliyuncs.com", function.name, CREDENTIAL_SECONDS
            )

    def _piece(
        self, function: Function, op: str, handler: str, rid: str, credentials: dict[str, str]
    ) -> dict[str, Any]:
        return {
            "op": op,
            "clock_offset": self.cloud.clock.offset,
            "handler": handler,
            "request_id": rid,
            "credentials": credentials,
            "new_variables": self.cloud.switches.fc_variables_keys == "each-invocation",
            "retry_count": 0,
            "function": {
                "name": function.name.rpartition("$")[2],
                "handler": function.handler,
                "memory": function.memory,
                "timeout": function.timeout,
                "region": function.region,
                "account": function.account,
                "service": function.service,
                "qualifier": "LATEST",
                "log_project": function.log_project,
                "log_store": function.log_store,
            },
        }

    def _keep_log(self, function: Function, outcome: Outcome) -> None:
        """To `logs`, and to the logstore of logConfig where there is one, as FC does; each line cut at ENTRY_BYTES."""
        outcome.log = _short(outcome.log)
        self.logs.append(LogEntry(function.name, outcome.request_id, self.cloud.clock.now(), outcome.log))
        if not function.log_project or not may_log(self.cloud, function):
            return
        about = {"functionName": function.name, "requestId": outcome.request_id, "qualifier": "LATEST"}
        entries = [{**about, "message": line} for line in outcome.log.splitlines()]
        with contextlib.suppress(CloudError):
            self.cloud.sls.put(function.log_project, function.log_store, entries, topic=f"FCLogs:{function.name}")


_NONE = {"access_key_id": "", "access_key_secret": "", "security_token": ""}


def environment(function: Function, credentials: dict[str, str]) -> dict[str, str]:
    """All that the handler sees: FC's variables, the function's own, PATH, HOME and LANG. Source: page "Environment variables"."""
    code = str(function.code)
    own = dict(function.environment)
    if "PYTHONPATH" in own:
        # In FC the code is in /code; here where it was deployed from.
        own["PYTHONPATH"] = ":".join(
            code + part[5:] if part == "/code" or part.startswith("/code/") else part
            for part in own["PYTHONPATH"].split(":")
        )
    version = "FC_FUNCTION_VERSION" if function.runtime == "python3.12" else "FC_VER_ID"
    keys = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": credentials["access_key_id"],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": credentials["access_key_secret"],
        "ALIBABA_CLOUD_SECURITY_TOKEN": credentials["security_token"],
    }
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/tmp",  # noqa: S108 - FC's own value
        "LANG": "C.UTF-8",
        "PWD": code,
        **own,
        **({name: value for name, value in keys.items() if value}),
        "FC_FUNC_CODE_PATH": code,
        "FC_ACCOUNT_ID": function.account,
        "FC_FUNCTION_HANDLER": function.handler,
        "FC_FUNCTION_MEMORY_SIZE": str(function.memory),
        "FC_FUNCTION_NAME": function.name.rpartition("$")[2],
        "FC_REGION": function.region,
        "FC_INSTANCE_ID": f"c-{secrets.token_hex(4)}-{secrets.token_hex(6)}",
        "FC_CUSTOM_LISTEN_PORT": "9000",
        version: "",
        "FC_QUALIFIER": "LATEST",
        "FC_RUNTIME_VERSION": function.runtime,
        **({"FC_SERVICE_NAME": function.service} if function.service else {}),
    }


def _short(log: str) -> str:
    if len(log) <= ENTRY_BYTES // 4:
        return log
    lines = (line.encode()[:ENTRY_BYTES].decode(errors="ignore") for line in log.splitlines())
    return "\n".join(lines) + ("\n" if log.endswith("\n") else "")


def _error(message: str) -> bytes:
    return json.dumps({"errorMessage": message}).encode()
