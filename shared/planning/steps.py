"""Changes become calls: gathered into full ones, however long the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.model.decision import Reason
from shared.model.plan import Action, Change, Step

BATCH = 100
"""Instance ids a call of AttachInstanceRamRole and DetachInstanceRamRole (their API pages)."""
ORDER: tuple[Action, ...] = ("attach", "swap", "detach", "untag")
"""Attaches first: they harm nobody."""
_Key = tuple[int, Action, str, str, str]


class Batcher:
    """Gathers changes into steps of up to `size` instances: as few calls as can be."""

    def __init__(self, size: int = BATCH) -> None:
        self._size = size
        self._open: dict[_Key, list[Change]] = {}

    def add(self, change: Change) -> Step | None:
        """Take a change in; return the step that it fills, if it fills one. A change that is settled is no part of any."""
        if change.action == "none" or change.outcome is not None:
            return None
        detach = "" if change.action == "attach" else change.role_before
        attach = change.displaced if change.action == "untag" else change.role_after
        key = (ORDER.index(change.action), change.action, change.region, detach, attach)
        members = self._open.setdefault(key, [])
        members.append(change)
        return self._step(key) if len(members) == self._size else None

    def rest(self) -> Iterator[Step]:
        """Yield the steps that were not filled."""
        for key in sorted(self._open):
            yield self._step(key)

    def _step(self, key: _Key) -> Step:
        _, action, region, detach, attach = key
        changes = tuple(self._open.pop(key))
        first = changes[0]  # as all: a foreign role is on one side of the key
        return Step(
            action=action,
            region=region,
            detach=detach,
            attach=attach,
            changes=changes,
            displaces=first.displaces,
            puts_back=first.reason is Reason.PUT_BACK,
        )


def steps(changes: Iterable[Change], size: int = BATCH) -> tuple[Step, ...]:
    """Return the calls that carry these changes out, each of up to so many instances."""
    batcher = Batcher(size)
    filled = [step for change in changes if (step := batcher.add(change))]
    return (*filled, *batcher.rest())
