"""YAML text to plain nodes that remember their line and column. Knows nothing of what the file means.

Reads as PyYAML's SafeLoader does (YAML 1.1: `off` is a boolean, `<<` merges), builds no objects, and refuses what could
exhaust memory or the stack: aliases that multiply, aliases that contain themselves, nesting without end.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from shared.mapping.characters import INDENTED, named, typed
from shared.mapping.nodes import Block, Items, Kind, Node, Scalar, Unreadable

MAX_SIZE = 1_000_000
"""Characters of one file. Reading takes a second for each 100,000 or so; 1,000 roles with their rules need 300,000."""
MAX_DEPTH = 100
"""Levels of nesting in one file; deeper than any rule that a person can read, shallower than Python's stack."""
MAX_ALIASED = 100_000
"""Nodes that aliases may add to those written in the file."""

_HALF = re.compile(r"[\ud800-\udfff]")
"""A surrogate: PyYAML lets an escape such as "\\uD83D" through, which no file and no call can hold."""

_YAML = "tag:yaml.org,2002:"
_KINDS: dict[str, Kind] = {
    f"{_YAML}str": "text",
    f"{_YAML}bool": "boolean",
    f"{_YAML}int": "integer",
    f"{_YAML}float": "float",
    f"{_YAML}null": "null",
    f"{_YAML}timestamp": "date",
}


_HINTS = {
    "'\\t'": "; indent with spaces, never with tabs",
    "alias": "; a value that begins with * needs quotes",
}
"""Words of YAML's own errors, and what an operator most likely has to do."""
_IN_FLOW = "; a value with any of {}[],? in it needs quotes here"


def parse(text: str) -> Node | None:
    """The file's one document; None where it is empty. Raises Unreadable."""
    if len(text) > MAX_SIZE:
        raise Unreadable(f"the file has {len(text):,} characters; at most {MAX_SIZE:,} are read", 1, 1)
    _check_indentation(text)
    loader = _Loader(text)  # a reader error is raised here too, see _Loader
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        _measure(root, {})
        return _convert(root, {})
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark or loader.get_mark()
        what = f"{error.context}: {error.problem}" if error.context else str(error.problem)
        lines = _BREAK.split(text)
        near = {mark.line, max(mark.line - 1, 0), error.context_mark.line if error.context_mark else mark.line}
        typos = [typed(lines[line], line + 1) for line in (mark.line, *sorted(near, reverse=True)) if line < len(lines)]
        sure = [hint for sign, hint in _HINTS.items() if sign in what]
        likely = _IN_FLOW if "flow mapping" in what else ""
        hint = next(filter(None, [*sure, *typos[:1], likely, *typos]), "")
        raise _unreadable(f"not valid YAML, at column {mark.column + 1}: {what}{hint}", mark) from error
    except (ValueError, OverflowError) as error:  # PyYAML lets these through: an escape such as "\UFFFFFFFF"
        raise _unreadable(
            "not valid YAML: a character escape or a number is out of range", loader.get_mark()
        ) from error
    finally:
        loader.dispose()


_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def _check_indentation(text: str) -> None:
    """Refuse a line that is indented with what looks like spaces: YAML takes it for text. Raises Unreadable."""
    text = text.removeprefix("\ufeff")
    if not INDENTED.search(text):
        return
    inside = {line for begin, end in _texts_over_lines(text) for line in range(begin + 1, end + 1)}
    for line, content in enumerate(_BREAK.split(text), start=1):
        if line not in inside and (found := INDENTED.match(content)):
            column = found.end()
            raise Unreadable(
                f"not valid YAML, at column {column}: the line is indented with {named(found[1])}, which YAML takes for text; "
                "indent with spaces",
                line,
                column,
            )


def _texts_over_lines(text: str) -> list[tuple[int, int]]:
    """The lines of the block and the quoted texts that go over several: they may begin with any character."""
    found = []
    try:
        for token in yaml.scan(text, Loader=_Loader):
            if isinstance(token, yaml.ScalarToken) and not token.plain:
                found.append((token.start_mark.line + 1, token.end_mark.line + 1))
    except yaml.YAMLError:
        pass  # reported where the whole is read
    return found


