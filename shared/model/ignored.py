"""An event that is not acted on, and the closed list of reasons why. events/README.md explains each."""

from __future__ import annotations

from typing import Literal

import msgspec

from shared.model.trigger import Trigger

IgnoredReason = Literal[
    "empty",
    "too-large",
    "not-json",
    "unknown-event",
    "not-for-us",
    "not-for-this-function",
    "not-an-instance",
    "no-instance",
    "failed-call",
    "foreign-account",
    "own-write",
    "own-tag",
    "looked-since",
    "no-rule-reads-it",
    "contested",
    "bad-payload",
]


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is not for us, and why. Costs no call and loads no SDK."""

    reason: IgnoredReason
    detail: str = ""  # one line for a human, without secrets
    source: str = ""
    region: str = ""
    account_id: str = ""
    actor: str = ""
    event_id: str = ""
    event_time: str = ""


def ignored_as(reason: IgnoredReason, detail: str, trigger: Trigger) -> Ignored:
    """An event that was understood, and still is not acted on."""
    return Ignored(
        reason=reason,
        detail=detail,
        source=trigger.source,
        region=trigger.region,
        account_id=trigger.account_id,
        actor=trigger.actor,
        event_id=trigger.event_id,
        event_time=trigger.event_time,
    )
