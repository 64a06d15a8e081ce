"""Runs a SELECT over the logs that a search found. Reads no text and knows no wire format.

Source: Simple Log Service user guide, "Log analysis" (100 rows without LIMIT), "LIMIT syntax" (at most 1,000,000).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fakecloud.errors import NotEmulated
from fakecloud.sls.exceptions import QueryError
from fakecloud.sls.index import Index
from fakecloud.sls.models import Log
from fakecloud.sls.sql_functions import to_text
from fakecloud.sls.sql_scope import Group, GroupScope, RowScope, Typed, has_aggregate, replace
from fakecloud.sls.sql_tree import Column, Literal, Node, Select

DEFAULT_LIMIT, MAX_LIMIT = 100, 1_000_000


@dataclass(frozen=True, slots=True)
class Table:
    """rows: all values as text, null as "null". limited: the number of rows that cut the answer where no LIMIT is given."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    limited: int | None


def run(select: Select, logs: Iterable[Log], index: Index, logstore: str) -> Table:
    """Raises QueryError (ParameterInvalid) for an unknown column or types that do not fit, also where no log matches."""
    if select.table and select.table.lower() not in ("log", logstore.lower()):
        raise NotEmulated(f"FROM {select.table} in an analytic statement: only the queried logstore (FROM log)")
    scope = RowScope(index)
    columns = _columns(select, scope)
    named = {name: node for name, node in columns if node != Column(name)}
    group = tuple(_target(node, columns, named, scope) for node in select.group)
    having = replace(select.having, _unshadowed(named, scope)) if select.having else None
    order = [(_target(node, columns, named, None), down) for node, down in select.order]
    grouped = bool(group) or any(
        has_aggregate(node) for node in [having, *(n for _, n in columns), *(n for n, _ in order)]
    )
    compile_: Callable[[Node], Typed] = GroupScope(scope, group).compile if grouped else scope.compile
    outputs = [compile_(node) for _, node in columns]
    keys = [(compile_(node), down) for node, down in order]
    keep = _boolean(compile_(having)) if having else None
    where = _boolean(scope.compile(select.where)) if select.where else None
    rows: Iterable[Any] = [log for log in logs if where(log)] if where else list(logs)
    if grouped:
        rows = _groups(rows, [scope.compile(node) for node in group])
    rows = [row for row in rows if keep(row)] if keep else rows
    answer: list[tuple[tuple[Any, ...], tuple[Any, ...]]] = [
        (tuple(out.run(row) for out in outputs), tuple(key.run(row) for key, _ in keys)) for row in rows
    ]
    downs = [down for _, down in keys]

    def compare(a: tuple[tuple[Any, ...], tuple[Any, ...]], b: tuple[tuple[Any, ...], tuple[Any, ...]]) -> int:
        return _compare(a[1], b[1], downs)

    answer.sort(key=functools.cmp_to_key(compare))
    values = [value for value, _ in answer]
    if select.distinct:
        values = list(dict.fromkeys(values))
    limit = DEFAULT_LIMIT if select.limit is None else select.limit
    if select.offset + limit > MAX_LIMIT:
        raise QueryError(f"reading data with pagination only allow reading max {MAX_LIMIT} rows", "SyntaxError")
    shown = values[select.offset : select.offset + limit]
    return Table(
        tuple(name for name, _ in columns),
        tuple(out.type for out in outputs),
        tuple(tuple(to_text(value) for value in row) for row in shown),
        None if select.limit is not None else DEFAULT_LIMIT,
    )


def _columns(select: Select, scope: RowScope) -> list[tuple[str, Node]]:
    """The output columns by name; one without a name is _colN, as Presto calls it."""
    columns: list[tuple[str, Node]] = []
    for item in select.items:
        if item.node is None:
            columns += [(name, Column(name)) for name in scope.names()]
        elif item.alias:
            columns.append((item.alias, item.node))
        else:
            columns.append((item.node.name if isinstance(item.node, Column) else f"_col{len(columns)}", item.node))
    return columns


def _target(node: Node, columns: list[tuple[str, Node]], named: dict[str, Node], scope: RowScope | None) -> Node:
    """Return what GROUP BY and ORDER BY mean: a number is the column at that place, a name may be an output's.

    scope: given for GROUP BY, where a field of that name goes before the output; in ORDER BY the output goes first.
    """
    if isinstance(node, Literal):
        if isinstance(node.value, bool) or not isinstance(node.value, int) or not 1 <= node.value <= len(columns):
            raise QueryError(f"{node.value!r} in GROUP BY or ORDER BY is no position of a column", "SyntaxError")
        return columns[node.value - 1][1]
    result = replace(node, _unshadowed(named, scope) if scope else named)
    if scope and has_aggregate(result):
        raise QueryError("GROUP BY clause cannot contain aggregations or window functions", "SyntaxError")
    return result


def _unshadowed(named: dict[str, Node], scope: RowScope) -> dict[str, Node]:
    return {name: node for name, node in named.items() if not scope.has(name)}


def _boolean(typed: Typed) -> Callable[[Any], Any]:
    if typed.type not in ("boolean", "unknown"):
        raise QueryError(f"WHERE clause must evaluate to a boolean: actual type {typed.type}", "SyntaxError")
    return typed.run


def _groups(rows: Iterable[Log], keys: list[Typed]) -> list[Group]:
    groups: dict[tuple[Any, ...], Group] = {} if keys else {(): Group((), [])}
    for log in rows:
        key = tuple(typed.run(log) for typed in keys)
        groups.setdefault(key, Group(key, [])).rows.append(log)
    return list(groups.values())


def _compare(a: tuple[Any, ...], b: tuple[Any, ...], down: list[bool]) -> int:
    """Nulls come last either way, as in Presto."""
    for x, y, reverse in zip(a, b, down, strict=True):
        if x is None or y is None:
            if (x is None) != (y is None):
                return 1 if x is None else -1
        elif x != y:
            return -1 if (x < y) != reverse else 1
    return 0
