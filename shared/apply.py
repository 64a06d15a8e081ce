"""Applying: carries out one step of a plan and says of each instance how it ended. Decides nothing, records nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

import msgspec

from shared.errors import CloudCallError, OutOfTime
from shared.gateways.ecs import EcsGateway, Failure
from shared.model import Outcome, Reason
from shared.plan import Decision, Step
from shared.write import Announce, Writer, Written

PUT_BACK_PAUSES = (1.0, 3.0)
"""Seconds before each further try to put a role back: what refuses for a moment must not leave instances without one."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """How one decision ended. gap_ms: a swap's time without a role."""

    decision: Decision
    outcome: Outcome
    reason: Reason
    role_after: str
    failure: Failure | None = None
    request_ids: tuple[str, ...] = ()
    gap_ms: int | None = None


class Applier:
    """Writes through one region's gateway. pause: sleeps seconds."""

    def __init__(self, ecs: EcsGateway, announce: Announce, pause: Callable[[float], None]) -> None:
        self._ecs, self._writer, self._pause = ecs, Writer(ecs, announce), pause

    def apply(self, step: Step) -> list[Done]:
        """Carry the step out; never raises for what the cloud answers. Raises Interrupted where nothing was begun."""
        if step.verb == "attach":
            return list(self._attach(step))
        if step.verb == "detach":
            return list(self._detach(step))
        return self._displace(step) if step.displaces or step.puts_back else list(self._swap(step))

    def _displace(self, step: Step) -> list[Done]:
        """A swap with a foreign role on one side. While we stand in its place, a tag on the instance names it."""
        role = step.attach if step.displaces else step.detach  # the listed one: whose keys may write to the instance
        unnoted = self._writer.note(role, dict.fromkeys(_ids(step), step.detach)) if step.displaces else {}
        left = msgspec.structs.replace(
            step, decisions=tuple(d for d in step.decisions if d.instance.instance_id not in unnoted)
        )
        ended = list(self._swap(left))
        foreign = step.detach if step.displaces else step.attach
        on_again = [done.decision.instance.instance_id for done in ended if done.role_after == foreign]
        kept = self._writer.forget(role, on_again)
        return [
            *(_failed(d, unnoted[d.instance.instance_id], d.instance.role, Written()) for d in step.decisions
              if d.instance.instance_id in unnoted),
            *(msgspec.structs.replace(done, failure=done.failure or kept.get(done.decision.instance.instance_id))
              for done in ended),
        ]  # fmt: skip

    def _attach(self, step: Step) -> Iterable[Done]:
        on = self._writer.attach(step.attach, _ids(step))
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
            self._ecs.ready(step.attach, step.detach)  # the latter to be put back where the former is refused
        except CloudCallError as error:
            yield from (_failed(d, Failure.of(error), d.instance.role, Written()) for d in step.decisions)
            return
        off = self._writer.detach(step.detach, _ids(step))
        began = time.monotonic()
        bare = [name for name in _ids(step) if name in off.done or _is_bare(name, off)]
        on = self._writer.attach(step.attach, bare, begun=True)
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

    def _put_back(self, role: str, ids: Sequence[str]) -> Written:
        back = self._writer.attach(role, ids, begun=True)
        for seconds in PUT_BACK_PAUSES:
            bare = [name for name, failure in back.failed.items() if not back.held.get(name) and _may_pass(failure)]
            if not bare:
                break
            self._pause(seconds)
            again = self._writer.attach(role, bare, begun=True)
            back.done |= again.done
            back.held.update(again.held)
            back.failed = {n: f for n, f in back.failed.items() if n not in bare} | again.failed
            back.lost |= again.lost
            back.request_ids += again.request_ids
        return back


def _may_pass(failure: Failure) -> bool:
    return failure.transient and not failure.gone and failure.code != OutOfTime.CODE


def _ids(step: Step) -> list[str]:
    return [decision.instance.instance_id for decision in step.decisions]


def _is_bare(name: str, off: Written) -> bool:
    """Whether a detach that failed left an instance without a role; one that is gone is none."""
    return off.held.get(name) == "" and not off.failed[name].gone


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
        request_ids=tuple(calls.request_ids), gap_ms=gap_ms,
    )  # fmt: skip
