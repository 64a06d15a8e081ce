"""What has been found, and how much was searched, in this process."""

from __future__ import annotations

from collections.abc import Iterable

COUNTS = {"histories": 0, "invocations": 0, "calls": 0}
"""Of this process."""
FAILURES: list[str] = []
"""In this process, in their order: a failure that depends on what the process did before may not come again when it is tried again."""


def must_not(found: Iterable[str]) -> None:
    """There must be nothing of this."""
    wrong = list(found)
    if wrong:
        FAILURES.append("\n".join(wrong))
    assert not wrong, "\n".join(wrong)
