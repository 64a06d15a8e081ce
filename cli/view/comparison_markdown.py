"""The comparison of two mappings as a comment on a merge request. What others wrote in names stands in code spans, and obeys nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.output import say
from cli.view.access import access
from cli.view.comparison import conclusion, numbers, perhaps, place
from cli.view.examples import code_span, in_words

MOST_CHARACTERS = 60_000
"""Of one comment: GitHub takes 65,536."""
MOST_LINES = 5
"""Pairs of rules and permissions that are shown of each difference."""


def show_markdown(report: Mapping[str, Any]) -> None:
    length = 0
    for line in comment(report):
        length += len(line) + 1
        if length > MOST_CHARACTERS:
            say("")
            say("**Cut: the comment would be too long.** `rolekeeper compare --json` has all of it.")
            return
        say(line)


def comment(report: Mapping[str, Any]) -> Iterator[str]:
    old, new = report["old"], report["new"]
    yield "### rolekeeper: " + {"same": "no difference", "differs": "instances or roles change"}.get(
        report["result"], "NOT DECIDED"
    )
    yield ""
    yield f"{conclusion(report).capitalize()}."
    yield ""
    yield f"{code_span(old['file'])} ({old['hash']}) -> {code_span(new['file'])} ({new['hash']})"
    if report["fleet"]:
        yield ""
        yield f"Fleet: {code_span(report['fleet']['file'])}, {code_span(place(report['fleet']))}"
        if unread := len(report["fleet"]["unread"]):
            yield f"**{unread} of its instances could not be read when it was made.**"
    if report["undecided"]:
        yield from heading("Not decided: the search has ended before these")
        for one in report["undecided"][:MOST_LINES]:
            yield f"- {rule(one['old_rule'])} -> {rule(one['new_rule'])}: {code_span(perhaps(one))}"
        yield from more(report["undecided"], "")
    if report["differences"]:
        yield from heading("Instances that are treated differently")
    for one in report["differences"]:
        yield f"- **{treated(one['old'])} -> {treated(one['new'])}**"
        for pair in one["rules"][:MOST_LINES]:
            yield f"  - {rule(pair['old'])} -> {rule(pair['new'])}, for example {code_span(in_words(pair['example']))}"
        yield from more(one["rules"], "  ")
        if not one["all_rules_named"]:
            yield "  - other rules may do the same"
        yield from permissions(one)
        if report["fleet"]:
            yield from instances(one["instances"])
    if report["roles"]:
        yield from heading("Roles")
    for role in report["roles"]:
        change = {"listed": "listed anew", "unlisted": "listed no longer", "permissions": "may do other things"}
        field = f"{role.get('name')}: {code_span(role.get('old', ''))} -> {code_span(role.get('new', ''))}"
        yield f"- role {code_span(role['role'])}: {change.get(role['change'], field)}"
        yield from permissions(role)
    if report["settings"]:
        yield from heading("Settings")
    for one in report["settings"]:
        yield f"- {code_span(one['name'])}: {code_span(one['old'])} -> {code_span(one['new'])}"


def instances(affected: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    named = ", ".join(code_span(f"{one['instance_id']} {one['name']}".strip()) for one in affected[:MOST_LINES])
    left = f" and {len(affected) - MOST_LINES} more" if len(affected) > MOST_LINES else ""
    yield f"  - in the fleet: {numbers(affected)}" + (f": {named}{left}" if affected else "")


def heading(text: str) -> Iterator[str]:
    yield ""
    yield f"**{text}**"
    yield ""


def permissions(one: Mapping[str, Any]) -> Iterator[str]:
    for sign, line in access(one, most=MOST_LINES):
        yield f"  - {'gains' if sign == '+' else 'loses'} {code_span(line)}"


def more(lines: Sequence[Any], indent: str) -> Iterator[str]:
    if len(lines) > MOST_LINES:
        yield f"{indent}- and {len(lines) - MOST_LINES} more"


def rule(name: str) -> str:
    return f"rule {code_span(name)}" if name else "no rule"


def treated(treatment: Mapping[str, Any]) -> str:
    """It names tags, too, whose keys may be any text."""
    return code_span(treatment["text"])
