"""The writes of one step, and how each of its changes ended by them. Decides nothing, records nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from shared.clock import CLOCK
from shared.engine.missing import NO_SUCH_ROLE, WRONG_ROLE, MissingRoles
from shared.errors import CloudCallError, Interrupted, OutOfTime, PermanentError
from shared.gateways.ecs import EcsGateway
from shared.gateways.exact_writes import Announce, Writer, Written
from shared.model.decision import Outcome, Reason
from shared.model.plan import Change, Failure, Result, Step

replace = msgspec.structs.replace
PUT_BACK_PAUSES = (1.0, 3.0)
"""Seconds before each further try to put a role back: what refuses for a moment must not leave instances without one."""
REFUSED_FOR_GOOD = (WRONG_ROLE, "InvalidUser.PassRoleForbidden", "Forbidden")
"""The heads of codes by which ECS says that this role will not be on this instance: it is not there, it is no role for ECS, we may not
pass it. A role that cannot be given back so is given up."""
Stage = Literal["swapped", "overtaken", "kept", "put-back", "without", "left"]
"""The state in which a swap has left one instance: with the new role by us; with it by somebody else; as it was; with the old role again;
without a role, since putting back failed too; with what somebody else did meanwhile, or deleted."""


class StepWriter:
    """Carries steps out through one region's gateway. missing: listed roles that ECS refused."""

    def __init__(self, ecs: EcsGateway, announce: Announce, missing: MissingRoles) -> None:
        self._ecs, self._writer, self._missing = ecs, Writer(ecs, announce), missing

    def ready(self, step: Step) -> list[Result] | None:
        """Return whether a swap may begin: else each try would leave the instances without a role for nothing. None: it may.

        Raises Interrupted.
        """
        if step.action != "swap":
            return None
        try:
            if not step.puts_back and (code := self._missing.lately(step.attach)):
                raise PermanentError("AttachInstanceRamRole", code, f"{step.attach} was refused so a moment ago")
            self._ecs.ready(step.attach, step.detach)  # the latter to be put back where the former is refused
        except Interrupted:
            raise
        except CloudCallError as error:
            failure = Failure.of(error)
            if failure.code == NO_SUCH_ROLE and not step.puts_back:
                failure = self._unfound(step.attach, failure)
            return [_failed(change, failure, change.role_before, Written()) for change in step.changes]
        return None

    def attach(self, step: Step) -> list[Result]:
        if step.puts_back:
            return self._give_back(step)
        on = self._writer.write("AttachInstanceRamRole", step.attach, _ids(step))
        for seconds in self._missing.waits():
            again = [name for name, failure in on.failed.items() if failure.code == NO_SUCH_ROLE]
            if not again:
                break
            CLOCK.sleep(seconds)
            on.merge(self._writer.write("AttachInstanceRamRole", step.attach, again))
        self._not_yet(step.attach, on)
        return [self._attached(change, on) for change in step.changes]

    def _attached(self, change: Change, on: Written) -> Result:
        name, held = change.instance_id, on.held.get(change.instance_id)
        if name in on.done or (held == change.role_after and name in on.lost):  # only the answer was lost
            return _ended(change, Outcome.ATTACHED, on)
        if held == change.role_after:
            return _overtaken(change, Reason.IN_SYNC, on)
        return _failed(change, on.failed[name], held, on)

    def detach(self, step: Step) -> list[Result]:
        off = self._writer.write("DetachInstanceRamRole", step.detach, _ids(step))
        return [self._detached(change, off) for change in step.changes]

    def _detached(self, change: Change, off: Written) -> Result:
        name = change.instance_id
        if name in off.done or (off.has_no_role(name) and name in off.lost):
            return _ended(change, Outcome.DETACHED, off)
        if off.has_no_role(name):
            return _overtaken(change, Reason.NO_RULE, off)
        return _failed(change, off.failed[name], off.held.get(name), off)

    def swap(self, step: Step) -> list[Result]:
        """Detach the old role by name, attach the new one; where that fails, put the old one back."""
        if step.puts_back:
            return self._give_back(step)
        if not step.displaces:
            return self._swap(step)
        # While we stand in the place of a foreign role, a signed note on the instance names it.
        notes = {change.instance_id: change.note for change in step.changes if change.note}
        noted = self._writer.note(step.attach, notes)
        left = [change for change in step.changes if change.instance_id not in noted.failed]
        results = self._swap(replace(step, changes=tuple(left))) if left else []
        again = {r.change.instance_id for r in results if r.role_after == step.detach and not r.unread}
        results = self._forgetting(step.attach, again & notes.keys(), results)
        unnoted = [change for change in step.changes if change.instance_id in noted.failed]
        results += [_failed(c, noted.failed[c.instance_id], c.role_before, Written()) for c in unnoted]
        return [_with(result, noted.request_ids) for result in results]

    def _swap(self, step: Step) -> list[Result]:
        off = self._writer.write("DetachInstanceRamRole", step.detach, _ids(step))
        began = CLOCK.monotonic()
        bare = [name for name in _ids(step) if name in off.done or off.has_no_role(name)]
        on = self._writer.write("AttachInstanceRamRole", step.attach, bare, begun=True)
        self._not_yet(step.attach, on)
        gap_ms = _since(began)
        # Where it could not be read whether the attach was carried out, putting back is tried: a refusal harms nobody.
        without = [name for name, failure in on.failed.items() if not on.held.get(name) and not failure.gone]
        back = self._put_back(step.detach, without)
        gap_back_ms = _since(began)
        calls = Written(request_ids=off.request_ids + on.request_ids + back.request_ids)

        def result(change: Change) -> Result:
            name = change.instance_id
            stage = _stage(change, off, on, back)
            if stage == "swapped":
                return _ended(change, Outcome.SWAPPED, calls, gap_ms=gap_ms)
            if stage == "overtaken":
                return _overtaken(change, Reason.IN_SYNC, calls)
            if stage == "kept":
                return _failed(change, off.failed[name], off.held.get(name), calls)
            if stage == "put-back":
                return _failed(change, on.failed[name], step.detach, calls, gap_ms=gap_back_ms)
            if stage == "without":
                both = f"{on.failed[name].message}; putting {step.detach} back failed too: {back.failed[name].message}"
                failure = replace(on.failed[name], message=both, transient=True)
                unread = None if name in on.lost or name in back.lost else ""  # an attach may have been carried out
                return _failed(change, failure, back.held.get(name, unread), calls, gap_ms=gap_back_ms)
            return _failed(change, on.failed[name], on.held.get(name), calls)

        return [result(change) for change in step.changes]

    def _give_back(self, step: Step) -> list[Result]:
        """A displaced role is put on again, in place of a listed one or of none; the listed one is not, whatever fails: no rule
        gives it. The note stays until that is settled, so that the next observer goes on."""
        bare, off, began, results = _ids(step), Written(), CLOCK.monotonic(), list[Result]()
        is_swap = step.action == "swap"
        if is_swap:
            off, began = self._writer.write("DetachInstanceRamRole", step.detach, bare), CLOCK.monotonic()
            bare = [name for name in bare if name in off.done or off.has_no_role(name)]
        on = self._put_back(step.attach, bare, begun=is_swap)
        calls, settled = Written(request_ids=off.request_ids + on.request_ids), set[str]()
        gap_ms = _since(began) if is_swap else None
        for change in step.changes:
            name = change.instance_id
            if name not in bare and off.held.get(name) != step.attach:
                results.append(_failed(change, off.failed[name], off.held.get(name), calls))
            elif name in on.done or step.attach in (on.held.get(name), off.held.get(name)):
                settled.add(name)
                results.append(_ended(change, Outcome.SWAPPED if is_swap else Outcome.ATTACHED, calls, gap_ms=gap_ms))
            elif on.held.get(name) == "" and on.failed[name].code.startswith(REFUSED_FOR_GOOD):
                settled.add(name)
                results.append(_not_given_back(change, on.failed[name], calls, gap_ms))
            else:
                held = on.held.get(name, None if name in on.lost else "")
                results.append(_failed(change, on.failed[name], held, calls, gap_ms=gap_ms))
        return self._forgetting(step.detach or step.attach, settled, results)

    def untag(self, step: Step) -> list[Result]:
        kept = self._writer.forget(step.attach, _ids(step))
        return [_with(self._untagged(c, kept.failed.get(c.instance_id)), kept.request_ids) for c in step.changes]

    def _untagged(self, change: Change, failure: Failure | None) -> Result:
        if failure:
            return _failed(change, failure, change.role_before, Written())
        return stays(change)

    def _forgetting(self, role: str, names: Collection[str], results: Iterable[Result]) -> list[Result]:
        """Remove the notes of those; a record says where one stays. role: whose keys may write to the instances."""
        kept = self._writer.forget(role, list(names))
        return [_with(r, kept.request_ids, kept.failed.get(r.change.instance_id)) for r in results]

    def _put_back(self, role: str, ids: Sequence[str], *, begun: bool = True) -> Written:
        back = self._writer.write("AttachInstanceRamRole", role, ids, begun=begun)
        for seconds in PUT_BACK_PAUSES:
            bare = [name for name, failure in back.failed.items() if not back.held.get(name) and _may_pass(failure)]
            if not bare:
                break
            CLOCK.sleep(seconds)
            back.merge(self._writer.write("AttachInstanceRamRole", role, bare, begun=begun))
        return back

    def _not_yet(self, role: str, on: Written) -> None:
        """Of a listed role that ECS did not find: another try may, unless it has not been there for long."""
        if on.done:
            self._missing.found(role)
        for name, failure in on.failed.items():
            if failure.code.startswith(WRONG_ROLE):
                self._missing.refused(role, failure.code)
            if failure.code == NO_SUCH_ROLE:
                on.failed[name] = self._unfound(role, failure)

    def _unfound(self, role: str, failure: Failure) -> Failure:
        message = f"{failure.message}; `rolekeeper provision` makes the role; if it was made just now, another try will find it"
        return replace(failure, message=message, transient=self._missing.not_yet(role))


