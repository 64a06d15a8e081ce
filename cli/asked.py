"""What an operator asks for on the command line, as the payload that the functions take: read, and refused, by the same reader."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from shared import events
from shared.errors import ConfigError
from shared.events.manual import SELECTORS
from shared.model.ignored import Ignored
from shared.model.trigger import RunKind, Trigger

OPTIONS = {"instance_ids": "--id", "tags": "--tag", "account_id": "--account"}
"""Where an option is not called as its key in the payload."""


def payload(kind: RunKind, given: Mapping[str, Any]) -> bytes:
    """The payload; what was not given is left out. Under LC_ALL=C each byte of a word that was typed is half a pair in it: a byte again.

    Raises ConfigError for what was given and is empty, as a shell's variable may be: it limits nothing, and was meant to.
    """
    kept = {key: value for key, value in given.items() if value is not None and value is not False}
    if empty := [option(key) for key, value in kept.items() if value == ""]:
        raise ConfigError(f"{kind}: {', '.join(empty)}: empty; give a value, or leave it out")
    return json.dumps({kind: kept}, ensure_ascii=False).encode(errors="surrogateescape")


def trigger(kind: RunKind, body: bytes, *, region: str) -> Trigger:
    """The payload as the functions read it. Raises ConfigError, in the words of the command line."""
    (read,) = events.read(body, region=region)
    return meant(kind, read)


def meant(kind: RunKind, read: Trigger | Ignored) -> Trigger:
    """The trigger. Raises ConfigError where the reader refused it."""
    if isinstance(read, Ignored):
        raise ConfigError(f"{kind}: {in_options(kind, read.detail)}")
    return read


def in_options(kind: RunKind, detail: str) -> str:
    """`$.remediate.max_errors: ...` becomes `--max-errors: ...`."""
    detail = detail.replace(", ".join(SELECTORS), ", ".join(map(option, SELECTORS)))
    detail = re.sub(rf"\$\.{kind}\.(\w+)", lambda found: option(found[1]), detail)
    detail = re.sub(r"(?<=; got )\w+(?:, \w+)+$", lambda keys: ", ".join(map(option, keys[0].split(", "))), detail)
    detail = re.sub(r"(--[\w-]+)\[\d+\]", r"\1", detail)  # the option is given once for each
    if found := re.fullmatch(r"(.*) - at `(--[\w-]+)`", detail, re.DOTALL):
        detail = f"{found[2]}: {found[1]}"
    detail = detail.replace("Expected `int`, got `str`", "write a number").replace(
        ": digits, in quotes", ": digits alone"
    )
    return detail.replace(f"$.{kind}: ", "")


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


def pair(text: str, option: str = "--tag") -> tuple[str, str]:
    key, equals, value = (
        text.encode(errors="surrogateescape").decode(errors="replace").partition("=")
    )  # as in payload()
    if not equals or not key:
        raise ConfigError(f"{option} {text!r}: write KEY=VALUE")
    return key, value


def number(text: str | None) -> int | str | None:
    """As a number where it is one; what is none is left for the reader to refuse."""
    return int(text) if text and re.fullmatch("-?[0-9]{1,18}", text, re.ASCII) else text
