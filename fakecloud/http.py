"""One HTTP request and answer as every service sees them, whichever way they came in. No sockets, no rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """headers: names in lower case. path: as sent, still percent-encoded. query: decoded pairs, in order."""

    method: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes = b""

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Request:
        """From a URL (absolute or not) and headers of any case."""
        parts = urlsplit(url)
        lower = {name.lower(): value for name, value in headers.items()}
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        return cls(method.upper(), lower.get("host") or parts.netloc, parts.path or "/", query, lower, body)

    def form(self) -> dict[str, str]:
        """All parameters: the query's and, where the body is a form, the body's (SDKs of some languages send them so)."""
        pairs = dict(self.query)
        if self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            pairs.update(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))
        return pairs

    def segments(self) -> list[str]:
        return [unquote(part) for part in self.path.split("/") if part]


@dataclass(slots=True)
class Response:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        payload = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, payload, {"content-type": "application/json;charset=utf-8", **(headers or {})})

    @classmethod
    def text(cls, body: str, status: int = 200) -> Response:
        return cls(status, body.encode(), {"content-type": "text/plain;charset=utf-8"})
