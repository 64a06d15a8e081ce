"""Source: CloudMonitor system events, on EventBridge or straight from a CloudMonitor rule. State changes and tag changes.

Tag:ChangeOnResource is the only direct event of a tag change (reference: CloudMonitor, appendix 2, tag events; content as
read by the public OOS template ACS-TAG-MonitorTagEcsInstanceAndRunCommand). Its type on EventBridge has not been seen; by
analogy with ess:CloudMonitor:AUTOSCALING[...] it is tag:CloudMonitor:Tag[ChangeOnResource]. So the type is read loosely,
and the content is accepted both as `data` itself and as `data.content`, an object or a string of JSON.
"""

from __future__ import annotations

import re

from shared.events import state_change
from shared.events.event import Circumstances, Event, Outcome
from shared.events.resources import find
from shared.events.values import Json, folded, last_word, text
from shared.model.instance import DISPLACED_TAG

NAME = "cloudmonitor"

_NOT_A_LETTER = re.compile(r"[^a-z]+")


def read(event: Event) -> Outcome:
    """One system event; None if `event` has none of the shapes."""
    payload = event.data
    product, monitored, type_name = event.type.partition(":CloudMonitor:")
    is_tag_content = "changedtagkeys" in payload or "changedtagkeys" in folded(payload.get("content"))
    is_system_event = "name" in payload and "content" in payload
    if not (monitored or is_tag_content or is_system_event):
        return None
    content = folded(payload.get("content")) if "content" in payload else payload
    seen = event.seen(
        NAME,
        ids=(payload.get("id"),),
        when=(payload.get("eventtime"), payload.get("time")),
        regions=(content.get("regionid"), payload.get("regionid")),
        accounts=(payload.get("userid"),),
    )
    # With a content beside it, `product` is the one that sent the event; without, it is part of the content.
    sender = text(payload.get("product")) if is_system_event else product
    return _judge(seen, text(payload.get("name")) or type_name, sender.lower(), content, payload, is_tag_content)


def _judge(seen: Circumstances, name: str, sender: str, content: Json, payload: Json, is_tag_content: bool) -> Outcome:
    letters = _NOT_A_LETTER.sub("", name.lower())  # "Tag:ChangeOnResource" and "Tag[ChangeOnResource]" are one
    if letters == "tagchangeonresource" or is_tag_content:
        return _tags(seen, content, payload)
    if letters == "instancestatechange" and sender in {"ecs", ""}:
        return state_change.judge(seen, (content, payload))
    return seen.ignored("not-for-us", f"system event {name or 'without a name'} of {sender or 'an unknown product'}")


def _tags(seen: Circumstances, content: Json, payload: Json) -> Outcome:
    product, resource_type = (text(content.get("product")).lower(), last_word(content.get("resourcetype")))
    if product not in {"ecs", ""}:
        return seen.ignored("not-for-us", f"tags of {product} {resource_type}")
    if resource_type not in {"instance", ""}:
        return seen.ignored("not-an-instance", f"tags of {resource_type}")
    changed = content.get("changedtagkeys")
    if isinstance(changed, list) and changed and all(text(key).lower() == DISPLACED_TAG for key in changed):
        return seen.ignored("own-tag", f"only {DISPLACED_TAG} changed")
    return seen.triggers("changed", find(content.get("resourceid"), payload.get("resourceid")), "Tag:ChangeOnResource")
