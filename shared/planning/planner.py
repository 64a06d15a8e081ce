"""Instances become a plan: what roles.yaml wants for each, what is asked for, and what is to be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec

from shared.mapping import Mapping
from shared.mapping.until import end_of, wished
from shared.model.decision import Outcome
from shared.model.instance import DISPLACED_TAG, Desired, Instance
from shared.model.plan import Change, Plan
from shared.model.trigger import Selection, Trigger
from shared.planning.decide import decide
from shared.planning.guards import OF_AN_INSTANCE, About, Facts, warned
from shared.planning.guards import judge as judge_changes
from shared.planning.selection import is_selected, may_be_selected
from shared.proof import Judgement, Keys, Place, judge, sign

replace = msgspec.structs.replace
Causes = Callable[[str], Sequence[Trigger]]
"""The triggers that an instance, by its id, is observed for."""


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
    """Plans for one mapping. causes: what an instance is observed for. now: aware UTC time."""

    def __init__(
        self,
        mapping: Mapping,
        signing: Signing,
        now: Callable[[], datetime],
        *,
        selection: Selection | None = None,
        causes: Causes = lambda instance_id: (),
    ) -> None:
        self.mapping, self._signing, self._now = mapping, signing, now
        self.selection = selection or Selection()
        self._causes = causes

    def plan(self, instances: Iterable[Instance]) -> Plan:
        """Plan for those of the instances that are asked for."""
        changes, settled = list[Change](), list[Change]()
        for instance in instances:
            desired = self.desired(instance)
            if is_selected(self.selection, instance, desired, self.mapping):
                change = self._change(instance, desired)
                (changes if change.outcome is None else settled).append(change)
        return Plan(changes=tuple(changes), settled=tuple(settled))

    def change(self, instance: Instance) -> Change:
        """Decide on one instance, whether it is asked for or not."""
        return self._change(instance, self.desired(instance))

    def may_be_selected(self, instance: Instance) -> bool:
        """Say whether an instance whose role is not known may be asked for."""
        return may_be_selected(self.selection, instance, self.desired(instance))

    def needs_role(self, instance: Instance) -> bool:
        """Say whether the role on an instance that holds no listed one must be read: to give it one, to give one back, or to name it
        in a refusal."""
        if self.desired(instance).verdict in ("role", "refused"):
            return True
        note = self._signing.note(instance, self.mapping)
        return note is not None and (note.verdict == "proven" or (note.verdict == "unknown" and self._signing.operated))

    def desired(self, instance: Instance) -> Desired:
        """Return what the mapping wants for an instance now."""
        desired = self.mapping.desired(instance)
        return wished(desired, end_of(instance, self.mapping.settings.until), self._now())

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
            at_birth=any(cause.kind == "created" for cause in self._causes(instance.instance_id)),
        )
        change = self._guarded(signing.signed(change, instance), instance)
        return change if change.outcome else replace(change, facts=mapping.facts(instance))

    def _guarded(self, change: Change, instance: Instance) -> Change:
        """Return the change as the guards of its instance leave it: settled where one says no. They are asked wherever it is decided,
        so that what a second look finds passes them, too."""
        mapping, causes = self.mapping, self._causes(instance.instance_id)
        if change.role not in mapping.roles or change.role_after != change.role:
            return change
        about = About(
            tags={key.lower(): value for key, value in instance.tags.items()},
            end=end_of(instance, mapping.settings.until),
            unmet=mapping.unmet(change.role, instance),
            assignable_by=mapping.roles[change.role].assignable_by,
            keys=mapping.provable(change.rule),
            causes=causes,
            assigners=mapping.assigners(change.role, [cause.call.actor for cause in causes if cause.call]),
        )
        facts = Facts(now=self._now(), about=about)
        verdict = judge_changes((change,), facts, OF_AN_INSTANCE)
        for refusal in verdict.refused:
            settled = replace(change, action="none", outcome=Outcome.REFUSED, role_after=change.role_before)
            return replace(settled, reason=refusal.reason, why=refusal.why)
        return warned(verdict.allowed[0], facts, mapping.settings.until.warn)
