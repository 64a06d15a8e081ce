"""A first roles.yaml, written out for people: learnt rules, and in comments what they were learnt from and whom they are wrong for. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from shared.clean import shortened, visible
from shared.mapping.clues import Atom
from shared.mapping.conditions import TAG, Has, Not
from shared.mapping.learning import LearnedRule

MOST_COMMENTS = 200
"""Exceptions that stand in the file."""
FROZEN = "frozen"
_PLAIN = re.compile(r"[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*")
_WORDS_OF_YAML = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}
_TEMPLATE_KEY = re.compile(r"[A-Za-z0-9_:./-]{1,60}")


def write(
    rules: Sequence[LearnedRule],
    holders: Mapping[str, int],
    spelling: Mapping[str, str],
    *,
    head: Sequence[str],
    exceptions: Sequence[str] = (),
) -> str:
    """Return the file's text. holders: how many instances hold each role that is listed. spelling: of tag keys, by subject.

    head, exceptions: lines for comments; what others wrote in them is made harmless here.
    """
    comments = [*head, *_exceptions(exceptions)]
    lines = [f"# {visible(line)}".rstrip() for line in comments]
    lines += [
        "version: 1",
        "",
        "# Their policies are not known from a fleet: write them here, or leave them to whoever has made the roles.",
    ]
    lines += ["roles:", *(f"  {role}: {{}}  # {_counted(count)}" for role, count in holders.items())]
    lines += ["", "rules:", "  # The way out: an instance with the tag rolekeeper=off is left alone."]
    lines += [f"  - name: {FROZEN}", '    when: {tags: {rolekeeper: "off"}}', "    then: ignore"]
    for name, when, role, met, wrong in _entries(rules, spelling):
        note = _counted(met) + (f", {wrong} of them without the role" if wrong else "")
        lines += [f"  - name: {_scalar(name)}", f"    when: {when}  # {note}", f"    role: {role}"]
    lines += [
        "",
        "settings:",
        "  mode: audit  # records what would be done, and does nothing; enforce: once the exceptions are settled",
    ]
    return "\n".join(lines) + "\n"


def _exceptions(exceptions: Sequence[str]) -> Iterator[str]:
    if exceptions:
        yield ""
        yield "EXCEPTIONS: with mode enforce these would change."
        yield from (f"  {line}" for line in exceptions[:MOST_COMMENTS])
    if len(exceptions) > MOST_COMMENTS:
        yield f"  ... and {len(exceptions) - MOST_COMMENTS} more"


def _counted(number: int) -> str:
    return f"{number:,} instance{'s' * (number != 1)}"


def _entries(rules: Sequence[LearnedRule], spelling: Mapping[str, str]) -> Iterator[tuple[str, str, str, int, int]]:
    """Yield name, condition, role, how many meet it, and how many of them it is wrong for."""
    by_tag = _named_by_tag(rules, spelling)
    written: set[str] = set()
    counted: dict[str, int] = {}
    for rule in rules:
        subject = by_tag.get(rule.role) if _is_role_in_tag(rule) else None
        if subject is not None:
            if subject in written:
                continue
            written.add(subject)
            same = [one for one in rules if _is_role_in_tag(one) and by_tag.get(one.role) == subject]
            met, wrong = sum(one.met.bit_count() for one in same), sum(one.wrong for one in same)
            has = Has(subject, tuple(sorted(one.role for one in same)))
            yield f"by tag {spelling[subject]}", _when([has], spelling), f"${{tags.{spelling[subject]}}}", met, wrong
            continue
        counted[rule.role] = counted.get(rule.role, 0) + 1
        name = rule.role if rule.role != FROZEN else f"role {FROZEN}"
        name += f", {counted[rule.role]}" if counted[rule.role] > 1 else ""
        yield name, _when(rule.conditions, spelling), rule.role, rule.met.bit_count(), rule.wrong


def _named_by_tag(rules: Sequence[LearnedRule], spelling: Mapping[str, str]) -> dict[str, str]:
    """Return for each role that the value of one tag names the tag's subject, where the tag names two or more."""
    found: dict[str, list[str]] = {}
    for rule in rules:
        if _is_role_in_tag(rule) and _TEMPLATE_KEY.fullmatch(spelling[rule.conditions[0].subject]):  # type: ignore[union-attr]
            found.setdefault(rule.conditions[0].subject, []).append(rule.role)  # type: ignore[union-attr]
    return {role: subject for subject, roles in found.items() if len(roles) > 1 for role in roles}


def _is_role_in_tag(rule: LearnedRule) -> bool:
    only = rule.conditions[0]
    return (
        len(rule.conditions) == 1
        and isinstance(only, Has)
        and only.subject.startswith(TAG)
        and only.globs == (rule.role,)
    )


def _when(conditions: Sequence[Atom], spelling: Mapping[str, str]) -> str:
    tags, others = [], []
    for condition in conditions:
        has = condition.part if isinstance(condition, Not) else condition
        assert isinstance(has, Has)
        value = _value(has.globs, isinstance(condition, Not))
        if has.subject.startswith(TAG):
            tags.append(f"{_scalar(spelling[has.subject])}: {value}")
        else:
            others.append(f"{has.subject}: {value}")
    return "{" + ", ".join([*([f"tags: {{{', '.join(tags)}}}"] if tags else []), *others]) + "}"


def _value(globs: Sequence[str], negated: bool) -> str:
    if tuple(globs) == ("*",):
        return f"{{exists: {'false' if negated else 'true'}}}"
    text = _scalar(globs[0]) if len(globs) == 1 else f"[{', '.join(map(_scalar, globs))}]"
    return f"{{not: {text}}}" if negated else text


def _scalar(text: str) -> str:
    """The text as YAML takes it for a text, wherever it stands."""
    if _PLAIN.fullmatch(text) and text not in _WORDS_OF_YAML:
        return text
    return json.dumps(text, ensure_ascii=False)


def told(text: str) -> str:
    """A text from outside in a comment: short, in quotes where it is no plain word."""
    short = shortened(text, 80)
    return short if _PLAIN.fullmatch(short) else json.dumps(short, ensure_ascii=False)
