"""Look-alikes in a roles.yaml, and texts that mean something in another language alone: warnings, each on its line."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from shared.mapping.characters import Odd, alike, hidden, named, otherwise, speaks_otherwise, unseparated
from shared.mapping.conditions import ATTRIBUTES
from shared.mapping.nodes import Block, Items, Node, Scalar
from shared.mapping.problems import Report, Where
from shared.mapping.rule_fields import name_of

Found = tuple[Scalar, Where, bool, bool]
"""A text of the file, where it is, whether it is a key, and whether nothing is behind that."""

_PROSE = re.compile(r"(?:.*\.)?(?:description|reason)")
_COMMA = re.compile("[\uff0c\u3001\uff1b]")
_CONDITION = re.compile(r"rules\[[0-9]+\]\.when\b.*")
_PLACEHOLDER = re.compile(r"\$\{tags\.([^{}]*)\}")
_ATTRIBUTE = re.compile(rf".*\b(?<!tags\.)({'|'.join(ATTRIBUTES)})(?:\.not)*(?:\[[0-9]+\])?")


def warn_of_lookalikes(text: str, root: Node, report: Report) -> None:
    places = _Places(text, root)
    foreign = speaks_otherwise(text)
    for scalar, where, is_key, is_alone in _scalars(root, Where()):
        found = [*_odd(scalar, where, is_key, places, foreign)]
        for char, message in found or (unseparated(scalar.text) if is_alone else ()):
            report.warning(places.of(scalar, char), where, f"{scalar.text!r} {message}")


def _odd(scalar: Scalar, where: Where, is_key: bool, places: _Places, foreign: bool) -> Iterator[Odd]:
    text = scalar.text
    if _PROSE.fullmatch(where.key) and not is_key:
        return
    found = [*hidden(text), *alike(text, foreign=foreign)]
    for key in () if found or is_key else _PLACEHOLDER.findall(text):
        found += alike(key, foreign=foreign)
    if not found and (comma := _COMMA.search(text)) and places.is_bare_item(scalar):
        said = (
            f"has {named(comma[0])} in it, which separates nothing: this is one value of the list; write a plain comma"
        )
        found = [(comma[0], said)]
    yield from found
    if is_key or not _CONDITION.fullmatch(where.key):
        return
    attribute = _ATTRIBUTE.fullmatch(where.key)
    yield from otherwise(text, slashes=attribute is not None)
    strange = next((char for char in text if not char.isascii()), "")
    if attribute and attribute[1] != "name" and strange and not found:
        yield strange, f"has {named(strange)} in it, and no {attribute[1]} has"


def _scalars(node: Node, where: Where) -> Iterator[Found]:
    if isinstance(node, Scalar):
        if node.kind == "text":
            yield node, where, False, False
    elif isinstance(node, Items):
        for index, item in enumerate(node.items):
            rule = name_of(item) if where.key == "rules" else ""
            yield from _scalars(item, where.item(index, rule))
    else:
        for key, value in node.entries:
            inside = where.at(key.text) if isinstance(key, Scalar) else where
            if isinstance(key, Scalar) and key.kind == "text":
                yield key, inside, True, isinstance(value, Scalar) and value.kind == "null"
            yield from _scalars(value, inside)


class _Places:
    """The places of a file's texts, and so of each character of them."""

    def __init__(self, text: str, root: Node) -> None:
        self._text = text
        self._lines = [0, *(found.end() for found in re.finditer(r"\r\n|[\r\n\x85\u2028\u2029]", text))]
        self._begins = sorted({self._offset(node) for node in _nodes(root)})

    def of(self, scalar: Scalar, char: str) -> Scalar:
        """The place of the character where it is written as such, and of the whole text where it is escaped."""
        begin = self._offset(scalar)
        after = bisect_right(self._begins, begin)
        end = self._begins[after] if after < len(self._begins) else len(self._text)
        at = self._text.find(char, begin, end) if char else begin
        line = bisect_right(self._lines, at) if at >= 0 else scalar.line
        column = at - self._lines[line - 1] + 1 if at >= 0 else scalar.column
        return Scalar("", "text", line, column)

    def is_bare_item(self, scalar: Scalar) -> bool:
        """Return whether it is written without quotes after a bracket or a comma."""
        begin = before = self._offset(scalar)
        while before and self._text[before - 1] in " \r\n":
            before -= 1
        return self._text[before - 1 : before] in ("[", ",") and self._text[begin : begin + 1] not in ("'", '"')

    def _offset(self, node: Node) -> int:
        return self._lines[min(node.line, len(self._lines)) - 1] + node.column - 1


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Items):
        for item in node.items:
            yield from _nodes(item)
    elif isinstance(node, Block):
        for key, value in node.entries:
            yield from _nodes(key)
            yield from _nodes(value)
