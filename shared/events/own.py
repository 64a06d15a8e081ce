"""Source: rolekeeper itself. A run that one invocation could not end, or that it spread over regions and accounts, goes on in
another: {"rolekeeper": the Trigger, with its cursor}. Written by handed_over(), read here; strict, like an operator's payload.
"""

from __future__ import annotations

import msgspec

from shared.events.event import DETAIL_LIMIT, Event
from shared.events.values import clean
from shared.model import Ignored, Trigger

NAME = "own"
_KEY = "rolekeeper"


def handed_over(trigger: Trigger) -> bytes:
    """The payload that makes another invocation go on with this trigger."""
    return msgspec.json.encode({_KEY: trigger})


def read(event: Event) -> Trigger | Ignored | None:
    """The trigger that was handed over; None if `event` is none."""
    if event.enveloped or set(event.raw) != {_KEY}:
        return None
    try:
        trigger = msgspec.convert(event.raw[_KEY], Trigger)
    except msgspec.ValidationError as error:
        return Ignored(
            reason="bad-payload", detail=clean(str(error), DETAIL_LIMIT), source=NAME, region=event.home.region
        )
    if trigger.kind not in ("reconcile", "remediate"):
        return Ignored(reason="bad-payload", detail=f"{trigger.kind} is never handed over", source=NAME)
    return trigger
