"""The sizes that Function Compute sets: of a log line, and of a request so that the report of its failure fits into the
queue of dead letters. Numbers and texts only; pure.

Facts: one log entry has at most 32 KB, and what is longer is cut (FC, "Limits"); the report of an asynchronous invocation that
failed contains the request as text (FC, "Result callback"); an MNS message holds 65,536 bytes (MNS, "Queue").
"""

from __future__ import annotations

import json

LINE = 32_000
"""Bytes of a log line, below 32 KB."""
ERROR = 600
"""Characters of an error that leaves a function: each may take seven bytes in the report."""
MESSAGE = 65_536
BESIDE = 8_192
"""Bytes of a report beside the request: the error, its frames, who ran what."""
REQUEST = MESSAGE - BESIDE
EVENT = 4_096
"""Bytes that an event out of a queue may take in a report: more than any of the samples does, in the wordiest shape."""
BATCH = REQUEST // EVENT
"""Events out of a queue that one request may hold."""
ID = 27
"""Bytes of an instance id of 22 characters in a report, with its escaped quotes and comma."""


def size(request: bytes) -> int:
    """Bytes that a request takes in the report of its failure, where it is a text of JSON in JSON, in ASCII."""
    return len(json.dumps(request.decode(errors="replace")))


def ids_beside(request: bytes, *, spare: int) -> int:
    """Return how many instance ids a request can name besides what it has. spare: bytes that are kept for more of what it has."""
    return max(0, REQUEST - size(request) - spare) // ID


def cut(text: str, longest: int) -> str:
    """At most so many characters, and a mark where it is cut."""
    return text if len(text) <= longest else text[: longest - 6] + " (cut)"
