"""Applying: carries out one step of a plan and says of each instance how it ended. Decides nothing, records nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from shared.errors import CloudCallError, Interrupted, OutOfTime, PermanentError
from shared.gateways.ecs import EcsGateway, Failure
from shared.missing import NO_SUCH_ROLE, WRONG_ROLE, MissingRoles
from shared.model.decision import Outcome, Reason
from shared.plan import Decision, Step
from shared.write import Announce, Writer, Written

PUT_BACK_PAUSES = (1.0, 3.0)
"""Seconds before each further try to put a role back: what refuses for a moment must not leave instances without one."""


REFUSED_FOR_GOOD = (WRONG_ROLE, "InvalidUser.PassRoleForbidden", "Forbidden")
"""How codes begin by which ECS says that this role will not be on this instance: it is not there, it is no role for ECS, we may not
pass it. A role that cannot be given back so is given up."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """How one decision ended. gap_ms: a swap's time without a role. unread: `role_after` is only the one before, for which role it
    holds now could not be read."""

    decision: Decision
    outcome: Outcome
    reason: Reason
    role_after: str
    failure: Failure | None = None
    request_ids: tuple[str, ...] = ()
    gap_ms: int | None = None
    unread: bool = False


class Applier:
    """Writes through one region's gateway. pause: sleeps seconds. book: waits for the turns of a swap's calls, right before a role
    is taken off; what it raises is the swap's end. missing: listed roles that ECS refused."""

    def __init__(
        self, ecs: EcsGateway, announce: Announce, pause: Callable[[float], None],
        book: Callable[[], None] = lambda: None, missing: MissingRoles | None = None,
    ) -> None:  # fmt: skip
        self._ecs, self._writer, self._pause, self._book = ecs, Writer(ecs, announce), pause, book
        self._missing = missing or MissingRoles()

    def apply(self, step: Step) -> list[Done]:
        """Carry the step out; never raises for what the cloud answers. Raises Interrupted where nothing was begun."""
        if step.puts_back:
            return self._give_back(step)
        if step.displaces:
            return self._displace(step)
        ways = {"attach": self._attach, "detach": self._detach, "swap": self._swap, "untag": self._untag}
        return list(ways[step.verb](step))

    def _displace(self, step: Step) -> list[Done]:
        """A foreign role is replaced. While we stand in its place, a signed note on the instance names it."""
        if self._missing.lately(step.attach):
            return list(self._swap(step))  # does not begin
        notes = {d.instance.instance_id: d.note for d in step.decisions if d.note}
        noted = self._writer.note(step.attach, notes)
        left = [d for d in step.decisions if d.instance.instance_id not in noted.failed]
        ended = list(self._swap(msgspec.structs.replace(step, decisions=tuple(left))))
        again = {d.decision.instance.instance_id for d in ended if d.role_after == step.detach and not d.unread}
        ended = self._forgetting(step.attach, again & notes.keys(), ended)
        unnoted = [d for d in step.decisions if d.instance.instance_id in noted.failed]
        ended += [_failed(d, noted.failed[d.instance.instance_id], d.instance.role, Written()) for d in unnoted]
        return [_with(done, noted.request_ids) for done in ended]

    def _give_back(self, step: Step) -> list[Done]:
        """A displaced role is put on again, in place of a listed one or of none; the listed one is not, whatever fails: no rule
        gives it. The note stays until that is settled, so that whoever looks next goes on."""
        bare, off, began, ended = _ids(step), Written(), time.monotonic(), list[Done]()
        if step.verb == "swap":
            try:
                self._ecs.ready(step.attach, step.detach)
                self._book()
            except Interrupted:
                raise
            except CloudCallError as error:
                return [_failed(d, Failure.of(error), d.instance.role, Written()) for d in step.decisions]
            off, began = self._writer.detach(step.detach, bare), time.monotonic()
            bare = [name for name in bare if name in off.done or _is_bare(name, off)]
        on = self._put_back(step.attach, bare, begun=step.verb == "swap")
        calls, settled = Written(request_ids=off.request_ids + on.request_ids), set[str]()
        gap_ms = _since(began) if step.verb == "swap" else None
        for decision in step.decisions:
            name = decision.instance.instance_id
            if name not in bare and off.held.get(name) != step.attach:
                ended.append(_failed(decision, off.failed[name], off.held.get(name), calls))
                continue
            if name in on.done or step.attach in (on.held.get(name), off.held.get(name)):
                settled.add(name)
                outcome = Outcome.SWAPPED if step.verb == "swap" else Outcome.ATTACHED
                ended.append(_ended(decision, outcome, calls, gap_ms=gap_ms))
            elif on.held.get(name) == "" and on.failed[name].code.startswith(REFUSED_FOR_GOOD):
                settled.add(name)
                ended.append(_not_given_back(decision, on.failed[name], calls, gap_ms))
            else:
                unread = None if name in on.lost else ""
                failure, held = on.failed[name], on.held.get(name, unread)
                ended.append(_failed(decision, failure, held, calls, gap_ms=gap_ms))
        return self._forgetting(step.detach or step.attach, settled, ended)

    def _untag(self, step: Step) -> Iterable[Done]:
        kept = self._writer.forget(step.attach, _ids(step))
        for decision in step.decisions:
            outcome = Outcome.SKIPPED if decision.desired.verdict == "role" else Outcome.UNCHANGED
            held = decision.instance.role
            failure = kept.failed.get(decision.instance.instance_id)
            done = (
                _failed(decision, failure, held, Written())
                if failure
                else Done(decision=decision, outcome=outcome, reason=decision.reason, role_after=held)
            )
            yield _with(done, kept.request_ids)

    def _forgetting(self, role: str, names: Collection[str], ended: Iterable[Done]) -> list[Done]:
        """Remove the notes of those; a record says where one stays. role: whose keys may write to the instances."""
        kept = self._writer.forget(role, list(names))
        return [_with(done, kept.request_ids, kept.failed.get(done.decision.instance.instance_id)) for done in ended]

    def _attach(self, step: Step) -> Iterable[Done]:
        on = self._writer.attach(step.attach, _ids(step))
        for seconds in self._missing.waits():
            again = [name for name, failure in on.failed.items() if failure.code == NO_SUCH_ROLE]
            if not again:
                break
            self._pause(seconds)
            _merge(on, self._writer.attach(step.attach, again), again)
        self._not_yet(step.attach, on)
        for decision in step.decisions:
            name = decision.instance.instance_id
            if name in on.done or (on.held.get(name) == step.attach and name in on.lost):  # only the answer was lost
                yield _ended(decision, Outcome.ATTACHED, on)
            elif on.held.get(name) == step.attach:
                yield _overtaken(decision, Reason.IN_SYNC, on)
            else:
                yield _failed(decision, on.failed[name], on.held.get(name), on)

    def _detach(self, step: Step) -> Iterable[Done]:
        off = self._writer.detach(step.detach, _ids(step))
        for decision in step.decisions:
            name = decision.instance.instance_id
            if name in off.done or (_is_bare(name, off) and name in off.lost):
                yield _ended(decision, Outcome.DETACHED, off)
            elif _is_bare(name, off):
                yield _overtaken(decision, Reason.NO_RULE, off)
            else:
                yield _failed(decision, off.failed[name], off.held.get(name), off)

    def _swap(self, step: Step) -> Iterable[Done]:
        """Detach the old role by name, attach the new one; where that fails, put the old one back."""
        if not step.decisions:
            return
        try:
            if code := self._missing.lately(step.attach):  # else each try would leave the instances without a role
                raise PermanentError("AttachInstanceRamRole", code, f"{step.attach} was refused so a moment ago")
            self._ecs.ready(step.attach, step.detach)  # the latter to be put back where the former is refused
            self._book()
        except Interrupted:
            raise
        except CloudCallError as error:
            failure = Failure.of(error)
            if failure.code == NO_SUCH_ROLE:
                failure = self._unfound(step.attach, failure)
            yield from (_failed(d, failure, d.instance.role, Written()) for d in step.decisions)
            return
        off = self._writer.detach(step.detach, _ids(step))
        began = time.monotonic()
        bare = [name for name in _ids(step) if name in off.done or _is_bare(name, off)]
        on = self._writer.attach(step.attach, bare, begun=True)
        self._not_yet(step.attach, on)
        gap_ms = _since(began)
        # Where it could not be read whether the attach was carried out, putting back is tried: a refusal harms nobody.
        without = [n for n, f in on.failed.items() if not on.held.get(n) and not f.gone]
        back = self._put_back(step.detach, without)
        gap_back_ms = _since(began)
        calls = Written(request_ids=off.request_ids + on.request_ids + back.request_ids)
        for decision in step.decisions:
            name = decision.instance.instance_id
            if name in on.done or step.attach in (on.held.get(name), back.held.get(name)):
                yield _ended(decision, Outcome.SWAPPED, calls, gap_ms=gap_ms)
            elif name not in bare and off.held.get(name) == step.attach:
                yield _overtaken(decision, Reason.IN_SYNC, calls)
            elif name not in bare:
                yield _failed(decision, off.failed[name], off.held.get(name), calls)
            elif name in back.done or back.held.get(name) == step.detach:
                yield _failed(decision, on.failed[name], step.detach, calls, gap_ms=gap_back_ms)
            elif name in back.failed:
                both = f"{on.failed[name].message}; putting {step.detach} back failed too: {back.failed[name].message}"
                failure = msgspec.structs.replace(on.failed[name], message=both, transient=True)
                unread = None if name in on.lost or name in back.lost else ""  # an attach may have been carried out
                yield _failed(decision, failure, back.held.get(name, unread), calls, gap_ms=gap_back_ms)
            else:
                yield _failed(decision, on.failed[name], on.held.get(name), calls)

    def _put_back(self, role: str, ids: Sequence[str], *, begun: bool = True) -> Written:
        back = self._writer.attach(role, ids, begun=begun)
        for seconds in PUT_BACK_PAUSES:
            bare = [name for name, failure in back.failed.items() if not back.held.get(name) and _may_pass(failure)]
            if not bare:
                break
            self._pause(seconds)
            _merge(back, self._writer.attach(role, bare, begun=begun), bare)
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
        return msgspec.structs.replace(failure, message=message, transient=self._missing.not_yet(role))


