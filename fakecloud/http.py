"""One HTTP request and answer as every service sees them, whichever way they came in. No sockets, no rules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """headers: names in lower case. path: as sent, still percent-encoded. query: decoded pairs, in order.

    host: in lower case and without the dot that a full name may end in, as names of hosts compare; its port is kept.
    """

    method: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes = b""

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Request:
        """From a URL, absolute or a path, and headers of any case. Raises ValueError for what is neither."""
        if url.startswith("/"):  # also two slashes, which urlsplit would take for a host
            place, (path, _, asked) = "", url.partition("#")[0].partition("?")
        else:
            parts = urlsplit(url)
            place, path, asked = parts.netloc, parts.path or "/", parts.query
            if parts.scheme.lower() not in ("http", "https") or not place:
                raise ValueError(f"neither a path nor a URL: {url[:100]!r}")
        lower = {name.lower(): value for name, value in headers.items()}
        query = tuple(parse_qsl(asked, keep_blank_values=True))
        return cls(method.upper(), plain_host(lower.get("host") or place), path, query, lower, body)

    def pairs(self) -> list[tuple[str, str]]:
        """All parameters: the query's and, where the body is a form, the body's (SDKs of some languages send them so)."""
        pairs = list(self.query)
        if self.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded"):
            pairs += parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True)
        return pairs

    def form(self) -> dict[str, str]:
        """The parameters by name; of one that is given twice the last."""
        return dict(self.pairs())

    def segments(self) -> list[str]:
        return [unquote(part) for part in self.path.split("/") if part]


@dataclass(slots=True)
class Response:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        payload = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "replace"
        )  # half a surrogate
        return cls(status, payload, {"content-type": "application/json;charset=utf-8", **(headers or {})})

    @classmethod
    def text(cls, body: str, status: int = 200) -> Response:
        return cls(status, body.encode(), {"content-type": "text/plain;charset=utf-8"})


def plain_host(host: str) -> str:
    """In lower case, without the dot that a full name may end in; its port is kept."""
    name, colon, port = host.strip().lower().rpartition(":")
    if not colon or not port.isdigit():
        name, colon, port = host.strip().lower(), "", ""
    return f"{name.removesuffix('.')}{colon}{port}"
