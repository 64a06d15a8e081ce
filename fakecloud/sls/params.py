"""Reads the parameters of SLS calls, from a query string or a JSON body: known names only, each of its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakecloud.errors import NotEmulated
from fakecloud.sls import exceptions as errors

GET_LOGS = frozenset(
    [
        "from",
        "to",
        "line",
        "offset",
        "reverse",
        "powerSql",
        "session",
        "topic",
        "query",
        "forward",
        "highlight",
        "accurate",
        "fromNs",
        "toNs",
        "type",
    ]
)
GET_HISTOGRAMS = frozenset(["from", "to", "topic", "query", "accurate", "fromNs", "toNs", "shard", "type"])


def only(given: Mapping[str, Any], known: frozenset[str], action: str) -> None:
    """A parameter that is not known is refused loudly: to pass over it would be a lie."""
    for name in given:
        if name not in known:
            raise NotEmulated(f"the parameter {name} of {action}")


def whole(
    given: Mapping[str, Any], name: str, default: int | None = None, wrong: type[errors.SlsError] | None = None
) -> int:
    """An integer, or text that is one. default: None = it must be given."""
    value = given.get(name)
    if value is None or value == "":
        if default is not None:
            return default
        raise errors.ParameterInvalid(f"The parameter {name} is required.")
    try:
        if isinstance(value, bool | float):
            raise ValueError
        return int(value)
    except (ValueError, TypeError):
        raise wrong() if wrong else errors.ParameterInvalid(f"{name} : {value} is not an integer.") from None


def flag(
    given: Mapping[str, Any], name: str, default: bool = False, wrong: type[errors.SlsError] | None = None
) -> bool:
    value = given.get(name, default)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise wrong() if wrong else errors.ParameterInvalid(f"{name} : {value} is neither true nor false.")


def text(given: Mapping[str, Any], name: str, required: bool = False) -> str:
    value = given.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise errors.ParameterInvalid(f"The parameter {name} must be a string.")
    return value


def page(given: Mapping[str, Any], most: int = 500) -> tuple[int, int]:
    """offset and size of a listing (default 0 and 100, at most 500)."""
    offset, size = whole(given, "offset", 0), whole(given, "size", 100)
    if offset < 0:
        raise errors.ParameterInvalid(f"offset : {offset} pair is invalid")
    if not 0 < size <= most:
        raise errors.ParameterInvalid(f"Invalid parameter size, (0.{most}].")
    return offset, size
