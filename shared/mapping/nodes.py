"""Plain nodes that remember their line and column: what a YAML text says, without what it means. Parses nothing: see yaml_text.

A text that was parsed can be kept beside it (`kept`, `known`), so that a function need not parse it at each cold start.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

Kind = Literal["text", "boolean", "integer", "float", "null", "date", "other"]


class Scalar(msgspec.Struct, frozen=True, array_like=True, tag="s"):
    """A single value. text: as written, without quotes. kind: what YAML takes it for."""

    text: str
    kind: Kind
    line: int
    column: int


class Items(msgspec.Struct, frozen=True, array_like=True, tag="i"):
    items: tuple[Node, ...]
    line: int
    column: int


class Block(msgspec.Struct, frozen=True, array_like=True, tag="b"):
    """A mapping. Double keys are kept, for the reader to report; merged-in entries come last and never double a key."""

    entries: tuple[tuple[Node, Node], ...]
    line: int
    column: int

    def get(self, name: str) -> Node | None:
        return next((value for key, value in self.entries if isinstance(key, Scalar) and key.text == name), None)


Node = Scalar | Items | Block


class Unreadable(Exception):
    """The text is not YAML that can be read at all."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class _Kept(msgspec.Struct, frozen=True):
    of: str
    root: Node | None


def decoded(content: bytes) -> str:
    """The text of a file, the same to all who read one: UTF-8, without a byte order mark, its line ends as they are.

    Raises UnicodeDecodeError.
    """
    return content.decode("utf-8-sig")


def kept(text: str, root: Node | None) -> bytes:
    """To be stored beside the text, and given to known()."""
    return msgspec.json.encode(_Kept(_digest(text), root))


def known(text: str, stored: bytes) -> tuple[bool, Node | None]:
    """Return whether this was kept of this very text, and then its nodes. What cannot be read was not."""
    try:
        found = msgspec.json.decode(stored, type=_Kept)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False, None
    return (True, found.root) if found.of == _digest(text) else (False, None)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
