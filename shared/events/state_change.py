"""Source: ecs:Instance:StateChange on EventBridge. A new instance shows itself by the states Created, Pending or Running.

No event says "instance created" (reference: EventBridge, ECS events). ECS documents Created, sent once; CloudMonitor's best
practice and the OOS page say Pending comes first. Running also follows each reboot, which costs one observation and changes nothing.
"""

from __future__ import annotations

from shared.events.event import Circumstances, Event, Outcome
from shared.events.resources import Found, find
from shared.events.values import Json, folded, last_word, text

NAME = "state_change"

_TYPE = "ecs:instance:statechange"
_CREATION = {"created", "pending", "panding", "running"}  # "Panding": so spelt in CloudMonitor's best practice


def read(event: Event) -> Outcome:
    """The event in its envelope, or the bare data that eventSchema RawData delivers; None if it is neither."""
    data = event.data
    if event.enveloped:
        if event.type.lower() != _TYPE:
            return None
    elif "state" not in data or not {"resourceid", "instanceid"} & set(data):
        return None
    # Public consumers read data.content.resourceId first and data.resourceId else: both structures have been seen.
    content = folded(data.get("content"))
    seen = event.seen(NAME, regions=(content.get("regionid"), data.get("regionid"), data.get("acsregion")))
    return judge(seen, (content, data))


def judge(seen: Circumstances, places: tuple[Json, ...]) -> Outcome:
    """A change of state described in `places` (lower-case keys), the likeliest first."""
    state = next(filter(None, (text(place.get("state")) for place in places)), "")
    kind_of = next(filter(None, (last_word(place.get("resourcetype")) for place in places)), "instance")
    if kind_of != "instance":
        return seen.ignored("not-an-instance", f"a change of state of {kind_of}")
    if not state:
        return seen.ignored("unknown-event", "a change of state that names no state")
    if state.lower() not in _CREATION:
        return seen.ignored("not-for-us", f"state {state} is not creation")
    return seen.triggers("created", _instances(places), state)


def _instances(places: tuple[Json, ...]) -> Found:
    return find(*(place.get(key) for place in places for key in ("resourceid", "instanceid")))
