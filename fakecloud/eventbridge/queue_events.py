"""The events that EventBridge makes of a queue's messages, for a function behind an event stream. Pure.

Sources: Function Compute, "MNS queue triggers" (fields of the envelope); sample events of Alibaba's serverless apps (source
acs:mns, a batch as a JSON array). Nobody prints a batch whose messages are themselves events: a switch.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import datetime, timezone
from typing import Any, Literal

from fakecloud.eventbridge.notices import CONTENT_TYPE
from fakecloud.mns.models import Key, Message
from fakecloud.parsing import loads

Shape = Literal["text", "object", "string", "event"]
"""Of a member: an envelope with messageBody as text, or as an object; the envelope as a string of JSON; the body alone."""


def envelope(message: Message, queue: Key, *, decode: bool) -> dict[str, Any]:
    """decode: IsBase64Decode; a body that is not Base64 stays as it is (a guess)."""
    account, region, name = queue
    at = datetime.fromtimestamp(message.sent, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    request_id = hashlib.sha256(message.id.encode()).hexdigest()[:24].upper()
    body = _decoded(message.body) if decode else message.body
    return {
        "id": message.id,
        "source": "acs:mns",
        "specversion": "1.0",
        "type": "mns:Queue:SendMessage",
        "datacontenttype": CONTENT_TYPE,
        "subject": f"acs:mns:{region}:{account}:queues/{name}",
        "time": at,
        "aliyunaccountid": account,
        "aliyunpublishtime": at,
        "aliyunoriginalaccountid": account,
        "aliyuneventbusname": "",
        "aliyunregionid": region,
        "aliyunpublishaddr": "100.104.0.1",
        "data": {"requestId": request_id, "messageId": message.id, "messageBody": body},
    }


def member(event: dict[str, Any], shape: Shape, *, raw: bool) -> str:
    """One member of the list that the function gets, as JSON. raw: eventSchema RawData, only `data`."""
    data = event["data"]
    if shape in ("object", "event"):
        data = {**data, "messageBody": _parsed(data["messageBody"])}
    if shape == "event":
        return _json(data["messageBody"])
    whole = data if raw else {**event, "data": data}
    return _json(_json(whole)) if shape == "string" else _json(whole)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


def _parsed(text: str) -> Any:
    try:
        return loads(text)
    except ValueError:
        return text


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
