"""Instances and outsiders' texts in the few words that a line has room for. Prints nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from shared.clean import shortened, visible
from shared.mapping.conditions import ATTRIBUTES
from shared.model.instance import Instance

LONGEST = 80
"""Characters of one text from outside."""
_PLAIN = re.compile(r"[\w.:/@+*?${}-]+", re.ASCII)
_MARKS = re.compile(r"`+")


def asked_for(instance: Instance) -> dict[str, Any]:
    """Return what rules can ask for: its tags, and the attributes that it has."""
    attributes = {name: value for name in ATTRIBUTES if (value := getattr(instance, name))}
    return {**({"tags": dict(instance.tags)} if instance.tags else {}), **attributes}


def in_words(about: Mapping[str, Any]) -> str:
    """`tag app=web, vpc=vpc-bp1`; no tag and no attribute: that no rule finds anything to ask for."""
    tags = [f"tag {quoted(key)}={quoted(value)}" for key, value in sorted(about.get("tags", {}).items())]
    others = [f"{name}={quoted(value)}" for name, value in about.items() if name != "tags"]
    return ", ".join([*tags, *others]) or "nothing that a rule asks for"


def quoted(text: str) -> str:
    """The text; in quotes where it is not one plain word."""
    short = shortened(text, LONGEST)
    return short if _PLAIN.fullmatch(short) else json.dumps(short, ensure_ascii=False)


def code_span(text: str) -> str:
    """The text as Markdown shows it as it is: no markup, link, mention or HTML in it is one. On one line."""
    shown = visible(shortened(text, 4 * LONGEST))
    fence = "`" * (1 + max((len(mark) for mark in _MARKS.findall(shown)), default=0))
    pad = " " if not shown.strip() or shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"
