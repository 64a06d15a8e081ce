"""A SELECT statement as a tree. Knows no text, columns, functions or logs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Apply:
    """A function or an operator on its arguments: "count", "=", "and", "like", "in", "case", "cast:bigint" and so on."""

    name: str
    args: tuple[Node, ...] = ()
    distinct: bool = False
    star: bool = False


Node = Column | Literal | Apply


@dataclass(frozen=True, slots=True)
class Item:
    node: Node | None  # None is *
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Select:
    items: tuple[Item, ...]
    distinct: bool = False
    table: str = ""
    where: Node | None = None
    group: tuple[Node, ...] = ()
    having: Node | None = None
    order: tuple[tuple[Node, bool], ...] = ()  # with whether it is descending
    offset: int = 0
    limit: int | None = None