def _merge(first: Written, again: Written, names: Collection[str]) -> None:
    """What came of another try for those."""
    first.done |= again.done
    first.held.update(again.held)
    first.failed = {n: f for n, f in first.failed.items() if n not in names} | again.failed
    first.lost |= again.lost
    first.request_ids += again.request_ids


def _may_pass(failure: Failure) -> bool:
    return failure.transient and not failure.gone and failure.code != OutOfTime.CODE


def _ids(step: Step) -> list[str]:
    return [decision.instance.instance_id for decision in step.decisions]


def _is_bare(name: str, off: Written) -> bool:
    """Whether a detach that failed left an instance without a role; one that is gone is none."""
    return off.held.get(name) == "" and not off.failed[name].gone


def _with(done: Done, request_ids: Mapping[str, Sequence[str]], failure: Failure | None = None) -> Done:
    """With the calls that changed a tag of the instance; failure: of those, where nothing else failed."""
    more = request_ids.get(done.decision.instance.instance_id, ())
    return msgspec.structs.replace(done, request_ids=(*done.request_ids, *more), failure=done.failure or failure)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _ended(decision: Decision, outcome: Outcome, calls: Written, *, gap_ms: int | None = None) -> Done:
    return Done(
        decision=decision, outcome=outcome, reason=decision.reason, role_after=decision.role_after,
        request_ids=tuple(calls.request_ids), gap_ms=gap_ms,
    )  # fmt: skip