class _Loader(yaml.SafeLoader):
    def __init__(self, text: str) -> None:
        try:
            super().__init__(text)
        except yaml.reader.ReaderError as error:
            before = text[: error.position]
            line, column = before.count("\n") + 1, error.position - before.rfind("\n")
            raise Unreadable(
                f"not valid YAML, at column {column}: the character U+{ord(text[error.position]):04X} is not allowed",
                line,
                column,
            ) from error
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            event: Any = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=_TOO_DEEP, problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def fetch_flow_collection_start(self, TokenClass: Any) -> None:  # noqa: N803 (PyYAML's own name)
        """Refuse what is nested too deep while it is scanned: the scanner reads ahead of the composer, and each token
        costs it a step for each open bracket."""
        if self.flow_level >= MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=_TOO_DEEP, problem_mark=self.get_mark())
        super().fetch_flow_collection_start(TokenClass)


_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"


def _measure(node: yaml.Node, seen: dict[int, tuple[int, int] | None]) -> tuple[int, int]:
    """Size and height of the tree that the node stands for once its aliases are written out."""
    if id(node) in seen:
        known = seen[id(node)]
        if known is None:
            raise _unreadable("an alias stands inside the anchor that it repeats", node.start_mark)
        return known
    seen[id(node)] = None
    size, height = 1, 1
    for child in _children(node):
        child_size, child_height = _measure(child, seen)
        size, height = size + child_size, max(height, child_height + 1)
    if height > MAX_DEPTH:
        raise _unreadable(_TOO_DEEP, node.start_mark)
    if size > MAX_ALIASED + len(seen):
        raise _unreadable(f"aliases write out to more than {MAX_ALIASED:,} values", node.start_mark)
    seen[id(node)] = size, height
    return size, height


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for entry in node.value for child in entry]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _convert(node: yaml.Node, done: dict[int, Node]) -> Node:
    if id(node) not in done:
        done[id(node)] = _converted(node, done)
    return done[id(node)]


def _converted(node: yaml.Node, done: dict[int, Node]) -> Node:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if isinstance(node, yaml.MappingNode) and node.tag == f"{_YAML}map":
        return Block(tuple(_entries(node, done)), line, column)
    if isinstance(node, yaml.SequenceNode) and node.tag == f"{_YAML}seq":
        return Items(tuple(_convert(item, done) for item in node.value), line, column)
    if isinstance(node, yaml.ScalarNode) and (half := _HALF.search(node.value)):
        raise _unreadable(
            f"not valid YAML, at column {column}: U+{ord(half[0]):04X} is half a character; write the character itself, "
            "or \\U and its eight digits",
            node.start_mark,
        )
    if isinstance(node, yaml.ScalarNode) and node.tag in _KINDS:
        return Scalar(node.value, _KINDS[node.tag], line, column)
    shown = node.value if isinstance(node, yaml.ScalarNode) else ""
    return Scalar(f"{node.tag.replace(_YAML, '!!')} {shown}".strip(), "other", line, column)


def _entries(node: yaml.MappingNode, done: dict[int, Node]) -> list[tuple[Node, Node]]:
    own: list[tuple[Node, Node]] = []
    merged: list[tuple[Node, Node]] = []
    for key, value in node.value:
        if key.tag != f"{_YAML}merge":
            own.append((_convert(key, done), _convert(value, done)))
            continue
        if isinstance(value, yaml.SequenceNode) and not value.value:
            raise _unreadable("<< merges nothing here; leave the line out", value.start_mark)
        for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if not isinstance(source, yaml.MappingNode):
                raise _unreadable("<< merges mappings only", source.start_mark)
            merged.extend(_entries(source, done))
    taken = {key.text for key, _ in own if isinstance(key, Scalar)}
    for key, value in merged:  # as SafeLoader: the mapping's own keys win, then the first mapping merged in
        if isinstance(key, Scalar) and key.text not in taken:
            taken.add(key.text)
            own.append((key, value))
    return own


def _unreadable(message: str, mark: Any) -> Unreadable:
    return Unreadable(message, mark.line + 1, mark.column + 1)
