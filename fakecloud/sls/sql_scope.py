"""Turns the expressions of a SELECT into functions of a row or of a group, with every type checked before a log is read.

Source: Simple Log Service user guide, "Common errors of query and analysis" (the messages), "Data types".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fakecloud.errors import NotEmulated
from fakecloud.sls.exceptions import QueryError
from fakecloud.sls.index import Index
from fakecloud.sls.match import number_of
from fakecloud.sls.models import Log
from fakecloud.sls.sql_aggregates import AGGREGATES
from fakecloud.sls.sql_functions import FUNCTIONS, B, D, N, O, V
from fakecloud.sls.sql_tree import Apply, Column, Literal, Node


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression ready to run; a row is a Log in a row scope, a Group in a group scope."""

    type: str
    run: Callable[[Any], Any]


@dataclass(slots=True)
class Group:
    """key: the values of the GROUP BY expressions. rows: the logs that share them."""

    key: tuple[Any, ...]
    rows: list[Log]


class RowScope:
    """Columns are the fields with doc_value, __time__, __topic__ and __source__."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.aliases = {key.alias: name for name, key in index.keys.items() if key.alias}

    def names(self) -> list[str]:
        """Return what SELECT * gives."""
        return [
            "__time__",
            "__topic__",
            "__source__",
            *(name for name, key in self.index.keys.items() if key.doc_value),
        ]

    def has(self, name: str) -> bool:
        name = self.aliases.get(name, name)
        key = self.index.key(name)
        return name == "__time__" or (key is not None and key.doc_value)

    def column(self, node: Column) -> Typed:
        name = self.aliases.get(node.name, node.name)
        if name == "__time__":
            return Typed(B, lambda log: log.time)
        key = self.index.key(name)
        if key is None or not key.doc_value:
            hint = f"it seems {name} is wrapper by \";if {name} is a string ,not a key field, please use '{name}'"
            why = hint if node.quoted else "please add the column in the index attribute"
            raise QueryError(
                f"Column '{name}' cannot be resolved;{why}", "ColumnNotExists.ErrorPosition,line:0,column:1"
            )
        if key.type == "text":
            length = self.index.max_text_len
            return Typed(V, lambda log: None if (v := log.get(name)) is None else _cut(v, length))
        return Typed(B if key.type == "long" else D, lambda log: number_of(log, name, key))

    def apply(self, node: Apply) -> Typed:
        if node.name in AGGREGATES:
            raise QueryError(
                f"WHERE BY clause cannot contain aggregations or window functions: {node.name}", "SyntaxError"
            )
        return _scalar(node, self.compile)

    def compile(self, node: Node) -> Typed:
        match node:
            case Column():
                return self.column(node)
            case Literal(value):
                return Typed(_type(value), lambda _: value)
            case Apply():
                return self.apply(node)


class GroupScope:
    """Expressions over groups: a GROUP BY expression, an aggregate, or a function of these."""

    def __init__(self, rows: RowScope, grouped: tuple[Node, ...]) -> None:
        self.rows, self.grouped = rows, grouped
        self.types = [rows.compile(node).type for node in grouped]

    def compile(self, node: Node) -> Typed:
        if node in self.grouped:
            at = self.grouped.index(node)
            return Typed(self.types[at], lambda group: group.key[at])
        match node:
            case Column(name):
                self.rows.column(node)
                raise QueryError(
                    f"Column '{name}' not in GROUP BY clause;please add the column in the index attribute",
                    "SyntaxError",
                )
            case Literal(value):
                return Typed(_type(value), lambda _: value)
            case Apply(name) if name in AGGREGATES:
                return self.aggregate(node)
            case Apply():
                return _scalar(node, self.compile)

    def aggregate(self, node: Apply) -> Typed:
        spec = AGGREGATES[node.name]
        if node.star:
            if node.name != "count":
                raise QueryError(f"Unexpected parameters (*) for function {node.name}", "SyntaxError")
            return Typed(B, lambda group: len(group.rows))
        args = [self.rows.compile(arg) for arg in node.args]
        kind = spec.result(tuple(arg.type for arg in args))
        if kind is None:
            raise _unexpected(node.name, args)

        def run(group: Group) -> Any:
            values = [tuple(arg.run(log) for arg in args) for log in group.rows]
            known = [value for value in values if value[spec.judged] is not None]
            return spec.run(list(dict.fromkeys(known)) if node.distinct else known)

        return Typed(kind, run)


def has_aggregate(node: Node | None) -> bool:
    return isinstance(node, Apply) and (node.name in AGGREGATES or any(has_aggregate(arg) for arg in node.args))


def replace(node: Node, names: Mapping[str, Node]) -> Node:
    """The expression with each column that is an output name put in its place."""
    match node:
        case Column(name):
            return names.get(name, node)
        case Apply():
            return Apply(node.name, tuple(replace(arg, names) for arg in node.args), node.distinct, node.star)
    return node


def _scalar(node: Apply, compile_: Callable[[Node], Typed]) -> Typed:
    function = FUNCTIONS.get(node.name)
    if function is None or node.star or node.distinct:
        raise NotEmulated(f"the function {node.name}() in an analytic statement of SLS")
    args = [compile_(arg) for arg in node.args]
    kind = function.result(tuple(arg.type for arg in args))
    if kind is None:
        raise _unexpected(node.name, args)

    def run(row: Any) -> Any:
        values = [arg.run(row) for arg in args]
        return None if not function.nulls and None in values else function.run(*values)

    return Typed(kind, run)


def _unexpected(name: str, args: list[Typed]) -> QueryError:
    types = ", ".join(arg.type for arg in args)
    if name == "like":
        return QueryError(
            f"Left side of LIKE expression must evaluate to a varchar (actual: {args[0].type})", "SyntaxError"
        )
    if name.isidentifier():
        return QueryError(f"Unexpected parameters ({types}) for function {name}.", "SyntaxError")
    return QueryError(f"'{name}' cannot be applied to {types}", "SyntaxError")


def _type(value: str | int | float | bool | None) -> str:
    match value:
        case None:
            return N
        case bool():
            return O
        case int():
            return B
        case float():
            return D
    return V


def _cut(text: str, size: int) -> str:
    """The part of a value that SQL sees (max_text_len, in bytes)."""
    return text if len(text) * 4 <= size else text.encode()[:size].decode(errors="ignore")
