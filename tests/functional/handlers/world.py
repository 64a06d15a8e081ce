"""The functions on an emulated cloud, as Function Compute runs them: bytes in, a context, JSON lines out. Asserts nothing.

They run under the execution role exactly as it is rendered for their roles.yaml, and every call is judged by it.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.ecs.models import Instance
from fakecloud.http import Request, Response
from fakecloud.identity import ACCOUNT, AccessKey
from fakecloud.sls.models import Project
from shared.app import PARSED
from shared.bounds import BOUNDS
from shared.errors import RolekeeperError
from shared.gateways import sls
from shared.mapping import MappingError, load, parsed
from shared.mapping.nodes import Unreadable
from shared.policies import execution_policies
from shared.proof import Key, Place, sign

EXECUTION_ROLE = "rolekeeper-fc"
PROJECT, LOGSTORE, REGION = "rolekeeper", "rolekeeper-records", "cn-hangzhou"
KEY_VARIABLES = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN")
PROOF_KEY = "0123456789abcdef" * 4
NOTE = "rolekeeper-displaced-role"
WRITES = ("AttachInstanceRamRole", "DetachInstanceRamRole")
LISTED = ("web", "worker", "batch")
both_shapes = pytest.mark.parametrize("world", ["python3.10", "python3.12"], indirect=True)
"""For tests of what the two shapes of context differ in: the keys, and what else handlers take from it. The others have the newer."""
RULES = """
version: 1
roles: {web: {description: w}, worker: {description: k}, batch: {description: b}}
rules:
  - {name: frozen, when: {tags: {rolekeeper: "off"}}, then: ignore}
  - {name: on trial, when: {tags: {app: trial}}, role: web, mode: audit}
  - {name: gentle, when: {tags: {app: gentle}}, role: web, mode: attach-only}
  - {name: take over, when: {tags: {app: ours}}, role: web, foreign_roles: replace}
  - {name: by app, when: {tags: {app: [web, worker, batch]}}, role: "${tags.app}"}
  - {name: by tag, when: {tags: {ram-role: {exists: true}}}, role: "${tags.ram-role}"}
