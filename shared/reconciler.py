"""Observe -> decide -> apply -> record, for 1 instance or 100,000, one code path. Knows no event format and no SDK.

Decisions are gathered into full calls while the looking goes on; whatever a look meets, it ends in one record.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from shared.apply import Applier
from shared.brake import Brake
from shared.carry import Carrier
from shared.errors import BudgetSpent, CloudCallError, Interrupted, PermanentError
from shared.gateways.ecs import EcsGateway
from shared.lines import say
from shared.mapping import Mapping as RoleMapping
from shared.missing import MissingRoles
from shared.model.instance import DISPLACED_TAG, Instance
from shared.model.record import Record
from shared.model.trigger import Trigger
from shared.observe import Look, look
from shared.plan import decide
from shared.proof import Judgement, Keys, Place, judge, sign
from shared.rate_control import RateControl
from shared.recent import Removals
from shared.recorder import Recorder, Seen
from shared.write import Announce

LOOK = 100  # instances looked at together: as many as one DescribeInstances takes


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What a look needs, so that a dry run, a demo and a test differ only in the parts.

    announce: told of each write before it is made. now: aware UTC time. pause: sleeps seconds. home: the region where an
    event names none. look_again_seconds: how long to wait for an instance that ECS does not show yet. account_id: whose
    instances they are. keys: for the notes of displaced roles. operated: whether an operator's command looks, which leaves an
    instance whose note needs another key to the functions; these do without a note. missing: roles that ECS refused.
    """

    mapping: RoleMapping
    recorder: Recorder
    announce: Announce
    now: Callable[[], datetime]
    pause: Callable[[float], None]
    home: str
    look_again_seconds: float = 3.0
    account_id: str = ""
    keys: Keys = ()
    operated: bool = False
    missing: MissingRoles = msgspec.field(default_factory=MissingRoles)


class Looks:
    """Looking at named instances, and deciding on them."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._recorder = parts, parts.recorder

    def named(
        self, ecs: EcsGateway, region: str, why: Mapping[str, Trigger], *, confirm: bool = False
    ) -> Iterator[Seen | Record]:
        """Each instance with the trigger that asked for it, 100 at a time. confirm: ask whether we may look there where none is
        shown, since a caller who may not is shown none."""
        names = list(why)
        for start in range(0, len(names), LOOK):
            asked, began = names[start : start + LOOK], time.monotonic()
            try:
                observed = self._look(ecs, asked, why)
                if confirm and not observed.shown and not observed.unread:
                    ecs.confirm_none()
            except CloudCallError as error:
                yield from (self._recorder.unseen(name, region, why[name], error, began) for name in asked)
                continue
            for name in asked:
                if name in observed.shown:
                    yield self.seen(observed.shown[name], why[name], began)
                elif name in observed.unread:
                    yield self._recorder.unseen(name, region, why[name], observed.unread[name], began)
                else:
                    yield self._recorder.gone(name, region, why[name], began)

    def _look(self, ecs: EcsGateway, names: Sequence[str], why: Mapping[str, Trigger]) -> Look:
        """Look; and, for a short while, again for those that are not shown though their creation is young."""
        observed = look(ecs, names)
        waited, pause = 0.0, 0.5
        while waited < self._parts.look_again_seconds:
            found = observed.shown.keys() | observed.unread.keys()
            missing = [n for n in names if n not in found and self._recorder.is_at_birth(why[n])]
            if not missing:
                break
            pause = min(pause * 2, self._parts.look_again_seconds - waited)
            self._parts.pause(pause)
            waited += pause
            try:
                again = look(ecs, missing)
            except CloudCallError:
                break  # those that were shown are not held up by it
            observed = Look(shown=observed.shown | again.shown, unread=observed.unread | again.unread)
        return observed

    def seen(self, instance: Instance, trigger: Trigger, began: float) -> Seen | Record:
        """The look at one instance, decided; or its record, where what ECS says of it cannot be read."""
        if instance.unread:
            return self._recorder.unseen(instance.instance_id, instance.region, trigger, instance.unread, began)
        mapping, parts = self._parts.mapping, self._parts
        decision = decide(
            instance,
            mapping.desired(instance),
            is_managed=mapping.is_managed,
            now=self._parts.now(),
            may_displace=mapping.may_displace,
            note=self.note(instance),
            needs_key=parts.operated,
            has_key=bool(parts.keys),
            launch_grace=mapping.settings.launch_grace,
            at_birth=trigger.kind == "created",
            dry_run=bool(trigger.remedy and trigger.remedy.dry_run),
        )
        if decision.displaces and parts.keys:
            note = sign(parts.keys, self._place(instance), instance.role)
            decision = msgspec.structs.replace(decision, note=note)
        return Seen(decision=decision, trigger=trigger, began=began)

    def note(self, instance: Instance) -> Judgement | None:
        """What the instance's note of a displaced role is worth; None where there is none, or roles.yaml displaces none."""
        text = instance.tags.get(DISPLACED_TAG)
        if text is None or not self._parts.mapping.replaces:
            return None
        return judge(self._parts.keys, self._place(instance), text)

    def _place(self, instance: Instance) -> Place:
        return Place(account_id=self._parts.account_id, region=instance.region, instance_id=instance.instance_id)


