"""The grammar of permission policies: text in, parsed document out. Knows no state and judges no call.

Source: RAM "Policy structure and syntax", "Basic elements of a permission policy", "Conditional operators".
Stricter than the pages where they are silent: unknown keys and keys given twice are refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from fakecloud.parsing import loads
from fakecloud.ram.conditions import OPERATORS

ACTION = re.compile(r"\*|[\w*?.-]+:[\w*?:/.-]+", re.ASCII)
RESOURCE = re.compile(r"\*|acs:[^:]*:[^:]*:[^:]*:.+|acs:.*\*", re.DOTALL)
CONDITION_KEY = re.compile(r"[\w-]+:[^\s].*")


class GrammarError(ValueError):
    """A mistake and its place in the document."""


def parse_policy(text: str) -> dict[str, Any]:
    """A permission policy, checked. Raises GrammarError."""
    document = parse_document(text)
    for number, statement in enumerate(document["Statement"]):
        at = f"Statement[{number}]"
        only_keys(statement, ("Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"), at)
        check_effect(statement, at)
        check_strings(statement, one_of(statement, ("Action", "NotAction"), at), ACTION, at)
        check_strings(statement, one_of(statement, ("Resource", "NotResource"), at), RESOURCE, at)
        check_condition(statement, at)
    return document


def parse_document(text: str) -> dict[str, Any]:
    """The grammar that permission and trust policies share: JSON, Version "1" and a list of statements."""
    try:
        document = loads(text, object_pairs_hook=_no_doubles, parse_constant=_no_constants)
    except GrammarError:
        raise
    except ValueError as error:
        raise GrammarError(f"the document is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise GrammarError("the document is not a JSON object")
    only_keys(document, ("Version", "Statement"), "the document")
    if document.get("Version") != "1":
        raise GrammarError(f'Version must be "1", not {json.dumps(document.get("Version"))}')
    statements = document.get("Statement")
    if not isinstance(statements, list) or not statements or not all(isinstance(s, dict) for s in statements):
        raise GrammarError("Statement must be a list of one or more objects")
    return document


def only_keys(block: dict[str, Any], known: Iterable[str], at: str) -> None:
    unknown = sorted(set(block) - set(known))
    if unknown:
        raise GrammarError(f"{at} has the unknown element {unknown[0]!r}")


def one_of(statement: dict[str, Any], names: tuple[str, str], at: str) -> str:
    """The one element of the two that the statement has."""
    there = [name for name in names if name in statement]
    if len(there) != 1:
        raise GrammarError(f"{at} must have exactly one of {' and '.join(names)}")
    return there[0]


def check_effect(statement: dict[str, Any], at: str) -> None:
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise GrammarError(f"{at}.Effect must be Allow or Deny")


def check_strings(block: dict[str, Any], name: str, pattern: re.Pattern[str], at: str) -> None:
    for value in strings(block[name], f"{at}.{name}"):
        if not pattern.fullmatch(value):
            raise GrammarError(f"{at}.{name}: {value!r} is not well formed")


def check_condition(statement: dict[str, Any], at: str) -> None:
    if "Condition" not in statement:
        return
    for operator, keys in _object(statement["Condition"], f"{at}.Condition").items():
        if operator not in OPERATORS:
            raise GrammarError(f"{at}.Condition has the unknown operator {operator!r}")
        for key, values in _object(keys, f"{at}.Condition.{operator}").items():
            if not CONDITION_KEY.fullmatch(key):
                raise GrammarError(f"{at}.Condition.{operator}: {key!r} is not a condition key")
            strings(values, f"{at}.Condition.{operator}.{key}")


def strings(value: Any, at: str) -> list[str]:
    """One string or a list of them, as a list: both forms mean the same. Numbers and booleans must be quoted."""
    members = value if isinstance(value, list) else [value]
    if not members or not all(isinstance(member, str) for member in members):
        raise GrammarError(f"{at} must be a string or a list of strings")
    return members


def _object(value: Any, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise GrammarError(f"{at} must be an object")
    return value


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    block = dict(pairs)
    if len(block) != len(pairs):
        keys = [key for key, _ in pairs]
        raise GrammarError(f"{next(key for key in keys if keys.count(key) > 1)!r} is given twice")
    return block


def _no_constants(name: str) -> Any:
    raise GrammarError(f"{name} is not JSON")
