"""Guards: what a change must pass before it is carried out. Each is one pure function of (changes, facts), and one row in
docs/mapping.md; the engine has fetched the facts that it needs.

A new guard is a function here, and its name in CHANGE_GUARDS where a change passes it or not whatever else happens, in GUARDS where that is
known only right before it is carried out, or in REMOVAL_GUARDS where it is about all removals of a run together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone

import msgspec

from shared.mapping import Brake
from shared.model.decision import Reason
from shared.model.plan import Change
from shared.model.plan_file import Approved

AGAIN = "make a new plan"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that guards are held against.

    stopped: why no more changes may begin in this run. limit: of the brake, and lifted: whether an operator lets all removals
    through. holders: how many instances hold a listed role; None = the cloud does not say. removed: removals that count too,
    because they are done, or wait for another invocation. braked: whether the brake acted earlier in the run. now: aware UTC time.
    approved: the changes of a plan that an operator carries out, by instance id; None = there is no such plan.
    """

    stopped: Reason | None = None
    limit: Brake = Brake()
    lifted: bool = False
    holders: int | None = None
    removed: int = 0
    braked: bool = False
    now: datetime = datetime.fromtimestamp(0, timezone.utc)
    approved: Mapping[str, Approved] | None = None


class Refusal(msgspec.Struct, frozen=True):
    """A change that a guard does not let through. why: what is the matter and what to do, where the reason does not say it all."""

    change: Change
    reason: Reason
    why: str = ""


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


def each(changes: Sequence[Change], why_not: Callable[[Change], str], reason: Reason) -> Verdict:
    """Refuse those of them for which there is a why."""
    told = [(change, why_not(change)) for change in changes]
    refused = tuple(Refusal(change, reason, why) for change, why in told if why)
    return Verdict(tuple(change for change, why in told if not why), refused)


def approved(changes: Sequence[Change], facts: Facts) -> Verdict:
    """Let through what the plan says, and where the instance is still as it was then."""
    plan = facts.approved
    if plan is None:
        return Verdict(tuple(changes))
    return each(changes, lambda change: plan_differs(change, plan.get(change.instance_id)), Reason.CHANGED_SINCE_PLAN)


def plan_differs(change: Change, line: Approved | None) -> str:
    """Return what is not as in a plan's line, and what to do; "" where all is."""
    if line is None:
        return f"the plan does not name it; {AGAIN}"
    if change.role_before != line.role_before:
        held, then = change.role_before or "no role", line.role_before or "none"
        return f"it holds {held} now, and {then} when the plan was made; {AGAIN}"
    if (change.action, change.role_after, change.rule) != (line.action, line.role_after, line.rule):
        by = f"by rule {change.rule!r}" if change.rule else "as no rule gives one"
        return f"now {change.role_after or 'no role'} would be put on it ({change.action}), {by}; {AGAIN}"
    return "" if change.facts == line.facts else f"a tag or attribute that rules read was changed; {AGAIN}"


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


CHANGE_GUARDS: tuple[Guard, ...] = (approved,)
"""Asked of changes as soon as they are planned: what they refuse counts for no other."""
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
