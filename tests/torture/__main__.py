"""`make torture`: histories and fuzzed inputs, on all cores, until both numbers are reached; ends with the counts and the seed.

Each failure is printed with the history that led to it and the seed of its part; exit code 1 where there was one.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from typing import Any

from tests.torture.search import PART, Found, histories, inputs, search

INPUTS_A_PART = 5_000


def parts(total: int, size: int, seeds: random.Random) -> list[tuple[int, int]]:
    return [(min(size, total - start), seeds.randrange(1 << 32)) for start in range(0, total, size)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--histories", type=int, default=10_000)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None, help="of all parts (default: another each time)")
    parser.add_argument("--part", type=int, default=None, help="one part of histories, by its own seed")
    asked = parser.parse_args()
    if asked.part is not None:
        print(search(PART, asked.part).failure or "no failure")
        return 0
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}: {asked.histories} histories, {asked.inputs} inputs", flush=True)
    seeds, began, done, kinds, failed = random.Random(seed), time.monotonic(), Counter[str](), Counter[str](), 0
    todo: list[tuple[Any, tuple[int, int]]] = [(histories, part) for part in parts(asked.histories, PART, seeds)]
    if importlib.util.find_spec("tests.torture.fuzz"):
        todo += [(inputs, part) for part in parts(asked.inputs, INPUTS_A_PART, seeds)]
    with multiprocessing.get_context("spawn").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for (work, part), running in [(one, pool.apply_async(one[0], (one[1],))) for one in todo]:
            try:
                found = running.get()
            except Exception as error:
                failed += 1
                print(
                    f"\n{work.__name__}, seed {part[1]}: {error!r}",
                    *getattr(error, "__notes__", []),
                    sep="\n",
                    flush=True,
                )
                continue
            if isinstance(found, Found):
                done.update(histories=found.histories, invocations=found.invocations, calls=found.calls)
                failed += bool(found.failure)
                if found.failure:
                    print(f"\nhistories, --part {part[1]}:\n{found.failure}", flush=True)
            else:
                done["inputs"] += sum(found.values())
                kinds.update(found)
    minutes = (time.monotonic() - began) / 60
    if kinds:
        print("\n" + "\n".join(f"{count:>8} {kind}" for kind, count in sorted(kinds.items())))
    told = ", ".join(f"{count} {name}" for name, count in done.items())
    print(f"\nseed {seed}: {told or 'nothing was done'}; {failed} failures; {minutes:.1f} minutes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
