"""One invocation as it is watched: its calls, its lines, what it changed, how it ended. Judges nothing."""

from __future__ import annotations

import io
import itertools
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.torture.oracle import File

_numbers = itertools.count(1)


class Killed(BaseException):
    """The process ended here: nothing that it would have done next happens."""


@dataclass(eq=False)
class Root:
    """What begins with one request and goes on in others: a run, spread and handed over. forked: a part of it was delivered twice, or
    anew after its process had been killed. holders: of listed roles when its first call to ECS was made there, by account and region. lifted: the brake is. dry: it
    is to write nothing. operated: an operator asks for a remediation. proofs: by instance, the tags that somebody who may set in one call."""

    number: int = field(default_factory=lambda: next(_numbers))
    forked: bool = False
    lifted: bool = False
    dry: bool = False
    max_calls: int | None = None
    operated: bool = False
    proofs: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    holders: dict[tuple[str, str], int] = field(default_factory=dict)
    invocations: list[Invocation] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """A role that a call of ours put on an instance or took off. foreign: it was not listed."""

    instance_id: str
    before: str
    after: str


@dataclass
class Call:
    """One call of an invocation. status: 0 where it got no answer. ids: the instances that it names."""

    service: str
    action: str
    params: dict[str, str]
    account: str
    ids: tuple[str, ...]
    status: int = 0
    changes: tuple[Change, ...] = ()

    @property
    def region(self) -> str:
        return self.params.get("RegionId", "")

    @property
    def role(self) -> str:
        return self.params.get("RamRoleName", "")

    @property
    def writes(self) -> bool:
        return self.action in ("AttachInstanceRamRole", "DetachInstanceRamRole", "TagResources", "UntagResources")


@dataclass
class Moment:
    """What happens right before, or right after, a call; it may raise Killed."""

    side: Literal["before", "after"]
    do: Callable[[Invocation], None]


@dataclass(eq=False)
class Invocation:
    """file: the roles.yaml that it began with. trouble: what happened to it, "" kinds of which leave its end open. first: how many
    records there were before. touches: how often somebody else had changed something. dead: killed. at_once: its
    operator did not wait for what had begun. retagged: instances that were tagged anew, and brought in line, while it ran."""

    function: str
    request_id: str
    root: Root
    file: File
    began: float
    until: float
    touches: int = 0
    first: int = 0
    dead: bool = False
    at_once: bool = False
    trouble: set[str] = field(default_factory=set)
    retagged: set[str] = field(default_factory=set)
    moments: dict[int, Moment] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    out: io.StringIO = field(default_factory=io.StringIO)
    shown: io.StringIO = field(default_factory=io.StringIO)
    lines_file: Path | None = None
    result: Any = None
    error: BaseException | None = None
    records: list[dict[str, str]] = field(default_factory=list)
    lock: Any = field(default_factory=threading.RLock)
    _cut: int | None = None

    def die(self) -> None:
        """What it prints from now on, nobody sees."""
        self.dead = True
        self._cut = self.out.tell()
        raise Killed

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it printed, as JSON."""
        text = self.out.getvalue()[: self._cut]
        if self.lines_file and self.lines_file.exists():
            text = self.lines_file.read_text()
        return read_lines(text)

    @property
    def intents(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if "intent" in line]

    @property
    def changes(self) -> list[Change]:
        return [change for call in self.calls for change in call.changes]

    @property
    def clean(self) -> bool:
        return not self.trouble and not self.dead

    def over(self, records: list[dict[str, str]]) -> None:
        """It has ended. records: all that are in SLS."""
        mine = [r for r in records[self.first :] if r.get("request_id", "") == self.request_id]
        printed = [line["record"] for line in self.lines if "record" in line]
        self.records = mine + printed
        if "fault" in self.trouble or any(call.action == "PutLogs" and call.status != 200 for call in self.calls):
            # An answer of SLS was lost: what was sent again, or printed then, stands twice.
            self.records = [record for n, record in enumerate(self.records) if record not in self.records[:n]]

    def looks(self) -> list[dict[str, str]]:
        return [record for record in self.records if record.get("action") != "run"]

    def runs(self) -> list[dict[str, str]]:
        return [record for record in self.records if record.get("action") == "run"]


def read_lines(text: str) -> list[dict[str, Any]]:
    """JSON lines; what is none is left out."""
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found
