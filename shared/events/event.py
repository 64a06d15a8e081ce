"""One JSON object, seen as an event, with the answers a source may give about it. Knows no source.

Envelope (reference: EventBridge, Event overview): CloudEvents 1.0 with lower-case attributes specversion, id, source, type,
time, data and aliyunaccountid, aliyunoriginalaccountid, aliyunregionid, aliyunpublishtime. Only what is there is used.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import msgspec

from shared.events import times
from shared.events.resources import Found
from shared.events.values import Json, account, clean, folded, region_id, text
from shared.model.ignored import Ignored, IgnoredReason
from shared.model.trigger import EventKind, Trigger
from shared.proof import Keys

DETAIL_LIMIT = 240
Outcome: TypeAlias = "tuple[Trigger | Ignored, ...] | Trigger | Ignored | None"
"""The outcome of reading an event: one answer, or one for each place that the event names; None = not its shape."""


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """The reader's own place: an event of another account, or one that our own role caused, is not for us. "" = not known."""

    account_id: str = ""
    own_role: str = ""
    region: str = ""
    proof_keys: Keys = ()  # () = hand-overs are not sealed


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A decoded event. Keys are lower case in `top` and `data`, since published samples disagree about capitals."""

    home: Home
    raw: Json  # as it came
    top: Json
    data: Json  # inside an envelope: its data; else the same as top
    enveloped: bool
    type: str = ""  # CloudEvents type, "" without an envelope
    origin: str = ""  # CloudEvents source, e.g. "acs.ecs"

    @classmethod
    def of(cls, raw: Json, home: Home) -> Event:
        """`raw` with its envelope taken off, if it has one."""
        top = folded(raw)
        enveloped = "specversion" in top or ("data" in top and "type" in top)
        if not enveloped:
            return cls(home=home, raw=raw, top=top, data=top, enveloped=False)
        data = folded(top.get("data"))
        kind, origin = text(top.get("type")), text(top.get("source"))
        return cls(home=home, raw=raw, top=top, data=data, enveloped=True, type=kind, origin=origin)

    def seen(
        self,
        source: str,
        *,
        ids: tuple[object, ...] = (),
        when: tuple[object, ...] = (),
        regions: tuple[object, ...] = (),
        accounts: tuple[object, ...] = (),
        actor: str = "",
    ) -> Circumstances:
        """Return what `source` makes of the circumstances; of several candidates the first usable one counts.

        The envelope's id goes before the record's, because duplicates are told by (source, id) of the envelope; the record's
        own time and region go before the envelope's, because those may be of publishing, and of the bus that passed it on.
        """
        attributes = self.top if self.enveloped else {}
        event_time, event_at = times.first(*when, attributes.get("time"), attributes.get("aliyunpublishtime"))
        owners = (attributes.get("aliyunoriginalaccountid"), *accounts, attributes.get("aliyunaccountid"))
        where = map(region_id, (*regions, attributes.get("aliyunregionid")))
        return Circumstances(
            home=self.home,
            source=source,
            region=next(filter(None, where), ""),
            accounts=tuple(filter(None, map(account, owners))),
            actor=actor,
            event_id=next(filter(None, map(text, (attributes.get("id"), *ids))), ""),
            event_time=event_time,
            event_at=event_at,
        )


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """The circumstances of a recognised event; makes the Trigger or the Ignored that carries them."""

    home: Home
    source: str
    region: str
    accounts: tuple[str, ...]
    actor: str
    event_id: str
    event_time: str
    event_at: datetime | None

    def triggers(
        self, kind: EventKind, found: Found, event_name: object, attributes: tuple[str, ...] = ()
    ) -> tuple[Trigger | Ignored, ...]:
        """The instances `found`, a Trigger for each region and account that they are in; Ignored where there are none, and for
        those that belong to another account."""
        if not found.instances:
            return (self._without_instance(found),)
        if foreign := self._foreign():
            return (foreign,)
        places: dict[tuple[str, str], dict[str, None]] = {}
        for named in found.instances:  # an ARN says where the instance itself is
            place = (named.region or self.region or self.home.region, named.account or next(iter(self.accounts), ""))
            places.setdefault(place, {})[named.id] = None
        return tuple(
            self._foreign(account_id)
            or Trigger(
                kind=kind,
                source=self.source,
                instance_ids=tuple(ids),
                region=region,
                account_id=account_id,
                actor=self.actor,
                event_id=self.event_id,
                event_time=self.event_time,
                event_at=self.event_at,
                event_name=text(event_name),
                attributes=attributes,
            )
            for (region, account_id), ids in places.items()
        )

    def ignored(self, reason: IgnoredReason, detail: str) -> Ignored:
        """Not for us; an event of another account is told as that before anything else."""
        return self._foreign() or self._ignored(reason, detail, next(iter(self.accounts), ""))

    def _without_instance(self, found: Found) -> Ignored:
        named = ", ".join(found.others[:3])
        if named and not named.startswith(("i-", "AY")):
            return self.ignored("not-an-instance", f"about {named}")
        return self.ignored("no-instance", f"no instance id in {named}" if named else "no instance id where it belongs")

    def _foreign(self, owner: str = "") -> Ignored | None:
        # Every account that the event states must be ours: on routing across accounts the envelope names both the account
        # of the bus and the original publisher, and the instance is the publisher's. owner: of the instance, by its ARN.
        ours = self.home.account_id
        stated = filter(None, (*self.accounts, owner))
        foreign = next((other for other in stated if ours and other != ours), "")
        if not foreign:
            return None
        return self._ignored("foreign-account", f"of account {foreign}, not ours ({ours})", foreign)

    def _ignored(self, reason: IgnoredReason, detail: str, account_id: str) -> Ignored:
        return Ignored(
            reason=reason,
            detail=clean(detail, DETAIL_LIMIT),
            source=self.source,
            region=self.region or self.home.region,
            account_id=account_id,
            actor=self.actor,
            event_id=self.event_id,
            event_time=self.event_time,
        )
