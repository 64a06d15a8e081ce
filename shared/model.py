"""The words of the domain, as frozen data. Pure: no SDK, network, clock or environment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Annotated, Literal

import msgspec

from shared.errors import CloudCallError

Kind = Literal["instance_created", "tags_changed", "reconcile", "remediate"]
"""What an event asks for; the name of the function that it is meant for."""

Mode = Literal["enforce", "attach-only", "audit"]
ForeignRoles = Literal["keep", "replace"]

Count = Annotated[int, msgspec.Meta(ge=0, le=999_999_999)]
"""A number of instances, calls or pages: no payload may give one that cannot be."""
MAX_LINKS = 500  # invocations of one run: a chain always ends
MAX_STALLED = 1  # of them, in a row, that may get nothing done: one may have met a throttle or a slow minute
MAX_RESTARTS = 2  # of a region whose token was refused


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
    PUT_BACK = "put-back"  # no rule gives a role any more, and a proven note says which foreign role we had displaced
    NOTE_NOT_PROVEN = "note-not-proven"  # the same, but nothing proves that the note is ours: it counts for nothing
    NO_PROOF_KEY = "no-proof-key"  # refused: a command has no key to sign or to judge the note with
    BRAKE = "brake"  # refused: the run would take off or replace too many roles at once
    CANARY = "canary"  # refused: one of the first instances of a remediation failed
    MAX_ERRORS = "max-errors"  # refused: a remediation has met more errors than it may
    MAX_CALLS = "max-calls"  # refused: the run's budget of calls is spent
    STOPPED = "stopped"  # refused: who ran it has stopped the run


DISPLACED_TAG = "rolekeeper-displaced-role"
"""On an instance whose foreign role we replaced: the note of that role, signed (shared/proof.py). Who may tag can write any text
there, so an unsigned one counts for nothing; and what is put back must also be allowed by `displace` in roles.yaml."""

Drift = Literal["missing", "wrong", "foreign", "orphaned"]
"""How an instance differs from roles.yaml: no role where a rule gives one; another listed role; a role of somebody else
where a rule gives one; a listed role where no rule gives one."""


class Share(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number of instances, or a part of all that a run acts on (0 to 1)."""

    count: Count = 0
    part: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None

    def of(self, total: int) -> int:
        """As a number; a part is rounded down, as OOS does."""
        return self.count if self.part is None else int(round(self.part * total, 6))


class Remedy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator asks of remediate or reconcile, beside the instance ids in Trigger.instance_ids.

    concurrency and max_errors are those of OOS rate control: how many instances are worked on at once, and how many may
    fail before the rest is left alone. None: as many as may be; however many fail.
    """

    everything: bool = False  # every instance of the region
    tags: Mapping[str, str] = {}  # every instance that carries all of these tags
    rule: str = ""  # every instance that this rule decides on
    role: str = ""  # every instance that holds this role or should
    drift: Drift | None = None  # every instance that differs in this way
    dry_run: bool = False
    lift_brake: bool = False
    concurrency: Share | None = None
    max_errors: Share | None = None
    canary: Count = 0  # so many instances first; if one fails, no other is touched
    max_calls: Count | None = None
    everywhere: bool = False  # in all regions and accounts of the settings
    reason: str = ""
    operator: str = ""

    @property
    def by_id(self) -> bool:
        """Whether it names its instances by their ids; of a remediation alone, for a reconcile names none."""
        return not (self.everything or self.tags or self.rule or self.role or self.drift)


class Cursor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a run goes on that one invocation could not end. link: 0 = the run's first invocation.

    token: of the next page, "" = the first; listed: whether all pages are done, so that only `instance_ids` are left:
    instances that were seen and whose change was not begun. They are looked at again first.
    """

    run_id: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{0,120}\Z")] = ""
    link: Annotated[int, msgspec.Meta(ge=0, le=MAX_LINKS)] = 0
    token: Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{0,4096}\Z")] = ""
    listed: bool = False
    instance_ids: tuple[str, ...] = ()
    pages: Count = 0  # that the link before took
    managed: Count | None = (
        None  # holders of listed roles at first; what a hand-over says of it is never enough to lift the brake
    )
    removed: Count = 0  # removals carried out
    braked: bool = False  # whether the brake refused removals: then it lets none through any more
    uncounted: bool = False  # and whether that was because nobody could say how many hold a listed role
    failed: Count = 0  # changes that failed
    tried: Count = 0  # canaries that had their turn
    stopped: Reason | None = None  # why a remediation leaves the rest alone
    spent: Count = 0  # calls made
    restarts: Annotated[int, msgspec.Meta(ge=0, le=MAX_RESTARTS)] = 0  # how often a token was refused
    stalled: Annotated[int, msgspec.Meta(ge=0, le=MAX_STALLED)] = 0  # links in a row that got nothing done
    counts: Mapping[str, Count] = {}  # by outcome/reason

    @property
    def gained(self) -> int:
        """Instances that hold a listed role only since the run began."""
        return self.counts.get("attached/missing", 0) + self.counts.get("swapped/foreign-role", 0)


class Trigger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event, understood. A hint: it says which instances to look at and is believed in nothing else."""

    kind: Kind
    source: str  # the module of shared/events that read it, e.g. "actiontrail"
    instance_ids: tuple[str, ...] = ()
    region: str = ""  # "" = the region of the function
    account_id: str = ""  # "" = the event does not say
    actor: str = ""  # who caused it: "user-name", "role:session", "" = the event does not say
    event_id: str = ""
    event_time: str = ""  # RFC 3339 in UTC where the event's own text could be read, else that text
    event_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = (
        None  # the same, aware; None where it could not be read
    )
    event_name: str = ""  # what happened, in the source's own word: "RunInstances", "Created", "Tag:ChangeOnResource"
    remedy: Remedy | None = None  # what an operator asks: always on a remediate, by hand on a reconcile
    cursor: Cursor | None = None  # reconcile and remediate: a part of a run that was handed over


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
    unread: CloudCallError | None = None
    """Why what ECS answered about it cannot be read: then nothing else here counts."""


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