class Reconciler:
    """What events ask for. ecs: a gateway for a region. removals: how many were made lately, and to be told of more."""

    def __init__(self, parts: Parts, ecs: Callable[[str], EcsGateway], removals: Removals | None = None) -> None:
        self._parts, self._ecs = parts, ecs
        self._removals = removals or Removals()

    def instances(self, triggers: Iterable[Trigger]) -> Iterator[Record]:
        """Look at every instance that the triggers name, once each: exactly one record an instance."""
        for region, why in self._by_region(triggers).items():
            yield from self._instances_in(region, why)

    def _instances_in(self, region: str, why: Mapping[str, Trigger]) -> Iterator[Record]:
        ecs = self._ecs(region)
        count = managed_in(ecs, self._parts.mapping)

        def managed() -> int | None:
            counted = count()  # with those that have just been given a role
            return None if counted is None else max(0, counted - carrier.gained)

        brake: Brake[Seen] = Brake(self._parts.mapping.settings.brake, managed, before=self._removals.recent())
        applier = Applier(ecs, self._parts.announce, self._parts.pause, missing=self._parts.missing)
        carrier = Carrier(applier.apply, self._parts.recorder, brake, RateControl(None))
        elsewhere = region != self._parts.home  # where an event may lead and our policies may not
        yield from carrier(Looks(self._parts).named(ecs, region, why, confirm=elsewhere))
        self._removals.add(carrier.removed)

    def _by_region(self, triggers: Iterable[Trigger]) -> dict[str, dict[str, Trigger]]:
        """For each region the instances to look at, each with the trigger that says most: a creation before others."""
        found: dict[str, dict[str, Trigger]] = {}
        for trigger in triggers:
            named = found.setdefault(trigger.region or self._parts.home, {})
            for name in trigger.instance_ids:
                if name not in named or (trigger.kind, named[name].kind) == ("created", "changed"):
                    named[name] = trigger
        return found


def managed_in(ecs: EcsGateway, mapping: RoleMapping) -> Callable[[], int | None]:
    """How many instances of the region hold a listed role: one call a role, made when it is asked for.

    None where the cloud refuses to say. Raises TransientError, BudgetSpent and Interrupted: then it was not asked to the end.
    """

    def count() -> int | None:
        try:
            return sum(ecs.count_holders(role) for role in mapping.roles)
        except (BudgetSpent, Interrupted):
            raise
        except PermanentError as error:
            say({"holders_not_counted": str(error), "so": "the brake refuses removals"})
            return None

    return count
