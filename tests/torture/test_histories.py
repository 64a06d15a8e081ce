"""A few hundred histories with every run of the tests; `make torture` runs as many as one likes."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.torture.machine import Histories
from tests.torture.search import STEPS

HISTORIES = 120

TestHistories = Histories.TestCase
TestHistories.settings = settings(
    derandomize=True,  # the same ones each time: a new failure is looked for on purpose, and stops nobody
    max_examples=HISTORIES,
    stateful_step_count=STEPS,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
