"""Shapes: what a value in the file may be. Each reads a node, reporting every problem, and states its own JSON Schema,
so that the loader and the schema for editors cannot drift apart. Knows nothing of roles or rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from shared.mapping.nodes import Items, Kind, Node, Scalar
from shared.mapping.problems import Report, Where, nearest

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Schema = dict[str, Any]


class Shape(Protocol[T_co]):
    def read(self, node: Node, where: Where, report: Report) -> T_co | None:
        """The value; None after reporting at least one problem."""

    def schema(self) -> Schema:
        """The JSON Schema (draft 2020-12) of the value."""


class Text:
    """Text; what: in the operator's words, e.g. "a rule name". pattern: for the whole text. explain: the rule broken."""

    def __init__(self, what: str, pattern: str = "", explain: str | Callable[[str], str] = "") -> None:
        self._what, self._pattern, self._explain = what, pattern, explain

    def read(self, node: Node, where: Where, report: Report) -> str | None:
        text = text_of(node, where, report, self._what)
        if text is None or not self._pattern or re.fullmatch(self._pattern, text):
            return text
        explain = self._explain if isinstance(self._explain, str) else self._explain(text)
        report.error(node, where, f"{text!r} is not {self._what}: {explain}")
        return None

    def schema(self) -> Schema:
        return {"type": "string", **({"pattern": f"^(?:{self._pattern})$"} if self._pattern else {})}


class Choice(Generic[T]):
    """One of a few words."""

    def __init__(self, words: Sequence[T]) -> None:
        self._words = {str(word): word for word in words}

    def read(self, node: Node, where: Where, report: Report) -> T | None:
        known = " or ".join(self._words)
        if not isinstance(node, Scalar) or node.kind != "text":
            report.error(node, where, f"must be {known}, found {described(node)}")
        elif node.text not in self._words:
            report.error(node, where, f"must be {known}, not {node.text!r}", nearest(node.text, self._words))
        else:
            return self._words[node.text]
        return None

    def schema(self) -> Schema:
        return {"enum": list(self._words)}


class Flag:
    """true or false."""

    def read(self, node: Node, where: Where, report: Report) -> bool | None:
        if isinstance(node, Scalar) and node.kind == "boolean":
            return node.text.lower() in ("true", "yes", "on")
        quoted = ", without quotes" if isinstance(node, Scalar) and node.kind == "text" else ""
        report.error(node, where, f"must be true or false{quoted}, found {described(node)}")
        return None

    def schema(self) -> Schema:
        return {"type": "boolean"}


class ListOf(Generic[T]):
    """A list of at least one item. named: the rule name to report an item's problems under. instead: what to write in
    place of something that is no list."""

    def __init__(
        self,
        item: Shape[T],
        what: str,
        named: Callable[[Node], str] = lambda node: "",
        instead: Callable[[Node], str] = lambda node: "",
    ) -> None:
        self._item, self._what, self._named, self._instead = item, what, named, instead

    def read(self, node: Node, where: Where, report: Report) -> tuple[T, ...] | None:
        if not isinstance(node, Items):
            report.error(node, where, f"must be a list of {self._what}, found {described(node)}", self._instead(node))
            return None
        if not node.items:
            report.error(node, where, f"an empty list of {self._what}; write at least one")
            return None
        read = [self._item.read(item, where.item(i, self._named(item)), report) for i, item in enumerate(node.items)]
        whole = tuple(item for item in read if item is not None)
        return whole if len(whole) == len(read) else None

    def schema(self) -> Schema:
        return {"type": "array", "items": self._item.schema(), "minItems": 1}


_READ_AS: dict[Kind, str] = {"boolean": "a boolean", "integer": "a number", "float": "a number", "date": "a date"}


def text_of(node: Node, where: Where, report: Report, what: str, label: str = "", instead: str = "") -> str | None:
    """The text of a node, or a problem that tells how to make it text: YAML takes `off` for a boolean. instead: what to
    write in its place, where that is known."""
    if isinstance(node, Scalar) and node.kind == "text":
        return node.text
    if isinstance(node, Scalar) and node.kind in _READ_AS:
        message = f"{label}'{node.text}' is read as {_READ_AS[node.kind]}; write \"{node.text}\" in quotes"
    elif isinstance(node, Scalar) and node.kind == "null":
        message = f"{label}nothing stands here, where {what} is needed"
        message += f'; write "{node.text}" in quotes if that text is meant' if node.text else ""
    else:
        message = f"{label}must be {what}, found {described(node)}"
    report.error(node, where, message, instead)
    return None


def described(node: Node) -> str:
    if not isinstance(node, Scalar):
        return "a list" if isinstance(node, Items) else "a mapping"
    if node.kind == "text":
        return f"the text {node.text!r}"
    if node.kind == "null":
        return "nothing"
    return f"the YAML tag or word {node.text!r}" if node.kind == "other" else f"{_READ_AS[node.kind]} ('{node.text}')"
