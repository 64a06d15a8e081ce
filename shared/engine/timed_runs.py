"""Runs that a timer starts: spread over time, and none next to the one before it. Starts nothing itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from shared.errors import CloudCallError
from shared.gateways.fc import Functions, Task
from shared.lines import say

SPREAD_SECONDS = 300.0
"""Within which the runs of many places begin: little beside the half hour of a timer, much beside the minute of a quota."""
LONGEST = timedelta(days=1)
"""Function Compute ends an invocation after 86,400 s at most: a task that is called running for longer holds up nothing."""


def prefix(account_id: str, region: str) -> str:
    """Return how the task id of every run of a place begins, and of no other place."""
    return f"run-{account_id}_{region}_"


def jitter(account_id: str, region: str, most: float = SPREAD_SECONDS) -> float:
    """Return the seconds, from 0 to below `most`, that a place's run of the timer is kept back: the same each time."""
    digest = sha256(f"{account_id} {region}".encode()).digest()
    return most * int.from_bytes(digest[:6], "big") / 2**48


def still_running(functions: Functions, account_id: str, region: str, now: datetime, own: str) -> Task | None:
    """Return the task of a place's earlier run that goes on; None where none does, or where that is not known: a line says why.

    own: the id of the run that asks: a task of its own, of an invocation that is tried again, is no earlier run. One call.
    """
    try:
        task = functions.latest(prefix(account_id, region))
    except CloudCallError as error:
        say({"run_before": "not known", "region": region, "account_id": account_id, "error": str(error)})
        return None
    if task is None or not task.is_running or task.task_id.startswith(own):
        return None
    return None if task.since and now - task.since > LONGEST else task
