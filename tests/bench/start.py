"""Run by the runtime's Python, alone: one handler called with one payload, or many times; prints what that cost. Imports nothing
but what it is told to.

python3.10 -I -S start.py '{"path": [...], "handler": "functions.tags_changed.handler", "payload": "...", "times": 1, "env": {...}}'
"""

import gc
import importlib
import json
import os
import sys
import time


class Thing:
    def __init__(self, **values):
        self.__dict__.update(values)


def main():
    asked = json.loads(sys.argv[1])
    os.environ.update(asked["env"])
    sys.path[:0] = asked["path"]
    module, _, name = asked["handler"].rpartition(".")
    context = Thing(request_id="1-65dd9ece-123e1745", function=Thing(name="rolekeeper", timeout=60), retry_count=0)
    handler = getattr(importlib.import_module(module), name)
    out, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115
    payloads = [payload.encode() for payload in asked["payloads"]]
    results = [handler(payloads[0], context)]
    first_cpu = time.process_time()
    gc.collect()
    cpu, began = time.process_time(), time.monotonic()
    results += [handler(payload, context) for payload in payloads[1:]]
    cpu, wall = time.process_time() - cpu, time.monotonic() - began
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    sys.stdout = out
    print(
        json.dumps(
            {
                "cpu_ms": first_cpu * 1000,
                "peak_mb": peak / 1024,
                "warm_cpu_ms": cpu * 1000,
                "warm_s": wall,
                "modules": len(sys.modules),
                "results": [str(result)[:300] for result in results[:2]],
            }
        )
    )


if __name__ == "__main__":
    main()
