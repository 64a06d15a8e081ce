"""Many instances in an emulated cloud, runs over them link by link, and the account of what they did. Asserts nothing but that
an account can be had."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from types import SimpleNamespace
from typing import Any

import msgspec

from fakecloud.ecs.models import Instance
from fakecloud.identity import ACCOUNT
from fakecloud.journal import Call
from shared.model.trigger import Trigger
from tests.functional.handlers.world import REGION, Run, World

READS = ("DescribeInstances", "DescribeInstanceRamRole")
CHANGES = ("AttachInstanceRamRole", "DetachInstanceRamRole")
TAGGING = ("TagResources", "UntagResources")
TEN = tuple(f"r{number}" for number in range(10))
SERVICE = "keeper"
STUB = "def handler(event, context):\n    return 1\n"


def rules(
    roles: Iterable[str] = TEN, *, brake: str = "{max_removals: 100%}", shown: bool = False, more: str = ""
) -> str:
    """roles.yaml that gives an instance the role that its tag app names."""
    return f"""
version: 1
roles: {{{", ".join(f"{role}: {{description: d}}" for role in roles)}}}
rules:
  - {{name: by app, when: {{tags: {{app: {{exists: true}}}}}}, role: "${{tags.app}}"}}
settings: {{brake: {brake}, record_unchanged: {str(shown).lower()}, launch_grace: 10m{more}}}
"""


@dataclass(repr=False)
class Fleet(World):
    """limit: seconds that Function Compute gives an invocation. edition: of Function Compute."""

    limit: float = 3600.0
    edition: str = "3.0"
    journal: list[Call] = field(default_factory=list)
    taken: int = 0
    judged: bool = True

    def ten(self, **given: Any) -> None:
        """Ten listed roles, or those of `roles`."""
        roles = given.pop("roles", TEN)
        for role in roles:
            self.cloud.ram.put_role(ACCOUNT, role)
        self.map(rules(roles, **given))

    def unjudged(self) -> None:
        """Calls are not held against policies: there are so many, or so many roles."""
        self.judged, self.cloud.switches.permissions = False, "off"

    def allow(self, **others: Any) -> None:
        if self.judged:
            super().allow(**others)

    def functions(self, name: str = "rolekeeper-reconcile") -> None:
        """Function Compute has our function; what it is given, drive() runs."""
        (self.folder / "index.py").write_text(STUB)
        full = name if self.edition == "3.0" else f"{SERVICE}${name}"
        props = {
            "functionName": full,
            "region": REGION,
            "runtime": "python3.10",
            "handler": "index.handler",
            "asyncInvokeConfig": {"asyncTask": True},
        }
        document = {"edition": "3.0.0", "name": "t", "resources": {"f": {"component": "fc3", "props": props}}}
        (self.folder / "s.yaml").write_text(json.dumps(document))
        self.cloud.fc.deploy(self.folder / "s.yaml", code=self.folder, account=ACCOUNT, runner="inline")
        self.env.setenv("ROLEKEEPER_FC_EDITION", self.edition)
        self.env.setenv("ROLEKEEPER_FC_SERVICE", SERVICE if self.edition == "2.0" else "")
        path = f"functions/{name}" if self.edition == "3.0" else f"services/{SERVICE}/functions/{name}"
        tasks, action = (
            ("async-tasks", "ListAsyncTasks")
            if self.edition == "3.0"
            else ("stateful-async-invocations", "ListStatefulAsyncInvocations")
        )
        self.allow(functions=(path,), tasks=f"{path}/{tasks}", list_tasks=action)

    def slow(self, *, limit: float, latency: float = 1.0) -> None:
        """Each call takes so many seconds, and an invocation may last so long; others can be started."""
        self.limit = limit
        self.cloud.latency.set(latency * 1000, service="ecs")
        self.env.setenv("ROLEKEEPER_PARALLEL_CALLS", "1")
        self.env.setenv("ROLEKEEPER_CALLS_PER_MINUTE", "1000")
        self.env.setenv("ROLEKEEPER_TIMEOUT_SECONDS", "3600")  # two that wait side by side move the clock twice
        self.functions()

    def cursors(self) -> list[Trigger]:
        """What each link but the first was given."""
        return [
            msgspec.json.decode(one.payload, type=dict[str, Trigger])["rolekeeper"] for one in self.cloud.fc.invocations
        ]

    def context(self) -> Any:
        made = super().context()
        made.function = SimpleNamespace(name="rolekeeper-reconcile", handler="h", memory=512, timeout=int(self.limit))
        return made

    def run(self, function: str, event: object) -> Run:
        run = super().run(function, event)
        self.journal += list(self.cloud.calls)
        return run

    def waiting(self) -> list[bytes]:
        """What was handed over since this was asked last."""
        self.cloud.settle()
        started = [one.payload for one in self.cloud.fc.invocations if one.ok]
        new, self.taken = started[self.taken :], len(started)
        return new

    def chain(self, function: str, event: object) -> list[Run]:
        """Every link of a run, one after another."""
        runs = [self.run(function, event)]
        while new := self.waiting():
            (payload,) = new
            runs.append(self.run(function, payload))
        return runs

    def right(self, instances: Iterable[Instance]) -> Counter[str]:
        """How many of those that are still there hold what their tag app names ("right"), and how many do not ("wrong")."""
        left = [i for i in instances if self.cloud.ecs.instance(i.instance_id)]
        return Counter("right" if i.role == i.tags.get("app", "") else "wrong" for i in left)

    def looks(self) -> list[dict[str, str]]:
        """The records of instances."""
        return [r for r in self.records() if r["action"] != "run"]

    def outcomes(self) -> Counter[str]:
        return Counter(r["outcome"] for r in self.looks())

    def run_records(self) -> list[dict[str, str]]:
        return [r for r in self.records() if r["action"] == "run"]


def per_minute(calls: Iterable[Call], action: str) -> int:
    """The most calls of an API that any stretch of a minute saw."""
    at = sorted(call.at for call in calls if call.action == action)
    return max((sum(start <= other < start + 60 for other in at) for start in at), default=0)


def ecs(calls: Iterable[Call]) -> Counter[str]:
    return Counter(call.action for call in calls if call.service == "ecs")


def least(instances: int, roles: Iterable[tuple[int, int]], unheld: int, *, writes: int = 0, looks: int = 0) -> int:
    """The fewest calls that can do. roles: how many hold each before, and how many it is attached to. unheld: instances that
    a rule gives a role and that hold no listed one. looks: second ones, one for each call that takes a role off."""
    counts = list(roles)
    by_ids = ceil(instances / 50)
    by_holders = sum(max(1, ceil(held / 50)) for held, _ in counts) + ceil(unheld / 50)
    return ceil(instances / 100) + min(by_ids, by_holders) + sum(ceil(n / 100) for _, n in counts) + writes + looks
