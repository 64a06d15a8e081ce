"""Conditions as data: one kind of test, and how tests combine. How they are written is in value_conditions.py and when.py.

`{exists: true}` is Has(subject, ("*",)) and `{not: x}` is Not(x), so all that reads conditions knows four shapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

ATTRIBUTES = {
    "vpc": "VPC id, e.g. vpc-bp1*",
    "region": "region id, e.g. cn-hangzhou",
    "zone": "zone id, e.g. cn-hangzhou-h",
    "resource_group": "resource group id, e.g. rg-acfm*",
    "instance_type": "instance type, e.g. ecs.g7.*",
    "image": "image id, e.g. aliyun_3_x64_*",
    "name": "instance name, e.g. web-*",
}
"""The attributes that rules may ask for, each named as in model.Instance."""

ANYWHERE = {
    "vpc": "vpc-anywhere",
    "region": "xx-anywhere",
    "zone": "xx-anywhere-x",
    "resource_group": "rg-anywhere",
    "instance_type": "ecs.anywhere.large",
    "image": "m-anywhere.vhd",
}
"""The attributes of an instance that is nowhere in particular: of the right form, and no file means it. Whoever owns an instance names
it, so the name is not among them."""

TAG = "tags."
"""The head of a subject that is a tag; the key follows, in lower case."""


class Has(msgspec.Struct, frozen=True):
    """The subject is there, and its value matches one of the globs.

    subject: a name of ATTRIBUTES, or TAG + the tag's key. A tag is there with an empty value too; an attribute is there
    when it is not empty.
    """

    subject: str
    globs: tuple[str, ...]


class AllOf(msgspec.Struct, frozen=True):
    parts: tuple[Condition, ...]


class AnyOf(msgspec.Struct, frozen=True):
    parts: tuple[Condition, ...]


class Not(msgspec.Struct, frozen=True):
    part: Condition


Condition = Has | AllOf | AnyOf | Not

ALWAYS = AllOf(())


def all_of(parts: Iterable[Condition]) -> Condition:
    """All of them, without a wrapper around a single one."""
    gathered = tuple(parts)
    return gathered[0] if len(gathered) == 1 else AllOf(gathered)


def subjects(condition: Condition) -> Iterator[str]:
    """All that the condition asks for: names of ATTRIBUTES, and tags."""
    if isinstance(condition, Has):
        yield condition.subject
        return
    for part in (condition.part,) if isinstance(condition, Not) else condition.parts:
        yield from subjects(part)


def tag(key: str) -> str:
    """The subject for a tag; ECS refuses keys that differ only in case, so rules do not tell them apart either."""
    return TAG + key.lower()
