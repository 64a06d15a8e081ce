"""Benchmark of the cold start: fresh processes of the runtime's Python from the built bundle, beside a plain handler.

Medians of alternating runs, the emulator in another process. Needs a CPython 3.10 and, once, the package index.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from cli.building.bundle import make
from cli.building.bytecode import interpreter
from tests.bench.cloud import Remote
from tests.bench.fleet import MAPPING, settings

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
PACKAGES = (
    "alibabacloud-ecs20140526",
    "alibabacloud-ram20150501",
    "alibabacloud-fc-open20210406",
    "aliyun-log-python-sdk",
)
DEPLOYED = time.mktime((2023, 11, 1, 0, 0, 0, 0, 0, 0))  # `s deploy` gives every file this time
RUNS = 9
WARM = {0: (200, 2), 50: (30, 1)}
"""Events to a warm process, and how many times as many processes as of a start, by the milliseconds that a call takes longer. Two
processes of the same code differ by a tenth and more: to tell tenths of a millisecond apart takes many. Where it takes none, rolekeeper makes its two looks in
turn, since handing over to another thread would cost more than it saves; where it takes some, as in the cloud, side by side."""
ENDED = {
    "reference": "attached", "reference_deployed": "attached", "attached": "'outcomes': {'attached': 1}",
    "unchanged": "'outcomes': {'unchanged': 1}", "ignored": "'reason': 'not-for-us'",
}  # fmt: skip
"""What each start's result says, where it did what is measured."""
OURS = "functions.instance_created.handler"
PLAIN = "plain_handler.handler"
BARE = {"typed_sdk": "handler", "typed_sdk_side_by_side": "beside", "generic_sdk": "generic"}


