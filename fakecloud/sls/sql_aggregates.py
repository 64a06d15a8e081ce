"""The aggregate functions of analytic statements, with the types they take and give. Knows no logs.

Source: Simple Log Service user guide, "General aggregate functions" and "Approximate functions". The approximate ones are
exact here: the cloud's answer may differ by its stated error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fakecloud.sls.exceptions import QueryError
from fakecloud.sls.sql_functions import B, D, N, O, Types, takes

Rows = Sequence[tuple[Any, ...]]
_NUMBER = f"{B}|{D}"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """run: over the argument values of each row of a group, those with a null argument left out (max_by: a null second)."""

    result: Callable[[Types], str | None]
    run: Callable[[Rows], Any]
    judged: int = 0  # the argument whose null leaves a row out


def _same(types: Types) -> str | None:
    return types[0] if len(types) == 1 and types[0] != O else None


def _percentile(rows: Rows) -> Any:
    """The value at that position of the sorted column (nearest rank)."""
    share = rows[0][1] if rows else 0
    if not 0 <= share <= 1:
        raise QueryError("Percentile must be between 0 and 1", "SyntaxError")
    ordered = sorted(row[0] for row in rows)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def _by(choose: Callable[..., Any]) -> Callable[[Rows], Any]:
    def run(rows: Rows) -> Any:
        return choose(rows, key=lambda row: row[1])[0] if rows else None

    return run


AGGREGATES: dict[str, Aggregate] = {
    "count": Aggregate(lambda t: B if len(t) == 1 else None, len),
    "count_if": Aggregate(takes(B, O), lambda rows: sum(1 for row in rows if row[0])),
    "sum": Aggregate(
        lambda t: t[0] if takes(N, _NUMBER)(t) else None, lambda rows: sum(r[0] for r in rows) if rows else None
    ),
    "avg": Aggregate(takes(D, _NUMBER), lambda rows: float(sum(r[0] for r in rows)) / len(rows) if rows else None),
    "min": Aggregate(_same, lambda rows: min((row[0] for row in rows), default=None)),
    "max": Aggregate(_same, lambda rows: max((row[0] for row in rows), default=None)),
    "arbitrary": Aggregate(lambda t: t[0] if len(t) == 1 else None, lambda rows: rows[0][0] if rows else None),
    "approx_distinct": Aggregate(lambda t: B if len(t) == 1 else None, lambda rows: len({row[0] for row in rows})),
    "approx_percentile": Aggregate(lambda t: t[0] if takes(N, _NUMBER, D)(t) else None, _percentile),
    "max_by": Aggregate(lambda t: t[0] if len(t) == 2 else None, _by(max), 1),
    "min_by": Aggregate(lambda t: t[0] if len(t) == 2 else None, _by(min), 1),
}
