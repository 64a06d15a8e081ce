"""Instances become a plan: what roles.yaml wants for each, what is asked for, and what is to be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from shared.mapping import Mapping
from shared.model.instance import DISPLACED_TAG, Desired, Instance
from shared.model.plan import Change, Plan
from shared.model.trigger import Selection
from shared.planning.decide import decide
from shared.planning.selection import is_selected, may_be_selected
from shared.proof import Judgement, Keys, Place, judge, sign


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """The signing and judging of notes of displaced roles, in one account.

    operated: whether an operator's command asks, which leaves an instance whose note needs another key to the functions; these
    do without a note.
    """

    account_id: str = ""
    keys: Keys = ()
    operated: bool = False

    def note(self, instance: Instance, mapping: Mapping) -> Judgement | None:
        """Judge the instance's note of a displaced role; None where there is none, or roles.yaml displaces none."""
        text = instance.tags.get(DISPLACED_TAG)
        if text is None or not mapping.replaces:
            return None
        return judge(self.keys, self._place(instance), text)

    def signed(self, change: Change, instance: Instance) -> Change:
        """Return the change with the note that is written before its foreign role is displaced."""
        if not (change.displaces and self.keys):
            return change
        return msgspec.structs.replace(change, note=sign(self.keys, self._place(instance), instance.role))

    def _place(self, instance: Instance) -> Place:
        return Place(account_id=self.account_id, region=instance.region, instance_id=instance.instance_id)


class Planner:
    """Plans for one mapping. at_birth: whether an instance is observed because it was created. now: aware UTC time."""

    def __init__(
        self,
        mapping: Mapping,
        signing: Signing,
        now: Callable[[], datetime],
        *,
        selection: Selection | None = None,
        at_birth: Callable[[str], bool] = lambda instance_id: False,
    ) -> None:
        self.mapping, self._signing, self._now = mapping, signing, now
        self.selection = selection or Selection()
        self._at_birth = at_birth

    def plan(self, instances: Iterable[Instance]) -> Plan:
        """Plan for those of the instances that are asked for."""
        changes, settled = list[Change](), list[Change]()
        for instance in instances:
            desired = self.mapping.desired(instance)
            if is_selected(self.selection, instance, desired, self.mapping):
                change = self._change(instance, desired)
                (changes if change.outcome is None else settled).append(change)
        return Plan(changes=tuple(changes), settled=tuple(settled))

    def change(self, instance: Instance) -> Change:
        """Decide on one instance, whether it is asked for or not."""
        return self._change(instance, self.mapping.desired(instance))

    def may_be_selected(self, instance: Instance) -> bool:
        """Say whether an instance whose role is not known may be asked for."""
        return may_be_selected(self.selection, instance, self.mapping.desired(instance))

    def needs_role(self, instance: Instance) -> bool:
        """Say whether the role on an instance that holds no listed one must be read: to give it one, to give one back, or to name it
        in a refusal."""
        if self.mapping.desired(instance).verdict in ("role", "refused"):
            return True
        note = self._signing.note(instance, self.mapping)
        return note is not None and (note.verdict == "proven" or (note.verdict == "unknown" and self._signing.operated))

    def _change(self, instance: Instance, desired: Desired) -> Change:
        mapping, signing = self.mapping, self._signing
        change = decide(
            instance,
            desired,
            is_managed=mapping.is_managed,
            now=self._now(),
            may_displace=mapping.may_displace,
            note=signing.note(instance, mapping),
            needs_key=signing.operated,
            has_key=bool(signing.keys),
            launch_grace=mapping.settings.launch_grace,
            at_birth=self._at_birth(instance.instance_id),
        )
        change = signing.signed(change, instance)
        return change if change.outcome else msgspec.structs.replace(change, facts=mapping.facts(instance))
