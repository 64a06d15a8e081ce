"""Careful readers of untrusted JSON values: text, objects, keys without case. Never raises, judges nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from shared.clean import hidden
from shared.settings import REGION

Json = Mapping[str, Any]
"""A JSON object as decoded; the values are whatever the sender wrote."""

# Control characters, line and paragraph separators and the marks that turn the reading direction: any of them could forge
# a line of a log.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]+"
)
TEXT_LIMIT = 256
INSTANCE_ID = re.compile(r"i-[0-9A-Za-z][0-9A-Za-z_-]{0,63}|AY[0-9]{6}[0-9A-Za-z]{2,58}")
"""An id of today, i-bp1..., or of the oldest instances, AY121018033933eae8689 (samples of ECS pages)."""


def clean(text: str, limit: int) -> str:
    """One printable line of at most `limit` characters, keys and tokens masked; a cut is marked with an ellipsis."""
    line = hidden(text[: limit * 8])
    if not line.isprintable():  # what is unprintable here is so for Python too
        line = _UNPRINTABLE.sub(" ", line)
    line = line.strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def is_clean(text: str, limit: int = TEXT_LIMIT) -> bool:
    """Return whether it can be shown and compared as it is; blanks at its ends may be."""
    return len(text) <= limit and clean(text, limit) == text.strip()


def text(value: object, limit: int = TEXT_LIMIT) -> str:
    """A string or a whole number (account ids come as both) as a clean line; anything else is ""."""
    if isinstance(value, str):
        return clean(value, limit)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**20:
        return str(value)
    return ""


def decoded(value: object) -> object:
    """`value`, or what stands inside it if it is a string of JSON (requestParameterJson, content, data come so)."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        try:
            return msgspec.json.decode(value)
        except (ValueError, RecursionError):
            return value
    return value


def folded(value: object) -> Json:
    """A JSON object (or a string of one) with lower-case keys, so that eventName, EventName and eventname are one.

    Published samples differ in the case of initials: Product/product (CloudMonitor API), ResourceId/resourceId (Config).
    """
    value = decoded(value)
    if not isinstance(value, dict):
        return {}
    return {key.lower(): item for key, item in value.items()}


def region_id(value: object) -> str:
    """`value` if it has the form of a region id, else "". It becomes part of a host name: never pass it on unchecked."""
    name = text(value).lower()
    return name if re.fullmatch(REGION, name) else ""


def account(value: object) -> str:
    """An account id as text; the wildcard that ARNs allow says nothing, so it is ""."""
    name = text(value)
    return "" if name == "*" else name


def last_word(value: object) -> str:
    """The resource type in one word: "instance" for "instance", "ACS::ECS::Instance" and "ALIYUN::ECS::Instance"."""
    return text(value).rpartition(":")[2].lower()
