"""The explanation of one instance as people read it: what roles.yaml wants and why, what nearly matched, every rule, and one sentence.

Makes lines, prints nothing: `rolekeeper explain` shows all of it, `rolekeeper test` that of a case which failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cli.output import Part
from cli.view.cases import verdict
from cli.view.conditions import asked_lines, lack_words, near_words
from cli.view.examples import asked_for, in_words, quoted
from shared.mapping import Mapping
from shared.mapping.near_misses import NearMiss, near_misses
from shared.mapping.trace import Trace, TracedRule
from shared.model.decision import Outcome
from shared.model.plan import Change
from shared.suggestions import closest

Line = tuple[Part, ...]
MOST_NEAR = 3
"""Near misses that are told at the top; the rules below tell the others."""
DONE = {"attach": "attach {after}", "detach": "take {before} off", "swap": "take {before} off and attach {after}"}


@dataclass(frozen=True)
class Explained:
    """The trace of an instance by a mapping, and what would be done about the role that it holds."""

    mapping: Mapping
    traced: Trace
    change: Change

    @property
    def near(self) -> Sequence[NearMiss]:
        return near_misses(self.traced)


def lines(explained: Explained) -> Iterator[Line]:
    """Yield what is wanted, what nearly matched and every rule: without the instance, and without the sentence."""
    yield from wanted(explained)
    yield from near(explained)
    yield ("",)
    yield from rules(explained.traced)


def about(explained: Explained) -> Iterator[Line]:
    """Yield the instance: what rules can ask for, and the role on it."""
    instance = explained.traced.instance
    yield (instance_words(explained),)
    known = asked_for(instance)
    for key, value in sorted(known.pop("tags", {}).items()):
        yield (f"  tag {quoted(key)} = {quoted(value)}",)
    if known:
        yield (f"  {in_words(known)}",)
    foreign = bool(instance.role) and not explained.mapping.is_managed(instance.role)
    yield (f"  holds: {role_words(instance.role)}{' (foreign: roles.yaml does not list it)' if foreign else ''}",)


def wanted(explained: Explained) -> Iterator[Line]:
    desired, change = explained.traced.desired, explained.change
    by = f", by rule {quoted(desired.rule)}" if desired.rule else ""
    mode = f" (mode {desired.mode})" if desired.mode != "enforce" else ""
    told = "no role: no rule matches" if desired.verdict == "none" else verdict(desired.verdict, desired.role)
    yield (f"wanted: {told}{by}{mode}",)
    if desired.verdict == "refused" and (meant := closest(desired.role, explained.mapping.roles)):
        yield (f"  did the tag mean role {quoted(meant)}?",)
    style = "red" if change.outcome in (Outcome.REFUSED, Outcome.FAILED) else ""
    text = f"would be done: {done_words(change)} ({_ended(change)})"
    yield ((text, style),) if style else (text,)
    if change.why:
        yield (f"  {change.why}",)
    if change.removes and change.outcome is None:
        yield ("  (a run that takes off very many roles may be stopped by the brake: that is judged for a whole run)",)


def near(explained: Explained) -> Iterator[Line]:
    found = explained.near
    for miss in found[:MOST_NEAR]:
        yield ((near_miss_words(miss), "yellow"),)
    if len(found) > MOST_NEAR:
        yield (f"  and {len(found) - MOST_NEAR} more nearly match: see below",)


def rules(traced: Trace) -> Iterator[Line]:
    """Yield every rule in order; of those before the one that decides, and of that one, each condition."""
    decided = False
    for number, step in enumerate(traced.steps, 1):
        head = f"{number}. {quoted(step.rule.name)} {gives_words(step)}"
        if decided:
            yield (f"{head}: not asked; it would{' match, too' if step.met else ' not match'}",)
            continue
        decided = step.decides
        yield (f"{head}: ", ("it decides", "green") if step.decides else ("no", "red"))
        yield from (((text,) if ok else ((text, "red"),)) for text, ok in asked_lines(step.asked, traced))


def gives_words(step: TracedRule) -> str:
    return "(then: ignore)" if step.rule.role is None else f"-> {step.rule.role.text}"


def near_miss_words(miss: NearMiss) -> str:
    """Return which rule nearly matched, and what it lacks."""
    lacks = [near_words(one) for one in miss.near] or list(map(lack_words, miss.unmet))
    return f"rule {quoted(miss.step.rule.name)} nearly matches: {'; '.join(lacks)}"


def sentence(explained: Explained, file: str) -> str:
    """Return all that matters, to be pasted into a ticket. file: the mapping's name and hash."""
    desired, change = explained.traced.desired, explained.change
    whose = f"by rule {quoted(desired.rule)} of {file}" if desired.rule else f"as no rule of {file} matches"
    should = {
        "role": f"should hold role {desired.role} {whose}",
        "none": f"should hold no role of ours, {whose}",
        "ignore": f"is left alone, {whose}",
        "refused": f"asks, {whose}, for role {quoted(desired.role)}, which is not listed",
    }[desired.verdict]
    rest = f"rolekeeper would {done_words(change)} ({change.reason.value})"
    found = explained.near
    nearly = f"; {near_miss_words(found[0])}" if found and desired.verdict != "role" else ""
    held = role_words(explained.traced.instance.role)
    return f"{instance_words(explained)} holds {held} and {should}: {rest}{nearly}."


def instance_words(explained: Explained) -> str:
    instance = explained.traced.instance
    name = f" ({quoted(instance.name)})" if instance.name else ""
    return f"{instance.instance_id}{name}" + (f" in {instance.region}" if instance.region else "")


def role_words(role: str) -> str:
    return f"role {quoted(role)}" if role else "no role"


def done_words(change: Change) -> str:
    if change.action not in DONE or change.outcome not in (None, Outcome.PLANNED):
        return "change nothing"
    done = DONE[change.action].format(before=role_words(change.role_before), after=role_words(change.role_after))
    return f"only record that it would {done}" if change.outcome else done


def _ended(change: Change) -> str:
    return f"{change.outcome.value}, {change.reason.value}" if change.outcome else change.reason.value
