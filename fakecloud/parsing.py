"""Outside input made plain: JSON that is no deeper than the emulator walks, and numbers in digits. Knows no service.

What a client sends must never end in an error of Python's: each of these says no by a ValueError, or by None.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

LONGEST_NUMBER = 400
"""Digits of a number that anybody computes with; Python reads 4,300."""
DEEPEST = 100
"""Levels of lists and objects in each other: nothing that is sent here has ten."""


def loads(text: str | bytes, **options: Any) -> Any:
    """As json.loads, but ValueError, too, for NaN and Infinity, for what is nested deeper than DEEPEST, and for half a surrogate,
    which no UTF-8 can say."""
    try:
        value = json.loads(text, **{"parse_constant": _no_constant, **options})
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    _check_depth(value)
    if b"\\ud" in text.lower() if isinstance(text, bytes) else "\\ud" in text.lower():
        json.dumps(value, ensure_ascii=False).encode()  # raises UnicodeEncodeError, which is a ValueError
    return value


def _check_depth(value: Any) -> None:
    level = _containers([value])
    for _ in range(DEEPEST):
        level = _containers(
            inner for outer in level for inner in (outer.values() if isinstance(outer, dict) else outer)
        )
        if not level:
            return
    raise ValueError(_TOO_DEEP)


def _containers(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, (list, dict))]


def digits(text: str) -> int | None:
    """The number that a text of at most 18 digits is; None for any other (str.isdigit takes more than int() does)."""
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


_TOO_DEEP = f"it is nested too deep, more than {DEEPEST} levels"


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
