"""An emulated cloud in a process of its own, for benchmarks: fleets made, calls counted, the end counted. Measures nothing.

`python -m tests.bench.cloud` reads a JSON command a line from stdin and answers a JSON line; it ends with its stdin.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from fakecloud.server import Server
from fakecloud.sls.models import Project

ROOT = Path(__file__).resolve().parents[2]
PROJECT, LOGSTORE, REGION = "rolekeeper", "rolekeeper-records", "cn-hangzhou"


class Stage:
    """The commands. A fleet: [{"count": N, "app": "...", "role": "..."}]."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def fleet(self, groups: list[dict[str, Any]], latency_ms: float) -> dict[str, Any]:
        """An account with these instances and their roles, and nothing else."""
        self.cloud.reset()
        for role in {group["role"] for group in groups} | {group["app"] for group in groups}:
            if role:
                self.cloud.ram.put_role(ACCOUNT, role)
        project = Project(PROJECT, REGION, ACCOUNT, "", 0, 0)
        self.cloud.sls.state.add(project)
        project.create_logstore(LOGSTORE, {"ttl": 30}, 0, 200)
        for group in groups:
            tags = {"app": group["app"]} if group["app"] else {}
            self.cloud.ecs.make(group["count"], tags=tags, role=group["role"])
        self.cloud.latency.set(latency_ms)
        self.cloud.calls.clear()
        return {}

    def more(self, count: int, app: str, role: str) -> list[str]:
        """New instances beside those that are there; their ids."""
        return [i.instance_id for i in self.cloud.ecs.make(count, tags={"app": app}, role=role)]

    def tags(self) -> dict[str, str]:
        """The tag `app` of each instance, by its id."""
        return {i.instance_id: i.tags["app"] for place in self.cloud.ecs.regions() for i in place.instances.values()}

    def count(self) -> dict[str, Any]:
        """Calls since the fleet was made, instances whose role is that of their tag, records in SLS by outcome."""
        fleet = [i for place in self.cloud.ecs.regions() for i in place.instances.values()]
        logs = self.cloud.sls.logs(PROJECT, LOGSTORE)
        return {
            "calls": dict(self.cloud.calls.count()),
            "right": sum(i.role == i.tags.get("app", "") for i in fleet),
            "records": dict(Counter(log["outcome"] for log in logs if "outcome" in log)),
            "recorded": len({log["instance_id"] for log in logs if "instance_id" in log}),
            "runs": [log for log in logs if log.get("action") == "run"],
        }


class Remote:
    """The stage in its own process: remote.fleet(...), remote.count(). A context manager."""

    def __enter__(self) -> Remote:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.cloud"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.url: str = json.loads(self._process.stdout.readline())["url"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(30)

    def __getattr__(self, command: str) -> Any:
        def send(**arguments: Any) -> Any:
            assert self._process.stdin
            assert self._process.stdout
            self._process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

        return send


def main() -> None:
    cloud = Cloud()
    with Server(cloud) as server:
        print(json.dumps({"url": server.url}), flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps(getattr(Stage(cloud), asked.pop("command"))(**asked)), flush=True)


if __name__ == "__main__":
    main()
