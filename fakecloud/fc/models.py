"""Functions, triggers, invocations: the words of Function Compute and their limits. Runs nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

RUNTIMES = ("python3", "python3.9", "python3.10", "python3.12")
SYNC_LIMIT, ASYNC_LIMIT = 32 * 1024 * 1024, 128 * 1024
"""Bytes of payload (page "Limits")."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
TASK_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")

Runner = Literal["process", "inline"]


@dataclass(slots=True)
class AsyncConfig:
    """retries: after the first attempt. age: seconds. on_success, on_failure: ARNs, "" for none."""

    retries: int = 3
    age: int = 86_400
    on_success: str = ""
    on_failure: str = ""
    task: bool = False


@dataclass(slots=True)
class Trigger:
    """config: triggerConfig as deployed. rule: name of the EventBridge rule that it made."""

    name: str
    type: Literal["eventbridge", "timer"]
    config: dict[str, Any]
    qualifier: str = "LATEST"
    source_arn: str = ""
    rule: str = ""


@dataclass(slots=True)
class Function:
    """A deployed function. name: "service$function" where it belongs to FC 2.0. memory: MB. timeout: seconds, real time.

    async_config is None until one is put: then the defaults count.
    """

    name: str
    account: str
    region: str
    handler: str
    code: Path
    runtime: str = "python3.10"
    memory: int = 512
    timeout: int = 3
    cpu: float = 0.35
    disk: int = 512
    description: str = ""
    role: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    log_project: str = ""
    log_store: str = ""
    async_config: AsyncConfig | None = None
    initializer: tuple[str, int] | None = None
    pre_stop: tuple[str, int] | None = None
    triggers: dict[str, Trigger] = field(default_factory=dict)
    python: str = ""
    runner: Runner = "process"
    created: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.account, self.region, self.name

    @property
    def service(self) -> str:
        """The FC 2.0 service, "" for a function of FC 3.0."""
        return self.name.partition("$")[0] if "$" in self.name else ""

    @property
    def arn(self) -> str:
        service, _, function = self.name.rpartition("$")
        path = f"services/{service}/functions/{function}" if service else f"functions/{function}"
        return f"acs:fc:{self.region}:{self.account}:{path}"

    @property
    def retries(self) -> AsyncConfig:
        return self.async_config or AsyncConfig()


@dataclass(slots=True)
class Outcome:
    """The end of one run of a handler. body: the result, or FC's JSON of the error. log: what it wrote, as text.

    error_type: x-fc-error-type, "" for success. ms: milliseconds. memory: MB.
    """

    request_id: str
    body: bytes
    error_type: str = ""
    log: str = ""
    ms: float = 0.0
    memory: float = 0.0

    @property
    def ok(self) -> bool:
        return not self.error_type

    @property
    def error(self) -> str:
        """ "" or what went wrong, for people."""
        return "" if self.ok else f"{self.error_type}: {self.body.decode(errors='replace')}"


@dataclass(frozen=True, slots=True)
class Invocation:
    """One attempt to run a function, as `cloud.fc.invocations` keeps it. attempt: from 1."""

    function: str
    request_id: str
    kind: Literal["sync", "async"]
    attempt: int
    ok: bool
    error: str
    payload: bytes
    result: bytes
    ms: float
    source: str = ""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """The output of one invocation on stdout and stderr."""

    function: str
    request_id: str
    at: float
    text: str