WRITES: Mapping[str, Callable[[StepWriter, Step], list[Result]]] = {
    "attach": StepWriter.attach,
    "detach": StepWriter.detach,
    "swap": StepWriter.swap,
    "untag": StepWriter.untag,
}


def _stage(change: Change, off: Written, on: Written, back: Written) -> Stage:
    """Say where a swap has left one instance, by its three writes: off, on, and the old role on again."""
    name = change.instance_id
    old, new = change.role_before, change.role_after
    taken_off = name in off.done or off.has_no_role(name)
    by_us = name in off.done or name in on.done or name in on.lost or (name in off.lost and taken_off)
    held = back.held.get(name) or on.held.get(name) or off.held.get(name)
    if name in on.done or held == new:
        return "swapped" if by_us else "overtaken"
    if not taken_off:
        return "kept"
    if name in back.done or back.held.get(name) == old:
        return "put-back"
    return "without" if name in back.failed else "left"


def stays(change: Change) -> Result:
    """Return the result of a change that leaves the role as it is: its note alone is removed."""
    outcome = Outcome.SKIPPED if change.role else Outcome.UNCHANGED
    return Result(change=change, outcome=outcome, reason=change.reason, role_after=change.role_before)


def _may_pass(failure: Failure) -> bool:
    return failure.transient and not failure.gone and failure.code != OutOfTime.CODE


