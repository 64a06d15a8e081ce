"""The names in RAM of the listed roles' policies: readable, the same at every run, and never twice.

`rolekeeper-ROLE-NAME`, dots as '-'. That form alone would not tell role a-b, policy c from role a, policy b-c; names that
clash, or are too long, therefore end in a digest. Policies that clash all get one, so that the order of the file is no matter.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

import msgspec

from shared.policies.limits import MAX_POLICY_NAME

PREFIX = "rolekeeper-"


class Wanted(msgspec.Struct, frozen=True):
    """A policy that needs a name. name: its template's name, or its own. content: what tells it from its namesakes."""

    role: str
    name: str
    content: str = ""


def policy_names(wanted: Sequence[Wanted]) -> tuple[str, ...]:
    """A name for each, in turn, all different (RAM may compare without case) unless two of the wanted are equal."""
    levels = [0] * len(wanted)
    while True:
        names = [_name(policy, level) for policy, level in zip(wanted, levels, strict=True)]
        taken = Counter(name.lower() for name in names)
        clashing = [
            index
            for index, name in enumerate(names)
            if levels[index] < _LAST and (taken[name.lower()] > 1 or len(name) > MAX_POLICY_NAME)
        ]
        if not clashing:
            return tuple(names)
        for index in clashing:
            levels[index] += 1


_LAST = 3
"""Level 0: no digest. 1: of role and name. 2: of the content too. 3: the same, whole, so that nothing can clash with it."""


def _name(policy: Wanted, level: int) -> str:
    readable = f"{PREFIX}{policy.role}-{policy.name}".replace(".", "-")
    if level == 0:
        return readable
    identity = [policy.role, policy.name] if level == 1 else [policy.role, policy.name, policy.content]
    digest = hashlib.sha256(msgspec.json.encode(identity)).hexdigest()[: 64 if level == _LAST else 8]
    return f"{readable[: MAX_POLICY_NAME - 1 - len(digest)]}-{digest}"
