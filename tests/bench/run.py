"""One invocation in a process of its own, and what it cost: wall, CPU seconds, peak memory. Prints a JSON object; judges nothing.

`python -m tests.bench.run FUNCTION` with the payload on stdin and the settings in the environment.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def invoke(function: str, payload: object, settings: dict[str, str]) -> dict[str, Any]:
    """Run it in a new process. wall_s and cpu_s: of the handler with its imports; peak_mb: of the process."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.run", function],
        input=json.dumps(payload),
        env=env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{function}: {done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def peak_mb() -> float:
    """Of this process alone: ru_maxrss would begin with what its parent had at the fork."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return round(int(found[1]) / 1024, 1) if found else 0.0


def command(words: list[str]) -> int:
    """Run the console script with these words, and return its exit code."""
    sys.argv = ["rolekeeper", *words]
    try:
        importlib.import_module("cli.main").main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def main() -> None:
    name, payload = sys.argv[1], sys.stdin.buffer.read()
    began, before = time.monotonic(), time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        if name in ("reference", "bare"):
            result = getattr(importlib.import_module("tests.bench.plain"), name)(payload)
        elif name == "command":
            result = {"outcomes": {"exit_code": command(json.loads(payload))}}
        else:
            function = SimpleNamespace(name=f"rolekeeper-{name}", timeout=3600)
            context = SimpleNamespace(request_id=f"bench-{time.time_ns()}", function=function, retry_count=0)
            result = importlib.import_module(f"functions.{name}").handler(payload, context)
    print(
        json.dumps(
            {
                "wall_s": round(time.monotonic() - began, 3),
                "cpu_s": round(time.process_time() - before, 3),
                "peak_mb": peak_mb(),
                "outcomes": result["outcomes"],
                "runs": result.get("runs"),
            }
        )
    )


if __name__ == "__main__":
    main()
