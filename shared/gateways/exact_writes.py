"""One write call, made exact: each instance either done, or failed with what is on it now. Knows no plan.

A refusal of the whole call for the sake of single instances is bisected; a lost answer is followed by a read, and by
one more try where the read shows that the call was not carried out. The code for "already has a role" is documented
nowhere, so no code decides here, but what is on the instance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from shared.errors import CloudCallError, Interrupted, Throttled
from shared.gateways.bisection import LIKELY_FOR_ALL, REFUSALS, Parts, ask, may_be_one, spread
from shared.gateways.ecs import TAG_IDS, BatchResult, EcsGateway
from shared.gateways.exact_reads import GONE_CODE, Shown, described, roles_on
from shared.model.instance import DISPLACED_TAG
from shared.model.plan import Failure

Call = Literal["AttachInstanceRamRole", "DetachInstanceRamRole"]
NO_SUCH_RESOURCE = "InvalidResourceId.NotFound"
NOT_FOUND = (GONE_CODE, NO_SUCH_RESOURCE)
"""Codes of an instance that is not there, of the actions of roles and of those of tags. A read tells whether it is so."""
LOSSES = 3
"""Calls in a row that get no usable answer, before those that are left are not made."""
Announce = Callable[[str, str, str, Sequence[str]], None]
"""Is given each write call before it is made: call, region, RamRoleName, instance ids. Where it raises a CloudCallError the call
is not made, but for one that ends what has begun."""


class Written(msgspec.Struct):
    """The result of a write. held: the role now on each that failed, where that could be read. lost: had no answer once."""

    done: set[str] = msgspec.field(default_factory=set)
    failed: dict[str, Failure] = msgspec.field(default_factory=dict)
    held: dict[str, str] = msgspec.field(default_factory=dict)
    lost: set[str] = msgspec.field(default_factory=set)
    request_ids: list[str] = msgspec.field(default_factory=list)

    def has_no_role(self, name: str) -> bool:
        """Say whether a call that failed left an instance without a role; one that is gone is none."""
        return self.held.get(name) == "" and not self.failed[name].gone

    def merge(self, again: Written) -> None:
        """Take in what came of another try for some of them."""
        names = again.done | again.failed.keys()
        self.done |= again.done
        self.held.update(again.held)
        self.failed = {n: f for n, f in self.failed.items() if n not in names} | again.failed
        self.lost |= again.lost
        self.request_ids += again.request_ids

    def fail(self, failures: Mapping[str, Failure]) -> None:
        self.failed.update(failures)
        self.lost |= {name for name, failure in failures.items() if failure.lost}


class Tagged(msgspec.Struct):
    """The result of changes of tags. failed: those whose tag is as it was, and why. request_ids: of the calls for each instance."""

    failed: dict[str, Failure] = {}
    request_ids: dict[str, list[str]] = {}


class Writer:
    """Writes through one region's gateway. Never raises for what the cloud answers; Interrupted before the first write of a step."""

    def __init__(self, ecs: EcsGateway, announce: Announce) -> None:
        self._ecs, self._announce = ecs, announce

    def write(self, call: Call, role: str, ids: Sequence[str], *, begun: bool = False) -> Written:
        """Attach or detach a role. begun: the instances are without a role because of us: it is made even where it cannot be
        announced."""
        written, unanswered = Written(), set[str]()
        change = self._ecs.attach if call == "AttachInstanceRamRole" else self._ecs.detach
        expected = "" if call == "AttachInstanceRamRole" else role  # on an instance, for the call to do anything for it
        waiting = ids
        for attempt in range(2 if ids else 0):
            parts: Parts[BatchResult] = Parts(self._ecs.bisection, call, role, waiting)
            for part in parts:
                try:
                    self._announced(call, role, part, begun)
                    parts.answered(change(role, part))
                except CloudCallError as error:
                    parts.refused(error, self._not_shown)
            unanswered = _take(written, parts)
            self._read(written)
            waiting = [] if attempt else _to_try_again(written, unanswered, expected)
            if not waiting:
                break
        return written

    def _announced(self, call: str, role: str, ids: Sequence[str], begun: bool = False) -> None:
        try:
            self._announce(call, self._ecs.region, role, ids)
        except CloudCallError:
            if not begun:
                raise

    def note(self, role: str, notes: Mapping[str, str]) -> Tagged:
        """Write a note into a tag of each instance, before its foreign role is displaced: a call for each, since each note is
        another.

        role: whose keys may write to the instances. Where the refusals say that no other call would do better, none is made.
        """
        failed: dict[str, CloudCallError] = {}
        made: dict[str, list[str]] = {}
        refusals = losses = 0
        error: CloudCallError | None = None
        for name in spread(list(notes)):
            if error and (isinstance(error, Throttled) or refusals > REFUSALS or losses >= LOSSES):
                failed[name] = error
                continue
            try:
                self._announced("TagResources", role, [name])
                made[name] = self._ecs.tag(role, [name], DISPLACED_TAG, notes[name])
                refusals, losses, error = 0, 0, None
            except Interrupted:
                raise
            except CloudCallError as caught:
                failed[name] = error = caught
                made[name] = list(caught.request_ids)
                if not may_be_one(caught):
                    losses += 1
                elif caught.code.startswith(LIKELY_FOR_ALL):  # else it is this one's own: its tags are full
                    refusals, losses = refusals + 1, 0
        return Tagged(self._failures(failed), made)

    def forget(self, role: str, ids: Sequence[str]) -> Tagged:
        """Remove that tag."""

        def send(part: Sequence[str]) -> list[str]:
            self._announced("UntagResources", role, part)
            return self._ecs.untag(role, part, DISPLACED_TAG)

        refused: dict[str, CloudCallError] = {}
        made: dict[str, list[str]] = {}
        for start in range(0, len(ids), TAG_IDS):
            part = ids[start : start + TAG_IDS]
            found = ask(self._ecs.bisection, "UntagResources", role, part, send)
            refused |= found.refusals
            calls = [i for error in found.errors for i in error.request_ids] + [i for ids in found.answers for i in ids]
            made |= dict.fromkeys(part, calls)
        return Tagged(self._failures(refused), made)

    def _failures(self, refused: Mapping[str, CloudCallError]) -> dict[str, Failure]:
        failed = {name: Failure.of(error) for name, error in refused.items()}
        doubted = [name for name, failure in failed.items() if failure.code in NOT_FOUND]
        if doubted:
            try:
                shown = described(self._ecs, doubted)
            except CloudCallError:
                shown = Shown(unread=dict(refused))
            _not_found(failed, set(doubted) - shown.instances.keys() - shown.unread.keys())
        return failed

    def _not_shown(self, error: CloudCallError, ids: Sequence[str]) -> set[str]:
        """Return those that ECS does not show any more: one call, where halves would take many. None where it shows all, or says nothing."""
        if error.code != GONE_CODE:
            return set()
        try:
            shown = {instance.instance_id for instance in self._ecs.instances(ids)}
        except CloudCallError:
            return set()
        return set(ids) - shown if shown else set()

    def _read(self, written: Written) -> None:
        """The role on those that failed now; where that cannot be read it stays unknown, and each record says so."""
        written.held = {}
        if written.failed:
            doubted = [name for name, failure in written.failed.items() if failure.code in NOT_FOUND]
            found = roles_on(self._ecs, list(written.failed), doubted)
            written.held = found.held | dict.fromkeys(found.not_found, "")
            _not_found(written.failed, found.not_found)


