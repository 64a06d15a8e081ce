"""A policy template: one RAM document with declared, typed variables, and how it is filled in. Reads no file.

Filling in works on the parsed document, in one pass: a value lands inside the string that named it and nowhere else, so it
can neither end that string nor bring in another variable. Only a variable of type list changes a list, by growing it; where its
default is the empty list it may be empty, and a statement that has an empty list in it then is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from shared.errors import ConfigError
from shared.mapping import Allow
from shared.suggestions import did_you_mean

PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_NEVER = re.compile(r"[\"'\\$]")

Values = Mapping[str, "str | tuple[str, ...] | list[str]"]


class RenderError(ConfigError):
    """A template cannot be filled in with these values; the text names the place, the file and the variable."""


class Variable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """pattern: a regular expression for the whole value (for each, of a list). default: None = a value must be given."""

    pattern: str
    description: str
    type: Literal["string", "list"] = "string"
    default: str | tuple[str, ...] | None = None


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of templates/ or trust/. source: the public pages that its actions and resources were taken from."""

    description: str
    source: str
    document: dict[str, Any]
    variables: dict[str, Variable] = {}
    allow: tuple[Allow, ...] = ()
    file: str = ""
    text: str = ""  # of the file, for line numbers

    def placeholders(self) -> frozenset[str]:
        return frozenset(name for text in _strings(self.document) for name in PLACEHOLDER.findall(text))

    def render(self, values: Values, *, context: str = "") -> dict[str, Any]:
        """The document with these values. context: whose it is to be, for the error, e.g. "role 'web', policy 1".

        Raises RenderError where a value is missing, unknown or ill-formed: every such variable in one error.
        """
        wrong = [
            f"variable '{name}' is not one of this template{self._meant(name)}"
            for name in values
            if name not in self.variables
        ]
        chosen: dict[str, str | list[str]] = {}
        for name, variable in self.variables.items():
            value = values.get(name, variable.default)
            if value is None:
                wrong.append(f"variable '{name}' is missing: {variable.description}")
                continue
            mistake = _mistake(value, variable) if value or variable.default != () else ""
            if mistake:
                wrong.append(f"variable '{name}' {mistake}: {variable.description}")
                continue
            chosen[name] = value if variable.type == "string" and isinstance(value, str) else _listed(value)
        if wrong:
            raise RenderError("; ".join([": ".join(filter(None, [context, self.file, wrong[0]])), *wrong[1:]]))
        filled: dict[str, Any] = _filled(self.document, chosen)
        if isinstance(filled.get("Statement"), list):
            filled["Statement"] = [statement for statement in filled["Statement"] if not _emptied(statement)]
        return filled

    def _meant(self, name: str) -> str:
        return "; " + (did_you_mean(name, self.variables) or f"it has {', '.join(sorted(self.variables)) or 'none'}")


def parse(text: str, file: str) -> Template:
    """Raises ConfigError where the text is no template: malformed, a key twice, an undeclared or unused variable, a bad default."""
    try:
        json.loads(text, object_pairs_hook=_no_doubles)  # of two, msgspec takes the last
        template = msgspec.structs.replace(msgspec.json.decode(text, type=Template), file=file, text=text)
        for name, variable in template.variables.items():
            re.compile(variable.pattern)
            if variable.default not in (None, ()) and (mistake := _mistake(variable.default, variable)):
                raise ConfigError(f"{file}: the default of variable '{name}' {mistake}")
    except (ValueError, RecursionError, re.error) as error:
        raise ConfigError(f"{file}: not a policy template: {error}") from error
    for name in sorted(template.placeholders() ^ set(template.variables)):
        what = "is declared and not used" if name in template.variables else "is used and not declared"
        raise ConfigError(f"{file}: variable '{name}' {what}")
    many = {name for name, variable in template.variables.items() if variable.type == "list"}
    for place, string in _places(template.document):
        if place == "key" and PLACEHOLDER.search(string):
            raise ConfigError(f"{file}: {string!r}: a variable goes into a value, never into a key")
        lists = many & set(PLACEHOLDER.findall(string))
        if lists and (place != "list" or len(lists) > 1):
            raise ConfigError(f"{file}: {string!r}: a list goes into a member of a list, and one list only")
    return template


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    block: dict[str, Any] = {}
    for key, value in pairs:
        if key in block:
            raise ValueError(f"{key!r} is written twice")
        block[key] = value
    return block


def _mistake(value: object, variable: Variable) -> str:
    """Return what is wrong with a value, "" = nothing."""
    if variable.type == "string" and not isinstance(value, str):
        return "is one text, not a list"
    items = value if isinstance(value, list | tuple) else [value]
    if not items:
        return "is an empty list"
    for item in items:
        if not isinstance(item, str):
            return f"= {item!r} is not a text"
        if _NEVER.search(item) or not item.isprintable():
            return f"= {item!r} has a quote, backslash, dollar, line break or control character"
        if not re.fullmatch(variable.pattern, item):
            wild = "has a wildcard, which this variable does not take, or " if re.search(r"[*?]", item) else ""
            return f"= {item!r} {wild}is not of the form {variable.pattern}"
    return ""


def _listed(value: Any) -> list[Any]:
    return list(dict.fromkeys(value)) if isinstance(value, list | tuple) else [value]


def _filled(node: Any, values: Mapping[str, str | list[str]]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [
            filled
            for item in node
            for filled in (_members(item, values) if isinstance(item, str) else [_filled(item, values)])
        ]
    return _members(node, values)[0] if isinstance(node, str) else node


def _emptied(node: Any) -> bool:
    """Return whether there is an empty list in it, at any depth."""
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return node == [] or any(map(_emptied, inside))


def _members(text: str, values: Mapping[str, str | list[str]]) -> list[str]:
    """The string, once for each value of the list variable in it, if there is one."""
    many = next((name for name in PLACEHOLDER.findall(text) if isinstance(values[name], list)), None)
    choices = values[many] if many is not None else [""]

    def one(choice: str) -> str:
        return PLACEHOLDER.sub(lambda found: choice if found[1] == many else str(values[found[1]]), text)

    return [one(choice) for choice in choices]


def _places(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a document with what it is in: "object", "list", or "key" for a key."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield "key", key
            yield from _places(value, "object")
    elif isinstance(node, list):
        for item in node:
            yield from _places(item, "list")
    elif isinstance(node, str):
        yield place, node


def _strings(node: Any) -> Iterator[str]:
    return (text for place, text in _places(node) if place != "key")
