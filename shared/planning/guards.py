"""Guards: what a change must pass before it is carried out. Each is one pure function of (changes, facts), and one row in
docs/mapping.md; the engine has fetched the facts that it needs.

A new guard is a function here, and its name in GUARDS or, where it is about all removals of a run together, in REMOVAL_GUARDS.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone

import msgspec

from shared.mapping import Brake
from shared.model.decision import Reason
from shared.model.plan import Change


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that guards are held against.

    stopped: why no more changes may begin in this run. limit: of the brake, and lifted: whether an operator lets all removals
    through. holders: how many instances hold a listed role; None = the cloud does not say. removed: removals that count too,
    because they are done, or wait for another invocation. braked: whether the brake acted earlier in the run. now: aware UTC time.
    """

    stopped: Reason | None = None
    limit: Brake = Brake()
    lifted: bool = False
    holders: int | None = None
    removed: int = 0
    braked: bool = False
    now: datetime = datetime.fromtimestamp(0, timezone.utc)


class Refusal(msgspec.Struct, frozen=True):
    """A change that a guard does not let through, and why."""

    change: Change
    reason: Reason


class Verdict(msgspec.Struct, frozen=True):
    """The changes that may be carried out, and the others."""

    allowed: tuple[Change, ...]
    refused: tuple[Refusal, ...] = ()


Guard = Callable[[Sequence[Change], Facts], Verdict]


def all_or_none(changes: Sequence[Change], reason: Reason | None) -> Verdict:
    """Refuse all of them for that reason, or where there is none allow all."""
    if reason is None:
        return Verdict(tuple(changes))
    return Verdict((), tuple(Refusal(change, reason) for change in changes))


def stopped(changes: Sequence[Change], facts: Facts) -> Verdict:
    """Let nothing begin after a canary failed, or more changes than max_errors."""
    return all_or_none(changes, facts.stopped)


def brake(changes: Sequence[Change], facts: Facts) -> Verdict:
    """Let all removals of a run through or none: not where they are many, and a large share of all that hold a listed role."""
    return all_or_none(changes, Reason.BRAKE if too_many(len(changes), facts) else None)


def too_many(removals: int, facts: Facts) -> bool:
    """Say whether the brake acts on so many."""
    most = allowance(facts)
    return facts.braked or (most is not None and facts.removed + removals > most)


GUARDS: tuple[Guard, ...] = (stopped,)
"""Asked of each group of changes, right before it is carried out."""
REMOVAL_GUARDS: tuple[Guard, ...] = (brake,)
"""Asked of all removals of a run together, as soon as all are known."""


def judge(changes: Sequence[Change], facts: Facts, guards: Sequence[Guard] = GUARDS) -> Verdict:
    """Apply guards one after the other: a change is refused by the first that does not let it through."""
    refused: tuple[Refusal, ...] = ()
    for guard in guards:
        verdict = guard(changes, facts)
        changes, refused = verdict.allowed, refused + verdict.refused
    return Verdict(tuple(changes), refused)


def allowance(facts: Facts) -> int | None:
    """Return how many removals the brake lets through at most; None: however many. Where nobody can say how many instances hold a
    listed role, fewer than `at_least`."""
    if facts.lifted:
        return None
    share = round(facts.limit.max_removals * (facts.holders or 0), 6)
    return max(facts.limit.at_least - 1, int(share))


def needs_holders(removals: int, facts: Facts) -> bool:
    """Say whether the brake must know how many instances hold a listed role."""
    return not (facts.lifted or facts.braked) and facts.removed + removals >= facts.limit.at_least
