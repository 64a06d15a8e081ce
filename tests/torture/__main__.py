"""`make torture`: histories and fuzzed inputs, on all cores; ends with the counts and the seed.

Each failure is printed with the history that led to it and the seed of its part; exit code 1 where there was one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.torture.search import PART, search

INPUTS_A_PART = 5_000
PATIENCE = 3600
"""Seconds until a part counts as one that has no end."""
ROOT = Path(__file__).resolve().parents[2]


def part(what: str, count: int, seed: int) -> dict[str, Any]:
    """One part in a process of its own: what is remembered of it goes with it. What it counted; failure: what went wrong."""
    asked = [sys.executable, "-m", "tests.torture.search", what, str(count), str(seed)]
    try:
        ran = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return {"failure": f"no end within {PATIENCE} s"}
    if ran.returncode:
        return {"failure": f"exit code {ran.returncode}:\n{ran.stdout}{ran.stderr}"}
    told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return told


def parts(what: str, total: int, size: int, seeds: random.Random) -> list[tuple[str, int, int]]:
    return [(what, min(size, total - start), seeds.randrange(1 << 32)) for start in range(0, total, size)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--histories", type=int, default=10_000)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None, help="of all parts (default: another each time)")
    parser.add_argument("--part", type=int, default=None, help="one part of histories, by its own seed")
    asked = parser.parse_args()
    if asked.part is not None:
        failure = search(PART, asked.part).failure
        print(failure or "no failure")
        return 1 if failure else 0
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}: {asked.histories} histories, {asked.inputs} inputs", flush=True)
    seeds, began = random.Random(seed), time.monotonic()
    todo = parts("histories", asked.histories, PART, seeds) + parts("inputs", asked.inputs, INPUTS_A_PART, seeds)
    done, kinds, failed = Counter[str](), Counter[str](), 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for (what, count, own), found in zip(todo, pool.map(lambda one: part(*one), todo), strict=True):
            if failure := found.pop("failure", ""):
                failed += 1
                print(f"\n{what}, {count} from the seed {own}:\n{failure}", flush=True)
            if what == "histories":
                done.update(found)
            else:
                done["inputs"] += sum(found.values())
                kinds.update(found)
    minutes = (time.monotonic() - began) / 60
    print("\n" + "\n".join(f"{count:>8} {kind}" for kind, count in sorted(kinds.items())))
    told = ", ".join(f"{count} {name}" for name, count in done.items())
    print(f"\nseed {seed}: {told or 'nothing was done'}; {failed} failures; {minutes:.1f} minutes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
