"""An ECS instance as rules see it, and what roles.yaml wants for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec

from shared.errors import CloudCallError

Mode = Literal["enforce", "attach-only", "audit"]

ForeignRoles = Literal["keep", "replace"]

DISPLACED_TAG = "rolekeeper-displaced-role"
"""On an instance whose foreign role we replaced: the note of that role, signed (shared/proof.py). Who may tag can write any text
there, so an unsigned one counts for nothing; and what is put back must also be allowed by `displace` in roles.yaml."""


ROLE = "role"
"""The attribute of an Instance that every roles.yaml is about, and that no rule can ask for."""


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """An ECS instance as rules see it (DescribeInstances). `role` is the RAM role on it, "" = none or not looked up."""

    instance_id: str
    region: str
    zone: str = ""
    name: str = ""
    network: Literal["vpc", "classic"] = "vpc"
    vpc: str = ""
    resource_group: str = ""
    instance_type: str = ""
    image: str = ""
    http_tokens: str = ""  # MetadataOptions: required (IMDSv2 alone) or optional; "" = ECS does not say
    tags: Mapping[str, str] = {}
    created_at: datetime | None = None  # minute precision: ECS gives no seconds
    role: str = ""
    unread: CloudCallError | None = None
    """The error for which ECS's answer about it cannot be read: then nothing else here counts."""


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """The wish of roles.yaml for one instance.

    rule: the first rule that matched, "" = none did. role: "" = no role.
    verdict: "role" (role is set) | "none" (no rule) | "ignore" (the rule says so) | "refused" (the rule's template
    gave a role that is not listed; it stands in `role`).
    expired: the rule gives a role, and the instance's own time for it is over: so the verdict is "none".
    """

    verdict: Literal["role", "none", "ignore", "refused"]
    rule: str = ""
    role: str = ""
    mode: Mode = "enforce"
    foreign_roles: ForeignRoles = "keep"
    expired: bool = False
