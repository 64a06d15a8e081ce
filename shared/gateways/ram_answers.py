"""RAM's answers by their declared types, as far as they are read. Makes no call.

Facts: RAM 2015-05-01 API pages. Where a list or a number is missing, an answer is none: an empty one would be acted upon.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

PolicyType = Literal["Custom", "System"]
Name = Annotated[str, msgspec.Meta(min_length=1)]


class Tag(msgspec.Struct, rename="pascal"):
    tag_key: str
    tag_value: str | None = None


class TagList(msgspec.Struct, rename="pascal"):
    tag: list[Tag] | None = None


class Role(msgspec.Struct, rename="pascal"):
    role_name: Name
    description: str | None = None
    tags: TagList | None = None


class Policy(msgspec.Struct, rename="pascal"):
    policy_name: Name
    policy_type: PolicyType


class Ours(msgspec.Struct, rename="pascal"):
    """A policy of a listing, with how many roles and users hold it: an unknown number is not none."""

    policy_name: Name
    attachment_count: Annotated[int, msgspec.Meta(ge=0)]


class RolePage(msgspec.Struct, rename="pascal"):
    roles: dict[Literal["Role"], list[Role]]
    is_truncated: bool
    marker: str | None = None


class PolicyPage(msgspec.Struct, rename="pascal"):
    policies: dict[Literal["Policy"], list[Ours]]
    is_truncated: bool
    marker: str | None = None


class AttachedPolicies(msgspec.Struct, rename="pascal"):
    policies: dict[Literal["Policy"], list[Policy]]


class TaggedResource(msgspec.Struct, rename="pascal"):
    resource_name: Name
    tag_key: str
    tag_value: str | None = None


class TaggedPage(msgspec.Struct, rename="pascal"):
    tag_resources: list[TaggedResource]
    next_token: str | None = None


class User(msgspec.Struct, rename="pascal"):
    user_name: Name


class Group(msgspec.Struct, rename="pascal"):
    group_name: Name


class Entities(msgspec.Struct, rename="pascal"):
    roles: dict[Literal["Role"], list[Role]]
    users: dict[Literal["User"], list[User]]
    groups: dict[Literal["Group"], list[Group]]


class Trust(msgspec.Struct, rename="pascal"):
    assume_role_policy_document: str


class ShownRole(msgspec.Struct, rename="pascal"):
    role: Trust


class PolicyVersion(msgspec.Struct, rename="pascal"):
    policy_document: str


class PolicyDocument(msgspec.Struct, rename="pascal"):
    default_policy_version: PolicyVersion
