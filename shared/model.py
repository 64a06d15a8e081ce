"""The words of the domain, as frozen data. Pure: no SDK, network, clock or environment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Literal

import msgspec

Kind = Literal["instance_created", "tags_changed", "reconcile", "remediate"]
"""What an event asks for; the name of the function that it is meant for."""

Mode = Literal["enforce", "attach-only", "audit"]
ForeignRoles = Literal["keep", "replace"]


class Outcome(str, Enum):
    """How one look at one instance ended."""

    ATTACHED = "attached"
    SWAPPED = "swapped"
    DETACHED = "detached"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    PLANNED = "planned"  # dry run or audit: what would have been done
    REFUSED = "refused"  # a guard of ours said no
    FAILED = "failed"  # permanent
    RETRYING = "retrying"  # transient: the invocation raises


class Reason(str, Enum):
    """Why; a closed list. docs/mapping.md explains each."""

    MISSING = "missing"  # no role on it, a rule gives one
    WRONG = "wrong"  # another managed role on it than the rule gives
    NO_LONGER_MAPPED = "no-longer-mapped"  # a managed role on it, no rule gives one
    IN_SYNC = "in-sync"
    NO_RULE = "no-rule"
    IGNORED = "ignored"
    FOREIGN_ROLE = "foreign-role"
    YOUNG = "young"
    ATTACH_ONLY = "attach-only"
    NOT_IN_VPC = "not-in-vpc"
    NOT_VISIBLE_YET = "not-visible-yet"
    GONE = "gone"
    ROLE_NOT_LISTED = "role-not-listed"
    NOT_OBSERVED = "not-observed"  # the look itself failed: error_code says why


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator asks of remediate, beside the instance ids in Trigger.instance_ids."""

    everything: bool = False  # every instance of the region
    tags: Mapping[str, str] = {}  # every instance that carries all of these tags
    dry_run: bool = False
    reason: str = ""
    operator: str = ""


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """One event, understood. A hint: it says which instances to look at and is believed in nothing else."""

    kind: Kind
    source: str  # the module of shared/events that read it, e.g. "actiontrail"
    instance_ids: tuple[str, ...] = ()
    region: str = ""  # "" = the region of the function
    account_id: str = ""  # "" = the event does not say
    actor: str = ""  # who caused it: "user-name", "role:session", "" = the event does not say
    event_id: str = ""
    event_time: str = ""  # RFC 3339 in UTC where the event's own text could be read, else that text
    event_at: datetime | None = None  # the same, aware; None where it could not be read
    event_name: str = ""  # what happened, in the source's own word: "RunInstances", "Created", "Tag:ChangeOnResource"
    remedy: Remedy | None = None  # remediate only


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is not for us, and why. Costs no call and loads no SDK."""

    reason: str  # a short slug: "not-json", "foreign-account", "failed-call", "own-write", "unknown-event", ...
    detail: str = ""  # one line for a human, without secrets
    source: str = ""
    region: str = ""
    account_id: str = ""
    actor: str = ""
    event_id: str = ""
    event_time: str = ""


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
    tags: Mapping[str, str] = {}
    created_at: datetime | None = None  # minute precision: ECS gives no seconds
    role: str = ""


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """What roles.yaml wants for one instance.

    rule: the first rule that matched, "" = none did. role: "" = no role.
    verdict: "role" (role is set) | "none" (no rule) | "ignore" (the rule says so) | "refused" (the rule's template
    gave a role that is not listed; it stands in `role`).
    """

    verdict: Literal["role", "none", "ignore", "refused"]
    rule: str = ""
    role: str = ""
    mode: Mode = "enforce"
    foreign_roles: ForeignRoles = "keep"
