"""The comparison of two mappings as an operator reads it: what is not decided first, then what differs, and one sentence at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.output import counted, say
from cli.view.access import access
from cli.view.examples import in_words, quoted

MOST_LINES = 12
"""Pairs of rules and undecided questions that are shown; --json has all."""
MOST_PERMISSIONS = 6
MOST_INSTANCES = 5
SAME = "no instance whatever is treated differently: proven"


def show(report: Mapping[str, Any], *, ids: bool) -> None:
    """ids: show all instances of the fleet that are treated differently."""
    old, new, fleet = report["old"], report["new"], report["fleet"]
    say(f"old: {old['file']}, hash {old['hash']}")
    say(f"new: {new['file']}, hash {new['hash']}")
    if fleet:
        say(f"fleet: {fleet['file']}, {fleet['instances']:,} instances of {place(fleet)}")
    shown = ((undecided(report), "yellow"), (differences(report, ids=ids), ""), (changes(report), ""))
    for lines, style in shown:
        for line in lines:
            say((line, style) if style and not line.startswith(" ") else line)
    say("")
    say(conclusion(report))


def undecided(report: Mapping[str, Any]) -> Iterator[str]:
    unread = report["fleet"]["unread"] if report["fleet"] else []
    if unread:
        yield ""
        yield f"NOT OBSERVED: {counted(len(unread), 'instance')} of the fleet could not be read when the snapshot was made"
        yield from (f"  {instance_id}" for instance_id in unread[:MOST_LINES])
        yield from more(unread)
    questions = report["undecided"]
    if questions:
        yield ""
        yield f"NOT DECIDED: {counted(len(questions), 'question')}; the search has ended before these (--effort 10 searches longer)"
        for one in questions[:MOST_LINES]:
            yield f"  {rule(one['old_rule'])} -> {rule(one['new_rule'])}: {perhaps(one)}"
        yield from more(questions)


def place(fleet: Mapping[str, Any]) -> str:
    return f"{fleet['region']}, account {fleet['account_id']}, {fleet['made_at']}"


def differences(report: Mapping[str, Any], *, ids: bool) -> Iterator[str]:
    for number, one in enumerate(report["differences"], 1):
        yield ""
        yield f"{number}. {one['old']['text']} -> {one['new']['text']}"
        for pair in one["rules"][:MOST_LINES]:
            yield f"   {rule(pair['old'])} -> {rule(pair['new'])}"
            yield f"     for example: {in_words(pair['example'])}"
        yield from more(one["rules"], "   ")
        if not one["all_rules_named"]:
            yield "   (other rules may do the same)"
        yield from permissions(one)
        if report["fleet"]:
            yield from instances(one["instances"], ids=ids)


def instances(affected: Sequence[Mapping[str, Any]], *, ids: bool) -> Iterator[str]:
    yield f"   in the fleet: {numbers(affected)}"
    shown = affected if ids else affected[:MOST_INSTANCES]
    for one in shown:
        yield f"     {one['instance_id']} {quoted(one['name']) if one['name'] else '(no name)'}, {held(one)}"
    if len(affected) > len(shown):
        yield f"     ... and {len(affected) - len(shown)} more (--ids shows all)"


def numbers(affected: Sequence[Mapping[str, Any]]) -> str:
    foreign = sum(one["foreign"] for one in affected)
    many = f"{len(affected):,} instance{'s' * (len(affected) != 1)}" if affected else "none"
    return many + (f", {foreign:,} of them with a foreign role" if foreign else "")


def held(one: Mapping[str, Any]) -> str:
    if not one["role"]:
        return "holds no role"
    return f"holds {quoted(one['role'])}" + (", which is foreign" if one["foreign"] else "")


def changes(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield what differs beside the rules."""
    for role in report["roles"]:
        yield ""
        holders = (
            f" ({counted(role['holders'], 'instance')} of the fleet)" if report["fleet"] and "holders" in role else ""
        )
        yield f"role {role['role']}: {role_change(role)}{holders}"
        yield from permissions(role)
    for setting in report["settings"]:
        yield ""
        yield f"settings: {setting['name']}: {setting['old']} -> {setting['new']}"
        if setting.get("means"):
            yield f"   ({setting['means']})"


def role_change(role: Mapping[str, Any]) -> str:
    return {
        "listed": "listed anew: it belongs to the file now, and is taken off where no rule gives it",
        "unlisted": "listed no longer: it is foreign now, and stays where it is",
        "permissions": "whoever holds it may do other things",
    }.get(role["change"]) or f"{role['name']}: {quoted(role['old'])} -> {quoted(role['new'])}"


def permissions(one: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"   {sign} {line}" for sign, line in access(one, most=MOST_PERMISSIONS))


def more(lines: Sequence[Any], indent: str = "  ") -> Iterator[str]:
    if len(lines) > MOST_LINES:
        yield f"{indent}... and {len(lines) - MOST_LINES} more (--json has all)"


def rule(name: str) -> str:
    return f"rule {quoted(name)}" if name else "no rule"


def perhaps(question: Mapping[str, Any]) -> str:
    """A treatment that is not named is any that the rule's template gives."""
    old, new = (one["text"] if one else "some role by a tag" for one in (question["old"], question["new"]))
    return f"perhaps {old} -> {new}"


def conclusion(report: Mapping[str, Any]) -> str:
    """Return the one sentence that may stand alone."""
    parts = [
        (len(report["differences"]), "change in how instances are treated", "changes in how instances are treated"),
        (len({role["role"] for role in report["roles"]}), "role that differs", "roles that differ"),
        (len(report["settings"]), "setting that differs", "settings that differ"),
    ]
    told = ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in parts if count)
    left = report["undecided"]
    if report["result"] == "undecided":
        told = f"undecided: nothing was found to differ, and {counted(len(left), 'question')} could not be decided"
    elif report["result"] == "differs":
        rest = f"; {counted(len(left), 'question')} could not be decided" if left else ""
        alone = "" if report["differences"] or left else f"; but for that {SAME}"
        told = f"differs: {told}{rest}{alone}"
    else:
        names = report["old"]["hash"] != report["new"]["hash"]
        told = f"same: {SAME}" + (" (rules are written, named or ordered differently)" if names else "")
    fleet = report["fleet"]
    if fleet and report["result"] != "same":
        changed = (
            f"{fleet['changed']:,} of {fleet['instances']:,}" if fleet["changed"] else f"none of {fleet['instances']:,}"
        )
        told += f"; {changed} instances of the fleet {'is' if fleet['changed'] == 1 else 'are'} treated differently"
    return told
