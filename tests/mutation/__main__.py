"""`make mutants`: small changes of the code, one at a time, against the tests nearest to it; says which of them no test sees.

mutmut makes them and runs the tests; [tool.mutmut] in pyproject.toml says of what. Here its account is read: the share that was
found, and each that was not and is not in accepted.yaml. What was tried and has not changed since is not tried again (folder mutants/).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FOUND = ("killed", "timeout", "segfault", "caught by type check")
LEAST = 0.9
"""Of all: below it the command fails."""


def mutmut(*words: str, shown: bool = False) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "mutmut", *words],
        cwd=ROOT,
        stdout=None if shown else subprocess.PIPE,
        text=True,
        check=False,
    )
    if ran.returncode:
        sys.exit("mutmut failed; where files were moved since it last ran, `rm -r mutants` lets it begin anew")
    return ran.stdout or ""


def results() -> dict[str, str]:
    """Each mutant, and what became of it."""
    lines = (line.strip().rpartition(": ") for line in mutmut("results", "--all", "true").splitlines())
    return {name: state for name, _, state in lines if name}


def place(name: str) -> str:
    """The function that it is in, as people write it: shared.mapping.contents.Mapping.desired."""
    module, _, function = name.rpartition("__mutmut_")[0].rpartition(".")
    return f"{module}.{function[2:] if function.startswith('x_') else function[2:].replace('ǁ', '.')}"


def change(name: str) -> str:
    """The lines that it puts in the place of others."""
    lines = mutmut("show", name).splitlines()
    return "\n".join(line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++"))


def survivors(states: dict[str, str]) -> Iterator[tuple[str, str]]:
    for name, state in states.items():
        if state not in FOUND:
            yield place(name), f"{state}: {change(name)}"


def main() -> int:
    mutmut("run", "--max-children", str(os.cpu_count() or 1), *sys.argv[1:], shown=True)
    accepted: list[dict[str, Any]] = yaml.safe_load(
        (Path(__file__).parent / "accepted.yaml").read_text(encoding="utf-8")
    )
    states = results()
    used: list[dict[str, Any]] = []
    left = []
    for where, what in survivors(states):
        known = [one for one in accepted if one["in"] == where and one["to"] in what]
        used += known
        left += [] if known else [f"{where}\n    {what}"]
    found = sum(state in FOUND for state in states.values())
    print("\n".join(left))
    for one in accepted:
        if one not in used:
            print(f"accepted, and not there any more: {one['in']}: {one['to']}")
    share = found / max(1, len(states))
    print(
        json.dumps(
            {
                "mutants": len(states),
                "found": found,
                "share": f"{share:.1%}",
                "accepted": len(states) - found - len(left),
                "left": len(left),
            }
        )
    )
    return int(share < LEAST)


if __name__ == "__main__":
    sys.exit(main())
