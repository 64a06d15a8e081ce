"""Carries out GetLogs and GetHistograms on a logstore: splits the query, searches, analyses, pages. Knows no wire format.

Source: Simple Log Service API reference, GetLogs, GetLogsV2 and GetHistograms.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from fakecloud.sls import exceptions as errors
from fakecloud.sls import match, search, sql, sql_parser
from fakecloud.sls.index import Index
from fakecloud.sls.models import Log, Logstore

BUCKETS = 60


@dataclass(frozen=True, slots=True)
class Window:
    """start <= time < end, as (seconds, nanoseconds)."""

    start: tuple[int, int]
    end: tuple[int, int]

    def __post_init__(self) -> None:
        if not (0, 0) <= self.start < self.end:
            raise errors.InvalidTimeRange()


@dataclass(frozen=True, slots=True)
class Answer:
    """rows: what GetLogs gives. processed: logs looked at. The last four only where the query has an analytic part."""

    rows: list[dict[str, str]]
    processed: int
    search: str
    analysis: str = ""
    columns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    limited: int | None = field(default=None)


def split(query: str) -> tuple[str, str | None]:
    """The search part and, after the first | outside double quotes, the analytic part (None = there is no |)."""
    found = re.match(r'((?:"(?:\\.|[^"\\])*"|[^|"])*)\|(.*)', query, re.DOTALL)
    return (found[1].strip(), found[2].strip()) if found else (query.strip(), None)


@contextmanager
def _readable() -> Iterator[None]:
    """Statements in each other are read, and carried out, one inside the other: of those there can be too many."""
    try:
        yield
    except RecursionError:
        raise errors.QueryError("the statement is nested too deep", "OLSQueryParseError") from None


@_readable()
def get_logs(
    store: Logstore, window: Window, query: str, topic: str, line: int, offset: int, reverse: bool, now: float
) -> Answer:
    """line and offset page a search; an analytic statement pages with LIMIT. `*` costs only the page it returns."""
    index = _index(store)
    text, analysis = split(query)
    tree = search.parse(text)
    low, high = store.bounds(window.start, window.end, now)
    if analysis is not None:
        if offset:
            raise errors.QueryError(
                "offset is not available for pagination in sql query, please use limit x,y syntax for pagination.",
                "OLSQueryParseError",
            )
        select = sql_parser.parse(analysis)
        logs = _found(store, tree, index, topic, low, high, False)
        table = sql.run(select, logs, index, store.name)
        shown = {"__source__": "", "__time__": str(window.start[0])}
        rows = [{**shown, **dict(zip(table.columns, row, strict=True))} for row in table.rows]
        return Answer(rows, high - low, text, analysis, table.columns, table.types, table.limited)
    if not 0 <= line <= 100:
        raise errors.InvalidLine()
    if offset < 0:
        raise errors.InvalidOffset()
    if tree == search.EVERYTHING and not topic:
        first, last = min(low + offset, high), min(low + offset + line, high)
        if reverse:
            first, last = max(high - offset - line, low), max(high - offset, low)
        page = list(store.span(first, last, reverse))
        return Answer([log.answer() for log in page], len(page), text)
    found = _found(store, tree, index, topic, low, high, reverse)
    return Answer([log.answer() for log in itertools.islice(found, offset, offset + line)], high - low, text)


@_readable()
def get_histograms(store: Logstore, window: Window, query: str, topic: str, now: float) -> list[dict[str, int | str]]:
    """Counts in equal parts of the window, at most 60 (how many the cloud makes is not documented)."""
    index = _index(store)
    text, analysis = split(query)
    if analysis is not None:
        raise errors.ParameterInvalid("GetHistograms takes a search statement only, without an analytic statement.")
    tree = search.parse(text)
    start, end = window.start[0], max(window.end[0], window.start[0] + 1)
    width = -(-(end - start) // BUCKETS)
    low, high = store.bounds(window.start, window.end, now)
    counts: dict[int, int] = {}
    for log in _found(store, tree, index, topic, low, high, False):
        counts[(log.time - start) // width] = counts.get((log.time - start) // width, 0) + 1
    return [
        {"from": at, "to": min(at + width, end), "count": counts.get((at - start) // width, 0), "progress": "Complete"}
        for at in range(start, end, width)
    ]


def _index(store: Logstore) -> Index:
    if store.index is None:
        raise errors.IndexConfigNotExist()
    return store.index


def _found(
    store: Logstore, tree: search.Search, index: Index, topic: str, low: int, high: int, reverse: bool
) -> Iterator[Log]:
    test = match.matcher(tree, index)
    return (log for log in store.span(low, high, reverse) if (not topic or log.topic == topic) and test(log))
