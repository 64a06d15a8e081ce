"""Deciding: (Instance, Desired) -> Decision, and decisions -> calls, grouped and batched. Pure: no clock, no network.

The decision table is in docs/mapping.md; decide() is that table, in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from shared.model.decision import Drift, Outcome, Reason
from shared.model.instance import DISPLACED_TAG, Desired, Instance
from shared.proof import Judgement

Verb = Literal["attach", "detach", "swap", "untag", "none"]
"""untag: the role stays, and the note of one that is displaced no more is removed."""
BATCH = 100  # instance ids a call of AttachInstanceRamRole and DetachInstanceRamRole (their API pages)


UNJUDGED = "whether a foreign role was displaced here cannot be judged by its note"
SET_KEY = "set ROLEKEEPER_PROOF_KEYS as the deployment has it, or let the deployed functions do it (--invoke)"
NO_KEY = f"a foreign role is to be displaced here, and there is no key to sign its note with; {SET_KEY}"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about one instance and why. verb "none": nothing, and `outcome` is how the look ended."""

    instance: Instance
    desired: Desired
    verb: Verb
    reason: Reason
    outcome: Outcome | None = None
    put_back: str = (
        ""  # a foreign role that we had displaced: it is given back, or (untag) somebody else has seen to it
    )
    note: str = ""  # what is written on the instance before its foreign role is displaced; "" = nothing
    why: str = ""  # for the operator, where the reason does not say it all

    @property
    def role_after(self) -> str:
        """The role it holds when the decision has been carried out."""
        if self.verb in ("none", "untag"):
            return self.instance.role
        return "" if self.verb == "detach" else self.put_back or self.desired.role

    @property
    def removes(self) -> bool:
        """Whether it takes a listed role off: what the brake counts. Displacing a foreign role is not that."""
        return self.verb in ("swap", "detach") and not self.displaces

    @property
    def displaces(self) -> bool:
        """Whether it takes a foreign role off."""
        return self.verb == "swap" and self.reason is Reason.FOREIGN_ROLE


def decide(
    instance: Instance,
    desired: Desired,
    *,
    is_managed: Callable[[str], bool],
    now: datetime,
    launch_grace: timedelta,
    may_displace: Callable[[str], bool] = lambda role: False,
    note: Judgement | None = None,
    needs_key: bool = False,
    has_key: bool = False,
    at_birth: bool = False,
    dry_run: bool = False,
) -> Decision:
    """One row of the decision table.

    is_managed: whether a role is listed in roles.yaml; any other on an instance is foreign. may_displace: whether a
    foreign role may be taken off for a listed one, and put back. note: what the instance's note of a displaced role is worth.
    needs_key: whoever asks must not do without the key for notes, and leaves to the functions what that concerns. has_key: whether
    there is one to sign with. at_birth: the trigger is the instance's creation. dry_run: what would be done becomes `planned`, as it does in mode audit.
    """

    only_planned = dry_run or desired.mode == "audit"

    def nothing(outcome: Outcome, reason: Reason, why: str = "") -> Decision:
        return Decision(instance=instance, desired=desired, verb="none", reason=reason, outcome=outcome, why=why)

    def do(verb: Verb, reason: Reason, put_back: str = "", why: str = "") -> Decision:
        return Decision(
            instance=instance, desired=desired, verb=verb, reason=reason, put_back=put_back, why=why,
            outcome=Outcome.PLANNED if only_planned else None,
        )  # fmt: skip

    def stays(outcome: Outcome) -> Decision:
        """A foreign role. One that is on it again, or came after the one that we had displaced, makes the note untrue."""
        if displaced and not only_planned:
            return do("untag", Reason.FOREIGN_ROLE, displaced)
        return nothing(outcome, Reason.FOREIGN_ROLE)

    held, wanted = instance.role, desired.role if desired.verdict == "role" else ""
    foreign = bool(held) and not is_managed(held)
    displaced = note.role if note and not is_managed(note.role) and may_displace(note.role) else ""  # "" = not proven
    unjudged = f"{UNJUDGED}: {note.why}; {SET_KEY}" if needs_key and note and note.verdict == "unknown" else ""
    if desired.verdict == "ignore":
        return nothing(Outcome.UNCHANGED, Reason.IGNORED)
    if desired.verdict == "refused":
        return nothing(Outcome.REFUSED, Reason.ROLE_NOT_LISTED)
    if wanted and instance.network == "classic":
        return nothing(Outcome.SKIPPED, Reason.NOT_IN_VPC)
    if (
        held == wanted == "" and instance.network == "vpc"
    ):  # what was begun is brought to its end, by whoever looks next
        if displaced:
            return do("attach", Reason.PUT_BACK, displaced)
        if unjudged:
            return nothing(Outcome.REFUSED, Reason.NO_PROOF_KEY, unjudged)
    if held == wanted:
        return nothing(Outcome.UNCHANGED, Reason.IN_SYNC if wanted else Reason.NO_RULE)
    if not held:
        return do("attach", Reason.MISSING)
    if foreign and not wanted:
        return stays(Outcome.UNCHANGED)
    if foreign and (desired.foreign_roles == "keep" or not may_displace(held)):
        return stays(Outcome.SKIPPED)
    if not wanted and (at_birth or _young(instance, now, launch_grace)):
        return nothing(Outcome.UNCHANGED, Reason.YOUNG)
    if desired.mode == "attach-only":
        return nothing(Outcome.SKIPPED, Reason.ATTACH_ONLY)
    if not wanted:
        if displaced:
            return do("swap", Reason.PUT_BACK, displaced)
        if unjudged:
            return nothing(Outcome.REFUSED, Reason.NO_PROOF_KEY, unjudged)
        if note and note.verdict != "proven":
            return do("detach", Reason.NOTE_NOT_PROVEN, why=f"tag {DISPLACED_TAG} counts for nothing: {note.why}")
        return do("detach", Reason.NO_LONGER_MAPPED)
    if foreign and needs_key and not has_key and desired.mode != "audit":
        return nothing(Outcome.REFUSED, Reason.NO_PROOF_KEY, NO_KEY)
    return do("swap", Reason.FOREIGN_ROLE if foreign else Reason.WRONG)


