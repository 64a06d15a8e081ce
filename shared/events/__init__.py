"""Event bytes to Trigger or Ignored: what happened, to which instances. Pure; never raises; believes an event in nothing else.

A new source is one module with NAME and read(), and one line in SOURCES.
"""

from __future__ import annotations

from typing import Protocol

from shared.events import actiontrail, cloudmonitor, manual, own, state_change, timer
from shared.events.body import MAX_EVENT_BYTES, members
from shared.events.event import DETAIL_LIMIT, Event, Home, Outcome
from shared.events.values import clean, text
from shared.model.ignored import Ignored
from shared.model.trigger import Trigger
from shared.proof import Keys

__all__ = ["MAX_EVENT_BYTES", "SOURCES", "read"]


class Source(Protocol):
    """A module that knows the shapes of one sender."""

    NAME: str

    def read(self, event: Event) -> Outcome:
        """Return what the event asks for; None if its shape is not of this sender. Must not raise."""


SOURCES: tuple[Source, ...] = (
    timer,
    actiontrail,
    cloudmonitor,
    state_change,
    own,
    manual,  # last: an event may have a key called "tags"
)
"""Asked in this order; the first that knows an event's shape decides."""


def read(
    body: bytes | str, *, account_id: str = "", own_role: str = "", region: str = "", proof_keys: Keys = ()
) -> tuple[Trigger | Ignored, ...]:
    """Return what each event in `body` asks for, in order: one event, or a JSON list of them. Never empty, never raises.

    account_id: events of another account are ignored; "" = do not judge. own_role: the name of our own execution role,
    whose writes are ignored. region: taken where an event names none. proof_keys: of hand-overs, which are refused without the
    seal of one; () = none is sealed.
    """
    home = Home(account_id=account_id, own_role=own_role, region=region, proof_keys=proof_keys)
    return tuple(outcome for member in members(body) for outcome in _read(member, home))


def _read(member: object, home: Home) -> tuple[Trigger | Ignored, ...]:
    if isinstance(member, Ignored):
        return (member,)
    if not isinstance(member, dict):
        detail = f"expected a JSON object, got {_KINDS.get(type(member), 'a list')}"
        return (Ignored(reason="unknown-event", detail=detail),)
    event = Event.of(member, home)
    for source in SOURCES:
        outcome = source.read(event)
        if outcome is not None:
            return outcome if isinstance(outcome, tuple) else (outcome,)
    if event.type:
        return (event.seen("").ignored("not-for-us", f"events of type {event.type}"),)
    keys = ", ".join(text(key, 32) for key in list(member)[:6]) or "none"
    hint = f'a manual payload is {{"reconcile": {{}}}}, or names one of {", ".join(manual.SELECTORS)}'
    return (Ignored(reason="unknown-event", detail=clean(f"no event has these keys: {keys}; {hint}", DETAIL_LIMIT)),)


_KINDS: dict[type, str] = {str: "text", int: "a number", float: "a number", bool: "true or false", type(None): "null"}
