"""Event patterns: compiled once, then asked whether an event matches. Pure; conditions.py has the operators.

Semantics: Apache rocketmq-eventbridge, tools/pattern/PatternEvaluator*.java; limits: EventBridge, page "Limits".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fakecloud.eventbridge.conditions import (
    ABSENT,
    Condition,
    Number,
    PatternError,
    TooManyExpressions,
    build,
    equals,
)
from fakecloud.parsing import loads

ATTRIBUTES = frozenset(["id", "source", "specversion", "type", "datacontenttype", "dataschema", "subject", "time"])
EXTENSIONS = frozenset(
    [
        "aliyunaccountid",
        "aliyunpublishtime",
        "aliyuneventbusname",
        "aliyunregionid",
        "aliyunpublishaddr",
        "aliyunoriginalaccountid",
        "aliyuneventid",
    ]
)
MAX_EXPRESSIONS = 5
"""Conditions in map form for one field."""


class Pattern:
    """attributes: (name, conditions); data: (path below data, conditions). All must hold; of the conditions, one."""

    def __init__(
        self,
        attributes: list[tuple[str, list[Condition]]],
        data: list[tuple[tuple[str, ...], list[Condition]]],
    ) -> None:
        self._attributes, self._data = attributes, data

    def matches(self, event: Mapping[str, Any]) -> bool:
        """event: a CloudEvents object. Without `data` in it no pattern on data matches, not even {"exists": false}."""
        if not all(_any(conditions, event.get(name, ABSENT)) for name, conditions in self._attributes):
            return False
        if not self._data:
            return True
        data = event.get("data", ABSENT)
        return data is not ABSENT and all(_any(conditions, _at(data, path)) for path, conditions in self._data)


def compile_pattern(source: str | Mapping[str, Any]) -> Pattern:
    """From JSON text, as rules carry it, or the parsed object. Raises PatternError (TooManyExpressions for the limit)."""
    text = source if isinstance(source, str) else json.dumps(source)
    if not text.strip():
        raise PatternError("the pattern is empty")
    try:
        parsed = parse_json(text)
    except ValueError:
        raise PatternError("the pattern isn't a valid json format string") from None
    if not isinstance(parsed, dict):
        raise PatternError("the pattern should be a JSON object")
    attributes = [(key, _leaf(key, value)) for key, value in parsed.items() if key != "data"]
    for key, _ in attributes:
        if key not in ATTRIBUTES | EXTENSIONS:
            raise PatternError(f"the pattern has unrecognized pattern key: {key}")
    return Pattern(attributes, list(_fields(parsed["data"])) if "data" in parsed else [])


def parse_json(text: str) -> Any:
    """JSON whose numbers keep their text, which exact matching compares."""
    return loads(text, parse_int=Number, parse_float=Number)


def _fields(data: Any, path: str = "") -> Iterator[tuple[tuple[str, ...], list[Condition]]]:
    if not isinstance(data, dict) or not data:
        raise PatternError("the data pattern doesn't have any pattern key")
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _fields(value, f"{path}{key}.")
        else:
            # The core makes one dotted path of the keys: a key with a dot in it ("Tag.1.Key") cannot be addressed.
            yield tuple(f"{path}{key}".split(".")), _leaf(key, value)


def _leaf(key: str, value: Any) -> list[Condition]:
    if not isinstance(value, list) or not value:
        raise PatternError(
            f"the pattern has invalid pattern value: {json.dumps(value)} (key {key}: an array is needed)"
        )
    if sum(isinstance(member, dict) for member in value) > MAX_EXPRESSIONS:
        raise TooManyExpressions(f"the field {key} has more than {MAX_EXPRESSIONS} expressions")
    return [_condition(key, member) for member in value]


def _condition(key: str, member: Any) -> Condition:
    if isinstance(member, list):
        raise PatternError(f"nested pattern value isn't supported, pattern key: {key}")
    if not isinstance(member, dict):
        return Condition(equals(member))
    if len(member) != 1:
        raise PatternError("each pattern condition should only have one condition key")
    ((operator, operand),) = member.items()
    return build(operator, operand)


def _any(conditions: list[Condition], value: Any) -> bool:
    return any(condition.matches(value) for condition in conditions)


def _at(data: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(data, dict) or key not in data:
            return ABSENT
        data = data[key]
    return data
