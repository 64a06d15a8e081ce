"""The places of the values of a JSON text. Reads any text: what comes after a mistake has no line. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]

_TOKEN = re.compile(r'\s*("(?:[^"\\\x00-\x1f]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+)')


def lines_of(text: str) -> dict[Path, int]:
    """Path -> line, from 1: {("Statement", 0, "Effect"): 4, ...}. A member of an object stands where its key does."""
    lines: dict[Path, int] = {}
    for path, line, _ in _walk(text):
        lines.setdefault(path, line)
    return lines


def repeated(text: str) -> list[tuple[Path, int]]:
    """The keys that their object has already, each with the line where it stands again."""
    seen: set[Path] = set()
    again: list[tuple[Path, int]] = []
    for path, line, is_key in _walk(text):
        if is_key and path in seen:
            again.append((path, line))
            seen = {known for known in seen if known[: len(path)] != path}  # what is in it is another object's
        if is_key:
            seen.add(path)
    return again


def _walk(text: str) -> Iterator[tuple[Path, int, bool]]:
    """The paths in their order, each with its line, and whether a key is there rather than a value."""
    stack: list[str | int] = []  # the index reached in each open list, the key in each open object ("" before it)
    wants_key = False
    line, at = 1, 0
    while found := _TOKEN.match(text, at):
        token = found[1]
        line += text.count("\n", at, found.start(1))
        at = found.start(1)
        if wants_key and token.startswith('"'):
            stack[-1] = _string(token)
            yield tuple(stack), line, True
            wants_key = False
        elif token in ("{", "["):
            yield tuple(stack), line, False
            wants_key = token == "{"
            stack.append("" if wants_key else 0)
        elif token in ("}", "]"):
            if not stack:
                break
            stack.pop()
            wants_key = False
        elif token == ",":
            if not stack:
                break
            last = stack[-1]
            wants_key = isinstance(last, str)
            stack[-1] = "" if isinstance(last, str) else last + 1
        elif token != ":":
            yield tuple(stack), line, False
        at = found.end()


def line_at(lines: Mapping[Path, int], path: Path) -> int:
    """The line of the path, or of what it is in; 0 where nothing is known. A list may have grown in rendering."""
    while path not in lines and path:
        path = path[:-1]
    return lines.get(path, 0)


def shown(path: Path) -> str:
    """("Statement", 0, "Action", 1) -> Statement[0].Action[1]."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _string(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token
