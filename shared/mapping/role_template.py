"""A rule's role: a role's name, or a template such as `${tags.app}-${tags.env}`. Yields text; who calls it must look
the text up among the listed roles, and attach nothing that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from shared.mapping.effort import Effort
from shared.mapping.problems import nearest

MAX_NAME = 64
MAX_PLACEHOLDERS = 16
"""In one template. A role's name of 64 characters is made of fewer, and the ways of filling them multiply."""
NAME_RULE = f"1 to {MAX_NAME} of a-z, 0-9, '.' and '-'"
UPPER_CASE = (
    "has upper-case letters; RAM lower-cases the role in the ARN that it authorises, so a ram:PassRole grant on a "
    "mixed-case name may not match: name the role in lower case"
)

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_KEY = r"tags\.([^}\s](?:[^}]{0,126}[^}\s])?)"
_LITERAL = re.compile(r"[a-z0-9.-]*")

PATTERN = rf"[a-z0-9.-]{{1,{MAX_NAME}}}|(?=.*\$)(?:[a-z0-9.-]|\$\{{{_KEY}\}})+"
"""The form that parse_role accepts, as far as a regular expression can say it."""


class RoleTemplate(msgspec.Struct, frozen=True):
    """text: as written. literals, keys: the text around the placeholders and the tag keys (lower case) in them, in
    turn: literals[0] keys[0] literals[1] ...; no keys for a plain role name."""

    text: str
    literals: tuple[str, ...]
    keys: tuple[str, ...] = ()

    def render(self, tags: Mapping[str, str]) -> tuple[str, bool]:
        """The text these tags give (keys in lower case), in one pass, and whether every tag was there."""
        text = self.literals[0]
        for key, literal in zip(self.keys, self.literals[1:], strict=True):
            text += tags.get(key, "") + literal
        return text, all(key in tags for key in self.keys)

    def bindings(self, role: str, effort: Effort) -> Iterator[dict[str, str]]:
        """Yield every way of setting the tags that gives this role. Raises Undecided where the effort does not suffice."""
        if role.startswith(self.literals[0]):
            yield from self._bind(role[len(self.literals[0]) :], 0, {}, effort)

    def _bind(self, rest: str, index: int, bound: dict[str, str], effort: Effort) -> Iterator[dict[str, str]]:
        effort.spend(len(rest) + 1)
        if index == len(self.keys):
            if not rest:
                yield bound
            return
        key, literal = self.keys[index], self.literals[index + 1]
        for end in range(len(rest) + 1):
            if bound.get(key, rest[:end]) == rest[:end] and rest.startswith(literal, end):
                yield from self._bind(rest[end + len(literal) :], index + 1, {**bound, key: rest[:end]}, effort)


class BadTemplate(Exception):
    """The text is no role name and no template. args: message, suggestion."""


def parse_role(text: str) -> RoleTemplate:
    """Raises BadTemplate(message, suggestion)."""
    pieces = _PLACEHOLDER.split(text)
    literals, keys = pieces[::2], []
    for inside in pieces[1::2]:
        key = re.fullmatch(_KEY, inside)
        if key is None:
            raise BadTemplate(f"unknown placeholder '${{{inside}}}'; only ${{tags.KEY}} is known", _meant(inside))
        keys.append(key[1].lower())
    if len(keys) > MAX_PLACEHOLDERS:
        raise BadTemplate(f"{len(keys)} placeholders are more than the {MAX_PLACEHOLDERS} that a template may have", "")
    for literal in literals:
        _check(literal, text)
    if not text or sum(map(len, literals)) > MAX_NAME:
        raise BadTemplate(f"a role name is {NAME_RULE}", "")
    return RoleTemplate(text, tuple(literals), tuple(keys))


def _check(literal: str, text: str) -> None:
    if "$" in literal:
        raise BadTemplate(f"{text!r} has a '$' that begins no placeholder; write ${{tags.KEY}}", "")
    if _LITERAL.fullmatch(literal):
        return
    if _LITERAL.fullmatch(literal.lower()):
        raise BadTemplate(f"{text!r} {UPPER_CASE}", "")
    raise BadTemplate(f"{text!r} is no role name: {NAME_RULE}, and ${{tags.KEY}} for a tag's value", "")


def _meant(inside: str) -> str:
    head, _, key = (part.strip() for part in inside.partition("."))
    return f"did you mean '${{tags.{key}}}'?" if key and nearest(head, ["tags"]) else ""
