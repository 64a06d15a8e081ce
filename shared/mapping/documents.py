"""Policy documents written out in roles.yaml, as JSON. Whether the policy makes sense is for the policies room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.mapping.nodes import Block, Items, Node, Scalar
from shared.mapping.problems import Report, Where
from shared.mapping.shapes import Schema, described, text_of
from shared.mapping.tables import entries


class Located(dict[str, Any]):
    """A document that remembers on which line of the file each part of it stands, by path: ("Statement", 0, "Effect")."""

    lines: dict[tuple[str | int, ...], int]


class Document:
    """A JSON object. RAM wants "Version" as a text; YAML takes a bare 1 for a number."""

    def read(self, node: Node, where: Where, report: Report) -> dict[str, Any] | None:
        before = report.count
        if not isinstance(node, Block) or not node.entries:
            report.error(node, where, f"must be a policy document (Version, Statement), found {described(node)}")
            return None
        version = node.get("Version")
        if version is not None:
            text_of(version, where.at("Version"), report, 'the text "1"')
        document = _json(node, where, report)
        if report.count != before or not isinstance(document, dict):
            return None
        located = Located(document)
        located.lines = dict(_lines(node, ()))
        return located

    def schema(self) -> Schema:
        return {"type": "object", "minProperties": 1, "properties": {"Version": {"type": "string"}}}


def _json(node: Node, where: Where, report: Report) -> Any:
    if isinstance(node, Block):
        found = entries(node, where, report) or {}
        return {name: _json(value, where.at(name), report) for name, (_, value) in found.items()}
    if isinstance(node, Items):
        return [_json(item, where.item(index), report) for index, item in enumerate(node.items)]
    return _scalar(node, where, report)


def _lines(node: Node, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], int]]:
    yield path, node.line
    if isinstance(node, Block):
        for key, value in node.entries:
            if isinstance(key, Scalar):
                yield from _lines(value, (*path, key.text))
    elif isinstance(node, Items):
        for index, item in enumerate(node.items):
            yield from _lines(item, (*path, index))


def _scalar(node: Scalar, where: Where, report: Report) -> Any:
    if node.kind == "null":
        return None
    if node.kind == "boolean":
        return node.text.lower() in ("true", "yes", "on")
    if node.kind in ("integer", "float"):
        number = _number(node.text)
        if number is not None:
            return number
    return text_of(node, where, report, "a JSON value")


def _number(text: str) -> int | float | None:
    """The number where JSON and YAML agree on it (not 0x1F, 1_000, 1:30, .inf), else None."""
    plain = text.removeprefix("-")
    if plain == "0" or (plain.isascii() and plain.isdigit() and plain[0] != "0" and len(plain) < 19):
        return int(text)
    whole, dot, fraction = plain.partition(".")
    digits = whole.isascii() and whole.isdigit() and fraction.isascii() and fraction.isdigit()
    return float(text) if dot and digits and len(plain) < 19 else None
