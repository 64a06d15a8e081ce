"""Tables: the mappings of the file, each a list of fields. A new key is one more Field, and nothing else to change here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

import msgspec

from shared.mapping.nodes import Block, Node, Scalar
from shared.mapping.problems import Report, Where, nearest
from shared.mapping.shapes import Schema, Shape, described, text_of

T = TypeVar("T")

Check = Callable[[Block, dict[str, Node], Where, Report], None]
"""A rule about several fields at once: (the mapping, its known fields, where, report)."""


class Field(msgspec.Struct, frozen=True):
    name: str
    shape: Shape[Any]
    about: str
    required: bool = False


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """Words to write in place of a mistake. hint: of an unknown key that is like no known one. meant: of an unknown key, "" = nothing is
    known of it. instead: of something that is no mapping."""

    hint: str = ""
    meant: Callable[[str], str] = lambda key: ""
    instead: Callable[[Node], str] = lambda node: ""


class Table(Generic[T]):
    """A mapping with known keys. build: gets the fields that are there, by name. empty: whether it may be; "null" = also nothing at all
    means an empty mapping."""

    def __init__(
        self,
        *fields: Field,
        build: Callable[..., T],
        wording: Wording = Wording(),  # noqa: B008 - frozen
        empty: Literal["valid", "null", "refused"] = "valid",
        check: Check | None = None,
        constraint: Schema | None = None,
    ) -> None:
        self._fields = {field.name: field for field in fields}
        self._build, self._wording, self._empty = build, wording, empty
        self._check, self._constraint = check, constraint or {}

    def read(self, node: Node, where: Where, report: Report) -> T | None:
        if self._empty == "null" and isinstance(node, Scalar) and node.kind == "null":
            return self._build()
        before = report.count
        found = entries(node, where, report, self._wording.instead)
        if found is None or not isinstance(node, Block):
            return None
        known = {name: value for name, (key, value) in found.items() if name in self._fields}
        for name, (key, _) in found.items():
            if name not in self._fields:
                self._unknown(key, where.at(name), report)
        for field in self._fields.values():
            if field.required and field.name not in found:
                report.error(node, where.at(field.name), f"missing: {field.about}")
        if self._empty == "refused" and not node.entries:
            report.error(node, where, f"empty; write at least one of {', '.join(self._fields)}")
        if self._check is not None and len(known) == len(found):  # a misspelt key would be blamed twice
            self._check(node, known, where, report)
        values = {name: self._fields[name].shape.read(value, where.at(name), report) for name, value in known.items()}
        return self._build(**values) if report.count == before else None

    def _unknown(self, key: Scalar, where: Where, report: Report) -> None:
        fallback = self._wording.hint or f"known are {', '.join(self._fields)}"
        report.error(
            key, where, "unknown key", self._wording.meant(key.text) or nearest(key.text, self._fields) or fallback
        )

    def schema(self) -> Schema:
        required = [field.name for field in self._fields.values() if field.required]
        return {
            "type": ["object", "null"] if self._empty == "null" else "object",
            "properties": {f.name: {**f.shape.schema(), "description": f.about} for f in self._fields.values()},
            **({"required": required} if required else {}),
            **({"minProperties": 1} if self._empty == "refused" else {}),
            "additionalProperties": False,
            **self._constraint,
        }


class MapOf(Generic[T]):
    """A mapping whose keys the operator chooses, with at least one entry."""

    def __init__(
        self, key: Shape[str], value: Shape[T], what: str, instead: Callable[[Node], str] = lambda node: ""
    ) -> None:
        self._key, self._value, self._what, self._instead = key, value, what, instead

    def read(self, node: Node, where: Where, report: Report) -> dict[str, T] | None:
        before = report.count
        found = entries(node, where, report, self._instead)
        if found is None:
            return None
        if not found and report.count == before:
            report.error(node, where, f"empty; write {self._what}")
        read: dict[str, T] = {}
        for name, (key, value) in found.items():
            self._key.read(key, where.at(name), report)
            item = self._value.read(value, where.at(name), report)
            if item is not None:
                read[name] = item
        return read if report.count == before else None

    def schema(self) -> Schema:
        return {
            "type": "object",
            "propertyNames": self._key.schema(),
            "additionalProperties": self._value.schema(),
            "minProperties": 1,
        }


def entries(
    node: Node, where: Where, report: Report, instead: Callable[[Node], str] = lambda node: ""
) -> dict[str, tuple[Scalar, Node]] | None:
    """Return the entries of a mapping by key. Reports a key that is no text, and one that is there twice."""
    if not isinstance(node, Block):
        report.error(node, where, f"must be a mapping (key: value), found {described(node)}", instead(node))
        return None
    found: dict[str, tuple[Scalar, Node]] = {}
    for key, value in node.entries:
        if not isinstance(key, Scalar) or text_of(key, where.at(_shown(key)), report, "text", label="the key ") is None:
            if not isinstance(key, Scalar):
                report.error(key, where, f"a key must be text, found {described(key)}")
        elif key.text in found:
            first = found[key.text][0].line
            report.error(key, where.at(key.text), f"written twice, on lines {first} and {key.line}; keep one")
        else:
            found[key.text] = key, value
    return found


def _shown(key: Scalar) -> str:
    return key.text or "''"