def _overtaken(decision: Decision, reason: Reason, calls: Written) -> Done:
    """Somebody else was faster: it is as it should be, and not by us."""
    return Done(
        decision=decision, outcome=Outcome.UNCHANGED, reason=reason, role_after=decision.role_after,
        request_ids=tuple(calls.request_ids),
    )  # fmt: skip


def _not_given_back(decision: Decision, failure: Failure, calls: Written, gap_ms: int | None) -> Done:
    """Given up: the instance is without a role, as if none had been displaced; the record names it."""
    message = f"{decision.put_back} was displaced here and cannot be given back, so it is given up: {failure.message}"
    removed = decision.verb == "swap"
    return Done(
        decision=decision, outcome=Outcome.DETACHED if removed else Outcome.FAILED, reason=decision.reason, role_after="",
        failure=msgspec.structs.replace(failure, message=message), request_ids=tuple(calls.request_ids), gap_ms=gap_ms,
    )  # fmt: skip


def _failed(
    decision: Decision, failure: Failure, role_after: str | None, calls: Written, *, gap_ms: int | None = None
) -> Done:
    """role_after: None = not known. A role that is neither the old nor the new one came meanwhile: look again."""
    before = decision.instance.role
    transient = failure.transient or role_after not in (None, before, decision.role_after)
    if role_after is None:
        message = f"{failure.message}; which role it holds now could not be read"
        failure = msgspec.structs.replace(failure, message=message)
    return Done(
        decision=decision, outcome=Outcome.RETRYING if transient else Outcome.FAILED, reason=decision.reason,
        role_after=before if role_after is None else role_after, failure=failure,
        request_ids=tuple(calls.request_ids), gap_ms=gap_ms, unread=role_after is None,
    )  # fmt: skip
