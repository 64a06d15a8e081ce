"""An operator at a terminal, for tests of the commands that run over fleets: asserts nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from fakecloud.cloud import Cloud
from fakecloud.ecs.models import Instance

REGION, PROJECT, LOGSTORE = "cn-hangzhou", "rolekeeper", "rolekeeper-records"
WRITES = {"AttachInstanceRamRole", "DetachInstanceRamRole"}
RULES = """
version: 1
roles: {web: {description: w}, worker: {description: k}}
rules:
  - {name: on trial, when: {tags: {app: trial}}, role: web, mode: audit}
  - {name: Web tier, when: {tags: {app: web}}, role: web}
  - {name: by tag, when: {tags: {ram-role: {exists: true}}}, role: "${tags.ram-role}"}
settings: {brake: {max_removals: 20%, at_least: 3}}
"""


class Ran(NamedTuple):
    code: int
    out: str
    err: str
    journal: str = ""
    """The lines of the file that the run made, where none was named."""

    def json(self) -> dict[str, Any]:
        """The one object on standard output."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    def lines(self, key: str) -> list[dict[str, Any]]:
        """The run's JSON lines that have this key."""
        return [line for line in map(json.loads, self.journal.splitlines()) if key in line]


Command = Callable[..., Ran]


def make(cloud: Cloud, count: int, app: str = "", **properties: Any) -> list[Instance]:
    return cloud.ecs.make(count, tags={"app": app} if app else {}, **properties)


def records(cloud: Cloud) -> list[dict[str, str]]:
    return list(cloud.sls.logs(PROJECT, LOGSTORE))


def written(cloud: Cloud) -> int:
    return sum(call.action in WRITES for call in cloud.calls)
