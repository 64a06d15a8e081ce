"""The scalar functions and operators of analytic statements, with the types they take and give. Knows no logs.

Source: Simple Log Service user guide, the pages on each group of functions; types and integer division as in Presto, which
SLS runs. Values are str, int, float, bool, datetime or None (null); an argument that is null makes the result null.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fakecloud.sls import sql_time as time
from fakecloud.sls.exceptions import QueryError

V, B, D, O, T, Z, N = "varchar", "bigint", "double", "boolean", "timestamp", "timestamp with time zone", "unknown"  # noqa: E741
NUMBER = (B, D)
Types = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """result: the type for these argument types, None where they do not fit. nulls: run wants to see null arguments."""

    result: Callable[[Types], str | None]
    run: Callable[..., Any]
    nulls: bool = False


def common(types: Types) -> str | None:
    """The one type of values that must agree: equal, or numbers (bigint gives way to double), null fitting any."""
    found = {kind for kind in types if kind != N}
    if len(found) <= 1:
        return next(iter(found), N)
    return D if found == {B, D} else None


def takes(result: str, *params: str, optional: int = 0) -> Callable[[Types], str | None]:
    """Arguments of these types, alternatives joined by |; the last `optional` may be left out."""

    def check(types: Types) -> str | None:
        if not len(params) - optional <= len(types) <= len(params):
            return None
        return result if all(t == N or t in p.split("|") for t, p in zip(types, params, strict=False)) else None

    return check


def _numeric(types: Types) -> str | None:
    kind = common(types)
    return kind if kind in (*NUMBER, N) else None


def _agree(types: Types) -> str | None:
    return O if common(types) else None


def _case(types: Types) -> str | None:
    conditions = types[:-1:2]
    return common((*types[1:-1:2], types[-1])) if all(t in (O, N) for t in conditions) else None


def _divide(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        if b == 0:
            raise QueryError("Division by zero", "DivideByZero")
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    if b == 0:
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a)
    return a / b


def _remainder(a: Any, b: Any) -> Any:
    if b == 0:
        raise QueryError("Division by zero", "DivideByZero")
    return a - b * _divide(a, b) if isinstance(a, int) and isinstance(b, int) else math.fmod(a, b)


def _like(text: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace("%", ".*").replace("_", "."), text, re.DOTALL) is not None


def _and(*values: bool | None) -> bool | None:
    return False if False in values else None if None in values else True


def _or(*values: bool | None) -> bool | None:
    return True if True in values else None if None in values else False


def _in(value: Any, *options: Any) -> bool | None:
    if value is None:
        return None
    return True if value in [o for o in options if o is not None] else None if None in options else False


def _pick(*args: Any) -> Any:
    return next((args[i + 1] for i in range(0, len(args) - 1, 2) if args[i]), args[-1])


def _substr(text: str, start: int, length: int | None = None) -> str:
    at = start - 1 if start > 0 else len(text) + start
    return "" if start == 0 or at < 0 else text[at:] if length is None else text[at : at + max(length, 0)]


def _part(text: str, mark: str, number: int) -> str | None:
    parts = text.split(mark) if mark else [text]
    return parts[number - 1] if 0 < number <= len(parts) else None


def _round(value: Any, digits: int = 0) -> Any:
    """Half away from zero, not to even as Python's own."""
    scale: float = 10**digits
    rounded = math.floor(abs(value) * scale + 0.5) / scale
    return type(value)(math.copysign(rounded, value))