def _take(written: Written, parts: Parts[BatchResult]) -> set[str]:
    """Take in what came of the calls; return those for which one was refused as a whole."""
    for result in parts.answers:
        written.done |= result.done
        for name in result.done:
            written.failed.pop(name, None)
        written.fail(result.failed)
    written.fail({name: Failure.of(error, lost=True) for name, error in parts.refusals.items()})
    written.request_ids += [i for error in parts.errors for i in error.request_ids]
    written.request_ids += [i for result in parts.answers for i in result.request_ids]
    return set(parts.refusals)


def _to_try_again(written: Written, unanswered: set[str], expected: str) -> list[str]:
    """Return those for which a read shows that the call was not carried out, and it still can be."""
    open_still = {n for n, held in written.held.items() if held == expected and not written.failed[n].gone}
    among_others = not unanswered <= open_still  # then the refusal may be meant for those others

    def may_be_done(name: str) -> bool:
        failure = written.failed[name]
        whole = name in unanswered and (failure.lost or (among_others and not failure.transient))
        return whole or failure.code in NOT_FOUND

    return [name for name in written.failed if name in open_still and may_be_done(name)]


def _not_found(failed: dict[str, Failure], gone: set[str]) -> None:
    """Of those that a call did not find, some are gone; the others are there, and another try may find them."""
    for name, failure in failed.items():
        if name in gone:
            failed[name] = msgspec.structs.replace(failure, gone=True)
        elif failure.code in NOT_FOUND:
            message = f"{failure.message}; that it is not there could not be confirmed"
            failed[name] = msgspec.structs.replace(failure, message=message, transient=True)
