"""The notes, as tags of a role, of the system policies that rolekeeper attached to it. Pure.

A custom policy carries our tag itself; one of Alibaba Cloud's own cannot, so the role that holds it does. What a new role is
made with is noted in the value of one tag: a role holds at most 20 of them and a tag's value has at most 128 characters (RAM
"Limits"; TagResources), so six digits a name fit. What is added later gets a tag of its own, so that of two provisions at
the same time neither writes over what the other has noted; the one tag is from then on only shortened. Only where a role
has no room for more tags is the one tag written with more in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from shared.setup.state import Action, RoleState

DIGITS = 6  # that another system policy of the same role has the same ones: one in 800,000 at worst
MAX_TAGS = 20  # of a role: documented for users (RAM "Limits"), likely the same here
NOTHING = "none"  # a value of its own, so that no tag has to be taken off


def note(policies: Iterable[str]) -> str:
    """The tag's value for these names."""
    return joined(map(mark, policies))


def joined(found: Iterable[str]) -> str:
    """The tag's value for these marks."""
    return "".join(sorted(set(found))) or NOTHING


def marks(value: str) -> frozenset[str]:
    """The marks in a tag's value; none in one that somebody wrote over."""
    ours = re.fullmatch(rf"(?:[0-9a-f]{{{DIGITS}}})+", value)
    return frozenset(re.findall(f".{{{DIGITS}}}", value)) if ours else frozenset()


def mark(policy: str) -> str:
    """Return the short form of a name in a note."""
    return hashlib.sha256(policy.encode()).hexdigest()[:DIGITS]


class Notes:
    """The notes of one role while a plan is made. held: the role as it is; None: CreateRole notes all of its policies."""

    def __init__(self, role: str, held: RoleState | None, created_with: Iterable[str]) -> None:
        self._role = role
        self._whole = set(map(mark, created_with)) if held is None else set(marks(held.note))
        self._single = set() if held is None else set(held.noted)
        self._room = 0 if held is None else MAX_TAGS - held.tags - (not held.ours)

    def say(self, policies: Iterable[str]) -> list[Action]:
        """The calls after which exactly these system policies are noted; none where they are."""
        wanted = {mark(policy): policy for policy in policies}
        added = {sign: wanted[sign] for sign in sorted(set(wanted) - self._whole - self._single)}
        dropped = self._single - set(wanted)
        whole = self._whole & set(wanted)
        calls: list[Action] = []
        if added and len(added) <= self._room:
            calls.append(Action(call="TagResources", role=self._role, noted=added, source="notes its system policies"))
            self._room -= len(added)
            self._single |= set(added)
        else:
            whole |= set(added)
        if whole != self._whole:
            text = joined(whole)
            struck = tuple(sorted(self._whole - whole))
            calls.append(
                Action(
                    call="TagResources", role=self._role, note=text, struck=struck, source="notes its system policies"
                )
            )
            self._whole = whole
        if dropped:
            off = dict.fromkeys(sorted(dropped), "")
            calls.append(
                Action(
                    call="UntagResources",
                    role=self._role,
                    noted=off,
                    struck=tuple(off),
                    source="notes its system policies",
                )
            )
            self._room += len(dropped)
            self._single -= dropped
        return calls
