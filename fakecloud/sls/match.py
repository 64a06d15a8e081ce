"""Turns a search into a test of one log, under the logstore's index. Reads no query text and holds no logs.

Source: Simple Log Service user guide, "Search syntax", "Data types" and "Common errors of query and analysis".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

from fakecloud.parsing import LONGEST_NUMBER
from fakecloud.sls import search
from fakecloud.sls.exceptions import QueryError
from fakecloud.sls.index import NUMERIC, Index, KeyIndex
from fakecloud.sls.models import Log

Test = Callable[[Log], bool]
Words = Callable[[set[str]], bool]
_COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq}
_INTEGER = re.compile(r"[+-]?\d+")
_DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


def matcher(tree: search.Search, index: Index) -> Test:
    """A test of one log. Raises QueryError (ParameterInvalid) where the index does not allow the search."""
    match tree:
        case search.And(parts):
            tests = [matcher(part, index) for part in parts]
            return lambda log: all(test(log) for test in tests)
        case search.Or(parts):
            tests = [matcher(part, index) for part in parts]
            return lambda log: any(test(log) for test in tests)
        case search.Not(part):
            test = matcher(part, index)
            return lambda log: not test(log)
        case search.Compare(key, op, number):
            numeric, compare = _numeric(key, index), _COMPARE[op]
            return lambda log: (value := number_of(log, key, numeric)) is not None and compare(value, number)
        case search.Range(key, low, high, low_open, high_open):
            numeric = _numeric(key, index)
            above, below = (operator.gt if low_open else operator.ge), (operator.lt if high_open else operator.le)
            return lambda log: (
                (value := number_of(log, key, numeric)) is not None and above(value, low) and below(value, high)
            )
        case search.Term(key, text, quoted) if key:
            return _in_field(key, text, quoted, index)
        case search.Term(_, text, quoted):
            return _anywhere(text, quoted, index)


def number_of(log: Log, name: str, key: KeyIndex) -> float | None:
    """The value of a numeric field; None where it is absent or is no number of its type (a long is no 1.5)."""
    value = log.get(name)
    if value is None or not (_INTEGER if key.type == "long" else _DECIMAL).fullmatch(value):
        return None
    return (int(value) if key.type == "long" else float(value)) if len(value) <= LONGEST_NUMBER else None


def _field(name: str, index: Index) -> KeyIndex:
    key = index.key(name)
    if key is None:
        raise QueryError(
            f'key ({name}) is not config as key value config,if symbol : is in your log,please wrap : with quotation mark "',
            "",
        )
    return key


def _numeric(name: str, index: Index) -> KeyIndex:
    key = _field(name, index)
    if key.type not in NUMERIC:
        raise QueryError(f"key ({name}) is not config as numberic column", "")
    return key


def _in_field(name: str, text: str, quoted: bool, index: Index) -> Test:
    key = _field(name, index)
    if key.type in NUMERIC:
        if not _DECIMAL.fullmatch(text):
            raise QueryError(
                f"key ({name}) is of type {key.type}, which only numbers can be compared with, not {text!r}", ""
            )
        number = float(text)
        return lambda log: number_of(log, name, key) == number
    if text == "*" and not quoted:
        return lambda log: log.get(name) is not None
    if text == "":
        return lambda log: log.get(name) == ""
    wanted = _words(text, quoted and name != "__source__", key)
    return lambda log: (value := log.get(name)) is not None and wanted(set(key.words(value)))


def _anywhere(text: str, quoted: bool, index: Index) -> Test:
    if text == "*" and not quoted:
        return lambda log: True
    if index.line is None:
        raise QueryError(f"{text}: the logstore has no full-text index; name a field (key: value)", "")
    line, wanted = index.line, _words(text, quoted, index.line)

    def test(log: Log) -> bool:
        words: set[str] = set()
        for name, value in log.contents.items():
            key = index.full_text(name)
            if key is not None:
                words.update(
                    line.words(name),
                    KeyIndex(delimiters=line.delimiters).words(value) if key.type in NUMERIC else key.words(value),
                )
        return wanted(words)

    return test


def _words(text: str, quoted: bool, key: KeyIndex) -> Words:
    """A test of a value's words: each word of the text must be among them, in any order; * and ? are wildcards."""
    plain: set[str] = set()
    patterns: list[re.Pattern[str]] = []
    for word in key.words(text):
        if quoted or not re.search(r"[*?]", word):
            plain.add(word)
        elif word[0] in "*?":
            raise QueryError("only support * or ? in the middle or end of the query", "")
        else:
            patterns.append(re.compile(re.escape(word).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL))
    if not plain and not patterns:
        raise QueryError(f"the text {text!r} holds nothing but delimiters", "")
    return lambda words: plain <= words and all(any(p.fullmatch(word) for word in words) for p in patterns)
