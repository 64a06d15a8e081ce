"""The wrappings of an event on its way here: a queue's message, a failure report of Function Compute. Pure; never raises.

Message (reference: Function Compute, MNS queue triggers): type mns:Queue:SendMessage, data with requestId, messageId and
messageBody; with eventSchema RawData only the data. The body is JSON, as text or as an object, or Base64 of it.
Report (reference: Function Compute, "Result callback"): timestamp, requestContext, requestPayload, responseContext and
responsePayload; requestPayload is the event of the invocation that failed, as text.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from shared.events.values import decoded, folded, text
from shared.model.ignored import Ignored

_TYPE = "mns:queue:sendmessage"
_MAX_ENVELOPES = 16  # a report in a message in a report needs five, with the strings between them


def opened(member: object) -> object:
    """Return what is in `member`, however often it was put into a message or a report; `member` itself where it is neither.

    An Ignored says why there is nothing in a report.
    """
    for _ in range(_MAX_ENVELOPES):
        inner = reported(unwrapped(decoded(member)))
        if inner is member:
            return member
        member = inner
    return Ignored(reason="not-json", detail=f"more than {_MAX_ENVELOPES} envelopes in one another")


def unwrapped(member: object) -> object:
    """The event in the message; `member` itself where it is no message, or its body is no JSON."""
    if not isinstance(member, dict):
        return member
    top = folded(member)
    data = folded(top.get("data")) if text(top.get("type")).lower() == _TYPE else top
    if "messagebody" not in data or "messageid" not in data:
        return member
    body = _json(data["messagebody"])
    return body if isinstance(body, (dict, list)) else member


def reported(member: object) -> object:
    """The event that an invocation failed with; `member` itself where it is no report of one."""
    if not isinstance(member, dict):
        return member
    top = folded(member)
    report = folded(top.get("data")) if "specversion" in top else top  # as an event, where the destination is a bus
    if "requestpayload" not in report or not {"requestcontext", "responsecontext"} & set(report):
        return member
    payload = report["requestpayload"]
    found = _json(payload)
    if isinstance(found, (dict, list)):
        return found
    if payload in (None, ""):
        return Ignored(reason="empty", detail="a failure report whose requestPayload is empty")
    return Ignored(reason="not-json", detail="a failure report whose requestPayload is no JSON")


def _json(body: object) -> object:
    """Return what the text says: JSON, a text in JSON that is JSON itself, or Base64 of either; None where it is nothing of these."""
    found = decoded(body)
    if not isinstance(found, str):
        return found
    try:
        if found.lstrip()[:1] == '"':
            return decoded(msgspec.json.decode(found))
        return decoded(base64.b64decode(found, validate=True).decode())
    except (binascii.Error, ValueError):  # UnicodeDecodeError and msgspec's errors are ValueErrors
        return None
