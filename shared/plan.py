"""Deciding: (Instance, Desired) -> Decision, and decisions -> calls, grouped and batched. Pure: no clock, no network.

The decision table is in docs/mapping.md; decide() is that table, in its order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from shared.model import DISPLACED_TAG, Desired, Drift, Instance, Outcome, Reason

Verb = Literal["attach", "detach", "swap", "none"]
ROLE_NAME = re.compile(r"[A-Za-z0-9.-]{1,64}")  # RAM, CreateRole
BATCH = 100  # instance ids a call of AttachInstanceRamRole and DetachInstanceRamRole (their API pages)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do about one instance and why. verb "none": nothing, and `outcome` is how the look ended."""

    instance: Instance
    desired: Desired
    verb: Verb
    reason: Reason
    outcome: Outcome | None = None
    put_back: str = ""  # a swap that gives back the foreign role that we had displaced

    @property
    def role_after(self) -> str:
        """The role it holds when the decision has been carried out."""
        if self.verb == "none":
            return self.instance.role
        return "" if self.verb == "detach" else self.put_back or self.desired.role

    @property
    def removes(self) -> bool:
        """Whether it takes a listed role off: what the brake counts. Displacing a foreign role is not that."""
        return self.verb in ("swap", "detach") and self.reason is not Reason.FOREIGN_ROLE


def decide(
    instance: Instance,
    desired: Desired,
    *,
    is_managed: Callable[[str], bool],
    now: datetime,
    launch_grace: timedelta,
    may_displace: Callable[[str], bool] = lambda role: True,
    at_birth: bool = False,
    dry_run: bool = False,
) -> Decision:
    """One row of the decision table.

    is_managed: whether a role is listed in roles.yaml; any other on an instance is foreign. may_displace: whether a
    foreign role may be taken off for a listed one, and put back. at_birth: the trigger is the
    instance's creation. dry_run: what would be done becomes `planned`, as it does in mode audit.
    """

    def nothing(outcome: Outcome, reason: Reason) -> Decision:
        return Decision(instance=instance, desired=desired, verb="none", reason=reason, outcome=outcome)

    def do(verb: Verb, reason: Reason, put_back: str = "") -> Decision:
        planned = Outcome.PLANNED if dry_run or desired.mode == "audit" else None
        return Decision(
            instance=instance, desired=desired, verb=verb, reason=reason, outcome=planned, put_back=put_back
        )

    held, wanted = instance.role, desired.role if desired.verdict == "role" else ""
    foreign = bool(held) and not is_managed(held)
    if desired.verdict == "ignore":
        return nothing(Outcome.UNCHANGED, Reason.IGNORED)
    if desired.verdict == "refused":
        return nothing(Outcome.REFUSED, Reason.ROLE_NOT_LISTED)
    if wanted and instance.network == "classic":
        return nothing(Outcome.SKIPPED, Reason.NOT_IN_VPC)
    if held == wanted:
        return nothing(Outcome.UNCHANGED, Reason.IN_SYNC if wanted else Reason.NO_RULE)
    if not held:
        return do("attach", Reason.MISSING)
    if foreign and not wanted:
        return nothing(Outcome.UNCHANGED, Reason.FOREIGN_ROLE)
    if foreign and (desired.foreign_roles == "keep" or not may_displace(held)):
        return nothing(Outcome.SKIPPED, Reason.FOREIGN_ROLE)
    if not wanted and (at_birth or _young(instance, now, launch_grace)):
        return nothing(Outcome.UNCHANGED, Reason.YOUNG)
    if desired.mode == "attach-only":
        return nothing(Outcome.SKIPPED, Reason.ATTACH_ONLY)
    if not wanted:
        back = instance.tags.get(DISPLACED_TAG, "")
        if ROLE_NAME.fullmatch(back) and not is_managed(back) and may_displace(back):
            return do("swap", Reason.PUT_BACK, back)
        return do("detach", Reason.NO_LONGER_MAPPED)
    return do("swap", Reason.FOREIGN_ROLE if foreign else Reason.WRONG)


def _young(instance: Instance, now: datetime, launch_grace: timedelta) -> bool:
    """ECS gives the creation time without seconds, so up to a minute too early; one that it does not give is old."""
    return instance.created_at is not None and now - instance.created_at < launch_grace


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

    attach: one AttachInstanceRamRole. detach: one DetachInstanceRamRole by name. swap: the one, then the other.
    displaces: the role taken off is foreign, and is noted on the instance first. puts_back: the role put on is such a one.
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
        order = ("attach", "swap", "detach").index(decision.verb)
        key = (order, decision.verb, decision.instance.region, detach, decision.role_after)
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
            displaces=verb == "swap" and reason is Reason.FOREIGN_ROLE, puts_back=reason is Reason.PUT_BACK,
        )  # fmt: skip


def steps(decisions: Iterable[Decision], size: int = BATCH) -> tuple[Step, ...]:
    """The calls that carry these decisions out, each of up to so many instances."""
    batches = Batches(size)
    filled = [step for decision in decisions if (step := batches.add(decision))]
    return (*filled, *batches.rest())
