"""The part of an event that a target gets: the whole, its data, or what ParamList's Body makes of it. Pure.

Forms: CreateRule's ParamList. How each is carried out, and the ResourceKey "Body" of function targets, is unverified.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from fakecloud.errors import NotEmulated
from fakecloud.eventbridge.models import Target
from fakecloud.parsing import loads

_VARIABLE = re.compile(r"\$\{([^}]+)\}")


def body(target: Target, event: dict[str, Any]) -> bytes:
    """The payload of the invocation. Raises NotEmulated for a form or path that is not known."""
    if target.raw:
        return _json(event.get("data"))
    param = target.param("body")
    if param is None:
        return _json(event)
    form, value = param.get("Form", "ORIGINAL"), param.get("Value", "")
    if form == "ORIGINAL":
        return _json(event)
    if form == "CONSTANT":
        return value.encode()
    if form == "JSONPATH":
        return _json(_path(value, event))
    if form == "TEMPLATE":
        variables = {name: _path(path, event) for name, path in loads(value or "{}").items()}
        return _VARIABLE.sub(lambda found: _text(variables.get(found[1], "")), param.get("Template", "")).encode()
    raise NotEmulated(f"the form {form} of a target's parameter")


def message(target: Target, payload: bytes) -> str:
    """The body of the message where the target is a queue: as it is, or in Base64 (IsBase64Encode)."""
    encode = (target.param("isbase64encode") or {}).get("Value", "false").lower() == "true"
    return base64.b64encode(payload).decode() if encode else payload.decode()


def _path(path: str, event: dict[str, Any]) -> Any:
    if not path.startswith("$"):
        return path
    if not re.fullmatch(r"\$(\.[^.\[\]*]+)*", path):
        raise NotEmulated(f"the JSONPath {path} in a target's parameter")
    value: Any = event
    for key in path.split(".")[1:]:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
