"""Numbers that bound one invocation: the one place where a test puts others."""

from __future__ import annotations

import msgspec


class Bounds(msgspec.Struct, kw_only=True):
    """The bounds of all invocations of a process."""

    handed_over: int = 2_000
    """Instance ids that one invocation leaves to another: with what is beside them, they fit into a dead letter."""
    pays_from: float = 0.01
    """Seconds that a call takes from which on another one beside it pays. Only waiting is saved by that; handing over to a second
    thread and back costs CPU (`make bench`: the bare calls of a warm event, side by side and in turn)."""
    side_by_side: bool | None = None
    """The way in which the two reads of an observation go out: whether side by side; None = as the process's last one tells."""


BOUNDS = Bounds()