def _ids(step: Step) -> list[str]:
    return [change.instance_id for change in step.changes]


def _with(result: Result, request_ids: Mapping[str, Sequence[str]], failure: Failure | None = None) -> Result:
    """With the calls that changed a tag of the instance; failure: of those, where nothing else failed."""
    more = request_ids.get(result.change.instance_id, ())
    return replace(result, request_ids=(*result.request_ids, *more), failure=result.failure or failure)


def _since(began: float) -> int:
    return round((CLOCK.monotonic() - began) * 1000)


def _ended(change: Change, outcome: Outcome, calls: Written, *, gap_ms: int | None = None) -> Result:
    return Result(
        change=change,
        outcome=outcome,
        reason=change.reason,
        role_after=change.role_after,
        request_ids=tuple(calls.request_ids),
        gap_ms=gap_ms,
    )


def _overtaken(change: Change, reason: Reason, calls: Written) -> Result:
    """Somebody else was faster: it is as it should be, and not by us."""
    return replace(_ended(change, Outcome.UNCHANGED, calls), reason=reason)


def _not_given_back(change: Change, failure: Failure, calls: Written, gap_ms: int | None) -> Result:
    """Given up: the instance is without a role, as if none had been displaced; the record names it."""
    message = f"{change.displaced} was displaced here and cannot be given back, so it is given up: {failure.message}"
    outcome = Outcome.DETACHED if change.action == "swap" else Outcome.FAILED
    result = _ended(change, outcome, calls, gap_ms=gap_ms)
    return replace(result, role_after="", failure=replace(failure, message=message))


def _failed(
    change: Change, failure: Failure, role_after: str | None, calls: Written, *, gap_ms: int | None = None
) -> Result:
    """role_after: None = not known. A role that is neither the old nor the new one came meanwhile: observe again."""
    before = change.role_before
    transient = failure.transient or role_after not in (None, before, change.role_after)
    if role_after is None:
        failure = replace(failure, message=f"{failure.message}; which role it holds now could not be read")
    return Result(
        change=change,
        outcome=Outcome.RETRYING if transient else Outcome.FAILED,
        reason=change.reason,
        role_after=before if role_after is None else role_after,
        failure=failure,
        request_ids=tuple(calls.request_ids),
        gap_ms=gap_ms,
        unread=role_after is None,
    )