FUNCTIONS: dict[str, Function] = {
    "and": Function(takes(O, O, O), _and, True),
    "or": Function(takes(O, O, O), _or, True),
    "not": Function(takes(O, O), operator.not_),
    "is null": Function(lambda t: O, lambda v: v is None, True),
    "=": Function(_agree, operator.eq),
    "<>": Function(_agree, operator.ne),
    "<": Function(_agree, operator.lt),
    "<=": Function(_agree, operator.le),
    ">": Function(_agree, operator.gt),
    ">=": Function(_agree, operator.ge),
    "between": Function(_agree, lambda v, low, high: low <= v <= high),
    "in": Function(_agree, _in, True),
    "like": Function(takes(O, V, V), _like),
    "+": Function(_numeric, operator.add),
    "-": Function(_numeric, operator.sub),
    "*": Function(_numeric, operator.mul),
    "/": Function(_numeric, _divide),
    "%": Function(_numeric, _remainder),
    "negate": Function(_numeric, operator.neg),
    "||": Function(takes(V, V, V), operator.add),
    "case": Function(_case, _pick, True),
    "if": Function(
        lambda t: _case((*t, N) if len(t) == 2 else t) if len(t) in (2, 3) else None,
        lambda c, a, b=None: a if c else b, True,
    ),
    "coalesce": Function(lambda t: common(t) if t else None, lambda *v: next((x for x in v if x is not None), None), True),
    "nullif": Function(lambda t: t[0] if len(t) == 2 and common(t) else None, lambda a, b: None if a == b else a, True),
    "greatest": Function(lambda t: common(t) if t else None, max),
    "least": Function(lambda t: common(t) if t else None, min),
    "abs": Function(lambda t: _numeric(t) if len(t) == 1 else None, abs),
    "round": Function(lambda t: t[0] if takes(D, f"{B}|{D}", B, optional=1)(t) else None, _round),
    "floor": Function(lambda t: _numeric(t) if len(t) == 1 else None, lambda v: type(v)(math.floor(v))),
    "ceil": Function(lambda t: _numeric(t) if len(t) == 1 else None, lambda v: type(v)(math.ceil(v))),
    "lower": Function(takes(V, V), str.lower),
    "upper": Function(takes(V, V), str.upper),
    "trim": Function(takes(V, V), str.strip),
    "length": Function(takes(B, V), len),
    "concat": Function(lambda t: V if len(t) > 1 and common(t) == V else None, lambda *v: "".join(v)),
    "replace": Function(takes(V, V, V, V, optional=1), lambda s, a, b="": s.replace(a, b)),
    "strpos": Function(takes(B, V, V), lambda s, part: s.find(part) + 1),
    "substr": Function(takes(V, V, B, B, optional=1), _substr),
    "split_part": Function(takes(V, V, V, B), _part),
    "from_unixtime": Function(lambda t: (Z if len(t) == 2 else T) if takes(T, f"{B}|{D}", V, optional=1)(t) else None, time.from_unixtime),
    "to_unixtime": Function(takes(D, f"{T}|{Z}"), lambda at: float(at.timestamp())),
    "date_format": Function(takes(V, f"{T}|{Z}", V), time.date_format),
    "date_trunc": Function(lambda t: (t[1] if t[1] == Z else T) if takes(T, V, f"{B}|{T}|{Z}")(t) else None, time.date_trunc),
    "cast:bigint": Function(takes(B, f"{V}|{B}|{D}|{O}"), lambda v: _cast(v, B)),
    "cast:double": Function(takes(D, f"{V}|{B}|{D}|{O}"), lambda v: _cast(v, D)),
    "cast:varchar": Function(takes(V, f"{V}|{B}|{D}|{O}|{T}"), lambda v: _cast(v, V)),
}  # fmt: skip
FUNCTIONS["ceiling"], FUNCTIONS["substring"] = FUNCTIONS["ceil"], FUNCTIONS["substr"]
for _kind in (B, D, V):
    _strict = FUNCTIONS[f"cast:{_kind}"]
    FUNCTIONS[f"try_cast:{_kind}"] = Function(_strict.result, lambda v, k=_kind: _cast(v, k, True))


def _cast(value: Any, kind: str, lenient: bool = False) -> Any:
    if kind == V:
        return to_text(value)
    try:
        if kind == D or isinstance(value, bool):
            return float(value) if kind == D else int(value)
        return int(_round(value)) if isinstance(value, float) else int(value)
    except (ValueError, OverflowError):
        if lenient:
            return None
        raise QueryError(f"Cannot cast '{value}' to {kind.upper()}", "InvalidCastArgument") from None


def to_text(value: Any) -> str:
    """A value as an answer gives it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return re.sub(r"e\+?(-?)0*(\d+)$", r"E\1\2", repr(value))
    return time.text(value) if isinstance(value, datetime) else str(value)
