"""An event that came through a queue: what stands in the message, without the envelope that says so. Pure; never raises.

Envelope (reference: Function Compute, MNS queue triggers): type mns:Queue:SendMessage, data with requestId, messageId and
messageBody; with eventSchema RawData only the data. The body is JSON, as text or as an object, or Base64 of it.
"""

from __future__ import annotations

import base64
import binascii

from shared.events.values import decoded, folded, text

_TYPE = "mns:queue:sendmessage"


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


def _json(body: object) -> object:
    found = decoded(body)
    if not isinstance(found, str):
        return found
    try:
        return decoded(base64.b64decode(found, validate=True).decode())
    except (binascii.Error, ValueError):  # UnicodeDecodeError is a ValueError
        return None
