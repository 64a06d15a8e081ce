"""Two accounts of an emulated cloud, the four functions as Function Compute runs them, and the commands: in this process, in its own
time. It knows no module of the product but its entry points. Judges nothing: watch.py and after.py do.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from fakecloud.cloud import Cloud
from fakecloud.ecs.models import Instance
from fakecloud.fc.models import Function, Outcome
from fakecloud.http import Request, Response
from fakecloud.identity import ACCOUNT, AccessKey, Identity
from fakecloud.sls.models import Project
from fakecloud.wire import SEAM, sender
from tests.torture import clock
from tests.torture.invocation import Call, Invocation, Killed, Moment, Root
from tests.torture.oracle import File, Seen
from tests.torture.watch import Watch

MEMBER, MEMBER_ROLE, EXECUTION_ROLE = "2222222222222222", "rolekeeper-member", "rolekeeper-fc"
HOME, FAR = "cn-hangzhou", "cn-beijing"
PROJECT, LOGSTORE = "rolekeeper", "rolekeeper-records"
PROOF_KEY = "8f3b1c5d7e9a2046" * 4
FUNCTIONS = ("instance_created", "tags_changed", "reconcile", "remediate")
RUNS = ("reconcile", "remediate")
ROLES = ("web", "worker", "batch", "legacy-a", "legacy-b", "alien")
"""In RAM of both accounts. The last three are foreign to every roles.yaml here."""
KEYS = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN")
STUB = "def handler(event, context):\n    return 1\n"
TRIES = 4
"""Of an asynchronous invocation, with the first."""


class Watched(Cloud):
    """Each call of an invocation passes by the watch."""

    watch: Watch | None = None

    def handle(self, request: Request) -> Response:
        return self.watch(request, super().handle) if self.watch else super().handle(request)


@dataclass
class Pending:
    """What Function Compute has still to run. attempt: from 0. names: instances that the event tells of; born: of their creation."""

    function: str
    body: bytes
    request_id: str
    root: Root
    attempt: int = 0
    names: tuple[str, ...] = ()
    born: tuple[str, ...] = ()


@dataclass
class Place:
    """Where the deployment looks after instances, and how it is set up."""

    everywhere: bool = False
    variables: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield from ((account, region) for account in self.accounts for region in self.regions)

    @property
    def accounts(self) -> tuple[str, ...]:
        return (ACCOUNT, MEMBER) if self.everywhere else (ACCOUNT,)

    @property
    def regions(self) -> tuple[str, ...]:
        return (HOME, FAR) if self.everywhere else (HOME,)


class World:
    """One for many histories: begin() makes it anew."""

    def __init__(self, folder: Path) -> None:
        self.cloud, self.folder = Watched(), folder
        self._send = sender(self.cloud)
        self._files: dict[str, Path] = {}
        (folder / "index.py").write_text(STUB)
        importlib.import_module("functions")

    @contextmanager
    def open(self) -> Iterator[World]:
        """Meanwhile whatever this process sends ends in the cloud, and its time is the cloud's."""
        with mock.patch(SEAM, self._send), mock.patch.dict(os.environ), clock.held(self.cloud):
            yield self

    def begin(self, file: File, place: Place) -> None:
        """An empty cloud with the roles, the logstore and the functions; nothing is remembered."""
        self.cloud.reset()
        self.file, self.place = file, place
        self.watch = self.cloud.watch = Watch(self.cloud)
        self.inbox: list[Pending] = []
        self.invocations: list[Invocation] = []
        self.labels: set[str] = set()
        self.handlers: dict[str, Callable[[bytes, Any], Any]] = {}
        self.printed: list[str] = []
        self.count = 0
        self._logs_read = set[int]()
        for account in (ACCOUNT, MEMBER):
            for role in ROLES:
                self.cloud.ram.put_role(account, role)
        self.cloud.ram.put_role(ACCOUNT, EXECUTION_ROLE, services=("fc.aliyuncs.com",))
        member = self.cloud.ram.put_role(MEMBER, MEMBER_ROLE)
        trusted = {"RAM": [f"acs:ram::{ACCOUNT}:role/{EXECUTION_ROLE}"]}
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted}
        member.trust_text = json.dumps({"Version": "1", "Statement": [statement]})
        member.trust = self.cloud.ram.trust_document("AssumeRolePolicyDocument", member.trust_text)
        project = Project(PROJECT, HOME, ACCOUNT, "", 0, 0)
        self.cloud.sls.state.add(project)
        project.create_logstore(LOGSTORE, {"ttl": 30}, 0, 200)
        self._deploy()

    def _deploy(self) -> None:
        """Of the functions those that others are started of: what is handed over comes into the inbox."""
        props = {
            "region": HOME,
            "runtime": "python3.10",
            "handler": "index.handler",
            "asyncInvokeConfig": {"asyncTask": True},
        }
        resources = {
            name: {"component": "fc3", "props": {**props, "functionName": f"rolekeeper-{name}"}} for name in RUNS
        }
        (self.folder / "s.yaml").write_text(json.dumps({"edition": "3.0.0", "name": "t", "resources": resources}))
        self.cloud.fc.deploy(self.folder / "s.yaml", code=self.folder, account=ACCOUNT, runner="inline")
        setattr(self.cloud.fc, "attempt", self._started)  # noqa: B010 - in place of a method

    def _started(self, function: Function, payload: bytes, rid: str, *_: object) -> Outcome:
        root = self.watch.started.get(payload) or Root()
        self.inbox.append(Pending(function.name.removeprefix("rolekeeper-"), payload, rid, root))
        return Outcome(rid, b"1")

    # Instances, as an oracle sees them.

    def instances(self) -> list[Instance]:
        """In places that the deployment looks after, shown by now."""
        now = self.cloud.clock.now()
        found = [i for place in self.place for i in self.cloud.ecs.place(*place).instances.values()]
        return [instance for instance in found if instance.visible_at <= now]

    def role(self, instance_id: str) -> str:
        found = self.cloud.ecs.instance(instance_id)
        return found.role if found else ""

    def calls(self) -> list[Call]:
        """Of all invocations."""
        return [call for made in self.invocations for call in made.calls]

    def touched_since(self, instance_id: str, made: Invocation) -> bool:
        """Whether somebody else did something to it after that invocation began."""
        return self.watch.touched.get(instance_id, 0) > made.touches

    def root(self, *, lifted: bool = False, max_calls: int | None = None, dry: bool = False) -> Root:
        """Of what begins now."""
        return Root(lifted=lifted, dry=dry, max_calls=max_calls)

    def seen(self, instance: Instance) -> Seen:
        return Seen(
            tags=dict(instance.tags),
            held=instance.role,
            classic=instance.network == "classic",
            displaced=self.watch.displaced(instance),
            age=self.cloud.clock.now() - instance.created,
        )

    # Invocations.

    def variables(self) -> dict[str, str]:
        everywhere = {"ROLEKEEPER_REGIONS": f"{HOME},{FAR}", "ROLEKEEPER_ACCOUNTS": f"{MEMBER}={MEMBER_ROLE}"}
        return {
            "ROLEKEEPER_REGION": HOME,
            "ROLEKEEPER_ACCOUNT_ID": ACCOUNT,
            "ROLEKEEPER_SLS_PROJECT": PROJECT,
            "ROLEKEEPER_ROLES_FILE": str(self._path()),
            "ROLEKEEPER_PROOF_KEYS": PROOF_KEY,
            "ROLEKEEPER_PARALLEL_CALLS": "1",
            "ROLEKEEPER_EXECUTION_ROLE": EXECUTION_ROLE,
            **(everywhere if self.place.everywhere else {}),
            **self.place.variables,
        }

    def _path(self) -> Path:
        """A process reads a roles.yaml once: each is a file of its own."""
        text = self.file.text()
        if text not in self._files:
            self._files[text] = self.folder / f"roles-{len(self._files)}.yaml"
            self._files[text].write_text(text)
        return self._files[text]

    def invoke(
        self, pending: Pending, *, limit: float = 3600.0, moments: Mapping[int, Moment] | None = None
    ) -> Invocation:
        """Run a function once, to its end or its death."""
        made = self._made(pending.function, pending.request_id, pending.root, limit)
        key = self.cloud.sts.assume_for_service(ACCOUNT, EXECUTION_ROLE, "fc.aliyuncs.com", "f", 36 * 3600)
        function = SimpleNamespace(name=f"rolekeeper-{pending.function}", handler="h", memory=512, timeout=int(limit))
        context = SimpleNamespace(
            request_id=pending.request_id,
            region=HOME,
            account_id=ACCOUNT,
            function=function,
            logger=None,
            retry_count=pending.attempt,
        )
        with self._run(made, key, moments or {}), redirect_stdout(made.out):
            made.result = self._handler(pending.function)(pending.body, context)
            json.dumps(made.result)
        if made.dead:
            self.handlers.pop(pending.function, None)
        return made

    def command(self, *words: str, moments: Mapping[int, Moment], root: Root, writes: bool = True) -> Invocation:
        """Run an operator's command once; its exit code is the result. writes: whether it is one that leaves records."""
        from cli.main import main

        made = self._made("command", "", root, float("inf"))
        key = self.cloud.keys.permanent(Identity("Account", ACCOUNT))
        lines = self.folder / f"lines-{self.count}.json"
        given = ["rolekeeper", *words, "--json", "--roles-file", str(self._path())]
        given += ["--records", str(lines)] if writes else []
        made.lines_file = lines
        with (
            self._run(made, key, moments),
            mock.patch.object(sys, "argv", given),
            redirect_stdout(made.shown),
            redirect_stderr(made.shown),
        ):
            try:
                main()
            except SystemExit as ended:
                made.result = ended.code or 0
        lines.unlink(missing_ok=True)
        return made

    def _made(self, function: str, request_id: str, root: Root, limit: float) -> Invocation:
        self.count += 1
        began = self.cloud.clock.now()
        return Invocation(function, request_id, root, self.file, began, began + limit, trouble=set(self.labels))

    @contextmanager
    def _run(self, made: Invocation, key: AccessKey, moments: Mapping[int, Moment]) -> Iterator[None]:
        """Lend it a key and its variables; keep how it ended, and what it recorded."""
        self.watch.begin(made, key)
        self.invocations.append(made)
        for number, moment in moments.items():
            made.moments[number] = moment
        given = {**self.variables(), **dict(zip(KEYS, (key.access_key_id, key.secret, key.token), strict=True))}
        try:
            with mock.patch.dict(os.environ, given):
                yield
        except Killed:
            pass
        except Exception as error:  # which are right is judged by who looks
            made.error = error
        finally:
            made.over(self._new_records())
            self.printed += [
                made.out.getvalue(),
                made.shown.getvalue(),
                json.dumps(made.lines),
                str(made.error),
                str(made.result),
            ]
            self.cloud.clock.settle(within=0.1)

    def _handler(self, function: str) -> Callable[[bytes, Any], Any]:
        """Of a process that has begun when this was asked for first: what others remembered is unknown to it."""
        if function not in self.handlers:
            importlib.import_module("functions")  # another test's functions may have taken its place
            module = importlib.reload(importlib.import_module(f"functions.{function}"))
            self.handlers[function] = module.handler
        return self.handlers[function]

    def _new_records(self) -> list[dict[str, str]]:
        logs = self.cloud.sls.state.find(
            PROJECT, LOGSTORE
        ).logs  # in the order of their times, which is not that of writing
        new = [log for log in logs if id(log) not in self._logs_read]
        self._logs_read |= set(map(id, new))
        self.watch.records += [{k: v for k, v in log.answer().items() if not k.startswith("__")} for log in new]
        return self.watch.records

    def secrets(self) -> set[str]:
        """What nothing may show."""
        keys = self.cloud.keys._keys.values()
        return {PROOF_KEY, *(text for key in keys for text in (key.secret, key.token) if text)}

    def told(self) -> str:
        """All that was printed, recorded, handed over and answered."""
        return "\n".join([*self.printed, json.dumps(self.watch.records), *(str(p) for p in self.watch.started)])
