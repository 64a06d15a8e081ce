"""An event, understood: which instances to observe, and what an operator asked for beside."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from shared.model.decision import Drift
from shared.model.progress import Count, Progress

RunKind = Literal["reconcile", "remediate"]
EventKind = Literal["created", "changed", RunKind]
"""The kinds of events: an instance was created, or it changed, or somebody (a timer, an operator) asks for a run."""
FunctionName = Literal["instance_created", "tags_changed", "reconcile", "remediate"]
FUNCTION_OF: Mapping[EventKind, FunctionName] = {
    "created": "instance_created",
    "changed": "tags_changed",
    "reconcile": "reconcile",
    "remediate": "remediate",
}
"""The function that an event of each kind is intended for. Records name what triggered them by it, too."""


class Share(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number of instances, or a part of all that a run acts on (0 to 1)."""

    count: Count = 0
    part: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None

    def of(self, total: int) -> int:
        """As a number; a part is rounded down, as OOS does."""
        return self.count if self.part is None else int(round(self.part * total, 6))


class Selection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The instances that are asked for. None of these: those that are named by their ids."""

    everything: bool = False  # every instance of the region
    tags: Mapping[str, str] = {}  # every instance that carries all of these tags
    rule: str = ""  # every instance that this rule decides on
    role: str = ""  # every instance that holds this role or should
    drift: Drift | None = None  # every instance that differs in this way

    @property
    def by_id(self) -> bool:
        """Return whether it names its instances by their ids; of a remediation alone, for a reconcile names none."""
        return not (self.everything or self.tags or self.rule or self.role or self.drift)


class RemediationRequest(Selection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An operator's request: a selection, and how the run over it goes.

    concurrency and max_errors are those of OOS rate control: how many instances are worked on at once, and how many may
    fail before the rest is left alone. None: as many as may be; however many fail.
    """

    dry_run: bool = False
    lift_brake: bool = False
    concurrency: Share | None = None
    max_errors: Share | None = None
    canary: Count = 0  # so many instances first; if one fails, no other is touched
    max_calls: Count | None = None
    everywhere: bool = False  # in all regions and accounts of the settings
    reason: str = ""
    operator: str = ""


class TagCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that set or removed tags, as ActionTrail recorded it and EventBridge delivered it.

    actor: user/NAME, role/NAME (in lower case) or root, of the account that the instance belongs to; "" = the record does not
    prove who called. tags: that it set, removed: that it took away; keys in lower case.
    """

    actor: str = ""
    tags: Mapping[str, str] = {}
    removed: tuple[str, ...] = ()

    def unset(self, keys: Collection[str], tags: Mapping[str, str]) -> list[str]:
        """Return those of the keys that it did not set to what the tags are."""
        return sorted(key for key in keys if key not in self.tags or self.tags[key] != tags.get(key))


class Trigger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event, understood. A hint: it says which instances to observe, and what is decided rests on what ECS says.

    `call` alone is believed, and for roles with `assignable_by` alone: that this caller set these tags at that time.
    """

    kind: EventKind
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
    attributes: tuple[str, ...] = ()
    """Of a change: the attributes of model.Instance that it is about; () = its tags, or the event does not say."""
    call: TagCall | None = None  # the call that the event tells of, where that set tags; never handed over
    request: RemediationRequest | None = msgspec.field(default=None, name="remedy")
    """An operator's: always on a remediate, by hand on a reconcile. In JSON `remedy`, as hand-overs have had it from the first."""
    progress: Progress | None = msgspec.field(default=None, name="cursor")
    """Reconcile and remediate: of a run that was handed over. In JSON `cursor`."""

    def touched(self, keys: Collection[str], since: datetime) -> str | None:
        """Return who set or removed one of these tags since then, or nobody knows when; None where it did not."""
        if self.call is None or (self.event_at is not None and self.event_at < since):
            return None
        return self.call.actor if any(key in self.call.tags or key in self.call.removed for key in keys) else None

    @property
    def by_operator(self) -> bool:
        """Return whether an operator asks for this remediation. What an event's invocation leaves to remediate, nobody asked for."""
        return self.kind == "remediate" and self.source == "manual"


def chief(causes: Sequence[Trigger], event_id: str = "") -> Trigger:
    """Return the one of several triggers that a record names: that of this event, else a creation before others."""
    return min(causes, key=lambda cause: (bool(event_id) and cause.event_id != event_id, cause.kind != "created"))
