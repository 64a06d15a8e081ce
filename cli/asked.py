"""The wishes of an operator on the command line, as the payload that the functions take: read, and refused, by the same reader."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from shared.errors import ConfigError
from shared.events import manual
from shared.events.mistakes import Mistake
from shared.mapping import Mapping as RoleMapping
from shared.mapping.conditions import ATTRIBUTES
from shared.model.trigger import RunKind, Trigger

OPTIONS = {"instance_ids": "--id", "tags": "--tag", "account_id": "--account"}
"""Options that are not called as their keys in the payload."""


def payload(kind: RunKind, given: Mapping[str, Any], command: str = "") -> bytes:
    """The payload; what was not given is left out. Under LC_ALL=C each byte of a word that was typed is half a pair in it: a byte again.

    command: the one that was typed, where it is not called as the payload. Raises ConfigError for what was given and is empty, as a
    shell's variable may be: it limits nothing, and was meant to.
    """
    kept = {key: value for key, value in given.items() if value is not None and value is not False}
    if empty := [option(key) for key, value in kept.items() if value == ""]:
        raise ConfigError(f"{command or kind}: {', '.join(empty)}: empty; give a value, or leave it out")
    return json.dumps({kind: kept}, ensure_ascii=False).encode(errors="surrogateescape")


@contextmanager
def by_option(command: str) -> Iterator[None]:
    """Turn a mistake in a payload into a ConfigError that names the option which was given."""
    try:
        yield
    except Mistake as mistake:
        at = f"{option(str(mistake.place[0]))}: " if mistake.place else ""  # an option is given once for each of a list
        raise ConfigError(f"{command}: {at}{mistake.said(option)}") from None


def trigger(kind: RunKind, body: bytes, *, region: str, command: str = "") -> Trigger:
    """Read the payload as the functions do. Raises ConfigError, in the words of the command line."""
    try:
        whole = json.loads(body)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{command or kind}: not UTF-8: {error.reason} (byte {error.start})") from None
    with by_option(command or kind):
        return manual.request(kind, whole[kind], region=region)


def check(command: str, trigger: Trigger, mapping: RoleMapping) -> None:
    """Raise ConfigError where roles.yaml does not have the rule or the role that is asked for."""
    with by_option(command):
        manual.check(trigger, mapping)


def option(key: str) -> str:
    return OPTIONS.get(key, "--" + key.replace("_", "-"))


def ids(given: Iterable[str]) -> list[str] | None:
    """The ids; "-" stands for those on standard input, with blanks or line breaks between them. None: none was given."""
    found = [name for one in given for name in (sys.stdin.read().split() if one == "-" else [one.strip()])]
    return found if given else None


def tags(given: Iterable[str]) -> dict[str, str] | None:
    """KEY=VALUE of each. Raises ConfigError; None: none was given."""
    found: dict[str, str] = {}
    for text in given:
        key, value = pair(text)
        if found.setdefault(key, value) != value:
            raise ConfigError(f"--tag {text!r}: {key!r} is given twice: an instance must carry all of the tags")
    return found or None


def attributes(given: Iterable[str], known: Collection[str] = tuple(ATTRIBUTES)) -> dict[str, str]:
    """KEY=VALUE of each attribute that rules may ask for. Raises ConfigError."""
    found: dict[str, str] = {}
    for text in given:
        key, value = pair(text, "--attribute")
        if key not in known:
            raise ConfigError(f"--attribute {text!r}: write KEY=VALUE with one of {', '.join(known)}")
        if not value:
            raise ConfigError(
                f"--attribute {text!r}: the value is empty; leave the option out for an instance without {key}"
            )
        if found.setdefault(key, value) != value:
            raise ConfigError(f"--attribute {text!r}: {key!r} is given twice: an instance has one")
    return found


def pair(text: str, option: str = "--tag") -> tuple[str, str]:
    key, equals, value = (
        text.encode(errors="surrogateescape").decode(errors="replace").partition("=")
    )  # as in payload()
    if not equals or not key:
        raise ConfigError(f"{option} {text!r}: write KEY=VALUE")
    return key, value


def number(text: str | None, option: str) -> int | str | None:
    """Return the number; what is empty is left for payload() to refuse. Raises ConfigError."""
    if not text:
        return text
    if not re.fullmatch("-?[0-9]{1,18}", text, re.ASCII):
        raise ConfigError(f"{option}: write a number, not {text!r}")
    return int(text)
