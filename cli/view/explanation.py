"""The explanation of one instance as people read it: what roles.yaml wants and why, what nearly matched, every rule, and one sentence.

`rolekeeper explain` shows all of it, `rolekeeper test` the lines() of a case which failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass

from cli.output import Part, console, say
from cli.view.advice import ADVICE
from cli.view.cases import verdict
from cli.view.conditions import asked_lines, lack_words, near_words, subject_words
from cli.view.examples import asked_for, in_words, quoted
from shared.clean import visible
from shared.mapping import Mapping
from shared.mapping.near_misses import NearMiss, near_misses
from shared.mapping.toward import FIXED, Edit, Toward
from shared.mapping.trace import Trace, TracedRule
from shared.model.decision import Outcome
from shared.model.plan import Change
from shared.suggestions import closest

Line = tuple[Part, ...]
SHOWN_OF_A_RECORD = (
    "event_time",
    "outcome",
    "reason",
    "role_before",
    "role_after",
    "rule",
    "trigger",
    "actor",
    "error_message",
)
MADE_UP = "i-example"
"""The id of an instance that is described, and in no cloud."""
MOST_NEAR = 3
"""Near misses that are told at the top; the rules below tell the others."""
DONE = {"attach": "attach {after}", "detach": "take {before} off", "swap": "take {before} off and attach {after}"}


@dataclass(frozen=True)
class Explained:
    """The trace of an instance by a mapping, and what would be done about the role that it holds. toward: what would have to change for
    another role; then: what would be done after each of its ways."""

    mapping: Mapping
    traced: Trace
    change: Change
    toward: Toward | None = None
    then: Sequence[Change] = ()

    @property
    def near(self) -> Sequence[NearMiss]:
        return near_misses(self.traced)


@dataclass(frozen=True)
class RecordsFound:
    """The last records of the instance, the newest first, as SLS has them; why there are none, or none could be had."""

    records: Sequence[Map[str, str]] = ()
    why: str = ""


def show(explained: Explained, found: RecordsFound, file: str) -> None:
    """Print all of it; last the sentence for a ticket. file: the mapping's name."""
    out = console()
    for parts in (about(explained), lines(explained), ways(explained), records(found)):
        for line in parts:
            say(*line, out=out)
    say("", out=out)
    say(sentence(explained, f"{file} {explained.mapping.hash}"), out=out)


def lines(explained: Explained) -> Iterator[Line]:
    """Yield what is wanted, what nearly matched and every rule: without the instance, and without the sentence."""
    yield from wanted(explained)
    yield from near(explained)
    yield ("",)
    yield from rules(explained.traced)


def about(explained: Explained) -> Iterator[Line]:
    """Yield the instance: what rules can ask for, and the role on it."""
    instance = explained.traced.instance
    yield (instance_words(explained) if instance.instance_id != MADE_UP else "an instance as it is described:",)
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
    yield from _why(change)
    yield from ((f"guard {name}: {told}",) for name, told in guards(explained))


def guards(explained: Explained) -> Iterator[tuple[str, str]]:
    """Yield each guard that has a say, and what it says."""
    desired, mapping = explained.traced.desired, explained.mapping
    spec = mapping.roles.get(desired.role) if desired.verdict == "role" else None
    if spec and spec.require:
        unmet = mapping.unmet(desired.role, explained.traced.instance)
        yield "require", f"not met by {', '.join(map(visible, unmet))}" if unmet else "met"
    if spec and spec.assignable_by:
        yield (
            "assignable_by",
            f"{', '.join(spec.assignable_by)}; asked of each event: here, as in a timer's run, nobody is known to have asked",
        )
    if explained.change.removes and explained.change.outcome is None:
        yield "brake", "asked of all removals of a run together, so not here"


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
        yield from (((text, "yellow"),) if is_near else (text,) for text, is_near in asked_lines(step.asked, traced))


