"""Guards: what a change must pass before it is carried out. Each is one pure function of (changes, facts), and one row in
docs/mapping.md; the engine has fetched the facts that it needs.

A new guard is a function here, and its name in one of four lists, asked in this order. OF_AN_INSTANCE: by the planner, of one instance and the
role of its rule. CHANGE_GUARDS: of a page's changes, before anything is counted. REMOVAL_GUARDS: of all removals of a run together.
GUARDS: of each step, right before it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone

import msgspec

from shared.mapping.contents import Brake
from shared.mapping.until import FORM, Expiry
from shared.model.decision import Reason
from shared.model.plan import Change
from shared.model.plan_file import Approved
from shared.model.trigger import Trigger

AGAIN = "make a new plan"
LASTING, AHEAD = timedelta(hours=1), timedelta(minutes=5)
"""A call proves who asked for a role for so long, however often its event is delivered; clocks differ by no more than the latter."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The facts on one instance, and on the role that its rule gives.

    tags: as read from ECS, keys in lower case. end: of its time. unmet: what the role requires and it is not. assignable_by: as the
    role has it; keys: of the tags that the rule reads, None = it reads what no call can prove; causes: what the instance is observed for; assigners: actors of their calls who may.
    """

    tags: Mapping[str, str] = {}
    end: Expiry | None = None
    unmet: tuple[str, ...] = ()
    assignable_by: tuple[str, ...] = ()
    keys: frozenset[str] | None = frozenset()
    causes: Sequence[Trigger] = ()
    assigners: frozenset[str] = frozenset()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that guards are held against.

    stopped: why no more changes may begin in this run. limit: of the brake, and lifted: whether an operator lets all removals
    through. holders: how many instances hold a listed role; None = the cloud does not say. removed: removals that count too,
    because they are done, or wait for another invocation. braked: whether the brake acted earlier in the run. now: aware UTC time.
    approved: the changes of a plan that an operator carries out, by instance id; None = there is no such plan.
    about: the one instance that the changes are of. Guards OF_AN_INSTANCE know `now` and `about`, and all else has its default; the other
    guards know all but `about`.
    """

    stopped: Reason | None = None
    limit: Brake = Brake()
    lifted: bool = False
    holders: int | None = None
    removed: int = 0
    braked: bool = False
    now: datetime = datetime.fromtimestamp(0, timezone.utc)
    approved: Mapping[str, Approved] | None = None
    about: About = About()


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
    bound = [msgspec.structs.replace(change, approved=True) for change in changes]
    return each(bound, lambda change: plan_differs(change, plan.get(change.instance_id)), Reason.CHANGED_SINCE_PLAN)


def plan_differs(change: Change, line: Approved | None) -> str:
    """Return what is not as in a plan's line, and what to do; "" where all is."""
    if line is None:
        return f"the plan does not name it; {AGAIN}"
    if change.role_before != line.role_before:
        held, then = change.role_before or "no role", line.role_before or "none"
        return f"it holds {held} now, and {then} when the plan was made; {AGAIN}"
    if any(getattr(change, name) != getattr(line, name) for name in ("action", "role", "role_after", "rule", "mode")):
        by = f"by rule {change.rule!r}" if change.rule else "as no rule gives one"
        return f"now {change.role_after or 'no role'} would be put on it ({change.action}), {by}; {AGAIN}"
    return "" if change.facts == line.facts else f"a tag or attribute that rules read was changed; {AGAIN}"


def stopped(changes: Sequence[Change], facts: Facts) -> Verdict:
    """Let nothing begin after a canary failed, or more changes than max_errors. (Reason.STOPPED, a run that its operator stops, is none of
    this: the calls of a run that is stopped are refused.)"""
    return all_or_none(changes, facts.stopped)


def brake(changes: Sequence[Change], facts: Facts) -> Verdict:
    """Let all removals of a run through or none: not where they are many, and a large share of all that hold a listed role."""
    return all_or_none(changes, Reason.BRAKE if too_many(len(changes), facts) else None)


def too_many(removals: int, facts: Facts) -> bool:
    """Say whether the brake acts on so many."""
    most = allowance(facts)
    return facts.braked or (most is not None and facts.removed + removals > most)


