"""One condition of an event pattern: built from its JSON, asked about one value of an event. Pure.

Semantics: Apache rocketmq-eventbridge, tools/pattern/PatternCondition.java and PatternConditionBuilder.java (the core of
EventBridge). `contains` is not in that core: the product's page "Event patterns" has it.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from typing import Any

ABSENT: Any = object()
"""The value of a field that the event does not have."""

Test = Callable[[Any], bool]
"""A test whether one scalar (string, number, bool or None) of an event meets the condition."""


class PatternError(ValueError):
    """The pattern breaks a rule; the text says which."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Event pattern is not valid, reason: {reason}")


class TooManyExpressions(PatternError):
    """More than five expressions for one field."""


class Number(float):
    """A number of a JSON text that remembers how it was written: 300, 300.0 and 3.0e2 are equal numbers, not equal texts."""

    text: str

    def __new__(cls, text: str) -> Number:
        number = super().__new__(cls, text)
        number.text = text
        return number


class Condition:
    """exists is None for all operators but `exists`."""

    def __init__(self, test: Test, exists: bool | None = None) -> None:
        self.test, self.exists = test, exists

    def matches(self, value: Any) -> bool:
        """An absent field meets only {"exists": false}; an object, or an array that holds one, meets nothing."""
        if value is ABSENT:
            return self.exists is False
        members = value if isinstance(value, list) else [value]
        if any(isinstance(member, (dict, list)) for member in members):
            return False
        return any(self.test(member) for member in members)


def text_of(value: Any) -> str | None:
    """A scalar as the core compares it: by its text, so that "1" equals 1. None for null, which equals only null."""
    if value is None or isinstance(value, str):
        return value
    return value.text if isinstance(value, Number) else json.dumps(value)


def equals(wanted: Any) -> Test:
    text = text_of(wanted)
    return lambda value: text_of(value) == text


def build(operator: str, operand: Any) -> Condition:
    """Raises PatternError for an unknown operator or an operand it cannot have."""
    if operator in _TEXTS:
        return Condition(_text_test(operator, operand))
    if operator == "anything-but":
        return Condition(_anything_but(operand))
    if operator == "numeric":
        return Condition(_numeric(operand))
    if operator == "cidr":
        return Condition(_cidr(operand))
    if operator == "exists":
        if not isinstance(operand, bool):
            raise PatternError("the exists condition only support boolean value")
        return Condition(lambda value: operand, exists=operand)
    raise PatternError(f"the pattern condition is unrecognized: {operator}")


_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "prefix": str.startswith,
    "suffix": str.endswith,
    "contains": str.__contains__,
}


def _text_test(operator: str, operand: Any) -> Test:
    if not isinstance(operand, str):
        raise PatternError(f"the {operator} condition only support string value")
    if not operand:
        raise PatternError(f"the {operator} condition doesn't support empty string value")
    holds = _TEXTS[operator]
    return lambda value: isinstance(value, str) and holds(value, operand)


def _anything_but(operand: Any) -> Test:
    if isinstance(operand, dict):
        if set(operand) - {"prefix", "suffix"}:
            raise PatternError("anything but condition only support prefix or suffix")
        if len(operand) != 1:
            raise PatternError("each pattern condition should only have one condition key")
        ((operator, text),) = operand.items()
        excluded = [_text_test(operator, text)]
    else:
        values = operand if isinstance(operand, list) else [operand]
        if any(isinstance(value, (dict, list)) for value in values):
            raise PatternError("the anything-but condition only support null or primitive values")
        excluded = [equals(value) for value in values]
    return lambda value: not any(test(value) for test in excluded)


_NEAR = 1e-7  # the core treats numbers closer than this as equal
_LIMIT = 1e9
_COMPARE: dict[str, Callable[[float], bool]] = {
    "=": lambda difference: abs(difference) <= _NEAR,
    "!=": lambda difference: abs(difference) > _NEAR,
    ">": lambda difference: difference > _NEAR,
    ">=": lambda difference: difference >= -_NEAR,
    "<": lambda difference: difference < -_NEAR,
    "<=": lambda difference: difference <= _NEAR,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _numeric(operand: Any) -> Test:
    if not isinstance(operand, list):
        raise PatternError("the numeric condition needs an array value")
    if len(operand) not in (2, 4):
        raise PatternError("the numeric array value should have 2 or 4 elements")
    bounds: list[tuple[Callable[[float], bool], float]] = []
    for operator, number in zip(operand[::2], operand[1::2], strict=True):
        if not isinstance(operator, str) or not _is_number(number):
            raise PatternError("the numeric value should contains an operator and a number")
        if not -_LIMIT <= number <= _LIMIT:
            raise PatternError("the numeric value must be between -1.0E9 and 1.0E9 inclusive")
        if operator not in _COMPARE:
            raise PatternError(f"the numeric exp only support {', '.join(_COMPARE)}")
        bounds.append((_COMPARE[operator], number))
    return lambda value: _is_number(value) and all(holds(value - number) for holds, number in bounds)


def _cidr(operand: Any) -> Test:
    """IPv4 networks, or one address of either kind.

    A network's first and last address do not count: the core uses commons-net SubnetUtils, believed to leave them out (unverified).
    """
    try:
        if not isinstance(operand, str):
            raise ValueError
        if "/" not in operand:
            single = ipaddress.ip_address(operand)
            return lambda value: _address(value) == single
        network = ipaddress.IPv4Network(operand, strict=False)
    except ValueError:
        raise PatternError("the cidr condition only support an IPv4 network or an IP address") from None
    first, last = int(network.network_address) + 1, int(network.broadcast_address) - 1

    def inside(value: Any) -> bool:
        address = _address(value)
        return isinstance(address, ipaddress.IPv4Address) and first <= int(address) <= last

    return inside


def _address(value: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(value) if isinstance(value, str) else None
    except ValueError:
        return None