def pinned() -> list[str]:
    """The reference's packages, in the versions of the lock file."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return [line.split()[0] for line in lock if line.split("==")[0] in PACKAGES]


def installed(folder: Path, python: str) -> tuple[Path, Path]:
    """An ordinary `pip install -t` with valid byte code, and the same as `s deploy` leaves it: its byte code is stale."""
    fresh, stale = folder / "fresh", folder / "stale"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--target", str(fresh), *pinned()], check=True, capture_output=True
    )
    for name in ("plain_handler.py", "bare_handler.py"):
        shutil.copy(HERE / name, fresh / name)
    subprocess.run([python, "-m", "compileall", "-q", str(fresh)], check=False, capture_output=True)
    shutil.copytree(fresh, stale)
    for path in stale.rglob("*"):
        os.utime(path, (DEPLOYED, DEPLOYED))
    return fresh, stale


class Bench:
    def __init__(self, python: str, cloud: Remote, env: dict[str, str]) -> None:
        self.python, self.cloud, self.env = python, cloud, env

    def run(self, path: list[Path], handler: str, payloads: list[str]) -> dict[str, Any]:
        asked = {
            "path": [str(p) for p in path],
            "handler": handler,
            "payloads": payloads,
            "env": {**self.env, "PYTHONDONTWRITEBYTECODE": "1"},
        }
        began = time.monotonic()
        done = subprocess.run(
            [self.python, "-I", "-S", "-B", str(HERE / "start.py"), json.dumps(asked)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return {**told, "wall_ms": (time.monotonic() - began) * 1000}

    def events(self, role: str, count: int = 1) -> list[str]:
        """Creation events of new instances that hold this role and should hold role-0."""
        return [
            json.dumps(
                {
                    "specversion": "1.0",
                    "id": name,
                    "source": "acs.ecs",
                    "type": "ecs:Instance:StateChange",
                    "time": "2026-01-01T00:00:00Z",
                    "aliyunregionid": "cn-hangzhou",
                    "data": {"resourceId": name, "resourceType": "ALIYUN::ECS::Instance", "state": "Created"},
                }
            )
            for name in self.cloud.more(count=count, app="role-0", role=role)
        ]


IGNORED = json.dumps(
    {
        "specversion": "1.0",
        "id": "x",
        "source": "acs.ecs",
        "type": "ecs:Instance:StateChange",
        "data": {"resourceId": "i-1", "resourceType": "ALIYUN::ECS::Instance", "state": "Stopped"},
    }
)


def cold(runs: int = RUNS) -> dict[str, Any]:
    """Everything of this part. {} where there is no CPython 3.10."""
    python = interpreter((3, 10))
    if not python:
        return {}
    with tempfile.TemporaryDirectory() as name, Remote() as cloud:
        folder = Path(name)
        roles_file = folder / "roles.yaml"
        roles_file.write_text(MAPPING, encoding="utf-8")
        made = make(ROOT, folder / "bundle", roles_file=roles_file, shelf=ROOT / "build" / "wheels")
        ours = [made.folder, made.folder / "python"]
        fresh, stale = installed(folder, python)
        cloud.fleet(groups=[{"count": 1, "app": "role-0", "role": "role-0"}], latency_ms=0)
        env = settings(cloud.url, made.folder / "roles.yaml")
        bench = Bench(python, cloud, env)
        kinds: dict[str, list[dict[str, Any]]] = {}
        for _ in range(runs):
            for kind, path, handler, payload in (
                ("reference", [fresh], PLAIN, lambda: bench.events("")),
                ("attached", ours, OURS, lambda: bench.events("")),
                ("unchanged", ours, OURS, lambda: bench.events("role-0")),
                ("ignored", ours, OURS, lambda: [IGNORED]),
                ("reference_deployed", [stale], PLAIN, lambda: bench.events("")),
            ):
                kinds.setdefault(kind, []).append(bench.run(path, handler, payload()))  # type: ignore[no-untyped-call]
        wrong = [
            f"{kind}: {run['results'][0]}"
            for kind, all_ in kinds.items()
            for run in all_
            if ENDED[kind] not in run["results"][0]
        ]
        if wrong:
            raise RuntimeError(f"starts that did not end as they should: {'; '.join(wrong[:3])}")
        figures = {
            kind: {
                name: round(median(run[name] for run in all_), 1)
                for name in ("cpu_ms", "wall_ms", "peak_mb", "modules")
            }
            for kind, all_ in kinds.items()
        }
        return {
            "runs": runs,
            "cold": figures,
            "zip_mb": round(made.zipped / 1e6, 2),
            "results": {kind: all_[0]["results"] for kind, all_ in kinds.items()},
            "warm": [warm(bench, ours, fresh, runs, latency) for latency in WARM],
        }


def warm(bench: Bench, ours: list[Path], fresh: Path, runs: int, latency_ms: int) -> dict[str, Any]:
    """What an event costs a process that has had one before, beside what the SDK calls of it cost alone."""
    bench.cloud.fleet(groups=[{"count": 1, "app": "role-0", "role": "role-0"}], latency_ms=latency_ms)
    events, times = WARM[latency_ms]
    kinds: dict[str, list[dict[str, Any]]] = {}
    for _ in range(runs * times):
        payloads = tagged(bench.events("role-0", events))
        kinds.setdefault("event", []).append(bench.run(ours, "functions.tags_changed.handler", payloads))
        for kind, name in BARE.items():
            payloads = bench.events("role-0", events)
            kinds.setdefault(kind, []).append(bench.run([fresh], f"bare_handler.{name}", payloads))
    cpu = {kind: round(median(run["warm_cpu_ms"] for run in all_) / (events - 1), 2) for kind, all_ in kinds.items()}
    took = median(run["warm_s"] for run in kinds["event"])
    return {"latency_ms": latency_ms, "events_a_second": round((events - 1) / took, 1), "cpu_ms": cpu}


def tagged(events: list[str]) -> list[str]:
    """The same instances as changes of tags: these are always looked at."""
    names = [json.loads(event)["data"]["resourceId"] for event in events]
    return [
        json.dumps(
            {
                "specversion": "1.0",
                "id": name,
                "source": "acs.tag",
                "type": "tag:CloudMonitor:Tag[ChangeOnResource]",
                "aliyunregionid": "cn-hangzhou",
                "data": {
                    "resourceId": name,
                    "product": "ecs",
                    "resourceType": "instance",
                    "changedTagKeys": ["app"],
                    "tags": {"app": "role-0"},
                },
            }
        )
        for name in names
    ]
