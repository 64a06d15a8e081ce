"""Observe -> decide -> apply -> record, for 1 instance or 100,000, one code path. Knows no event format and no SDK.

Decisions are gathered into full calls while the looking goes on; whatever a look meets, it ends in one record.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from shared.apply import Applier, Done
from shared.errors import CloudCallError
from shared.gateways.ecs import EcsGateway
from shared.mapping import Mapping as RoleMapping
from shared.model import Instance, Outcome, Trigger
from shared.observe import look, with_roles
from shared.plan import Batches, Decision, Step, decide
from shared.recorder import Recorder, Seen, Stamp
from shared.records import Record
from shared.write import Announce

LOOK = 100  # instances looked at together: as many as one DescribeInstances takes


class Reconciler:
    """Its parts are given to it, so that a dry run, a demo and a test differ only in the parts.

    ecs: a gateway for a region. now: aware UTC time. pause: sleeps seconds. announce: told of each write before it is made.
    """

    def __init__(
        self, mapping: RoleMapping, ecs: Callable[[str], EcsGateway], *, stamp: Stamp, announce: Announce,
        now: Callable[[], datetime], pause: Callable[[float], None], home: str, look_again_seconds: float = 3.0,
    ) -> None:  # fmt: skip
        self._mapping, self._ecs, self._announce = mapping, ecs, announce
        self._now, self._pause, self._home, self._look_again = now, pause, home, look_again_seconds
        self._recorder = Recorder(stamp, mapping.hash, now)

    def instances(self, triggers: Iterable[Trigger]) -> Iterator[Record]:
        """Look at every instance that the triggers name, once each: exactly one record an instance."""
        for region, why in self._by_region(triggers).items():
            ecs = self._ecs(region)
            yield from self._carry_out(ecs, self._named(ecs, region, why))

    def region(self, trigger: Trigger) -> Iterator[Record]:
        """Look at every instance of the trigger's region (with the remedy's tags, if it has any), page by page.

        Raises CloudCallError where a page cannot be had, after what was seen before it has been carried out.
        """
        ecs, errors = self._ecs(trigger.region or self._home), list[CloudCallError]()
        yield from self._carry_out(ecs, self._paged(ecs, trigger, errors))
        if errors:
            raise errors[0]

    def _by_region(self, triggers: Iterable[Trigger]) -> dict[str, dict[str, Trigger]]:
        """For each region the instances to look at, each with the trigger that says most: a creation before others."""
        found: dict[str, dict[str, Trigger]] = {}
        for trigger in triggers:
            named = found.setdefault(trigger.region or self._home, {})
            for name in trigger.instance_ids:
                if name not in named or (trigger.kind, named[name].kind) == ("instance_created", "tags_changed"):
                    named[name] = trigger
        return found

    def _named(self, ecs: EcsGateway, region: str, why: Mapping[str, Trigger]) -> Iterator[Seen | Record]:
        names = list(why)
        for start in range(0, len(names), LOOK):
            asked, began = names[start : start + LOOK], time.monotonic()
            try:
                observed = self._look(ecs, asked, why)
            except CloudCallError as error:
                yield from (self._recorder.unseen(name, region, why[name], error, began) for name in asked)
                continue
            for name in asked:
                if name in observed:
                    yield self._seen(observed[name], why[name], began)
                else:
                    yield self._recorder.gone(name, region, why[name], began)

    def _paged(self, ecs: EcsGateway, trigger: Trigger, errors: list[CloudCallError]) -> Iterator[Seen | Record]:
        """The error that cuts it short goes into `errors`."""
        pages = ecs.pages(trigger.remedy.tags if trigger.remedy else {})
        while True:
            began = time.monotonic()
            try:
                page = next(pages, None)
            except CloudCallError as error:
                errors.append(error)
                return
            if page is None:
                return
            try:
                observed = with_roles(ecs, page)
            except CloudCallError as error:
                yield from (self._recorder.unseen(i.instance_id, i.region, trigger, error, began) for i in page)
                continue
            yield from (self._seen(instance, trigger, began) for instance in observed)

    def _look(self, ecs: EcsGateway, names: Sequence[str], why: Mapping[str, Trigger]) -> dict[str, Instance]:
        """Look; and, for a short while, again for those that are not shown though their creation is young."""
        observed = look(ecs, names)
        waited, pause = 0.0, 0.5
        while waited < self._look_again:
            missing = [n for n in names if n not in observed and self._recorder.is_at_birth(why[n])]
            if not missing:
                break
            pause = min(pause * 2, self._look_again - waited)
            self._pause(pause)
            waited += pause
            try:
                observed |= look(ecs, missing)
            except CloudCallError:
                break  # those that were shown are not held up by it
        return observed

    def _carry_out(self, ecs: EcsGateway, looks: Iterable[Seen | Record]) -> Iterator[Record]:
        """The record of each look, as it ends."""
        applier, batches = Applier(ecs, self._announce), Batches()
        pending: dict[str, Seen] = {}

        def records(step: Step) -> Iterator[Record]:
            for done in applier.apply(step):
                yield self._recorder.ended(done, pending.pop(done.decision.instance.instance_id))

        for seen in looks:
            if isinstance(seen, Record):
                yield seen
            elif seen.decision.outcome is not None:
                yield self._recorder.ended(_as_decided(seen.decision), seen)
            elif (
                name := seen.decision.instance.instance_id
            ) not in pending:  # a page may repeat what the one before had
                pending[name] = seen
                if full := batches.add(seen.decision):
                    yield from records(full)
        for step in batches.rest():
            yield from records(step)

    def _seen(self, instance: Instance, trigger: Trigger, began: float) -> Seen:
        return Seen(decision=self._decide(instance, trigger), trigger=trigger, began=began)

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


def _as_decided(decision: Decision) -> Done:
    """Nothing was to be done, or in a dry run nothing was done."""
    outcome = decision.outcome or Outcome.UNCHANGED
    return Done(decision=decision, outcome=outcome, reason=decision.reason, role_after=decision.instance.role)
