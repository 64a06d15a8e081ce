"""Applying: carries out one step of a plan and says of each instance how it ended. Decides nothing, records nothing.

Every item of an answer is read, for HTTP 200 may hide failures. A failure is followed by one more read: what counts is
what is on the instance (two handlers may race, and an answer may be lost).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from shared.errors import CloudCallError
from shared.gateways.ecs import BatchResult, EcsGateway, Failure
from shared.model import Outcome, Reason
from shared.observe import by_halves
from shared.plan import Decision, Step

Announce = Callable[[str, str, str, Sequence[str]], None]
"""Told of each write call before it is made: call, region, RamRoleName, instance ids."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """How one decision ended. gap_ms: a swap's time without a role."""

    decision: Decision
    outcome: Outcome
    reason: Reason
    role_after: str
    failure: Failure | None = None
    request_ids: tuple[str, ...] = ()
    gap_ms: int | None = None


class Written(msgspec.Struct):
    """What a write did: `held` is what is now on those that failed (None: that could not be learned either)."""

    done: set[str]
    failed: dict[str, Failure]
    request_ids: list[str]
    held: Mapping[str, str] | None = None

    def now_on(self, name: str, otherwise: str) -> str:
        """The role now on one that failed, or `otherwise` where it could not be learned."""
        return otherwise if self.held is None else self.held.get(name, "")


class Applier:
    """Writes through one region's gateway."""

    def __init__(self, ecs: EcsGateway, announce: Announce) -> None:
        self._ecs, self._announce = ecs, announce

    def apply(self, step: Step) -> list[Done]:
        """Carry the step out; never raises for what the cloud answers."""
        if step.verb == "attach":
            return list(self._attach(step))
        return list(self._detach(step) if step.verb == "detach" else self._swap(step))

    def _attach(self, step: Step) -> Iterable[Done]:
        on = self._attach_role(step.attach, _ids(step))
        for decision in step.decisions:
            name = decision.instance.instance_id
            if name in on.done:
                yield _ended(decision, Outcome.ATTACHED, on)
            elif on.now_on(name, "") == step.attach and not on.failed[name].lost:
                yield _ended(decision, Outcome.UNCHANGED, on, reason=Reason.IN_SYNC)  # somebody else was faster
            elif on.now_on(name, "") == step.attach:
                yield _ended(decision, Outcome.ATTACHED, on)  # only the answer was lost
            else:
                yield _failed(decision, on.failed[name], on.now_on(name, ""), on)

    def _detach(self, step: Step) -> Iterable[Done]:
        off = self._detach_role(step.detach, _ids(step))
        for decision in step.decisions:
            name = decision.instance.instance_id
            if name in off.done or not off.now_on(name, step.detach):
                yield _ended(decision, Outcome.DETACHED, off)
            else:
                yield _failed(decision, off.failed[name], off.now_on(name, step.detach), off)

    def _swap(self, step: Step) -> Iterable[Done]:
        """Detach the old role by name, attach the new one; where that fails, put the old one back."""
        off = self._detach_role(step.detach, _ids(step))
        began = time.monotonic()
        bare = [n for n in _ids(step) if n in off.done or not off.now_on(n, step.detach)]
        on = self._attach_role(step.attach, bare)
        right = {n for n in bare if n in on.done or on.now_on(n, "") == step.attach}
        gap_ms = _since(began)
        back = self._attach_role(step.detach, [n for n in bare if n not in right and not on.now_on(n, "")])
        gap_back_ms = _since(began)
        calls = Written(set(), {}, off.request_ids + on.request_ids + back.request_ids)
        for decision in step.decisions:
            name = decision.instance.instance_id
            if name in right:
                yield _ended(decision, Outcome.SWAPPED, calls, gap_ms=gap_ms)
            elif name not in bare and off.now_on(name, step.detach) == step.attach:
                yield _ended(decision, Outcome.UNCHANGED, calls, reason=Reason.IN_SYNC)  # somebody else was faster
            elif name not in bare:
                yield _failed(decision, off.failed[name], off.now_on(name, step.detach), calls)
            elif name in back.done or back.now_on(name, "") == step.detach:
                yield _failed(decision, on.failed[name], step.detach, calls, gap_ms=gap_back_ms)
            elif name in back.failed:
                both = f"{on.failed[name].message}; putting {step.detach} back failed too: {back.failed[name].message}"
                failure = msgspec.structs.replace(on.failed[name], message=both, transient=True)
                yield _failed(decision, failure, back.now_on(name, ""), calls)
            else:
                yield _failed(decision, on.failed[name], on.now_on(name, ""), calls)

    def _attach_role(self, role: str, ids: Sequence[str]) -> Written:
        return self._write("AttachInstanceRamRole", self._ecs.attach, role, ids)

    def _detach_role(self, role: str, ids: Sequence[str]) -> Written:
        return self._write("DetachInstanceRamRole", self._ecs.detach, role, ids)

    def _write(
        self, call: str, send: Callable[[str, Sequence[str]], BatchResult], role: str, ids: Sequence[str]
    ) -> Written:
        """One write call (by halves where one bad instance refuses the whole), then a read of those that failed."""
        written = Written(set(), {}, [])

        def once(some: Sequence[str]) -> None:
            self._announce(call, self._ecs.region, role, some)
            try:
                answer = send(role, some)
            except CloudCallError as error:
                written.failed |= dict.fromkeys(some, Failure.of(error, lost=True))
                written.request_ids += [error.request_id] if error.request_id else []
                raise
            for name in answer.done:
                written.failed.pop(name, None)
            written.done |= answer.done
            written.failed |= answer.failed
            written.request_ids.append(answer.request_id)

        try:
            by_halves(ids, once)
        except CloudCallError as error:
            untold = set(ids) - written.done - set(written.failed)
            written.failed |= dict.fromkeys(untold, Failure.of(error))
        if written.failed:
            written.held = self._read(list(written.failed))
        return written

    def _read(self, ids: Sequence[str]) -> Mapping[str, str] | None:
        try:
            answers, _ = by_halves(ids, self._ecs.roles)
        except CloudCallError:
            return None
        return {name: role for answer in answers for name, role in answer.items()}


def _ids(step: Step) -> list[str]:
    return [decision.instance.instance_id for decision in step.decisions]


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _ended(
    decision: Decision, outcome: Outcome, calls: Written, *, reason: Reason | None = None, gap_ms: int | None = None
) -> Done:
    return Done(
        decision=decision, outcome=outcome, reason=reason or decision.reason, role_after=decision.role_after,
        request_ids=tuple(filter(None, calls.request_ids)), gap_ms=gap_ms,
    )  # fmt: skip


def _failed(decision: Decision, failure: Failure, role_after: str, calls: Written, gap_ms: int | None = None) -> Done:
    outcome = Outcome.RETRYING if failure.transient else Outcome.FAILED
    return Done(
        decision=decision, outcome=outcome, reason=decision.reason, role_after=role_after, failure=failure,
        request_ids=tuple(filter(None, calls.request_ids)), gap_ms=gap_ms,
    )  # fmt: skip
