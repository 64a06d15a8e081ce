"""The index of a logstore: which fields are searched and analysed, as which type, and how text is cut into words.

Source: Simple Log Service API reference, CreateIndex and UpdateIndex; user guide, "Data types" and "Search syntax".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fakecloud.errors import NotEmulated
from fakecloud.sls.exceptions import IndexInfoInvalid, ParameterInvalid

_TOP = {
    "line",
    "keys",
    "ttl",
    "max_text_len",
    "log_reduce",
    "log_reduce_white_list",
    "log_reduce_black_list",
    "scan_index",
}
_LINE = {"token", "caseSensitive", "chn", "include_keys", "exclude_keys", "auto_text_keys", "auto_key_detect"}
_KEY = {"type", "alias", "chn", "token", "caseSensitive", "doc_value"}
NUMERIC = ("long", "double")


@dataclass(frozen=True, slots=True)
class KeyIndex:
    """The index of one field. delimiters: the characters that separate words; "" = the value is one word."""

    type: str = "text"
    delimiters: str = ""
    case_sensitive: bool = False
    doc_value: bool = False
    alias: str = ""

    def words(self, value: str) -> list[str]:
        text = value if self.case_sensitive else value.lower()
        if not self.delimiters:
            return [text] if text else []
        return [word for word in _splitter(self.delimiters).split(text) if word]


RESERVED = KeyIndex(doc_value=True)
"""__topic__, __source__ and __tag__:* are indexed wherever any index is (user guide, "Reserved fields")."""


@dataclass(frozen=True, slots=True)
class Index:
    """config: the body as it was sent, for GetIndex. max_text_len: bytes of a text value that SQL sees."""

    config: Mapping[str, Any]
    line: KeyIndex | None
    keys: Mapping[str, KeyIndex]
    include: frozenset[str] = field(default_factory=frozenset)
    exclude: frozenset[str] = field(default_factory=frozenset)
    max_text_len: int = 2048

    def key(self, name: str) -> KeyIndex | None:
        if name in ("__topic__", "__source__") or name.startswith("__tag__:"):
            return self.keys.get(name, RESERVED)
        return self.keys.get(name)

    def full_text(self, name: str) -> KeyIndex | None:
        """Return how a field takes part in a search that names none: its own index takes precedence over the line's."""
        if self.line is None or name in self.exclude or (self.include and name not in self.include):
            return None
        return self.keys.get(name, self.line)


def parse(body: Any) -> Index:
    """From the body of CreateIndex or UpdateIndex. Raises IndexInfoInvalid, ParameterInvalid or NotEmulated."""
    if not isinstance(body, dict):
        raise ParameterInvalid("The body is not valid json string.")
    _known(body, _TOP, "the index")
    line, keys = body.get("line"), body.get("keys")
    if not (isinstance(line, dict) or (isinstance(keys, dict) and keys)) or not isinstance(keys or {}, dict):
        raise IndexInfoInvalid("required fields line/keys are lacking or of error format.")
    length = body.get("max_text_len", 2048) or 2048
    if not isinstance(length, int) or not 64 <= length <= 16384:
        raise ParameterInvalid(f"max_text_len {length} is not within 64 to 16384.")
    include, exclude = (line or {}).get("include_keys") or [], (line or {}).get("exclude_keys") or []
    if include and exclude:
        raise IndexInfoInvalid("include_keys and exclude_keys cannot be specified at the same time.")
    return Index(
        body,
        _line(line) if line is not None else None,
        {name: _key(name, spec) for name, spec in (keys or {}).items()},
        frozenset(include),
        frozenset(exclude),
        length,
    )


def _line(spec: Any) -> KeyIndex:
    if not isinstance(spec, dict):
        raise IndexInfoInvalid("required fields line/keys are lacking or of error format.")
    _known(spec, _LINE, "the full-text index")
    if spec.get("auto_key_detect") or spec.get("auto_text_keys"):
        raise NotEmulated("auto_key_detect and auto_text_keys of a full-text index")
    return KeyIndex("text", _delimiters(spec), bool(spec.get("caseSensitive", False)))


def _key(name: str, spec: Any) -> KeyIndex:
    if not isinstance(spec, dict) or not spec.get("type"):
        raise ParameterInvalid("key config must has type.")
    _known(spec, _KEY, f"the index of {name}")
    kind = spec["type"]
    if kind == "json":
        raise NotEmulated(f"an index of type json (field {name})")
    if kind not in ("text", *NUMERIC):
        raise IndexInfoInvalid(f"type {kind} of key {name} is none of text, long, double, json.")
    delimiters = _delimiters(spec) if kind == "text" else ""
    return KeyIndex(
        kind,
        delimiters,
        bool(spec.get("caseSensitive", False)),
        bool(spec.get("doc_value", False)),
        spec.get("alias") or "",
    )


def _delimiters(spec: Mapping[str, Any]) -> str:
    token = spec.get("token")
    if not isinstance(token, list) or not all(isinstance(t, str) and len(t) == 1 for t in token):
        raise IndexInfoInvalid("required field token is lacking or of error format.")
    if spec.get("chn"):
        raise NotEmulated("an index with chn: true (the cloud's own segmentation of Chinese text)")
    return "".join(token)


def _known(spec: Mapping[str, Any], known: set[str], where: str) -> None:
    for name in spec:
        if name not in known:
            raise NotEmulated(f"the member {name} of {where}")


@functools.cache
def _splitter(delimiters: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(delimiters)}]")
