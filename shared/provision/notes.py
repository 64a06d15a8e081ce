"""Which system policies rolekeeper attached to a role, as the value of one tag of the role. Pure.

A custom policy carries our tag itself; one of Alibaba Cloud's own cannot, so the role that holds it does. A role holds at
most 20 of them and a tag's value has at most 128 characters (RAM "Limits"; TagResources): six digits a name fit.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

DIGITS = 6  # that another system policy of the same role has the same ones: one in 800,000 at worst
NOTHING = "none"  # a value of its own, so that no tag has to be taken off


def note(policies: Iterable[str]) -> str:
    """The tag's value for these names."""
    return "".join(sorted({mark(policy) for policy in policies})) or NOTHING


def marks(value: str) -> frozenset[str]:
    """The marks in a tag's value; none in one that somebody wrote over."""
    ours = re.fullmatch(rf"(?:[0-9a-f]{{{DIGITS}}})+", value)
    return frozenset(re.findall(f".{{{DIGITS}}}", value)) if ours else frozenset()


def mark(policy: str) -> str:
    """What stands for a name."""
    return hashlib.sha256(policy.encode()).hexdigest()[:DIGITS]
