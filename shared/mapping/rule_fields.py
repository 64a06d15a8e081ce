"""A rule: its name, its conditions, and the role it gives or `then: ignore`."""

from __future__ import annotations

from typing import Any, get_args

from shared.mapping.conditions import ATTRIBUTES
from shared.mapping.contents import Rule
from shared.mapping.nodes import Block, Node, Scalar
from shared.mapping.problems import Report, Where
from shared.mapping.role_template import PATTERN, BadTemplate, RoleTemplate, parse_role
from shared.mapping.shapes import Choice, ListOf, Schema, Text, text_of
from shared.mapping.tables import Field, Table, Wording
from shared.mapping.when import When
from shared.mapping.when import meant as meant_condition
from shared.model.instance import ForeignRoles, Mode

MODE: Choice[Mode] = Choice(get_args(Mode))
FOREIGN_ROLES: Choice[ForeignRoles] = Choice(get_args(ForeignRoles))
ABOUT_MODE = "enforce: attach, swap and detach; attach-only: attach, but take no role off; audit: only record"
ABOUT_FOREIGN_ROLES = "what to do with a role that is not listed here: keep it, or replace it by the rule's role"


class RoleName:
    """A listed role, or a template that yields one. That it is listed is checked with the whole file in view."""

    def read(self, node: Node, where: Where, report: Report) -> RoleTemplate | None:
        text = text_of(node, where, report, "a role name")
        if text is None:
            return None
        try:
            return parse_role(text)
        except BadTemplate as bad:
            report.error(node, where, *bad.args)
            return None

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^(?:{PATTERN})$"}


def _check_rule(node: Block, known: dict[str, Node], where: Where, report: Report) -> None:
    if "role" in known and "then" in known:
        report.error(known["then"], where.at("then"), "a rule has either role or then: ignore, not both")
    if "role" not in known and "then" not in known:
        report.error(node, where, "gives nothing; write role: NAME, or then: ignore")


def _meant(key: str) -> str:
    word = key.lower().replace("-", "_")
    if word in ("if", "where", "match", "matches", "condition", "conditions", "filter", "selector", "on"):
        return "did you mean 'when'?"
    if word in ("ignore", "skip", "action", "do", "exclude"):
        return "write then: ignore"
    if word in ("tags", "tag", "any", "not", *ATTRIBUTES):
        return f"conditions stand under when: when: {{{word}: ...}}"
    condition = meant_condition(key)
    return f"conditions stand under when; there, {condition}" if condition.startswith("write not") else ""


def _rule(then: str | None = None, **fields: Any) -> Rule:
    return Rule(**fields)


_NAME = Text(
    "a rule name",
    r"[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]{0,127}",
    "1 to 128 characters, without control characters or a space in front",
)

RULE: Table[Rule] = Table(
    Field("name", _NAME, "the rule's name, which stands in the record", required=True),
    Field("when", When(top=True), "what an instance must be like; without it, the rule matches every instance"),
    Field("role", RoleName(), "a listed role, or a template such as ${tags.ram-role}"),
    Field("then", Choice(["ignore"]), "ignore: leave these instances alone"),
    Field("mode", MODE, f"for this rule alone. {ABOUT_MODE}"),
    Field("foreign_roles", FOREIGN_ROLES, f"for this rule alone. {ABOUT_FOREIGN_ROLES}"),
    build=_rule,
    wording=Wording(meant=_meant),
    check=_check_rule,
    constraint={"oneOf": [{"required": ["role"]}, {"required": ["then"]}]},
)


def name_of(node: Node) -> str:
    """The name of the rule that this node is, as far as it has one."""
    name = node.get("name") if isinstance(node, Block) else None
    return name.text if isinstance(name, Scalar) and name.kind == "text" else ""


RULES = ListOf(RULE, "rules", named=name_of)