def readable_until(changes: Sequence[Change], facts: Facts) -> Verdict:
    """Give no role to an instance whose tag names an end that nobody can read, and leave it the one that it has."""
    end = facts.about.end
    why = f"{end.told}, which is no time; {FORM}, or remove the tag" if end and end.at is None else ""
    return each(changes, lambda change: why, Reason.UNTIL_UNREADABLE)


def requirement(changes: Sequence[Change], facts: Facts) -> Verdict:
    """Give a role to no instance that is not what the role requires, and leave one that has it as it is."""
    unmet = ", ".join(facts.about.unmet)
    why = f"the role's require is not met by {unmet}; change the instance, or the rule that gives it the role"
    return each(changes, lambda change: unmet and why, Reason.REQUIREMENT_NOT_MET)


def assignable(changes: Sequence[Change], facts: Facts) -> Verdict:
    """Give a role that names who may ask for it on nobody else's word; whoever has it keeps it."""
    about = facts.about
    if not about.assignable_by or any(cause.by_operator for cause in about.causes):
        return Verdict(tuple(changes))
    missing = {unproven(cause, about, facts.now): cause.event_id for cause in about.causes}
    if "" in missing:
        return Verdict(tuple(msgspec.structs.replace(change, asked_by=missing[""]) for change in changes))
    told = min(missing, key=lambda text: text == NO_CALLER, default=NO_CALLER)
    tags = ", ".join(sorted(about.keys or ()))
    ask = f"have one of these set all tags that the rule reads ({tags}) in one call, or " if tags else ""
    why = f"the role is assignable_by {', '.join(about.assignable_by)}; {told}; {ask}run `rolekeeper remediate --id` on it"
    return each(changes, lambda change: why if change.action != "none" else "", Reason.NOT_ASSIGNABLE)


def unproven(cause: Trigger, about: About, now: datetime) -> str:
    """Return what keeps the cause from proving that somebody who may has asked for the role, "" where it proves it."""
    call, at = cause.call, cause.event_at
    if call is None:
        return NO_CALLER
    if call.actor not in about.assigners:
        return f"{call.actor} is not among them" if call.actor else "the event does not prove who called"
    if at is None or not -AHEAD < now - at < LASTING:
        return f"the call was made at {cause.event_time or 'an unknown time'}, which is too long ago to prove anything"
    if not about.keys:
        return (
            "the rule reads the instance's name"
            if about.keys is None
            else "the rule reads no tag that a call could set"
        )
    if late := call.unset(about.keys, about.tags):
        return f"the call of {call.actor} did not set these tags to what they are now: {', '.join(late)}"
    meddlers = {other.touched(about.keys, since=at) for other in about.causes} - {None, *about.assigners}
    return f"somebody else changed these tags after {call.actor} did" if meddlers else ""


NO_CALLER = "what this observation was made for names no caller"
OF_AN_INSTANCE: tuple[Guard, ...] = (readable_until, requirement, assignable)
"""Asked by the planner of the change of one instance that gives it the role of its rule, or finds it there, each time that it is decided
on: in mode audit and by second looks, too."""
CHANGE_GUARDS: tuple[Guard, ...] = (approved,)
"""Asked of changes as soon as they are planned: what they refuse counts for no other."""
GUARDS: tuple[Guard, ...] = (stopped,)
"""Asked of each step, right before it is carried out."""
REMOVAL_GUARDS: tuple[Guard, ...] = (brake,)
"""Asked of all removals of a run together, as soon as all are known."""


def judge(changes: Sequence[Change], facts: Facts, guards: Sequence[Guard] = GUARDS) -> Verdict:
    """Apply guards one after the other: a change is refused by the first that does not let it through."""
    refused: tuple[Refusal, ...] = ()
    for guard in guards:
        verdict = guard(changes, facts)
        changes, refused = verdict.allowed, refused + verdict.refused
    return Verdict(tuple(changes), refused)


def warned(change: Change, facts: Facts, before: timedelta) -> Change:
    """Return the change with a warning, where it leaves an instance a role that it will lose before long."""
    end = facts.about.end
    if change.reason is not Reason.IN_SYNC or end is None or end.at is None or end.at - facts.now > before:
        return change
    why = f"{change.role} is removed by the first run after {end.at:%Y-%m-%dT%H:%M:%SZ} ({end.told})"
    return msgspec.structs.replace(change, reason=Reason.EXPIRES_SOON, why=why)


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
