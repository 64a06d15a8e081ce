"""An instance as a person describes it in a file of cases: plain values, no conditions. What is not written, it does not have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, get_args

import msgspec

from shared.mapping.conditions import ATTRIBUTES, tag
from shared.mapping.nodes import Items, Node
from shared.mapping.problems import Report, Where
from shared.mapping.quantities import Duration
from shared.mapping.shapes import Choice, Flag, Schema, Text, text_of
from shared.mapping.tables import Field, Table, Wording, entries
from shared.mapping.when import TAG_KEY, meant
from shared.model.instance import Instance

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
"""The time at which cases are judged: an age is counted back from it, so that a case gives the same on each day."""
NOBODY = "nobody"
ACTOR = Text(
    "an actor", r"root|nobody|(?:user|role)/[A-Za-z0-9._-]{1,64}", "write user/NAME, role/NAME, root or nobody"
)
OLD = timedelta(days=365 * 10)
_ONE = "; an instance has one value: write a case, or a row under rows, for each"


class _Value:
    """One value, which must be text. may_be_empty: of a tag; an empty attribute is none."""

    def __init__(self, what: str, *, may_be_empty: bool = False) -> None:
        self._what, self._may_be_empty = what, may_be_empty

    def read(self, node: Node, where: Where, report: Report) -> str | None:
        if isinstance(node, Items):
            report.error(node, where, f"must be {self._what}, found a list{_ONE}")
            return None
        text = text_of(node, where, report, self._what)
        if text == "" and not self._may_be_empty:
            report.error(node, where, "empty; leave it out for an instance without it")
            return None
        if text and not self._may_be_empty and ("*" in text or "?" in text):
            report.error(
                node, where, f"{text!r} is a glob, which matches instances; write the value that this instance has"
            )
            return None
        return text

    def schema(self) -> Schema:
        return {"type": "string", **({} if self._may_be_empty else {"minLength": 1, "pattern": "^[^*?]*$"})}


class CaseTags:
    """Tag key -> value. ECS refuses keys that differ in case alone on one instance."""

    _value = _Value("a tag's value", may_be_empty=True)

    def read(self, node: Node, where: Where, report: Report) -> dict[str, str] | None:
        before = report.count
        found = entries(node, where, report)
        read: dict[str, str] = {}
        lines: dict[str, int] = {}
        for name, (key, value) in (found or {}).items():
            at = where.at(name)
            if tag(name) in lines:
                report.error(
                    key,
                    at,
                    f"this tag is on line {lines[tag(name)]} already; tag keys that differ only in case are one",
                )
            lines[tag(name)] = key.line
            TAG_KEY.read(key, at, report)
            text = self._value.read(value, at, report)
            if text is not None:
                read[name] = text
        return read if found is not None and report.count == before else None

    def schema(self) -> Schema:
        return {"type": "object", "propertyNames": TAG_KEY.schema(), "additionalProperties": self._value.schema()}


class Described(msgspec.Struct, frozen=True):
    """The fields that are written, by the names of model.Instance, the age, and who set the tags: "" = no call proves it. source: the id
    of an instance of a snapshot, which has what is not written here; "" = there is none."""

    fields: Mapping[str, Any] = {}
    age: timedelta | None = None
    tagged_by: str | None = None
    source: str = ""

    def over(self, base: Described) -> Described:
        """Return the base with what is written here in its place; tags one by one."""
        tags = {tag(key): (key, value) for part in (base, self) for key, value in part.fields.get("tags", {}).items()}
        merged = {**base.fields, **self.fields, **({"tags": dict(tags.values())} if tags else {})}
        by = base.tagged_by if self.tagged_by is None else self.tagged_by
        age = base.age if self.age is None else self.age
        return Described(merged, age, by, self.source or base.source)

    def instance(self, found: Instance | None = None) -> Instance:
        """Return the instance; one whose age is not known is older than any grace. found: the one that it is described by."""
        fields = dict(self.fields)
        if self.age is not None:
            fields["created_at"] = NOW - self.age
        if found is None:
            return Instance(**{"instance_id": "i-test", "region": "", "created_at": NOW - OLD, **fields})
        both = (found.tags, fields.get("tags", {}))
        tags = {tag(key): (key, value) for part in both for key, value in part.items()}
        return msgspec.structs.replace(found, **{**fields, "tags": dict(tags.values())})


def _described(
    age: timedelta | None = None,
    tagged_by: str | None = None,
    imdsv2: bool | None = None,
    id: str = "",
    **fields: Any,
) -> Described:
    source = fields.pop("from", "")
    if id:
        fields["instance_id"] = id
    if imdsv2 is not None:
        fields["http_tokens"] = "required" if imdsv2 else "optional"
    return Described(fields, age, "" if tagged_by == NOBODY else tagged_by, source)


def _meant(key: str) -> str:
    word = key.lower().replace("-", "_")
    if word in ("instance_id", "instanceid"):
        return "did you mean 'id'?"
    if word in ("holds", "ram_role", "role_name", "current_role"):
        return "did you mean 'role', the RAM role that it holds now?"
    if word in ("any", "not"):
        return "an instance is described by its values; conditions are for roles.yaml"
    suggested = meant(key)
    return suggested if suggested.startswith("did you mean") else ""


_ID = Text("an instance id", r"i-[a-zA-Z0-9-]{1,60}", "i- and letters, digits or '-'")

DESCRIBED: Table[Described] = Table(
    Field("id", _ID, "its id; rules do not read it"),
    Field("from", _ID, "the id of an instance of the snapshot (--snapshot), which has all that is not written here"),
    Field("tags", CaseTags(), "its tags: key and value"),
    *(Field(name, _Value(about), about) for name, about in ATTRIBUTES.items()),
    Field(
        "network",
        Choice(get_args(Instance.__annotations__["network"]) or ("vpc", "classic")),
        "vpc (default) or classic",
    ),
    Field("role", _Value("the name of a RAM role"), "the RAM role that it holds now; without it, it holds none"),
    Field("age", Duration(), "the time since its creation, e.g. 5m; without it, it is older than launch_grace"),
    Field("imdsv2", Flag(), "whether its metadata service answers to IMDSv2 alone"),
    Field("tagged_by", ACTOR, "who set its tags, of a role with assignable_by: user/NAME, role/NAME, root, or nobody"),
    build=_described,
    wording=Wording(
        hint=f"known are tags, {', '.join(ATTRIBUTES)}, network, role, age, imdsv2, tagged_by, from, id; a tag is under tags",
        meant=_meant,
    ),
)
