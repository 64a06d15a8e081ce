"""Source: ActionTrail records, in an EventBridge envelope or bare. Creation calls, changes of tags, of other attributes that rules may ask for
(changes.py), and of the role itself; writes only.

Record fields (reference: ActionTrail, Structure of events). requestParameters is the raw request, so lists may be flattened
("ResourceId.1") or whole. Tags are read from ECS; those in the request only say what its caller set.
"""

from __future__ import annotations

import re

import msgspec

from shared.events import changes
from shared.events.event import Circumstances, Event, Outcome
from shared.events.resources import Found, find, requested
from shared.events.tag_calls import tag_call
from shared.events.values import Json, folded, last_word, text
from shared.model.trigger import Trigger

replace = msgspec.structs.replace
NAME = "actiontrail"

_CREATION = {"runinstances", "createinstance"}
_TAGGING = {
    "ecs": {"tagresources", "untagresources", "addtags", "removetags"},
    "tag": {"tagresources", "untagresources"},
}
_SERVICES = ("ecs", "tag", "resourcemanager")
_HOST = re.compile(rf"({'|'.join(_SERVICES)})[.-]")  # eventSource: "ecs-cn-hangzhou-share.aliyuncs.com"


def read(event: Event) -> Outcome:
    """One API call; None if `event` is no ActionTrail record."""
    record = event.data
    if not text(record.get("eventname")) and ":actiontrail:" not in event.type.lower():
        return None
    actor, is_own = _actor(folded(record.get("useridentity")), event.home.own_role)
    parameters = {**folded(record.get("requestparameterjson")), **folded(record.get("requestparameters"))}
    service = _service(event, record)
    # Records of Resource Management name one region, wherever the resources are.
    places = (record, parameters) if service != "resourcemanager" else ()
    seen = event.seen(
        NAME,
        ids=(record.get("eventid"),),
        when=(record.get("eventtime"),),
        regions=tuple(place.get(key) for key in ("acsregion", "regionid") for place in places),
        accounts=(record.get("recipientaccountid"),),
        actor=actor,
    )
    if is_own:
        return seen.ignored("own-write", f"{text(record.get('eventname'))} by our own role, {actor}")
    outcome = _judge(seen, record, parameters, service)
    if not isinstance(outcome, tuple):
        return outcome
    call = tag_call(event, record, parameters)
    return tuple(replace(one, call=call) if isinstance(one, Trigger) else one for one in outcome)


def _judge(seen: Circumstances, record: Json, parameters: Json, service: str) -> Outcome:
    name = text(record.get("eventname"))
    call = name.lower()
    if not name:
        return seen.ignored("unknown-event", "an ActionTrail record without eventName")
    if record.get("errorcode"):
        return seen.ignored("failed-call", f"{name} was refused: {text(record['errorcode']) or 'errorCode is set'}")
    if text(record.get("eventrw")).lower() == "read":
        return seen.ignored("not-for-us", f"{name} only reads")
    if service == "ecs" and call in _CREATION:
        return seen.triggers("created", _created(record), name)
    if change := changes.CALLS.get(service, {}).get(call):
        return _changed(seen, record, parameters, name, change)
    if call not in _TAGGING.get(service, ()):
        return seen.ignored("not-for-us", f"call {name} of {service or 'an unknown service'}")
    if service == "ecs" and (other := _other_type(parameters)):
        return seen.ignored("not-an-instance", f"{name} on {other}")
    found = find(*requested(parameters))
    return seen.triggers("changed", found if found.instances or found.others else _referenced(record), name)


def _changed(seen: Circumstances, record: Json, parameters: Json, name: str, change: changes.Call) -> Outcome:
    """The instances whose attributes the call changed. They are read again from ECS, as all is."""
    if other := _other_type(parameters):
        return seen.ignored("not-an-instance", f"{name} on {other}")
    attributes = changes.changed_by(change, parameters)
    if not attributes:
        needed = " or ".join(change.only_with)
        return seen.ignored("no-rule-reads-it", f"{name} without {needed} changes nothing that a rule can ask for")
    found = changes.named_in(change, parameters)
    refused = changes.refused(change, folded(record.get("responseelements")))
    left = found.without(refused)
    if found.instances and not left.instances:
        return seen.ignored("failed-call", f"{name} was refused for each of its instances")
    return seen.triggers("changed", left, name, attributes)


def _other_type(parameters: Json) -> str:
    """The type of the call's resources, "" if they are instances. A call that names no type is on instances."""
    resource_type = last_word(parameters.get("resourcetype"))
    return "" if resource_type == "instance" else resource_type


def _created(record: Json) -> Found:
    response = folded(record.get("responseelements"))
    keys = [key for key in response if key.startswith(("instanceid", "instances"))]  # InstanceIdSets, InstanceId
    found = find(*(response[key] for key in keys))
    return found if found.instances else _referenced(record)


def _referenced(record: Json) -> Found:
    # Only after the call is known to be ours: DeleteDisk refers to an instance too.
    referenced = folded(record.get("referencedresources"))
    lists = [value for key, value in referenced.items() if last_word(key) == "instance"]
    if last_word(record.get("resourcetype")) == "instance":
        lists.append(record.get("resourcename"))
    return find(*lists)


def _service(event: Event, record: Json) -> str:
    """Return one of _SERVICES, or the service that the record names; a record that names none is taken for one of ECS."""
    host = _HOST.match(text(record.get("eventsource")).lower())
    stated = (
        event.type.partition(":")[0],
        event.origin.removeprefix("acs."),
        text(record.get("servicename")),
        host[1] if host else "",
    )
    names = [name.lower() for name in stated if name]
    return next((name for name in names if name in _SERVICES), names[0] if names else "ecs")


def _actor(identity: Json, own_role: str) -> tuple[str, bool]:
    """Return who called, and whether that is our own role. Function Compute lower-cases the role in "RoleName:SessionName"."""
    kind, name = text(identity.get("type")).lower(), text(identity.get("username"))
    if kind == "root-account":
        return "root", False
    if kind == "system":
        return "system", False
    role, colon, _session = name.partition(":")
    is_role = kind == "assumed-role" or (not kind and bool(colon))
    return name, bool(own_role) and is_role and role.lower() == own_role.lower()
