"""The call that set tags, and who made it, as far as an ActionTrail record proves it. Believes no record that did not come from
EventBridge in its envelope, and no name that is not written as RAM writes names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.events.event import Event
from shared.events.values import Json, decoded, folded
from shared.model.trigger import TagCall

_TYPE = re.compile(r"(ecs|tag):actiontrail:[a-z]+", re.IGNORECASE | re.ASCII)
_USER = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_ROLE = re.compile(r"([A-Za-z0-9._-]{1,64}):.+", re.ASCII | re.DOTALL)
"""ROLE:SESSION. No role's name has a colon; the session may hold anything, for whoever assumes the role chooses it."""
_NUMBERED = re.compile(r"tag(key)?\.(\d{1,4})(?:\.(key|value))?", re.ASCII)
_NAMES = (("key", "value"), ("tagkey", "tagvalue"))


def tag_call(event: Event, record: Json, parameters: Json) -> TagCall:
    """Return what the record says of tags. parameters: of the call, with keys in lower case."""
    response = folded(record.get("responseelements"))
    if folded(response.get("failedresources")):  # the Tag service: of some of them, it set nothing
        return TagCall()
    removes = "untag" in str(record.get("eventname")).lower() or "removetags" in str(record.get("eventname")).lower()
    found: dict[str, str] = {}
    unsure: set[str] = set()
    for key, value in _pairs(parameters):
        name = key.lower()
        if name in found and found[name] != value:
            unsure.add(name)
        found[name] = value
    if removes:
        return TagCall(actor=_actor(event, record), removed=tuple(found))
    set_tags = {name: value for name, value in found.items() if name not in unsure}
    return TagCall(actor=_actor(event, record), tags=set_tags, removed=tuple(unsure))


def _actor(event: Event, record: Json) -> str:
    """Return who called, as roles.yaml names actors; "" where that is not proven. Nothing of it is made fit or cut: two names that
    a cleaner text would make one stay two."""
    identity, ours = folded(record.get("useridentity")), event.home.account_id
    accounts = (event.top.get("aliyunaccountid"), identity.get("accountid"))
    delivered = event.enveloped and _TYPE.fullmatch(event.type) and event.origin in ("acs.ecs", "acs.tag")
    if not delivered or not ours or any(str(account) != ours for account in accounts):
        return ""
    kind, name = identity.get("type"), identity.get("username")
    if kind == "root-account":
        return "root"
    if kind == "ram-user" and isinstance(name, str) and _USER.fullmatch(name):
        return f"user/{name}"
    session = _ROLE.fullmatch(name) if kind == "assumed-role" and isinstance(name, str) else None
    return f"role/{session[1].lower()}" if session else ""


def _pairs(parameters: Json) -> Iterator[tuple[str, str]]:
    """Yield the tags that a call names: Tag.1.Key and Tag.1.Value, TagKey.1, a list of objects, or the JSON object of the Tag service."""
    keys: dict[str, str] = {}
    values: dict[str, str] = {}
    for name, value in parameters.items():
        match = _NUMBERED.fullmatch(name)
        if match and isinstance(value, str) and (match[1] or match[3]):
            (values if match[3] == "value" else keys)[match[2]] = value
    yield from ((key, values.get(number, "")) for number, key in keys.items())
    for name in ("tag", "tags", "tagkey", "tagkeys"):
        whole = decoded(parameters.get(name))
        if isinstance(whole, dict):
            yield from ((key, value) for key, value in whole.items() if isinstance(value, str))
        for item in whole if isinstance(whole, list) else ():
            yield from ((item, ""),) if isinstance(item, str) else _pair(folded(item))


def _pair(item: Json) -> Iterator[tuple[str, str]]:
    for key, value in _NAMES:
        if isinstance(item.get(key), str) and isinstance(item.get(value, ""), str):
            yield item[key], item.get(value, "")
