"""One write call, made exact: each instance either done, or failed with what is on it now. Knows no plan.

A refusal of the whole call for the sake of single instances is taken apart; a lost answer is followed by a read, and by
one more try where the read shows that the call was not carried out. The code for "already has a role" is documented
nowhere, so no code decides here, but what is on the instance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from typing import Literal

import msgspec

from shared.errors import BudgetSpent, CloudCallError, Interrupted, PermanentError
from shared.gateways.ecs import TAG_IDS, EcsGateway, Failure
from shared.model import DISPLACED_TAG
from shared.observe import GONE_CODE, ITEM_CODES, held

Call = Literal["AttachInstanceRamRole", "DetachInstanceRamRole"]
FOR_ALL = (
    "Forbidden", "NoPermission", "InvalidRamRole", "InvalidUser", "InvalidAccessKey", "InvalidSecurityToken", "Signature",
    "Missing", "PackageIncomplete", "IntentNotWritten", BudgetSpent.CODE,
)  # fmt: skip
"""How codes begin that refuse a call for the sake of the caller, the role or the run: no part of it would do better."""
FOR_ONE = ("IncorrectInstanceStatus", "OperationConflict")
"""Codes that pass, and still are one instance's: it is being started or changed."""
REFUSALS = 16
"""Calls in a row that are refused with a code that says neither, before it is taken to be meant for all."""
NO_SUCH_RESOURCE = "InvalidResourceId.NotFound"  # refuses a whole call of the tag actions for single instances in it
Announce = Callable[[str, str, str, Sequence[str]], None]
"""Told of each write call before it is made: call, region, RamRoleName, instance ids. Where it raises a CloudCallError the call is
not made, but for one that ends what has begun."""


class Written(msgspec.Struct):
    """What a write did. held: the role now on each that failed, where that could be read. lost: had no answer once."""

    done: set[str] = msgspec.field(default_factory=set)
    failed: dict[str, Failure] = msgspec.field(default_factory=dict)
    held: dict[str, str] = msgspec.field(default_factory=dict)
    lost: set[str] = msgspec.field(default_factory=set)
    refusals: int = 0  # calls in a row
    request_ids: list[str] = msgspec.field(default_factory=list)


class Writer:
    """Writes through one region's gateway. Never raises for what the cloud answers; Interrupted before the first write of a step."""

    def __init__(self, ecs: EcsGateway, announce: Announce) -> None:
        self._ecs, self._announce = ecs, announce

    def attach(self, role: str, ids: Sequence[str], *, begun: bool = False) -> Written:
        """begun: the instances are without a role because of us: it is made even where it cannot be announced."""
        return self._write("AttachInstanceRamRole", role, ids, expected="", begun=begun)

    def detach(self, role: str, ids: Sequence[str]) -> Written:
        return self._write("DetachInstanceRamRole", role, ids, expected=role)

    def note(self, role: str, ids: Sequence[str], displaced: str) -> dict[str, Failure]:
        """Write into a tag which foreign role is about to be displaced; why it failed, for those that it failed for."""
        return self._tags("TagResources", role, ids, lambda part: self._ecs.tag(role, part, DISPLACED_TAG, displaced))

    def forget(self, role: str, ids: Sequence[str]) -> dict[str, Failure]:
        """Remove that tag; why it failed, for those that it failed for."""
        return self._tags("UntagResources", role, ids, lambda part: self._ecs.untag(role, part, DISPLACED_TAG))

    def _tags(
        self, call: str, role: str, ids: Sequence[str], send: Callable[[Sequence[str]], None]
    ) -> dict[str, Failure]:
        if not ids:
            return {}
        if len(ids) > TAG_IDS:  # each call fails or not by itself
            return self._tags(call, role, ids[:TAG_IDS], send) | self._tags(call, role, ids[TAG_IDS:], send)
        try:
            self._announce(call, self._ecs.region, role, ids)
            send(ids)
        except Interrupted:
            raise
        except CloudCallError as error:
            if error.code != NO_SUCH_RESOURCE or len(ids) == 1:
                return dict.fromkeys(ids, Failure.of(error))
            middle = len(ids) // 2
            return {
                name: failure for part in (ids[:middle], ids[middle:])
                for name, failure in self._tags(call, role, part, send).items()
            }  # fmt: skip
        return {}

    def _write(self, call: Call, role: str, ids: Sequence[str], *, expected: str, begun: bool = False) -> Written:
        """expected: the role that an instance must hold for the call to be able to do anything for it."""
        written = Written()
        unanswered = self._send(call, role, ids, written, begun)
        self._read(written)
        open_still = [n for n in unanswered if written.held.get(n) == expected]
        among_others = len(open_still) < len(unanswered)  # then the refusal may be meant for those others
        again = [n for n in open_still if (f := written.failed[n]).lost or (among_others and not f.transient)]
        if again:
            self._send(call, role, again, written, begun)
            self._read(written)
        return written

    def _send(self, call: Call, role: str, ids: Sequence[str], written: Written, begun: bool) -> list[str]:
        """Make the call; those that it failed for as a whole."""
        if not ids:
            return []
        send = self._ecs.attach if call == "AttachInstanceRamRole" else self._ecs.detach
        try:
            with suppress(CloudCallError) if begun else nullcontext():
                self._announce(call, self._ecs.region, role, ids)
            answer = send(role, ids)
        except Interrupted:
            raise
        except CloudCallError as error:
            written.request_ids += [error.request_id] if error.request_id else []
            written.refusals += 1
            if len(ids) > 1 and (error.code in ITEM_CODES or _may_be_one(error, written.refusals)):
                gone = self._gone(ids) if error.code == GONE_CODE else set()
                if gone:
                    _fail(written, dict.fromkeys(gone, Failure.of(error)))
                    return [*gone, *self._send(call, role, [name for name in ids if name not in gone], written, begun)]
                middle = len(ids) // 2
                parts = ids[:middle], ids[middle:]
                return [name for part in parts for name in self._send(call, role, part, written, begun)]
            _fail(written, dict.fromkeys(ids, Failure.of(error, lost=True)))
            return list(ids)
        written.request_ids += [answer.request_id] if answer.request_id else []
        written.done |= answer.done
        written.refusals = 0
        for name in answer.done:
            written.failed.pop(name, None)
        _fail(written, answer.failed)
        return []

    def _gone(self, ids: Sequence[str]) -> set[str]:
        """Those that ECS does not show any more: one call, where halves would take many. None where it shows all, or says nothing."""
        try:
            shown = {instance.instance_id for instance in self._ecs.instances(ids)}
        except CloudCallError:
            return set()
        return set(ids) - shown if shown else set()

    def _read(self, written: Written) -> None:
        written.held = {}
        if written.failed:
            try:
                written.held = held(self._ecs, list(written.failed))
            except CloudCallError:
                return  # then it stays unknown, and each record says so


def _may_be_one(error: CloudCallError, refusals: int) -> bool:
    """Whether a single instance may be what the call is refused for. No page lists the codes that do that."""
    permanent = isinstance(error, PermanentError) and bool(error.code) and not error.code.startswith(FOR_ALL)
    return refusals <= REFUSALS and (permanent or error.code.startswith(FOR_ONE))


def _fail(written: Written, failures: Mapping[str, Failure]) -> None:
    written.failed.update(failures)
    written.lost |= {name for name, failure in failures.items() if failure.lost}
