"""The progress of a run: what one invocation hands over to the next. Its names are those of the hand-over's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec

from shared.model.decision import Reason
from shared.model.rate_use import RateUse

Count = Annotated[int, msgspec.Meta(ge=0, le=999_999_999)]
"""A number of instances, calls or pages: no payload may give one that cannot be."""
MAX_LINKS = 500  # invocations of one run: a chain always ends
MAX_STALLED = 1  # of them, in a row, that may get nothing done: one may have met a throttle or a slow minute
MAX_RESTARTS = 2  # of a region whose token was refused


class Position(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The position at which the run goes on. link: which invocation of it this is, from 0.

    token: of the next page, "" = the first. listed: whether all pages are done. restarts: how often a token was refused.
    instance_ids: instances that were listed and still have to be observed again: the first `held` of them are to lose a listed
    role, and wait until the number of all such is known; the others were not begun, or not ended, for want of time. places: ACCOUNT/REGION
    of the runs that are still to be started; our own, which has not begun, is among them.
    """

    run_id: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{0,120}\Z")] = ""
    link: Annotated[int, msgspec.Meta(ge=0, le=MAX_LINKS)] = 0
    token: Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{0,4096}\Z")] = ""
    listed: bool = False
    restarts: Annotated[int, msgspec.Meta(ge=0, le=MAX_RESTARTS)] = 0
    instance_ids: tuple[str, ...] = ()
    held: Count = 0
    places: tuple[Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{0,20}/[a-z0-9-]{1,64}\Z")], ...] = ()


class Totals(Position, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The totals of the run so far, in all its invocations.

    managed: how many instances held a listed role at first; what a hand-over says of it is never enough to lift the brake.
    removed: removals carried out. braked: whether the brake refused removals: then it lets none through any more; uncounted:
    because nobody could say how many hold a listed role. failed: changes that failed. tried: canaries that had their turn.
    stopped: why the rest is left alone. spent: calls made. used: of the rate, in the minute that was running. counts: instances by outcome/reason.
    """

    managed: Count | None = None
    removed: Count = 0
    braked: bool = False
    uncounted: bool = False
    failed: Count = 0
    tried: Count = 0
    stopped: Reason | None = None
    spent: Count = 0
    used: RateUse | None = None
    counts: Mapping[str, Count] = {}

    @property
    def gained(self) -> int:
        """Instances that hold a listed role only since the run began."""
        return self.counts.get("attached/missing", 0) + self.counts.get("swapped/foreign-role", 0)


class Progress(Totals, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it, with what one invocation has done. pages: that it took. stalled: invocations in a row that got nothing done."""

    pages: Count = 0
    stalled: Annotated[int, msgspec.Meta(ge=0, le=MAX_STALLED)] = 0
