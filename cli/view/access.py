"""Permissions gained and lost, in few lines: the actions on one resource stand together. Prints nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

MOST_ACTIONS = 6
"""Actions on one resource that are named."""


def access(one: Mapping[str, Any], *, most: int) -> Iterator[tuple[str, str]]:
    """Yield ("+" or "-", line) for what is gained and what is lost, so many lines of each at most."""
    for sign, lines in (("+", one.get("gains", ())), ("-", one.get("losses", ()))):
        made = grouped(lines)
        yield from ((sign, line) for line in made[:most])
        if len(made) > most:
            yield sign, f"... and {len(made) - most} more (--json has all)"


def grouped(lines: Iterable[str]) -> Sequence[str]:
    """Return the lines, where those that differ in their actions alone are one.

    "Allow oss:GetObject on acs:oss:*:*:a/*" and "Allow oss:PutObject on acs:oss:*:*:a/*" give "Allow oss:GetObject, PutObject on ...".
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        head, on, rest = line.partition(" on ")
        effect, _, action = head.partition(" ")
        service, colon, name = action.partition(":")
        key = (f"{effect} {service}:", f" on {rest}") if on and colon else (line, "")
        groups.setdefault(key, []).append(name)
    return [head + (_actions(names) if rest else "") + rest for (head, rest), names in groups.items()]


def _actions(names: Sequence[str]) -> str:
    left = len(names) - MOST_ACTIONS
    return ", ".join(names[:MOST_ACTIONS]) + (f" and {left} more" if left > 0 else "")