settings: {mode: MODE, foreign_roles: FOREIGN, displace: [foreign], launch_grace: 10m, record_unchanged: SHOWN, brake: {max_removals: BRAKE}}
"""

ATTRIBUTE_RULES = RULES.replace("{description: b}", "{description: b, require: {imdsv2: true}}").replace(
    "rules:\n",
    "rules:\n  - {name: elsewhere, when: {vpc: v, zone: z, resource_group: g, instance_type: t, image: i, name: n}, role: worker}\n",
)
"""The same, with a rule before them that asks for every attribute that can change, and that no instance meets; a role requires another."""


@dataclass
class Run:
    """What one invocation gave: its result or its error, the JSON lines on stdout, and the calls it made."""

    result: dict[str, Any]
    error: Exception | None
    lines: list[dict[str, Any]]
    calls: list[str]

    def outcome(self, instance_id: str) -> tuple[str, str]:
        (shown,) = [r for r in self.result.get("records", []) if r["instance_id"] == instance_id]
        return shown["outcome"], shown["reason"]


@dataclass(repr=False)
class World:
    cloud: Cloud
    env: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    folder: Path
    runtime: str = "python3.12"
    waits: list[float] = field(default_factory=list)  # in seconds
    printed: list[str] = field(default_factory=list)
    mappings: int = 0
    handlers: dict[str, Callable[[bytes | str, Any], dict[str, Any]]] = field(default_factory=dict)
    keys: AccessKey = field(init=False)
    roles_yaml: str = ""
    rendered_for: dict[str, str] = field(default_factory=lambda: {"region": REGION, "project": PROJECT})

    def open(self) -> None:
        """Roles, the logstore, and the function's environment, in processes that have just begun."""
        self.handlers.clear()
        sls.KEPT.clear()
        self.look(side_by_side=True)
        for name in (*LISTED, "foreign"):
            self.cloud.ram.put_role(ACCOUNT, name)
        self.add_logstore()
        for name, value in {"REGION": REGION, "ACCOUNT_ID": ACCOUNT, "SLS_PROJECT": PROJECT}.items():
            self.env.setenv(f"ROLEKEEPER_{name}", value)
        self.map()
        self.take_keys()
        self.cloud.switches.permissions = "on"

    def take_keys(self) -> None:
        """Keys of the execution role for six hours, as Function Compute gives them."""
        self.give_keys(
            self.cloud.sts.assume_for_service(ACCOUNT, EXECUTION_ROLE, "fc.aliyuncs.com", "functions", 6 * 3600)
        )

    def give_keys(self, keys: AccessKey) -> None:
        """These from now on, where the runtime has them."""
        self.keys = keys
        given = (self.keys.access_key_id, self.keys.secret, self.keys.token)
        for name, value in zip(KEY_VARIABLES, given, strict=True):
            self.env.delenv(name, raising=False)
            if self.runtime == "python3.12":
                self.env.setenv(name, value)

    def look(self, *, side_by_side: bool) -> None:
        """How the two calls of a look go out from now on, however long they take."""
        self.env.setattr(BOUNDS, "side_by_side", side_by_side)

    def add_logstore(self) -> None:
        project = Project(PROJECT, REGION, ACCOUNT, "", 0, 0)
        self.cloud.sls.state.add(project)
        project.create_logstore(LOGSTORE, {"ttl": 30}, 0, 200)

    def map(
        self,
        text: str = RULES,
        *,
        mode: str = "enforce",
        foreign: str = "keep",
        shown: bool = False,
        brake: str = "100%",
    ) -> None:
        """roles.yaml; each in a file of its own, since a process reads a file once. Where it displaces, there is a key."""
        self.mappings += 1
        path = self.folder / f"roles-{self.mappings}.yaml"
        shows = str(shown).lower()
        self.roles_yaml = text.replace("MODE", mode).replace("FOREIGN", foreign).replace("SHOWN", shows)
        self.roles_yaml = self.roles_yaml.replace("BRAKE", brake)
        path.write_text(self.roles_yaml)
        if parsed := _parsed(self.roles_yaml):
            path.with_name(path.name + PARSED).write_bytes(parsed)
        self.env.setenv("ROLEKEEPER_ROLES_FILE", str(path))
        self.env.setenv("ROLEKEEPER_PROOF_KEYS", PROOF_KEY if "displace" in text else "")
        self.allow()

    def allow(self, **others: str) -> None:
        """Render the execution role for the roles.yaml in force, and for other names: region, project, logstore."""
        self.rendered_for |= others
        with suppress(MappingError):  # what is no roles.yaml leaves the role as it was
            policies = _rendered(self.roles_yaml, tuple(self.rendered_for.items()))
            self.cloud.ram.put_role(ACCOUNT, EXECUTION_ROLE, services=("fc.aliyuncs.com",), policies=policies)

    def instance(self, app: str = "", **properties: Any) -> Instance:
        return self.instances(1, app, **properties)[0]

    def instances(self, count: int, app: str = "", **properties: Any) -> list[Instance]:
        tags = {**({"app": app} if app else {}), **properties.pop("tags", {})}
        return self.cloud.ecs.make(count, tags=tags, **properties)

    def before(self, action: str, change: Callable[[], None], *, times: int = 1) -> None:
        """Do something to the cloud right before it carries out the first `times` calls of an action ("" = any write)."""
        answer, left = self.cloud.handle, [times]

        def handle(request: Request) -> Response:
            asked = request.headers.get("x-acs-action", "")
            if left[0] and asked in ((action,) if action else WRITES):
                left[0] -= 1
                change()
            return answer(request)

        self.env.setattr(self.cloud, "handle", handle)

    def on_first_write(self, change: Callable[[], None]) -> None:
        self.before("", change)

    def note(self, instance: Instance, role: str, *, key: str = PROOF_KEY) -> str:
        """The note that we would write where we displace the role on this instance."""
        account = self.cloud.ecs.owner(instance).account
        place = Place(account_id=account, region=instance.region, instance_id=instance.instance_id)
        return sign([Key(key)], place, role)

    def tag(self, instance: Instance, text: str | None, key: str = NOTE) -> None:
        """Write or remove a tag, as somebody who may tag would."""
        self.cloud.ecs.owner(instance).tag(instance, key, text)

    def hold(self, instance: Instance, role: str) -> None:
        """Put a role on an instance, as somebody else would."""
        self.cloud.ecs.set_role(self.cloud.ecs.owner(instance), instance, role)

    def handler(self, function: str) -> Callable[[bytes | str, Any], dict[str, Any]]:
        """Of a process that begins with this world: what others remembered is unknown to it."""
        if function not in self.handlers:
            importlib.import_module("functions")  # the emulator's Function Compute imports its modules one by one
            self.handlers[function] = importlib.reload(importlib.import_module(f"functions.{function}")).handler
        return self.handlers[function]

    def run(self, function: str, event: object) -> Run:
        """An invocation; its error is kept. The journal begins anew."""
        body = event if isinstance(event, (bytes, str)) else json.dumps(event).encode()
        self.capsys.readouterr()
        self.cloud.calls.clear()
        result: dict[str, Any] = {}
        raised: Exception | None = None
        try:
            result = self.handler(function)(body, self.context())
            json.dumps(result)
        except RolekeeperError as error:
            raised = error
        out = self.capsys.readouterr()
        self.printed += [out.out, out.err]
        lines = [json.loads(line) for line in out.out.splitlines()]
        return Run(result, raised, lines, self.cloud.calls.actions())

    def context(self) -> Any:
        """As Function Compute makes it: up to python3.10 with credentials and service, on python3.12 without."""
        base = {
            "request_id": "1-65dd9ece-123e1745",
            "region": REGION,
            "account_id": ACCOUNT,
            "function": SimpleNamespace(name="f", handler="h", memory=512, timeout="3600"),
            "logger": None,
        }
        if self.runtime == "python3.12":
            return _Strict(**base, log_project="", log_store="")
        keys = SimpleNamespace(
            access_key_id=self.keys.access_key_id, access_key_secret=self.keys.secret, security_token=self.keys.token
        )
        return _Strict(**base, credentials=keys, service=SimpleNamespace(name=""), tracing=None, retry_count=0)

    def records(self) -> list[dict[str, str]]:
        """Everything in SLS, in the order of writing, without SLS's own fields."""
        logs = self.cloud.sls.logs(PROJECT, LOGSTORE)
        return [{k: v for k, v in log.items() if not k.startswith("__")} for log in logs]

    def record(self, instance_id: str) -> dict[str, str]:
        (found,) = [log for log in self.records() if log.get("instance_id") == instance_id]
        return found

    def role(self, instance_id: str) -> str:
        found = self.cloud.ecs.instance(instance_id)
        return found.role if found else ""


