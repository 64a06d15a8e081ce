"""Searching: so many histories from one seed, the first failure kept. Prints nothing."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.torture.verdict import COUNTS, FAILURES

STEPS = 12
"""Of a history, at most."""
PART = 250
"""Histories that one process searches: what hypothesis remembers of a search grows with it."""


@dataclass
class Found:
    """failure: what went wrong and the history that led there, "" where nothing did."""

    histories: int
    invocations: int
    calls: int
    failure: str = ""


def search(histories: int, seed: int, *, shrink: bool = True) -> Found:
    """shrink: look for a short history that fails in the same way."""
    for name in [name for name in os.environ if name.startswith(("ROLEKEEPER_", "ALIBABA_CLOUD_", "FC_"))]:
        del os.environ[name]  # an operator's own
    from tests.torture.machine import Histories

    class Seeded(Histories):
        _hypothesis_internal_use_seed = seed

    before = dict(COUNTS)
    FAILURES.clear()
    failure = ""
    phases = [Phase.generate, *([Phase.shrink] if shrink else [])]
    asked = settings(
        max_examples=histories,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    try:
        run_state_machine_as_test(Seeded, settings=asked)
    except Exception as error:
        failure = "\n".join([*FAILURES[:1], str(error) or repr(error), *getattr(error, "__notes__", [])])
    made = {name: COUNTS[name] - before[name] for name in COUNTS}
    return Found(made["histories"], made["invocations"], made["calls"], failure)


def main(what: str, count: int, seed: int) -> None:
    """One part, in this process; its last line is JSON."""
    if what == "histories":
        print(json.dumps(asdict(search(count, seed))))
    else:
        from tests.torture.fuzz import run

        print(json.dumps(run(count, seed)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
