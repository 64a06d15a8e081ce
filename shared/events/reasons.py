"""Why an event is ignored: the closed list of reasons. Words only; events/README.md shows the same table."""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "empty",
    "too-large",
    "not-json",
    "unknown-event",
    "not-for-us",
    "not-an-instance",
    "no-instance",
    "failed-call",
    "foreign-account",
    "own-write",
    "own-tag",
    "looked-since",
    "bad-payload",
]

MEANING: dict[Reason, str] = {
    "empty": "nothing came: no bytes, or a list without events",
    "too-large": "more than an invocation ever holds; not read",
    "not-json": "not UTF-8, not JSON, or nested too deeply",
    "unknown-event": "JSON of a shape that no source knows",
    "not-for-us": "a known shape, of another product, call or state",
    "not-an-instance": "tags of something else than an ECS instance",
    "no-instance": "one of our events, without the id of an instance",
    "failed-call": "the API call was refused, so nothing changed",
    "foreign-account": "it happened in another account than ours",
    "own-write": "our own execution role did it",
    "own-tag": "only the tag changed in which we note a displaced role",
    "looked-since": "a creation; this process has looked at the instance after it happened",
    "bad-payload": "a manual payload with a mistake; the detail names it",
}
