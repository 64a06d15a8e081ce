"""The `${...}` of a Serverless Devs YAML: env, vars, file, json, path, config, this and resources. Reads files, no more.

Source: Serverless-Devs docs/zh/yaml.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_INNERMOST = re.compile(r"\$\{([^${}]*)\}")
_CALL = re.compile(r"\s*(\w+)\s*\((.*)\)\s*", re.DOTALL)
DEPTH = 20


class VariableError(ValueError):
    """A `${...}` that cannot be resolved; the text says which and where."""


class Variables:
    """document: the whole YAML as loaded. folder: what relative paths start from."""

    def __init__(self, document: Mapping[str, Any], folder: Path, env: Mapping[str, str], account: str) -> None:
        self.document, self.folder, self.env, self.account = document, folder, env, account

    def render(self, node: Any, this: Mapping[str, Any], depth: int = 0) -> Any:
        """The node with everything resolved. this: the resource that `${this...}` means."""
        if isinstance(node, dict):
            return {key: self.render(value, this, depth) for key, value in node.items()}
        if isinstance(node, list):
            return [self.render(value, this, depth) for value in node]
        return self._text(node, this, depth) if isinstance(node, str) else node

    def _text(self, text: str, this: Mapping[str, Any], depth: int) -> Any:
        """A text that is one expression becomes its value, of whatever type; one inside other text becomes text."""
        if depth > DEPTH:
            raise VariableError(f"{text!r} refers to itself")
        whole = _INNERMOST.fullmatch(text)
        if whole:
            return self._value(whole[1], this, depth)
        if not _INNERMOST.search(text):
            return text
        replaced = _INNERMOST.sub(lambda found: _plain(found[0], self._value(found[1], this, depth)), text)
        return self._text(replaced, this, depth + 1)

    def _value(self, expression: str, this: Mapping[str, Any], depth: int) -> Any:
        call = _CALL.fullmatch(expression)
        if call:
            return self._call(call[1], call[2], expression, this, depth)
        head, *path = expression.strip().split(".")
        if head == "vars":
            found = _dig(self.document.get("vars") or {}, path, expression)
        elif head == "this":
            found = _dig(this, path, expression)
        elif head == "resources" and path[1:2] == ["props"]:
            found = _dig(self.document.get("resources") or {}, path, expression)
            this = (self.document.get("resources") or {}).get(path[0], this)
        else:
            raise VariableError(
                f"${{{expression}}}: only env, vars, file, json, path, config, this and resources.X.props"
            )
        return self.render(found, this, depth + 1)

    def _call(self, name: str, inside: str, expression: str, this: Mapping[str, Any], depth: int) -> Any:
        if name == "json":
            value = self._value(inside, this, depth)
            try:
                return json.loads(value)
            except (ValueError, TypeError) as error:
                raise VariableError(f"${{{expression}}}: is not JSON: {error}") from None
        first, *rest = _arguments(inside)
        if name == "env":
            if first in self.env:
                return self.env[first]
            if rest:
                return rest[0]
            raise VariableError(
                f"${{{expression}}}: the environment variable {first} is not set and there is no default"
            )
        if name == "config" and first == "AccountID":
            return self.account
        if name == "path":
            return str((self.folder / str(first)).resolve())
        if name == "file":
            try:
                return (self.folder / str(first)).read_text(encoding="utf-8")
            except OSError as error:
                raise VariableError(f"${{{expression}}}: {error.strerror}: {self.folder / str(first)}") from None
            except UnicodeDecodeError as error:
                raise VariableError(f"${{{expression}}}: is not UTF-8: {error.reason} at byte {error.start}") from None
        raise VariableError(f"${{{expression}}}: unknown function or argument")


def _arguments(inside: str) -> list[Any]:
    """Quoted or bare, separated by commas: ('X', 'a,b'), (X, 5)."""
    parts = re.findall(r"""\s*('[^']*'|"[^"]*"|[^,]+)\s*(?:,|$)""", inside)
    if not parts:
        raise VariableError(f"({inside}): an argument is missing")
    return [_argument(part.strip()) for part in parts]


def _argument(part: str) -> Any:
    if part[:1] in "'\"" and len(part) > 1 and part[-1] == part[0]:
        return part[1:-1]
    try:
        return yaml.safe_load(part)
    except yaml.YAMLError:
        raise VariableError(f"{part!r}: an argument that is no YAML; put it in quotes") from None


def _plain(source: str, value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise VariableError(f"{source} is a map or a list and cannot stand inside a text")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _dig(node: Any, path: list[str], expression: str) -> Any:
    for key in path:
        if not isinstance(node, Mapping) or key not in node:
            raise VariableError(f"${{{expression}}}: there is no {key}")
        node = node[key]
    return node
