"""The evaluation of a Condition block for a request. Pure: the context of the request is handed in.

Operators: RAM "Conditional operators" (string, number, date and time, Boolean, IP address). What a missing key means to a
negated operator is undocumented; here it holds, as nothing equals the value.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

Test = Callable[[str, str], bool]


def like(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """`*` is any run of characters, `?` is one."""
    return _wildcards(pattern, ignore_case).fullmatch(text) is not None


@lru_cache(maxsize=10_000)
def _wildcards(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    """Each call is judged by all of a policy's patterns, which hardly change."""
    parts = {"*": ".*", "?": "."}
    regex = "".join(parts.get(char) or re.escape(char) for char in re.sub(r"\*+", "*", pattern))
    return re.compile(regex, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _equals(value: str, given: str) -> bool:
    return value == given


def _equals_ignore_case(value: str, given: str) -> bool:
    return value.lower() == given.lower()


def _ordered(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Test:
    def test(value: str, given: str) -> bool:
        try:
            return compare(read(given), read(value))
        except ValueError:
            return False

    return test


def _date(text: str) -> datetime:
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return at if at.tzinfo else at.replace(tzinfo=timezone.utc)


def _within(value: str, given: str) -> bool:
    try:
        return ipaddress.ip_address(given) in ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda given, value: bool(given == value),
    "LessThan": lambda given, value: bool(given < value),
    "LessThanEquals": lambda given, value: bool(given <= value),
    "GreaterThan": lambda given, value: bool(given > value),
    "GreaterThanEquals": lambda given, value: bool(given >= value),
}
_READERS: dict[str, Callable[[str], Any]] = {"Numeric": float, "Date": _date}

_TESTS: dict[str, Test] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _equals_ignore_case,
    "StringLike": like,
    "Bool": _equals_ignore_case,
    "IpAddress": _within,
    **{f"{kind}{name}": _ordered(read, test) for kind, read in _READERS.items() for name, test in _COMPARISONS.items()},
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}
OPERATORS = frozenset({*_TESTS, *_NEGATED})


def holds(
    condition: Mapping[str, Mapping[str, str | list[str]]], context: Mapping[str, str], *, tag_case: bool = False
) -> bool:
    """All operators and all keys must hold; of a key's values, one. context: condition key -> the request's value.

    The names of keys compare without case; tag_case: but for the tag in acs:RequestTag/KEY and the like.
    """
    plain = {_plain(key, tag_case): value for key, value in context.items()}
    return all(
        _holds(operator, [values] if isinstance(values, str) else values, plain.get(_plain(key, tag_case)))
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _plain(key: str, tag_case: bool) -> str:
    name, slash, tag = key.partition("/")
    return f"{name.lower()}{slash}{tag if tag_case else tag.lower()}"


def _holds(operator: str, values: list[str], given: str | None) -> bool:
    if operator in _NEGATED:
        return not _holds(_NEGATED[operator], values, given)
    return given is not None and any(_TESTS[operator](value, given) for value in values)
