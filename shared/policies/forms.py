"""The form of a document that RAM takes. Judges no permission.

Source: RAM "Policy structure and syntax", "Policy elements", "Conditional operators". Stricter where the pages are silent: unknown elements are
refused, for what RAM leaves unread does not do what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from shared.mapping.problems import nearest
from shared.policies import rules
from shared.policies.findings import LintRule
from shared.policies.positions import Path

Found = tuple[LintRule, str, Path]
"""A finding: the rule, the message, the place in the document."""

_ACTION = re.compile(r"\*|[\w*?.-]+:[\w*?:/.-]+", re.ASCII)
_RESOURCE = re.compile(
    r"\*|acs:[^:\s]*:[^:\s]*:[^:\s]*:\S(.*\S)?"
    r"|acs:([\w.?*-]*|[^:\s]*:[\w.?*-]*|[^:\s]*:[^:\s]*:[\d?*]*)\*"  # cut off at a field that the * leaves open
)
_TEMPLATE_RESOURCE = re.compile(rf"{_RESOURCE.pattern}|\$\{{\w+\}}")
_KEY = re.compile(r"[\w-]+:\S.*")  # a tag's key may have blanks: acs:ResourceTag/cost center
_COMPARED = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATORS = frozenset(
    {
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
        *(kind + name for kind in ("Numeric", "Date") for name in _COMPARED),
        "Bool",
        "IpAddress",
        "NotIpAddress",
    }
)
"""The operators that RAM documents. OSS has IpAddressIncludeBorder besides, for its bucket policies."""
_ELEMENTS = {
    "policy": ("Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"),
    "trust": ("Effect", "Action", "Principal", "Condition"),
}


def check_form(document: Any, trust: bool, template: bool = False) -> Iterator[Found]:
    """template: a variable may stand for a whole resource."""
    if not isinstance(document, dict):
        yield rules.MALFORMED, f"the document is {_kind(document)}, not a JSON object", ()
        return
    yield from _unknown(document, ("Version", "Statement"), ())
    version = document.get("Version")
    if version != "1":
        there = f"Version is {version!r}" if "Version" in document else "Version is missing"
        yield rules.VERSION, there, ("Version",) if "Version" in document else ()
    found = document.get("Statement")
    if not isinstance(found, list) or not found:
        there = "Statement is an empty list" if found == [] else f"Statement is {_kind(found)}, not a list"
        yield rules.NO_STATEMENT, there if "Statement" in document else "Statement is missing", ("Statement",)
        return
    for index, statement in enumerate(found):
        yield from _check_statement(statement, trust, template, ("Statement", index))


def statements(document: Any) -> list[tuple[Path, dict[str, Any]]]:
    """The statements that can be judged at all, with their paths."""
    found = document.get("Statement") if isinstance(document, dict) else None
    listed = enumerate(found) if isinstance(found, list) else ()
    return [(("Statement", index), statement) for index, statement in listed if isinstance(statement, dict)]


def texts(statement: dict[str, Any], name: str) -> list[tuple[int | None, str]]:
    """The texts of an element with their index; index None where it is one text and not a list."""
    return [(index, text) for index, text in _members(statement.get(name, [])) if isinstance(text, str)]


def _check_statement(statement: Any, trust: bool, template: bool, at: Path) -> Iterator[Found]:
    if not isinstance(statement, dict) or not statement:
        yield rules.MALFORMED, f"a statement is {_kind(statement)}, not an object with elements", at
        return
    yield from _unknown(statement, _ELEMENTS["trust" if trust else "policy"], at)
    effect = statement.get("Effect")
    if effect not in ("Allow", "Deny"):
        there = f"Effect is {effect!r}" if "Effect" in statement else "Effect is missing"
        yield rules.EFFECT, there, (*at, "Effect")
    wanted = (("Action",), ("Principal",)) if trust else (("Action", "NotAction"), ("Resource", "NotResource"))
    for names in wanted:
        given = [name for name in names if name in statement]
        if len(given) != 1:
            yield rules.MALFORMED, f"{' and '.join(names)} both stand here" if given else f"{names[0]} is missing", at
    resource = _TEMPLATE_RESOURCE if template else _RESOURCE
    for name, form, rule in (
        ("Action", _ACTION, rules.ACTION_FORM),
        ("NotAction", _ACTION, rules.ACTION_FORM),
        ("Resource", resource, rules.RESOURCE_FORM),
        ("NotResource", resource, rules.RESOURCE_FORM),
    ):
        if name in statement:
            yield from _check_texts(statement[name], form, rule, (*at, name))
    if "Condition" in statement:
        yield from _check_condition(statement["Condition"], (*at, "Condition"))


def _check_texts(value: Any, form: re.Pattern[str], rule: LintRule, at: Path) -> Iterator[Found]:
    if value == []:
        yield rules.MALFORMED, f"{at[-1]} is an empty list", at
    for index, text in _members(value):
        path = at if index is None else (*at, index)
        if not isinstance(text, str):
            yield rules.MALFORMED, f"{at[-1]} is {_kind(text)}, not a text", path
        elif not form.fullmatch(text):
            blank = any(char.isspace() for char in text)
            yield rule, f"{text!r} {'has a blank in it' if blank else 'is not well formed'}", path


def _check_condition(condition: Any, at: Path) -> Iterator[Found]:
    if not isinstance(condition, dict):
        yield rules.CONDITION_FORM, f"Condition is {_kind(condition)}, not an object", at
        return
    if not condition:
        yield rules.CONDITION_FORM, "Condition is empty and limits nothing; leave it out if that is meant", at
    for operator, keys in condition.items():
        if operator not in OPERATORS:
            yield (
                rules.CONDITION_FORM,
                f"unknown operator {operator!r}; {nearest(operator, OPERATORS)}".rstrip("; "),
                (*at, operator),
            )
        if not isinstance(keys, dict):
            yield rules.CONDITION_FORM, f"{operator} is {_kind(keys)}, not an object", (*at, operator)
            continue
        if not keys:
            yield (
                rules.CONDITION_FORM,
                f"{operator} is empty and limits nothing; leave it out if that is meant",
                (*at, operator),
            )
        for key, values in keys.items():
            path = (*at, operator, key)
            if not _KEY.fullmatch(key):
                yield rules.CONDITION_FORM, f"{key!r} is not a condition key", path
            if values == [] or not all(isinstance(value, str) for _, value in _members(values)):
                yield rules.CONDITION_FORM, f"{key} wants a text or a list of texts, found {_kind(values)}", path


def _unknown(block: dict[str, Any], known: Sequence[str], at: Path) -> Iterator[Found]:
    for key in block:
        if key not in known:
            hint = nearest(str(key), known) or f"known are {', '.join(known)}"
            yield rules.MALFORMED, f"unknown element {key!r}; {hint}", (*at, key)


def _members(value: Any) -> list[tuple[int | None, Any]]:
    return list(enumerate(value)) if isinstance(value, list | tuple) else [(None, value)]


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    names = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", int: "a number", float: "a number"}
    return (
        ("an empty " + names[type(value)].split()[1])
        if value in ({}, [])
        else names.get(type(value), type(value).__name__)
    )