@cache
def _parsed(roles_yaml: str) -> bytes:
    """As the bundle has it beside its roles.yaml, for the same reason: parsing is most of what a start does."""
    with suppress(Unreadable):
        return parsed(roles_yaml)
    return b""


@cache
def _rendered(roles_yaml: str, others: tuple[tuple[str, Any], ...]) -> Any:
    """Many tests have the same roles.yaml, and reading it is most of what some take."""
    return execution_policies(load(roles_yaml), account_id=ACCOUNT, **dict(others))


class _Strict(SimpleNamespace):
    """Unlike a mock: what it does not have raises AttributeError."""


def created(ids: Iterable[str], *, age: float | None = 1.0, region: str = REGION, **record: Any) -> dict[str, Any]:
    """RunInstances as ActionTrail tells it. age: seconds since the event, None = a time that nobody can read."""
    response = {"InstanceIdSets": {"InstanceIdSet": list(ids)}}
    return trail("RunInstances", age=age, region=region, responseElements=response, **record)


def tagged(ids: Iterable[str], *, age: float | None = 1.0, region: str = REGION, **record: Any) -> dict[str, Any]:
    request = {"ResourceType": "instance", **{f"ResourceId.{n}": i for n, i in enumerate(ids, 1)}}
    return trail("TagResources", age=age, region=region, requestParameters=request, **record)


def trail(name: str, *, age: float | None, region: str, **record: Any) -> dict[str, Any]:
    when = datetime.now(timezone.utc) - timedelta(seconds=age or 0.0)
    time = "a while ago" if age is None else when.strftime("%Y-%m-%dT%H:%M:%SZ")
    data = {
        "eventName": name,
        "eventTime": time,
        "serviceName": "Ecs",
        "acsRegion": region,
        "recipientAccountId": ACCOUNT,
        "eventId": "record-1",
        **record,
    }
    return {
        "specversion": "1.0",
        "id": "event-1",
        "source": "acs.ecs",
        "type": "ecs:ActionTrail:ApiCall",
        "time": time,
        "aliyunaccountid": ACCOUNT,
        "aliyunregionid": region,
        "data": data,
    }


def remediate(**asked: Any) -> dict[str, Any]:
    return {"remediate": asked}


def timer(payload: str = "") -> dict[str, str]:
    return {"triggerTime": "2026-11-23T08:00:00Z", "triggerName": "every-half-hour", "payload": payload}


def without(record: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in record.items() if name not in names}