def ways(explained: Explained) -> Iterator[Line]:
    """Yield what would have to change for the role that was asked for, and what would be done then."""
    asked = explained.toward
    if asked is None:
        return
    yield ("",)
    if not asked.ways:
        yield ((f"for {role_words(asked.role)}: {no_way_words(asked)}", "yellow"),)
    for way, then in zip(asked.ways, explained.then, strict=True):
        head = f"for {role_words(asked.role)}, by rule {quoted(way.rule)}"
        if not way.edits:
            yield (f"{head}: nothing would have to change, roles.yaml gives it that role",)
        else:
            shortest = "the shortest list" if asked.proven else "the shortest list that was found"
            easier = f", without {', '.join(FIXED[:-1])} and {FIXED[-1]}" if way is not asked.ways[0] else ""
            yield (
                f"{head}, this would have to change ({shortest}{easier}; proven by evaluating the changed instance):",
            )
            yield from ((f"  {edit_words(edit)}",) for edit in way.edits)
        yield (f"  then rolekeeper would {done_words(then)} ({_ended(then)})",)
        yield from _why(then)


def no_way_words(asked: Toward) -> str:
    return (
        "no change of tags or attributes gets it that role: proven"
        if asked.proven
        else "no way was found, and the search was given up"
    )


def edit_words(edit: Edit) -> str:
    """`tag env: Prod -> prod`."""
    if edit.after is None:
        return f"{subject_words(edit.subject)}: {quoted(edit.before or '')} -> removed"
    return f"{subject_words(edit.subject)}: {'none' if edit.before is None else quoted(edit.before)} -> {quoted(edit.after)}"


def records(found: RecordsFound) -> Iterator[Line]:
    yield ("",)
    yield (f"last records: {found.why}",) if found.why else ("last records, the newest first:",)
    for record in found.records:
        told = [f"{name}={quoted(record[name])}" for name in SHOWN_OF_A_RECORD if record.get(name)]
        yield (f"  {' '.join(told)}",)


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
        "none": f"should hold no role by our rules, {whose}",
        "ignore": f"is left alone, {whose}",
        "refused": f"asks, {whose}, for role {quoted(desired.role)}, which is not listed",
    }[desired.verdict]
    why = f": {change.why}" if change.why else ""
    rest = f"rolekeeper would {done_words(change)} ({change.reason.value}{why})"
    found = explained.near
    nearly = f"; {near_miss_words(found[0])}" if found and desired.verdict != "role" else ""
    held = role_words(explained.traced.instance.role)
    if (asked := explained.toward) and not (desired.verdict == "role" and desired.role == asked.role):
        nearly = f"; for {role_words(asked.role)}: {no_way_words(asked)}"
        if asked.ways:
            way = asked.ways[0]
            edits = ", ".join(map(edit_words, way.edits))
            nearly = f"; rule {quoted(way.rule)} would give it {role_words(asked.role)} after this change: {edits}"
    whole = instance_words(explained)
    return f"{whole[0].upper() if whole.startswith('an ') else whole[0]}{whole[1:]} holds {held} and {should}: {rest}{nearly}."


def instance_words(explained: Explained) -> str:
    instance = explained.traced.instance
    if instance.instance_id == MADE_UP:
        return f"an instance with {in_words(asked_for(instance))}"
    name = f" ({quoted(instance.name)})" if instance.name not in ("", instance.instance_id) else ""
    return f"{instance.instance_id}{name}" + (f" in {instance.region}" if instance.region else "")


def role_words(role: str) -> str:
    return f"role {quoted(role)}" if role else "no role"


def done_words(change: Change) -> str:
    if change.action not in DONE or change.outcome not in (None, Outcome.PLANNED):
        return "change nothing"
    done = DONE[change.action].format(before=role_words(change.role_before), after=role_words(change.role_after))
    return f"only record that it would {done}" if change.outcome else done


def _why(change: Change) -> Iterator[Line]:
    """Yield why it ends so, or else what to do about it, where there is something to be done."""
    if text := change.why or (ADVICE.get(change.reason.value, "") if change.outcome else ""):
        yield (f"  {text}",)


def _ended(change: Change) -> str:
    return f"{change.outcome.value}, {change.reason.value}" if change.outcome else change.reason.value
