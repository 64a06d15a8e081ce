"""The conditions on one tag or attribute: a text or glob, a list of them, {exists: true|false}, {not: ...}."""

from __future__ import annotations

from shared.mapping.conditions import TAG, Condition, Has, Not, all_of
from shared.mapping.nodes import Block, Items, Node, Scalar
from shared.mapping.problems import Report, Where
from shared.mapping.shapes import Flag, Schema, text_of
from shared.mapping.tables import Field, Table, Wording

WHAT = "a text or a glob"
_NEGATE = "write {not: VALUE} for any other value, or quotes around a value that begins with !"
_LISTED = "write the value itself, or a list of values: [a, b]"
_GLOB = "write a glob: * is any text, ? is one character"
_SYNONYMS = {
    **dict.fromkeys(("in", "any", "any_of", "one_of", "values", "value", "equals", "equal", "eq", "is"), _LISTED),
    **dict.fromkeys(
        ("not_in", "notin", "not_equals", "not_equal", "ne", "neq", "none_of", "except"), "write {not: [a, b]}"
    ),
    **dict.fromkeys(("regex", "regexp", "match", "matches", "pattern", "like", "glob", "prefix", "suffix"), _GLOB),
    **dict.fromkeys(("contains", "starts_with", "startswith", "ends_with", "endswith"), _GLOB),
    **dict.fromkeys(("absent", "missing", "not_exists", "notexists"), "write {exists: false}"),
    **dict.fromkeys(("present", "there"), "write {exists: true}"),
}
"""Words of other languages -> words to write here."""


class Value:
    """The condition on one subject. Tags may be empty texts; an empty attribute is no attribute."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._is_tag = subject.startswith(TAG)

    def read(self, node: Node, where: Where, report: Report) -> Condition | None:
        if isinstance(node, Block):
            return self._table().read(node, where, report)
        if not isinstance(node, Items):
            text = self._text(node, where, report)
            return None if text is None else Has(self._subject, (text,))
        if not node.items:
            report.error(node, where, "an empty list matches nothing; write at least one value")
        texts = [self._text(item, where.item(index), report) for index, item in enumerate(node.items)]
        globs = tuple(text for text in texts if text is not None)
        return Has(self._subject, globs) if globs and len(globs) == len(texts) else None

    def _text(self, node: Node, where: Where, report: Report) -> str | None:
        empty = '""' if self._is_tag else "{exists: false}"
        if isinstance(node, Scalar) and node.kind == "null" and not node.text:
            report.error(
                node, where, f"nothing stands here; write {empty} for an empty value, {{exists: true}} for any"
            )
            return None
        tagged = isinstance(node, Scalar) and node.kind == "other" and node.text.startswith("!")
        text = text_of(node, where, report, WHAT, instead=_NEGATE if tagged else "")
        if text == "" and not self._is_tag:
            report.error(node, where, f"an attribute is never an empty text; write {empty} for an instance without one")
            return None
        return text

    def _table(self) -> Table[Condition]:
        return Table(
            Field("exists", Flag(), "true: it is there; false: it is not"),
            Field("not", self, "what the value must not be; an absent tag or attribute is not it either"),
            build=self._combined,
            wording=Wording(
                meant=lambda key: _SYNONYMS.get(key.lower().replace("-", "_"), ""),
                hint=f"a value is {WHAT}, a list of them, {{exists: true|false}} or {{not: ...}}",
            ),
            empty="refused",
        )

    def _combined(self, exists: bool | None = None, **others: Condition) -> Condition:
        there = Has(self._subject, ("*",))
        parts: list[Condition] = [] if exists is None else [there if exists else Not(there)]
        return all_of([*parts, *map(Not, others.values())])

    def schema(self) -> Schema:
        return {"$ref": f"#/$defs/{'tag_value' if self._is_tag else 'attribute_value'}"}

    def definition(self) -> Schema:
        """Return the definition to which the $ref of schema() points."""
        text: Schema = {"type": "string"} if self._is_tag else {"type": "string", "minLength": 1}
        return {"anyOf": [text, {"type": "array", "items": text, "minItems": 1}, self._table().schema()]}
