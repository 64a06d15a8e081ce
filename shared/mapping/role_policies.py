"""A role's entry under `roles`: its description and policies, each one of template, system or document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from shared.mapping.contents import Allow, InlinePolicy, PolicySpec, RoleSpec, SystemPolicy, TemplatePolicy
from shared.mapping.documents import Document
from shared.mapping.nodes import Block, Items, Node, Scalar
from shared.mapping.problems import Report, Where
from shared.mapping.role_guards import ASSIGNABLE_BY, REQUIRE
from shared.mapping.role_template import MAX_NAME, NAME_RULE, UPPER_CASE
from shared.mapping.shapes import ListOf, Schema, Text
from shared.mapping.tables import Field, MapOf, Table, Wording

T = TypeVar("T", bound=msgspec.Struct)


class VariableShape:
    """The value of a template's variable: a text, or a list of texts."""

    _text = Text("a text")
    _texts = ListOf(_text, "texts")

    def read(self, node: Node, where: Where, report: Report) -> str | tuple[str, ...] | None:
        return (
            self._texts.read(node, where, report) if isinstance(node, Items) else self._text.read(node, where, report)
        )

    def schema(self) -> Schema:
        return {"anyOf": [self._text.schema(), self._texts.schema()]}


_POLICY_NAME = Text("a policy name", "[A-Za-z0-9-]{1,128}", "1 to 128 of A-Z, a-z, 0-9 and '-'")
_VARIABLES = MapOf(
    Text("a variable name", "[a-z][a-z0-9_-]{0,63}", "a-z, 0-9, '_' and '-', beginning with a letter"),
    VariableShape(),
    "the template's variables",
)
_DESCRIPTION = Text("a description", r"[\s\S]{0,1024}", "at most 1024 characters, which is RAM's limit")


class Lined(Generic[T]):
    """A table whose struct keeps the line where it stands, for what is found wrong with it later."""

    def __init__(self, table: Table[T]) -> None:
        self._table = table

    def read(self, node: Node, where: Where, report: Report) -> T | None:
        read = self._table.read(node, where, report)
        return None if read is None else msgspec.structs.replace(read, line=node.line)

    def schema(self) -> Schema:
        return self._table.schema()


_ALLOWANCE: Table[Allow] = Table(
    Field("code", Text("a code of the policy lint", "RK[0-9]{3}", "RK and three digits"), "the finding", required=True),
    Field("reason", Text("a reason", r"\S[\s\S]*", "say why it is right here"), "why it is right here", required=True),
    build=Allow,
)
"""A finding that is right in this place: {code: RK101, reason: ...}. Without a reason it is refused."""

_ALLOW = Field(
    "allow",
    ListOf(Lined(_ALLOWANCE), "findings"),
    "findings of the policy lint that are right here, each with a reason",
)

_KINDS = ("template", "system", "document")
_GOES_WITH = {"with": "template", "name": "document"}


def _meant_policy(key: str) -> str:
    """Return what to write in place of a key, where it is the name of a policy itself or another word for one."""
    if _SYSTEM_NAME.fullmatch(key):
        return f"write {{system: {key}}}"
    if key.lower() in ("policy", "managed", "managed_policy", "policy_name", "aliyun"):
        return "write {system: NAME} for a policy of Alibaba Cloud's own, {template: NAME} for one of rolekeeper's"
    if key.lower() in ("inline", "statement", "json"):
        return "did you mean 'document'?"
    return f"write {{template: {key}, with: ...}}" if re.fullmatch("[a-z0-9]+(-[a-z0-9]+)+", key) else ""


_SYSTEM_NAME = re.compile(r"Aliyun\w+|[A-Z]\w*Access", re.ASCII)


def _instead_of_policy(node: Node) -> str:
    if not isinstance(node, Scalar) or node.kind != "text" or not re.fullmatch(r"[\w-]{1,128}", node.text, re.ASCII):
        return ""
    return f"write {{{'system' if node.text != node.text.lower() else 'template'}: {node.text}}}"


def _instead_of_policies(node: Node) -> str:
    one = _instead_of_policy(node).removeprefix("write ")
    return f"write [{one}]" if one else "write - in front of each policy" if isinstance(node, Block) else ""


def _instead_of_roles(node: Node) -> str:
    names = [item.text for item in node.items if isinstance(item, Scalar)] if isinstance(node, Items) else []
    return f"write each as a key: {{{names[0]}: {{}}, ...}}" if names else ""


def _check_policy(node: Block, known: dict[str, Node], where: Where, report: Report) -> None:
    kinds = [kind for kind in _KINDS if kind in known]
    if len(kinds) != 1:
        found = f"found {' and '.join(kinds)}" if kinds else "found none"
        report.error(node, where, f"a policy is exactly one of {', '.join(_KINDS)}, {found}")
        return
    for key, kind in _GOES_WITH.items():
        if key in known and kind not in kinds:
            report.error(known[key], where.at(key), f"goes with {kind}, not with {kinds[0]}")


def _policy(**fields: Any) -> PolicySpec:
    if "template" in fields:
        variables: Mapping[str, str | tuple[str, ...]] = fields.get("with", {})
        return TemplatePolicy(name=fields["template"], variables=variables, allow=fields.get("allow", ()))
    if "system" in fields:
        return SystemPolicy(name=fields["system"], allow=fields.get("allow", ()))
    return InlinePolicy(**fields)


POLICY: Table[PolicySpec] = Table(
    Field("template", Text("a template name", "[a-z0-9-]{1,64}", "a-z, 0-9 and '-'"), "a policy template by name"),
    Field("with", _VARIABLES, "the template's variables"),
    Field("system", _POLICY_NAME, "a policy of Alibaba Cloud's own, e.g. AliyunLogReadOnlyAccess"),
    Field("document", Document(), "a policy document, written out"),
    Field("name", _POLICY_NAME, "what the policy of this document is to be called"),
    _ALLOW,
    build=_policy,
    check=_check_policy,
    wording=Wording(meant=_meant_policy, instead=_instead_of_policy),
    constraint={
        "oneOf": [{"required": [kind]} for kind in _KINDS],
        "dependentRequired": {key: [kind] for key, kind in _GOES_WITH.items()},
    },
)

ROLE: Table[RoleSpec] = Table(
    Field("description", _DESCRIPTION, "what the role is for"),
    Field("policies", ListOf(Lined(POLICY), "policies", instead=_instead_of_policies), "what the role may do"),
    Field("assignable_by", ASSIGNABLE_BY, "who may ask for the role by tags: user/NAME, role/NAME, root; globs"),
    Field("require", REQUIRE, "what every instance must be to get the role, whatever the rule"),
    _ALLOW,
    build=RoleSpec,
    empty="null",
)


def _why_no_name(text: str) -> str:
    return f"it {UPPER_CASE}" if text != text.lower() else NAME_RULE


ROLE_NAME = f"[a-z0-9.-]{{1,{MAX_NAME}}}"
ROLES = MapOf(Text("a role name", ROLE_NAME, _why_no_name), ROLE, "the roles", _instead_of_roles)
