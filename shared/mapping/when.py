"""A rule's `when`: conditions on tags and attributes, all of which must hold, and any/not to combine them."""

from __future__ import annotations

from typing import Any

from shared.mapping.conditions import ATTRIBUTES, AnyOf, Condition, Not, all_of, tag
from shared.mapping.nodes import Block, Node, Scalar
from shared.mapping.problems import Report, Where, nearest, negated
from shared.mapping.shapes import ListOf, Schema, Text
from shared.mapping.tables import Field, MapOf, Table, Wording, entries
from shared.mapping.value_conditions import Value

TAG_KEY = Text("a tag key", r"[\s\S]{1,128}", "1 to 128 characters")


class Tags:
    """Tag key -> value. Keys compare without case, so two that differ in nothing else contradict each other."""

    def read(self, node: Node, where: Where, report: Report) -> Condition | None:
        before = report.count
        found = entries(node, where, report)
        if found is None:
            return None
        if not found and report.count == before:
            report.error(node, where, "empty; write at least one tag")
        parts: dict[str, Condition | None] = {}
        lines: dict[str, int] = {}
        for name, (key, value) in found.items():
            subject, at = tag(name), where.at(name)
            if subject in parts:
                message = f"this tag stands on line {lines[subject]} already; tag keys that differ only in case are one"
                report.error(key, at, message)
            TAG_KEY.read(key, at, report)
            lines[subject] = key.line
            parts[subject] = Value(subject).read(value, at, report)
        return all_of(part for part in parts.values() if part) if report.count == before else None

    def schema(self) -> Schema:
        return MapOf(TAG_KEY, Value(tag("")), "tags").schema()


_EMPTIED = (
    "empty: nothing limits the rule, so it would match every instance; write at least one condition, or leave `when` out "
    "where every instance is meant"
)

_SYNONYMS = {
    **dict.fromkeys(
        ("all", "and", "all_of", "every"), "all that stands in one `when` must hold: write it side by side"
    ),
    **dict.fromkeys(("or", "any_of", "one_of", "either", "some"), "write any: [{...}, {...}]"),
    **dict.fromkeys(("except", "unless", "exclude", "excludes", "none", "none_of", "neither"), "write not: {...}"),
    **dict.fromkeys(("type", "instance_types"), "did you mean 'instance_type'?"),
    **dict.fromkeys(("hostname", "host_name", "instance_name", "instance_names"), "did you mean 'name'?"),
}


def meant(key: str) -> str:
    """Return what to write in place of a key that another language has, "" = nothing is known of it."""
    known = ("tags", *ATTRIBUTES, "any")
    turned = key[2:] if key.lower().startswith("no") and key[2:] in known else negated(key).lower()
    base = next((name for name in known if name == turned or f"'{name}'" in nearest(turned, known)), "")
    if base:
        return f"write not: {{{base}: ...}}"
    return _SYNONYMS.get(key.lower().replace("-", "_"), "")


class When:
    """Conditions that must all hold. top: a rule's own `when`. None may be empty: a rule for every instance has no `when`."""

    def __init__(self, top: bool = False) -> None:
        self._top = top

    def read(self, node: Node, where: Where, report: Report) -> Condition | None:
        is_null = isinstance(node, Scalar) and node.kind == "null"
        if self._top and (is_null or (isinstance(node, Block) and not node.entries)):
            report.error(node, where, _EMPTIED)
            return None
        return self._table().read(node, where, report)

    def _table(self) -> Table[Condition]:
        nested = When()
        return Table(
            Field("tags", Tags(), "tags by key: a value, a list of values, a glob, {exists: true|false}, {not: ...}"),
            *(Field(name, Value(name), about) for name, about in ATTRIBUTES.items()),
            Field("any", ListOf(nested, "conditions"), "conditions of which at least one must hold"),
            Field("not", nested, "conditions that must not all hold"),
            build=_combined,
            wording=Wording(
                hint=f"known are tags, {', '.join(ATTRIBUTES)}, any, not; a tag is under tags", meant=meant
            ),
            empty="refused",
        )

    def schema(self) -> Schema:
        return self._table().schema() if self._top else {"$ref": "#/$defs/conditions"}

    def definition(self) -> Schema:
        """Return the definition to which the $ref of schema() points."""
        return self._table().schema()


def _combined(**parts: Any) -> Condition:
    any_of, negated = parts.pop("any", None), parts.pop("not", None)
    conditions = list(parts.values())
    if any_of is not None:
        conditions.append(AnyOf(any_of))
    if negated is not None:
        conditions.append(Not(negated))
    return all_of(conditions)
