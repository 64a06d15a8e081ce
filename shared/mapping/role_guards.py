"""A role's guards as they are written: `assignable_by`, who may ask for it, and `require`, what an instance must be to get it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from shared.mapping.conditions import ATTRIBUTES, Condition, Has
from shared.mapping.nodes import Node, Scalar
from shared.mapping.problems import Report, Where
from shared.mapping.shapes import ListOf, Schema, Text, described
from shared.mapping.tables import Field, Table, Wording
from shared.mapping.value_conditions import Value

ANYBODY = "*"
REQUIRABLE = {name: about for name, about in ATTRIBUTES.items() if name != "name"}
"""Attributes that a role may require; whoever owns an instance names it, so its name is not among them."""
_ACTOR = r"root|\*|(?:user|role)/[A-Za-z0-9._*?-]{1,64}"
_KINDS = {"root-account": "root", "account": "root", "ram-user": "user/NAME", "assumed-role": "role/NAME"}


def _why_no_actor(text: str) -> str:
    kind, _, name = text.partition("/")
    if text.lower() in ("root", *_KINDS):
        return f"write {_KINDS.get(text.lower(), 'root')}"
    if name and kind.lower().rstrip("s") in ("user", "role"):
        if "/" in name or ":" in name:
            return "write the role's name without its session: whoever assumes the role chooses that"
        if kind not in ("user", "role"):
            return f"write {kind.lower().rstrip('s')}/{name}"
        return "after user/ or role/ there are 1 to 64 of letters, digits, '.', '_', '-', and * or ? as globs"
    if re.fullmatch(r"[A-Za-z0-9._*?-]{1,64}", text):
        return f"write user/{text} or role/{text}"
    return "write user/NAME, role/NAME or root"


ASSIGNABLE_BY = ListOf(
    Text("an actor or a glob over actors", _ACTOR, _why_no_actor),
    "actors",
    instead=lambda node: f"write [{node.text}]" if isinstance(node, Scalar) and node.kind == "text" else "",
)


class Imdsv2:
    """true: the metadata service answers to IMDSv2 alone. What is not to be required is not written."""

    def read(self, node: Node, where: Where, report: Report) -> Condition | None:
        if isinstance(node, Scalar) and node.kind == "boolean" and node.text.lower() in ("true", "yes", "on"):
            return Has("http_tokens", ("required",))
        report.error(node, where, f"must be true, found {described(node)}; leave it out where IMDSv2 is not required")
        return None

    def schema(self) -> Schema:
        return {"const": True}


def _meant(key: str) -> str:
    word = key.lower().replace("-", "_")
    if word in ("tags", "tag", "name", "instance_name"):
        return (
            "whoever may tag or name an instance writes it, so it can be no requirement; ask for it in the rule's when"
        )
    if word in ("imds", "imds_v2", "http_tokens", "httptokens", "metadata_options"):
        return "did you mean 'imdsv2'?"
    return ""


def _required(**parts: Condition) -> Mapping[str, Condition]:
    return parts


REQUIRE: Table[Mapping[str, Condition]] = Table(
    *(Field(name, Value(name), about) for name, about in REQUIRABLE.items()),
    Field("imdsv2", Imdsv2(), "true: HttpTokens of the instance is required"),
    build=_required,
    wording=Wording(hint=f"known are {', '.join(REQUIRABLE)}, imdsv2", meant=_meant),
    empty="refused",
)
