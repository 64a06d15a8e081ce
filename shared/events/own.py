"""Source: rolekeeper itself. A run that one invocation could not end, or that it spread over regions and accounts, goes on in
another: {"rolekeeper": the Trigger, with its cursor, "seal": ...}. Written by handed_over(), read here; strict, like an operator's
payload: whoever may invoke a function can write one by hand, so with keys only what is sealed is taken, and without them nothing
that cannot be.
"""

from __future__ import annotations

import re

import msgspec

from shared.events import times
from shared.events.event import DETAIL_LIMIT, Event
from shared.events.manual import MAX_TAGS
from shared.events.values import INSTANCE_ID, clean, is_clean, region_id
from shared.model.decision import Outcome, Reason
from shared.model.ignored import Ignored
from shared.model.trigger import Trigger
from shared.proof import Keys, is_sealed, seal
from shared.settings import APIS

NAME = "own"
_KEY, _SEAL = "rolekeeper", "seal"
_OF_EVENTS = ("attributes", "call")
"""Fields of a Trigger that no run has."""
_ENDS = frozenset(f"{outcome.value}/{reason.value}" for outcome in Outcome for reason in Reason)
_STOPS = (Reason.CANARY, Reason.MAX_ERRORS)


def handed_over(trigger: Trigger, keys: Keys = ()) -> bytes:
    """The payload that makes another invocation go on with this trigger, sealed where there is a key."""
    whole = msgspec.to_builtins(trigger)
    for name in _OF_EVENTS:
        del whole[name]  # a version that does not know it reads the rest
    sealed = seal(keys, _canonical(whole))
    return msgspec.json.encode({_KEY: whole, **({_SEAL: sealed} if sealed else {})})


def read(event: Event) -> Trigger | Ignored | None:
    """The trigger that was handed over; None if `event` is none."""
    if event.enveloped or _KEY not in event.raw:
        return None
    if unknown := set(event.raw) - {_KEY, _SEAL}:
        return _refused(f"it has other keys beside `{_KEY}`: {', '.join(sorted(unknown))}", event)
    whole, keys = event.raw[_KEY], event.home.proof_keys
    sealed = event.raw.get(_SEAL)
    if keys and not (isinstance(sealed, str) and is_sealed(keys, _canonical(whole), sealed)):
        state = (
            "its seal is of none of" if _SEAL in event.raw else "it has no seal, as those have that are written with"
        )
        return _refused(
            f"{state} the keys in ROLEKEEPER_PROOF_KEYS; the next run of the timer does what is left", event
        )
    try:
        trigger = msgspec.convert(whole, Trigger)
    except msgspec.ValidationError as error:
        return _refused(str(error), event)
    slip = _slip(trigger)
    return _refused(slip, event) if slip else trigger


def _canonical(whole: object) -> bytes:
    """The same bytes however the JSON was written: what passes through a dead-letter queue may be written again."""
    return msgspec.json.encode(whole, order="deterministic")


def _refused(why: str, event: Event) -> Ignored:
    detail = clean(f"a hand-over that is not taken: {why}", DETAIL_LIMIT)
    return Ignored(reason="bad-payload", detail=detail, source=NAME, region=event.home.region)


def _slip(trigger: Trigger) -> str:
    """Return what is in it that is never handed over, "" for nothing."""
    cursor, remedy = trigger.progress, trigger.request
    if trigger.kind not in ("reconcile", "remediate"):
        return f"{trigger.kind} is never handed over"
    if trigger.attributes:
        return "a change of attributes is never handed over"
    if cursor is None:
        return "without a cursor nothing is handed over"
    if trigger.kind == "remediate" and remedy is None:
        return "a remediation without what the operator asked for is never handed over"
    for ids in (trigger.instance_ids, cursor.instance_ids):
        if len(set(ids)) < len(ids) or not all(map(INSTANCE_ID.fullmatch, ids)):
            return "its instance_ids are not ids, each once"
    if trigger.call is not None:
        return "who set a tag is told by the event of it alone"
    if trigger.region != region_id(trigger.region) or not re.fullmatch("[0-9]{0,20}", trigger.account_id):
        return "its region or its account_id is not one"
    if not cursor.counts.keys() <= _ENDS:
        return "its counts are not of outcomes and reasons"
    if cursor.used and not cursor.used.apis.keys() <= set(APIS):
        return "what it has used of the rate is not of APIs that a run calls"
    if cursor.stopped and cursor.stopped not in _STOPS:
        return f"a run that was stopped by {cursor.stopped.value} is never handed over"
    if trigger.event_at != times.parse(trigger.event_time):
        return "its event_at is not its event_time"
    texts = [trigger.source, trigger.actor, trigger.event_id, trigger.event_time, trigger.event_name]
    if remedy:
        if len(remedy.tags) > MAX_TAGS:
            return f"it selects by more than {MAX_TAGS} tags"
        texts += [remedy.operator, remedy.reason, remedy.rule, remedy.role, *remedy.tags, *remedy.tags.values()]
    return "" if all(map(is_clean, texts)) else "its texts are not clean"
