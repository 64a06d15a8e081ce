"""`expect` of a case in roles.test.yaml: a word, or a mapping with the role, the rule and the mode. Judges nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal, get_args

import msgspec

from shared.mapping.contents import Mapping
from shared.mapping.nodes import Block, Node, Scalar
from shared.mapping.problems import Report, Where, nearest
from shared.mapping.rule_fields import MODE
from shared.mapping.shapes import Choice, Schema, Text, described
from shared.mapping.tables import Field, Table, Wording
from shared.model.decision import Reason
from shared.model.instance import Mode
from shared.model.plan import Action

Verdict = Literal["role", "none", "ignore", "refused"]
WITHOUT_ROLE: tuple[Verdict, ...] = ("none", "ignore", "refused")
ABOUT_THEN = (
    "none: no rule matches; ignore: a rule leaves it alone; refused: a rule's template gives a role that is not listed"
)
SHORT = "write none, ignore or refused, or {role: NAME}"


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """verdict: as of Desired. role, rule, mode, action, reason: as of Change, None = any."""

    verdict: Verdict
    role: str | None = None
    rule: str | None = None
    mode: Mode | None = None
    action: Action | None = None
    reason: str | None = None


def _expectation(then: Verdict = "role", **fields: Any) -> Expectation:
    return Expectation(verdict=then, **fields)


def _meant(key: str) -> str:
    word = key.lower()
    if word in WITHOUT_ROLE:
        return f"write then: {word}, or expect: {word} alone"
    return "did you mean 'then'?" if word in ("verdict", "outcome", "result") else ""


class Expect:
    """The expectation of a case, for a mapping whose roles and rules are the names that it may give."""

    def __init__(self, mapping: Mapping) -> None:
        self._roles = mapping.roles
        self._rules = [rule.name for rule in mapping.rules]
        self._table: Table[Expectation] = Table(
            Field("role", Text("a role name"), "the listed role that it should get"),
            Field("then", Choice(WITHOUT_ROLE), ABOUT_THEN),
            Field("rule", Text("a rule's name"), "the rule that should decide"),
            Field("mode", MODE, "the mode in which it is applied"),
            Field("action", Choice(get_args(Action)), "the change of the role that the instance holds now"),
            Field("reason", Choice([reason.value for reason in Reason]), "the reason of that, as in a record"),
            build=_expectation,
            wording=Wording(meant=_meant),
            check=self._check,
        )

    def read(self, node: Node, where: Where, report: Report) -> Expectation | None:
        if isinstance(node, Block):
            return self._table.read(node, where, report)
        if isinstance(node, Scalar) and node.kind == "text" and node.text in WITHOUT_ROLE:
            return Expectation(verdict=next(word for word in WITHOUT_ROLE if word == node.text))
        hint = SHORT
        if isinstance(node, Scalar) and node.kind == "null":
            hint = "write expect: none where no rule should match"
        elif isinstance(node, Scalar):
            hint = (
                f"write {{role: {node.text}}}"
                if node.text in self._roles
                else nearest(node.text, WITHOUT_ROLE) or SHORT
            )
        report.error(
            node, where, f"must be none, ignore, refused or a mapping with role or then, found {described(node)}", hint
        )
        return None

    def schema(self) -> Schema:
        return {"anyOf": [{"enum": list(WITHOUT_ROLE)}, self._table.schema()]}

    def _check(self, node: Block, known: dict[str, Node], where: Where, report: Report) -> None:
        then = known.get("then")
        word = then.text if isinstance(then, Scalar) else ""
        if "role" not in known and then is None:
            report.error(node, where, "says neither role nor then; write role: NAME, or then: none, ignore or refused")
        if "role" in known and word in ("none", "ignore"):
            report.error(known["role"], where.at("role"), f"then: {word} gives no role; keep one of the two")
        elif word != "refused":
            self._known(known.get("role"), self._roles, where.at("role"), "among the roles", report)
        if "rule" in known and word == "none":
            report.error(known["rule"], where.at("rule"), "then: none means that no rule matches; keep one of the two")
        self._known(known.get("rule"), self._rules, where.at("rule"), "among the rules", report)

    def _known(self, node: Node | None, names: Collection[str], where: Where, what: str, report: Report) -> None:
        if isinstance(node, Scalar) and node.kind == "text" and node.text not in names:
            report.error(node, where, f"{node.text!r} is not {what} of the mapping", nearest(node.text, names))
