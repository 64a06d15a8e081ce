"""Reads the search part of a query (before the `|`) into a tree. Knows no index and no logs.

Source: Simple Log Service user guide, "Search syntax". Precedence, tightest first, is documented as
`:`, `""`, `()`, and, not, or: so `not a and b` is `not (a and b)`. Write parentheses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fakecloud.errors import NotEmulated
from fakecloud.sls.exceptions import QueryError

MAX_CONDITIONS = 30
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_TOKEN = re.compile(
    rf"""\s*(?:(?P<range>in\s*[\[(]\s*{_NUMBER}\s+{_NUMBER}\s*[\])])
    |(?P<quoted>"(?:\\.|[^"\\])*")|(?P<phrase>\#")|(?P<op>>=|<=|>|<|=)|(?P<mark>[():])
    |(?P<word>(?:\\.|[^\s"():<>=\\])+))""",
    re.VERBOSE,
)
_RANGE = re.compile(rf"in\s*([\[(])\s*({_NUMBER})\s+({_NUMBER})\s*([\])])")
_OPERATORS = {"sort", "asc", "desc", "group", "avg", "sum", "min", "max", "limit"}


@dataclass(frozen=True, slots=True)
class Term:
    """Words in a field, or in any ("" = no field named). quoted: * and ? are plain characters."""

    key: str
    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    key: str
    op: str
    number: float


@dataclass(frozen=True, slots=True)
class Range:
    key: str
    low: float
    high: float
    low_open: bool
    high_open: bool


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Search, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Search, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Search


Search = Term | Compare | Range | And | Or | Not
EVERYTHING = Term("", "*")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str) -> Search:
    """The tree of a search; "" and "*" are EVERYTHING. Raises QueryError (ParameterInvalid) naming what is wrong."""
    if not text.strip():
        return EVERYTHING
    if re.match(r"\s*select\b", text, re.I):
        raise QueryError("sql query must follow search query,please read syntax doc", "")
    reader = _Reader(_tokens(text), text)
    tree = reader.alternatives()
    if reader.peek() is not None:
        reader.fail()
    if reader.conditions > MAX_CONDITIONS:
        raise QueryError(f"condition number {reader.conditions} is more than {MAX_CONDITIONS}", "")
    return tree


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise QueryError("unclosed string quote", "")
        kind = found.lastgroup or ""
        if kind == "phrase":
            raise NotEmulated('a phrase search (#"...") of SLS')
        tokens.append(_Token(kind, found[kind], found.start(kind)))
        at = found.end()
    return tokens


class _Reader:
    def __init__(self, tokens: list[_Token], text: str) -> None:
        self.tokens, self.text, self.at, self.conditions = tokens, text, 0, 0

    def peek(self, ahead: int = 0) -> _Token | None:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else None

    def is_(self, *texts: str) -> bool:
        token = self.peek()
        return token is not None and token.kind in ("mark", "word") and token.text.lower() in texts

    def fail(self) -> None:
        token = self.peek()
        at, near = (token.at, token.text) if token else (len(self.text), "<EOF>")
        raise QueryError(
            f"syntax error error position is from column:{at} to column:{at + len(near)},error near < {near} >"
        )

    def alternatives(self) -> Search:
        parts = [self.exclusions()]
        while self.is_("or"):
            self.at += 1
            parts.append(self.exclusions())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def exclusions(self) -> Search:
        """`a not b` is a and not b."""
        parts: list[Search] = [] if self.is_("not") else [self.conjunction()]
        while self.is_("not"):
            self.at += 1
            parts.append(Not(self.conjunction()))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def conjunction(self) -> Search:
        """Terms joined by `and` or by nothing. `a and not b`, which many write, is read as `a not b`."""
        parts = [self.condition()]
        while self.peek() is not None and not self.is_("or", "not", ")"):
            if self.is_("and"):
                self.at += 1
                if self.is_("not"):
                    break
            parts.append(self.condition())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def condition(self) -> Search:
        token = self.peek()
        if token is None or self.is_("and", "or", "not", ")", ":") or token.kind in ("op", "range"):
            self.fail()
        assert token is not None
        self.at += 1
        if token.kind == "mark":
            tree = self.alternatives()
            if not self.is_(")"):
                self.fail()
            self.at += 1
            return tree
        self.conditions += 1
        key, after = self.key(token)
        if after is not None and after.kind == "mark" and after.text == ":":
            self.at += 1
            return self.value(key)
        if after is not None and after.kind == "op":
            self.at += 1
            return Compare(key, after.text, self.number())
        if after is not None and after.kind == "range":
            self.at += 1
            low_mark, low, high, high_mark = _RANGE.fullmatch(after.text).groups()  # type: ignore[union-attr]
            return Range(key, float(low), float(high), low_mark == "(", high_mark == ")")
        if token.kind == "word" and token.text.lower() in _OPERATORS:
            self.at -= 1
            self.fail()
        return Term("", key, token.kind == "quoted")

    def key(self, token: _Token) -> tuple[str, _Token | None]:
        """The field's name (__tag__:NAME is one name; source is short for __source__) and what follows it."""
        key, after = _plain(token), self.peek()
        name = self.peek(1)
        if key == "__tag__" and after is not None and after.text == ":" and name is not None:
            self.at += 2
            return f"__tag__:{_plain(name)}", self.peek()
        if key == "source" and after is not None and after.text == ":":
            return "__source__", after
        return key, after

    def value(self, key: str) -> Term:
        token = self.peek()
        if key == "__time__":
            raise QueryError("__time__ cannot be searched: the parameters from and to give the time")
        if token is None or token.kind not in ("word", "quoted"):
            self.fail()
        assert token is not None
        self.at += 1
        following = self.peek()
        if following is not None and following.text == ":" and following.kind == "mark":
            self.fail()
        return Term(key, _plain(token), token.kind == "quoted")

    def number(self) -> float:
        token = self.peek()
        if token is None or not re.fullmatch(_NUMBER, token.text):
            self.fail()
        assert token is not None
        self.at += 1
        return float(token.text)


def _plain(token: _Token) -> str:
    text = token.text[1:-1] if token.kind == "quoted" else token.text
    return re.sub(r"\\(.)", r"\1", text)
