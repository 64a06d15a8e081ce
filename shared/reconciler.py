"""Observe -> decide -> apply -> record, for 1 instance or 100,000, one code path. Knows no event format and no SDK."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from shared.apply import Announce, Applier, Done
from shared.errors import CloudCallError, TransientError
from shared.gateways.ecs import EcsGateway
from shared.mapping import Mapping as RoleMapping
from shared.model import Instance, Outcome, Reason, Trigger
from shared.observe import look, with_roles
from shared.plan import Decision, decide, steps
from shared.records import Record, age_ms

BIRTH = timedelta(minutes=2)
"""A creation event younger than this may be ahead of what ECS shows."""
GONE_CODE = "InvalidInstanceId.NotFound"


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What every record of one invocation carries."""

    account_id: str = ""
    function: str = ""
    request_id: str = ""
    attempt: str = ""


class Reconciler:
    """Its parts are given to it, so that a dry run, a demo and a test differ only in the parts.

    ecs: a gateway for a region. now: aware UTC time. pause: sleeps seconds. announce: told of each write before it is made.
    """

    def __init__(
        self, mapping: RoleMapping, ecs: Callable[[str], EcsGateway], *, stamp: Stamp, announce: Announce,
        now: Callable[[], datetime], pause: Callable[[float], None], home: str, look_again_seconds: float = 3.0,
    ) -> None:  # fmt: skip
        self._mapping, self._ecs, self._stamp, self._announce = mapping, ecs, stamp, announce
        self._now, self._pause, self._home, self._look_again = now, pause, home, look_again_seconds

    def instances(self, triggers: Iterable[Trigger]) -> Iterator[Record]:
        """Look at every instance that the triggers name, once each: exactly one record an instance."""
        for region, why in self._by_region(triggers).items():
            yield from self._named(region, why)

    def region(self, trigger: Trigger) -> Iterator[Record]:
        """Look at every instance of the trigger's region (with the remedy's tags, if it has any), page by page.

        Raises CloudCallError where a page cannot be had: the records before it stand.
        """
        ecs = self._ecs(trigger.region or self._home)
        tags = trigger.remedy.tags if trigger.remedy else {}
        for page in ecs.pages(tags):
            began = time.monotonic()
            try:
                observed = with_roles(ecs, page)
            except CloudCallError as error:
                yield from (self._unseen(i.instance_id, i.region, trigger, error, began) for i in page)
                continue
            yield from self._settle(
                ecs, {i.instance_id: i for i in observed}, dict.fromkeys(_ids(page), trigger), began
            )

    def _by_region(self, triggers: Iterable[Trigger]) -> dict[str, dict[str, Trigger]]:
        """For each region the instances to look at, each with the trigger that says most: a creation before others."""
        found: dict[str, dict[str, Trigger]] = {}
        for trigger in triggers:
            named = found.setdefault(trigger.region or self._home, {})
            for name in trigger.instance_ids:
                if name not in named or trigger.kind == "instance_created":
                    named[name] = trigger
        return found

    def _named(self, region: str, why: Mapping[str, Trigger]) -> Iterator[Record]:
        began, ecs = time.monotonic(), self._ecs(region)
        try:
            observed = self._look(ecs, why)
        except CloudCallError as error:
            yield from (self._unseen(name, region, trigger, error, began) for name, trigger in why.items())
            return
        for name in why.keys() - observed.keys():
            yield self._gone(name, region, why[name], began)
        yield from self._settle(ecs, observed, why, began)

    def _look(self, ecs: EcsGateway, why: Mapping[str, Trigger]) -> dict[str, Instance]:
        """Look; and, for a short while, again for those that are not shown though their event is young."""
        observed = look(ecs, list(why))
        waited, pause = 0.0, 0.5
        while waited < self._look_again:
            missing = [n for n in why.keys() - observed.keys() if self._young(why[n])]
            if not missing:
                break
            pause = min(pause * 2, self._look_again - waited)
            self._pause(pause)
            waited += pause
            observed |= look(ecs, missing)
        return observed

    def _settle(
        self, ecs: EcsGateway, observed: Mapping[str, Instance], why: Mapping[str, Trigger], began: float
    ) -> Iterator[Record]:
        decisions = [self._decide(instance, why[name]) for name, instance in observed.items()]
        for decision in decisions:
            if decision.outcome is not None:
                ended = Done(
                    decision=decision,
                    outcome=decision.outcome,
                    reason=decision.reason,
                    role_after=decision.instance.role,
                )
                yield self._record(ended, why[decision.instance.instance_id], began)
        applier = Applier(ecs, self._announce)
        for step in steps(decisions):
            for done in applier.apply(step):
                yield self._record(done, why[done.decision.instance.instance_id], began)

    def _decide(self, instance: Instance, trigger: Trigger) -> Decision:
        return decide(
            instance,
            self._mapping.desired(instance),
            is_managed=self._mapping.is_managed,
            now=self._now(),
            launch_grace=self._mapping.settings.launch_grace,
            at_birth=trigger.kind == "instance_created",
            dry_run=bool(trigger.remedy and trigger.remedy.dry_run),
        )

    def _young(self, trigger: Trigger) -> bool:
        return trigger.event_at is not None and self._now() - trigger.event_at < BIRTH

    def _not_shown(self, trigger: Trigger) -> tuple[Outcome, Reason]:
        """A creation event may be ahead of ECS: Function Compute tries again. Anything else is over."""
        if trigger.kind == "instance_created" and self._young(trigger):
            return Outcome.RETRYING, Reason.NOT_VISIBLE_YET
        return Outcome.UNCHANGED, Reason.GONE

    def _record(self, done: Done, trigger: Trigger, began: float) -> Record:
        decision, failure = done.decision, done.failure
        outcome, reason = done.outcome, done.reason
        if failure and failure.code == GONE_CODE:
            outcome, reason = self._not_shown(trigger)
        before = decision.instance.role
        return self._base(
            decision.instance.instance_id, decision.instance.region, trigger, began,
            outcome=outcome.value, reason=reason.value, action=decision.verb, rule=decision.desired.rule,
            role=decision.desired.role, role_before=before, role_after=done.role_after, mode=decision.desired.mode,
            error_code=failure.code if failure else "", error_message=failure.message if failure else "",
            cloud_request_ids=" ".join(done.request_ids), gap_ms="" if done.gap_ms is None else str(done.gap_ms),
        )  # fmt: skip

    def _gone(self, name: str, region: str, trigger: Trigger, began: float) -> Record:
        outcome, reason = self._not_shown(trigger)
        return self._base(name, region, trigger, began, outcome=outcome.value, reason=reason.value, action="none")

    def _unseen(self, name: str, region: str, trigger: Trigger, error: CloudCallError, began: float) -> Record:
        """The look itself failed."""
        outcome = Outcome.RETRYING if isinstance(error, TransientError) else Outcome.FAILED
        return self._base(
            name, region, trigger, began, outcome=outcome.value, reason=Reason.NOT_OBSERVED.value, action="none",
            error_code=error.code, error_message=str(error), cloud_request_ids=error.request_id,
        )  # fmt: skip

    def _base(self, name: str, region: str, trigger: Trigger, began: float, **values: str) -> Record:
        remedy = trigger.remedy
        return Record(
            instance_id=name, region=region, account_id=self._stamp.account_id, trigger=trigger.kind,
            event_id=trigger.event_id, event_time=trigger.event_time, event_age_ms=age_ms(trigger.event_at, self._now()),
            actor=(remedy.operator if remedy else "") or trigger.actor, operator=remedy.operator if remedy else "",
            operator_reason=remedy.reason if remedy else "", mapping_hash=self._mapping.hash,
            function=self._stamp.function, request_id=self._stamp.request_id, attempt=self._stamp.attempt,
            duration_ms=str(round((time.monotonic() - began) * 1000)), **values,
        )  # fmt: skip


def _ids(instances: Sequence[Instance]) -> list[str]:
    return [instance.instance_id for instance in instances]
