"""A plan in a file: what `rolekeeper plan` found to be done, as a contract that `rolekeeper apply` keeps. Pure: the caller brings the text.

Its hash covers all of it, so an edited file is refused; it is no signature: whoever may write the file can write another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any

import msgspec

from shared.errors import ConfigError
from shared.model import snapshot
from shared.model.instance import Mode
from shared.model.plan import Action, Change

VERSION = 1
BEGINS = b'{\n"rolekeeper_plan"'
"""The first bytes of every plan's file."""
AGAIN = "make a new one with `rolekeeper plan -o FILE`"


class Approved(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line: a change, and what the instance was when it was planned. facts: a digest of what rules read, see Mapping.facts."""

    instance_id: Annotated[str, msgspec.Meta(min_length=1)]
    action: Action
    rule: str = ""
    role: str = ""
    role_before: str = ""
    role_after: str = ""
    mode: Mode = "enforce"
    facts: str

    @classmethod
    def of(cls, change: Change) -> Approved:
        return cls(**{name: getattr(change, name) for name in cls.__struct_fields__})


class PlanFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A plan for one region of one account. rolekeeper_plan: the version of the format. asked: the selectors, as the command had them."""

    rolekeeper_plan: int = VERSION
    account_id: str
    region: str
    mapping_hash: str
    made_at: Annotated[datetime, msgspec.Meta(tz=True)]
    asked: Mapping[str, Any] = {}
    changes: tuple[Approved, ...] = ()


def written(plan: PlanFile) -> str:
    """Return the text of the file: one change a line, so that two can be compared."""
    head = msgspec.to_builtins(plan)
    changes = head.pop("changes")
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    rows = ",\n  ".join(json.dumps(change) for change in changes)
    lines.append(f'"changes": [\n  {rows}\n]' if rows else '"changes": []')
    return "{\n" + ",\n".join([*lines, f'"hash": "{_hash(plan)}"']) + "\n}\n"


def read(text: str, name: str) -> PlanFile:
    """Return the plan in a file's text. Raises ConfigError for what is none, is of another version, was cut short or edited."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        if text.startswith(snapshot.BEGINS.decode()):
            raise ConfigError(
                f"{name}: is a snapshot, no plan: make one of it with `rolekeeper plan --snapshot {name} -o FILE`"
            ) from None
        raise ConfigError(f"{name}: no whole JSON: {error}; it may have been cut short; {AGAIN}") from None
    if not isinstance(told, dict) or "rolekeeper_plan" not in told:
        raise ConfigError(f"{name}: no plan of rolekeeper's; {AGAIN}")
    if told["rolekeeper_plan"] != VERSION:
        raise ConfigError(
            f"{name}: a plan of version {told['rolekeeper_plan']!r:.40}; this rolekeeper applies version {VERSION}; {AGAIN}"
        )
    expected = told.pop("hash", "")
    try:
        plan = msgspec.convert(told, PlanFile)
    except ValueError as error:  # halves of surrogate pairs, too
        raise ConfigError(f"{name}: {error}; {AGAIN}") from None
    if expected != _hash(plan):
        raise ConfigError(f"{name}: its hash does not fit: it was changed after it was made; {AGAIN}")
    ids = [change.instance_id for change in plan.changes]
    if len(set(ids)) != len(ids):
        raise ConfigError(f"{name}: an instance stands in it twice; {AGAIN}")
    return plan


def _hash(plan: PlanFile) -> str:
    return sha256(json.dumps(msgspec.to_builtins(plan), sort_keys=True).encode()).hexdigest()
