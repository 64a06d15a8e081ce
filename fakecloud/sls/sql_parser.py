"""Reads the analysis part of a query (after the `|`), a SELECT statement, into a tree. Knows no columns and no functions.

Source: Simple Log Service user guide, "Log analysis" and its pages on SELECT, GROUP BY, HAVING, ORDER BY and LIMIT.
What it does not read it refuses by name; nothing is passed over.
"""

from __future__ import annotations

import re

from fakecloud.errors import NotEmulated
from fakecloud.parsing import LONGEST_NUMBER, digits
from fakecloud.sls.exceptions import QueryError
from fakecloud.sls.sql_tree import Apply, Column, Item, Literal, Node, Select

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^']|'')*')|(?P<name>"(?:[^"]|"")*")|(?P<number>\d+(?:\.\d+)?(?![A-Za-z_]))
    |(?P<word>[A-Za-z_][A-Za-z_0-9]*)|(?P<op><>|!=|>=|<=|\|\||[-+*/%=<>(),.;\[\]]))""",
    re.VERBOSE,
)
_COMPARE = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_REFUSED = {
    "union",
    "join",
    "insert",
    "with",
    "window",
    "over",
    "unnest",
    "set",
    "exists",
    "offset",
    "except",
    "intersect",
}
_RESERVED = _REFUSED | {
    "select",
    "from",
    "where",
    "group",
    "having",
    "order",
    "by",
    "limit",
    "as",
    "and",
    "or",
    "not",
    "in",
    "like",
    "between",
    "is",
    "null",
    "case",
    "when",
    "then",
    "else",
    "end",
    "asc",
    "desc",
}


def parse(text: str) -> Select:
    """Raises QueryError (ParameterInvalid, SyntaxError) or NotEmulated, naming the word."""
    return _Parser(text).statement()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str, int]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None:
                raise _syntax(at, f"cannot read {text[at:].split()[0]!r}")
            kind = found.lastgroup or ""
            self.tokens.append((kind, found[kind], found.start(kind)))
            at = found.end()
        self.at, self.end = 0, end

    def peek(self) -> tuple[str, str, int]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "<EOF>", self.end)

    def take(self, *words: str) -> bool:
        """Take these keywords or operators if they come next, all of them."""
        for number, word in enumerate(words):
            place = self.at + number
            kind, text, _ = self.tokens[place] if place < len(self.tokens) else ("end", "", 0)
            if kind not in ("word", "op") or text.lower() != word:
                return False
        self.at += len(words)
        return True

    def need(self, word: str) -> None:
        if not self.take(word):
            raise self.mismatch(f"expecting {word!r}")

    def open(self) -> None:
        self.need("(")
        if self.peek()[1].lower() == "select":
            raise NotEmulated("a subquery in an analytic statement of SLS")

    def mismatch(self, hint: str = "") -> QueryError:
        _, text, at = self.peek()
        if text.lower() in _REFUSED:
            raise NotEmulated(f"{text} in an analytic statement of SLS")
        return _syntax(at, f"mismatched input '{text}' {hint}".rstrip())

    def statement(self) -> Select:
        if not self.take("select"):
            raise NotEmulated(f"an analytic statement that begins with {self.peek()[1]!r} (SELECT is emulated)")
        distinct = self.take("distinct")
        items = [self.item()]
        while self.take(","):
            items.append(self.item())
        table = self.table() if self.take("from") else ""
        where = self.expression() if self.take("where") else None
        group = self.listed() if self.take("group", "by") else ()
        having = self.expression() if self.take("having") else None
        order: list[tuple[Node, bool]] = []
        if self.take("order", "by"):
            order.append(self.ordering())
            while self.take(","):
                order.append(self.ordering())
        offset, limit = self.limits() if self.take("limit") else (0, None)
        self.take(";")
        if self.peek()[0] != "end":
            raise self.mismatch()
        return Select(tuple(items), distinct, table, where, group, having, tuple(order), offset, limit)

    def table(self) -> str:
        if self.peek()[1] == "(":
            self.open()
        return self.name()

    def item(self) -> Item:
        if self.take("*"):
            return Item(None)
        node = self.expression()
        kind, text, _ = self.peek()
        if self.take("as"):
            return Item(node, self.name())
        if kind == "name" or (kind == "word" and text.lower() not in _RESERVED):
            return Item(node, self.name())
        return Item(node)

    def name(self) -> str:
        kind, text, _ = self.peek()
        if kind == "name":
            self.at += 1
            return text[1:-1].replace('""', '"')
        if kind != "word" or text.lower() in _RESERVED:
            raise self.mismatch("expecting a name")
        self.at += 1
        return text

    def ordering(self) -> tuple[Node, bool]:
        node = self.expression()
        return node, not self.take("asc") and self.take("desc")

    def limits(self) -> tuple[int, int]:
        first = self.whole()
        return (first, self.whole()) if self.take(",") else (0, first)

    def whole(self) -> int:
        kind, text, _ = self.peek()
        number = digits(text) if kind == "number" else None
        if number is None:
            raise self.mismatch("expecting a whole number")
        self.at += 1
        return number

    def listed(self) -> tuple[Node, ...]:
        nodes = [self.expression()]
        while self.take(","):
            nodes.append(self.expression())
        return tuple(nodes)

    def expression(self) -> Node:
        node = self.conjunction()
        while self.take("or"):
            node = Apply("or", (node, self.conjunction()))
        return node

    def conjunction(self) -> Node:
        node = self.negation()
        while self.take("and"):
            node = Apply("and", (node, self.negation()))
        return node

    def negation(self) -> Node:
        return Apply("not", (self.negation(),)) if self.take("not") else self.predicate()

    def predicate(self) -> Node:
        node = self.sum()
        while True:
            kind, text, _ = self.peek()
            if kind == "op" and text in _COMPARE:
                self.at += 1
                node = Apply(_COMPARE[text], (node, self.sum()))
            elif self.take("is", "not", "null"):
                node = Apply("not", (Apply("is null", (node,)),))
            elif self.take("is", "null"):
                node = Apply("is null", (node,))
            else:
                negated = self.take("not")
                test = self.test(node)
                if test is None and negated:
                    raise self.mismatch("expecting LIKE, IN or BETWEEN")
                if test is None:
                    return node
                node = Apply("not", (test,)) if negated else test

    def test(self, node: Node) -> Node | None:
        if self.take("like"):
            return Apply("like", (node, self.sum()))
        if self.take("between"):
            low = self.sum()
            self.need("and")
            return Apply("between", (node, low, self.sum()))
        if self.take("in"):
            self.open()
            nodes = self.listed()
            self.need(")")
            return Apply("in", (node, *nodes))
        return None

    def sum(self) -> Node:
        node = self.product()
        while (op := self.peek()[1]) in ("+", "-", "||") and self.take(op):
            node = Apply(op, (node, self.product()))
        return node

    def product(self) -> Node:
        node = self.unary()
        while (op := self.peek()[1]) in ("*", "/", "%") and self.take(op):
            node = Apply(op, (node, self.unary()))
        return node

    def unary(self) -> Node:
        return Apply("negate", (self.unary(),)) if self.take("-") else self.primary()

    def primary(self) -> Node:
        kind, text, _ = self.peek()
        if kind == "string":
            self.at += 1
            return Literal(text[1:-1].replace("''", "'"))
        if kind == "number":
            if len(text) > LONGEST_NUMBER:
                raise self.mismatch("expecting a number of a sensible length")
            self.at += 1
            return Literal(float(text) if "." in text else int(text))
        if self.peek()[1] == "(":
            self.open()
            node = self.expression()
            self.need(")")
            return node
        if self.take("case"):
            return self.case()
        if kind == "word" and text.lower() in ("null", "true", "false"):
            self.at += 1
            return Literal({"null": None, "true": True, "false": False}[text.lower()])
        name = self.name()
        return self.call(name.lower()) if kind == "word" and self.take("(") else Column(name, kind == "name")

    def case(self) -> Node:
        """CASE is ("case", condition, value, ..., otherwise)."""
        subject = None if self.peek()[1].lower() == "when" else self.expression()
        args: list[Node] = []
        while self.take("when"):
            condition = self.expression()
            args.append(condition if subject is None else Apply("=", (subject, condition)))
            self.need("then")
            args.append(self.expression())
        args.append(self.expression() if self.take("else") else Literal(None))
        self.need("end")
        return Apply("case", tuple(args))

    def call(self, name: str) -> Node:
        if name in ("cast", "try_cast"):
            node = self.expression()
            self.need("as")
            kind = self.name().lower()
            self.need(")")
            return Apply(f"{name}:{kind}", (node,))
        if self.take("*"):
            self.need(")")
            return Apply(name, star=True)
        distinct = self.take("distinct")
        args = () if self.peek()[1] == ")" else self.listed()
        self.need(")")
        if self.peek()[1].lower() in ("over", "filter"):
            raise NotEmulated(f"{self.peek()[1]} after {name}() in an analytic statement of SLS")
        return Apply(name, args, distinct)


def _syntax(at: int, text: str) -> QueryError:
    return QueryError(f"line 1:{at + 1}: {text}", f"SyntaxError.ErrorPosition,line:1,column:{at}")
