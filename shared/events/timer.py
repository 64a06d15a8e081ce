"""Source: the timer trigger of Function Compute. Asks for a reconcile of the region; its payload is any string and unread.

Shape (reference: Function Compute, Timer triggers): {"triggerTime": "2023-12-26T07:49:00Z", "triggerName", "payload"}.
"""

from __future__ import annotations

from shared.events import times
from shared.events.event import Event
from shared.events.values import text
from shared.model.ignored import Ignored
from shared.model.trigger import Trigger

NAME = "timer"


def read(event: Event) -> Trigger | Ignored | None:
    """One tick; None if `event` is none."""
    top = event.top
    if event.enveloped or not ("triggertime" in top or {"triggername", "payload"} <= set(top)):
        return None
    event_time, event_at = times.first(top.get("triggertime"))
    return Trigger(
        kind="reconcile",
        source=NAME,
        region=event.home.region,
        event_time=event_time,
        event_at=event_at,
        event_name=text(top.get("triggername")),
    )
