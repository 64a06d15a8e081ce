"""The explanation of a case that failed: what nearly matched, and each condition of the rules that it is about. Makes lines, prints nothing."""

from __future__ import annotations

from collections.abc import Iterator

from cli.view.cases import Judged
from cli.view.conditions import asked_lines
from cli.view.examples import quoted
from cli.view.explanation import Explained, Line, gives_words, near
from shared.mapping import Mapping
from shared.mapping.expectation import Expectation
from shared.mapping.trace import Trace, TracedRule, trace


def explanation(judged: Judged, mapping: Mapping) -> list[Line]:
    """Return the lines: those rules alone that decide, that were expected to, or that give the role that was expected."""
    traced = trace(mapping, judged.case.instance)
    found = list(near(Explained(mapping, traced, judged.change)))
    if judged.change.why:
        found.append((judged.change.why,))
    for number, step in enumerate(traced.steps, 1):
        if _concerns(step, judged.case.expect):
            found += _rule(number, step, traced)
    return found


def _rule(number: int, step: TracedRule, traced: Trace) -> Iterator[Line]:
    late = "it matches, but an earlier one decides"
    end = ("it decides", "green") if step.decides else (late if step.met else "no", "red")
    yield (f"rule {number}, {quoted(step.rule.name)} {gives_words(step)}: ", end)
    yield from (((text, "yellow"),) if is_near else (text,) for text, is_near in asked_lines(step.asked, traced))


def _concerns(step: TracedRule, expect: Expectation) -> bool:
    role = step.rule.role.text if step.rule.role else None
    return (
        step.decides or step.rule.name == expect.rule or (not expect.rule and role is not None and role == expect.role)
    )