def _young(instance: Instance, now: datetime, launch_grace: timedelta) -> bool:
    """ECS gives the creation time without seconds, so up to a minute too early; one ahead of our clock is young. 0: no grace."""
    return instance.created_at is not None and bool(launch_grace) and now - instance.created_at < launch_grace


def drift(instance: Instance, desired: Desired, is_managed: Callable[[str], bool]) -> Drift | None:
    """How the instance differs from what the file wants, whatever the modes let us do about it."""
    held, wanted = instance.role, desired.role if desired.verdict == "role" else ""
    if desired.verdict in ("ignore", "refused") or held == wanted:
        return None
    if not held:
        return "missing" if instance.network == "vpc" else None
    if is_managed(held):
        return "wrong" if wanted else "orphaned"
    return "foreign" if wanted else None


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that is worked on as one: its decisions share verb, region, the role to take off and the role to put on.

    attach: one AttachInstanceRamRole. detach: one DetachInstanceRamRole by name. swap: the one, then the other. untag: one
    UntagResources; its `attach` is the role that the notes name. displaces: the role taken off is foreign, and is noted on the
    instance first. puts_back: the role put on (by a swap or an attach) is such a one.
    """

    verb: Verb
    region: str
    detach: str
    attach: str
    decisions: tuple[Decision, ...]
    displaces: bool = False
    puts_back: bool = False


class Batches:
    """Decisions, gathered into steps of up to 100 instances: as few calls as can be, however long the run."""

    def __init__(self, size: int = BATCH) -> None:
        self._size = size
        self._open: dict[tuple[int, Verb, str, str, str], list[Decision]] = {}

    def add(self, decision: Decision) -> Step | None:
        """Take a decision in; the step that it fills, if it fills one. Where nothing is to be done, nothing is kept."""
        if decision.verb == "none" or decision.outcome is not None:
            return None
        detach = decision.instance.role if decision.verb != "attach" else ""
        order = ("attach", "swap", "detach", "untag").index(decision.verb)
        attach = decision.put_back if decision.verb == "untag" else decision.role_after
        key = (order, decision.verb, decision.instance.region, detach, attach)
        members = self._open.setdefault(key, [])
        members.append(decision)
        return self._step(key) if len(members) == self._size else None

    def rest(self) -> Iterator[Step]:
        """The steps that were not filled. Attaches first: they harm nobody."""
        for key in sorted(self._open):
            yield self._step(key)

    def _step(self, key: tuple[int, Verb, str, str, str]) -> Step:
        _, verb, region, detach, attach = key
        decisions = tuple(self._open.pop(key))
        reason = decisions[0].reason  # the same for all in these two cases: a foreign role is on one side of the key
        return Step(
            verb=verb, region=region, detach=detach, attach=attach, decisions=decisions,
            displaces=decisions[0].displaces, puts_back=reason is Reason.PUT_BACK,
        )  # fmt: skip


def steps(decisions: Iterable[Decision], size: int = BATCH) -> tuple[Step, ...]:
    """The calls that carry these decisions out, each of up to so many instances."""
    batches = Batches(size)
    filled = [step for decision in decisions if (step := batches.add(decision))]
    return (*filled, *batches.rest())
