"""roles.test.yaml -> cases: instances as an operator describes them, and what roles.yaml is expected to want for each.

Read as strictly as roles.yaml, by the same tables, with the same errors. Pure, and judges nothing.
"""

from __future__ import annotations

import msgspec

from shared.mapping.contents import Mapping
from shared.mapping.described import DESCRIBED, Described
from shared.mapping.expectation import Expect, Expectation
from shared.mapping.nodes import Block, Items, Node, Scalar, Unreadable
from shared.mapping.problems import MappingError, Report, Where
from shared.mapping.quantities import Version
from shared.mapping.rule_fields import name_of
from shared.mapping.shapes import ListOf, Schema, Text
from shared.mapping.tables import Field, Table, Wording
from shared.model.instance import Instance

_NAME = Text(
    "a case's name",
    r"[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]{0,199}",
    "1 to 200 characters, without control characters or a space in front",
)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One instance and what is expected for it. name: the case's, with the row's. line: of the case, or of the row, in the file."""

    name: str
    instance: Instance
    expect: Expectation
    line: int = 0
    described: Described = Described()

    @property
    def tagged_by(self) -> str | None:
        """Return the actor whose call set its tags; "" = no call proves who, None = an operator's remediation observes it."""
        return self.described.tagged_by

    def of(self, found: Instance) -> Case:
        """Return the case for the instance of a snapshot that it names."""
        return msgspec.structs.replace(self, instance=self.described.instance(found))


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    """A case or a row as it is written."""

    name: str = ""
    instance: Described | None = None
    expect: Expectation | None = None
    rows: tuple[_Body, ...] = ()
    line: int = 0


class _At:
    """A table whose values know the line on which they are written."""

    def __init__(self, table: Table[_Body]) -> None:
        self._table = table

    def read(self, node: Node, where: Where, report: Report) -> _Body | None:
        body = self._table.read(node, where, report)
        return None if body is None else msgspec.structs.replace(body, line=node.line)

    def schema(self) -> Schema:
        return self._table.schema()


def load_cases(text: str, mapping: Mapping, *, file: str = "roles.test.yaml") -> tuple[Case, ...]:
    """Return the cases of this text for a mapping; each row of a case is a case. file: the name to report problems under.

    Raises MappingError with every error in the text: a role or a rule that the mapping does not have is one.
    """
    from shared.mapping.yaml_text import parse

    report = Report(file, thing="case")
    bodies: tuple[_Body, ...] | None = None
    try:
        root = parse(text)
    except Unreadable as unreadable:
        report.error(unreadable, Where(), str(unreadable))
    else:
        if root is None or (isinstance(root, Scalar) and root.kind == "null"):
            report.error(Scalar("", "null", 1, 1), Where(), "the file is empty; it needs version: 1 and cases")
        else:
            bodies = _file(mapping).read(root, Where(), report)
            _check_names(root, report)
    if bodies is None or report.errors:
        raise MappingError(report.errors)
    return tuple(case for body in bodies for case in _cases(body))


def _file(mapping: Mapping) -> Table[tuple[_Body, ...]]:
    expect = Field(
        "expect", Expect(mapping), "what roles.yaml should want for it: none, ignore, refused, or {role: NAME}"
    )
    instance = Field("instance", DESCRIBED, "the instance: its tags and attributes")
    row = Table(
        Field("name", _NAME, "a few words that tell this row from the others"),
        instance,
        expect,
        build=_Body,
        empty="refused",
    )
    case = Table(
        Field("name", _NAME, "the case's name, which the report gives", required=True),
        instance,
        expect,
        Field(
            "rows",
            ListOf(_At(row), "rows"),
            "the same case again, each row with what it changes in the instance or expects",
        ),
        build=_Body,
        wording=Wording(meant=lambda key: "did you mean 'rows'?" if key in ("table", "examples", "cases") else ""),
        check=_check_case,
    )
    cases = ListOf(_At(case), "cases", named=name_of)
    return Table(
        Field("version", Version(), "the version of this format: 1", required=True),
        Field("cases", cases, "the cases, each with a name, an instance and what is expected", required=True),
        wording=Wording(meant=lambda key: "did you mean 'cases'?" if key in ("tests", "test") else ""),
        build=lambda version, cases: cases,
    )


def _check_case(node: Block, known: dict[str, Node], where: Where, report: Report) -> None:
    """Each case, or else each of its rows, says which instance it is about and what is expected."""
    rows = known.get("rows")
    for name, instead in (("instance", "{tags: {...}}"), ("expect", "{role: NAME}, none, ignore or refused")):
        if name in known:
            continue
        if not isinstance(rows, Items):
            report.error(node, where.at(name), f"missing: write {name}: {instead}")
            continue
        for index, row in enumerate(rows.items):
            if isinstance(row, Block) and row.get(name) is None:
                at = where.at("rows").item(index).at(name)
                report.error(row, at, f"missing, here and in the case: write {name}: {instead}")


def _check_names(root: Node, report: Report) -> None:
    cases = root.get("cases") if isinstance(root, Block) else None
    lines: dict[str, int] = {}
    for index, node in enumerate(cases.items if isinstance(cases, Items) else ()):
        name = name_of(node)
        if name in lines and isinstance(node, Block):
            where = Where("cases").item(index, name).at("name")
            report.error(
                node.get("name") or node,
                where,
                f"case names are unique; the case on line {lines[name]} has this one already",
            )
        elif name:
            lines[name] = node.line


def _cases(body: _Body) -> list[Case]:
    rows = body.rows or (body,)
    found = []
    for number, row in enumerate(rows, start=1):
        described = (row.instance or Described()).over(body.instance or Described())
        expect = row.expect or body.expect
        if expect is None:  # refused by _check_case
            continue
        name = f"{body.name} / {row.name or f'row {number}'}" if body.rows else body.name
        found.append(
            Case(
                name=name,
                instance=described.instance(),
                expect=expect,
                line=row.line,
                described=described,
            )
        )
    return found
