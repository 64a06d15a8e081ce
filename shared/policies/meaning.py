"""The meaning of a document, whatever its spelling: a normal form, equality, and the grants one by one. Pure; never raises,
so that documents somebody else wrote can be compared too. Works for permission and for trust policies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Grant = tuple[str, str, str, str]
"""(effect, action, resource or principal, condition): ("Allow", "oss:GetObject", "acs:oss:*:*:b/*", "")."""

_LISTS = ("Action", "NotAction", "Resource", "NotResource")


def canonical(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same document with all that has no meaning settled: order of statements, actions, resources and condition
    values; doubles; one text or a list of it; empty conditions; order of keys."""
    settled = {key: _sorted(value) for key, value in sorted(document.items()) if key != "Statement"}
    if "Statement" in document:
        statements = [_statement(statement) for statement in _members(document["Statement"])]
        settled["Statement"] = _unique(statements)
    return settled


def same(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Return whether both documents grant and deny exactly the same. How the grants are spread over statements is no matter."""
    return a.get("Version") == b.get("Version") and grants(a) == grants(b)


def grants(document: Mapping[str, Any]) -> frozenset[Grant]:
    """Every action on every resource (of a trust policy: every principal), with its effect and condition."""
    return frozenset(
        grant
        for statement in canonical(document).get("Statement", [])
        for grant in (_grants(statement) if isinstance(statement, dict) else [("", "", _text(statement), "")])
    )


def condition_text(condition: Any) -> str:
    """A condition in one line, the same for every spelling of it; "" = none."""
    settled = _condition(condition)
    return _text(settled) if settled else ""


def _grants(statement: dict[str, Any]) -> Iterator[Grant]:
    known = {"Effect", "Principal", "NotPrincipal", "Condition", *_LISTS}
    odd = {key: value for key, value in statement.items() if key not in known}
    condition = condition_text(statement.get("Condition")) + (_text(odd) if odd else "")
    for action in _either(statement, "Action"):
        for resource in [*_either(statement, "Resource"), *_principals(statement)] or [""]:
            yield _text_or(statement.get("Effect")), action, resource, condition


def _either(statement: dict[str, Any], name: str) -> list[str]:
    """Action or Resource, one by one; NotAction or NotResource as one, for none of its members means anything alone."""
    negated = f"Not{name}"
    but = [f"not ({', '.join(map(_text_or, _members(statement[negated])))})"] if negated in statement else []
    return [*map(_text_or, _members(statement.get(name, []))), *but]


def _principals(statement: dict[str, Any]) -> Iterator[str]:
    for key in ("Principal", "NotPrincipal"):
        if key in statement:
            block = statement[key]
            kinds = block.items() if isinstance(block, dict) else [("", block)]
            for kind, members in kinds:
                for member in _members(members):
                    yield f"{'not ' * (key != 'Principal')}{kind}:{_text_or(member)}".removeprefix(":")


def _statement(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    settled: dict[str, Any] = {}
    for key, value in sorted(statement.items()):
        if key == "Condition":
            value = _condition(value)
            if not value:
                continue
        elif key in _LISTS:
            value = _unique(_members(value))
        elif key in ("Principal", "NotPrincipal") and isinstance(value, dict):
            value = {kind: _unique(_members(members)) for kind, members in sorted(value.items())}
        settled[key] = value
    return settled


def _condition(condition: Any) -> Any:
    if not isinstance(condition, dict):
        return condition
    operators = {
        operator: {key: _unique(_members(values)) for key, values in sorted(keys.items())}
        if isinstance(keys, dict)
        else keys
        for operator, keys in sorted(condition.items())
    }
    return {operator: keys for operator, keys in operators.items() if keys != {}}


def _members(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _unique(values: list[Any]) -> list[Any]:
    return [value for _, value in sorted({_text(value): value for value in values}.items())]


def _sorted(value: Any) -> Any:
    return json.loads(_text(value))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def _text_or(value: Any) -> str:
    return value if isinstance(value, str) else _text(value)
