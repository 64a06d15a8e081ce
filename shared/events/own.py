"""Source: rolekeeper itself. A run that one invocation could not end, or that it spread over regions and accounts, goes on in
another: {"rolekeeper": the Trigger, with its cursor}. Written by handed_over(), read here; strict, like an operator's payload.
"""

from __future__ import annotations

import re

import msgspec

from shared.events.event import DETAIL_LIMIT, Event
from shared.events.values import INSTANCE_ID, TEXT_LIMIT, clean, region_id
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
    if slip := _slip(trigger):
        return Ignored(reason="bad-payload", detail=slip, source=NAME, region=event.home.region)
    return trigger


def _slip(trigger: Trigger) -> str:
    """What is in it that is never handed over, "" for nothing: who may invoke us may have written it by hand."""
    ids = (*trigger.instance_ids, *(trigger.cursor.instance_ids if trigger.cursor else ()))
    if trigger.kind not in ("reconcile", "remediate"):
        return f"{trigger.kind} is never handed over"
    if trigger.kind == "remediate" and trigger.remedy is None:
        return "a remediation without what the operator asked for is never handed over"
    if len(set(trigger.instance_ids)) < len(trigger.instance_ids) or not all(map(INSTANCE_ID.fullmatch, ids)):
        return "its instance_ids are not ids, each once"
    if trigger.region != region_id(trigger.region) or not re.fullmatch("[0-9]{0,20}", trigger.account_id, re.ASCII):
        return "its region or its account_id is not one"
    texts = (trigger.source, trigger.actor, trigger.event_id, trigger.event_time)
    return "" if all(text == clean(text, TEXT_LIMIT) for text in texts) else "its texts are not clean"
