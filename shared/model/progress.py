"""How far a run has come: what one invocation hands over to the next."""

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


class Cursor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a run goes on that one invocation could not end. link: 0 = the run's first invocation.

    token: of the next page, "" = the first; listed: whether all pages are done, so that only `instance_ids` are left:
    instances that were seen and whose change was not begun. They are looked at again first.
    """

    run_id: Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_-]{0,120}\Z")] = ""
    link: Annotated[int, msgspec.Meta(ge=0, le=MAX_LINKS)] = 0
    token: Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{0,4096}\Z")] = ""
    listed: bool = False
    instance_ids: tuple[str, ...] = ()
    pages: Count = 0  # that the link before took
    managed: Count | None = (
        None  # holders of listed roles at first; what a hand-over says of it is never enough to lift the brake
    )
    removed: Count = 0  # removals carried out
    braked: bool = False  # whether the brake refused removals: then it lets none through any more
    uncounted: bool = False  # and whether that was because nobody could say how many hold a listed role
    failed: Count = 0  # changes that failed
    tried: Count = 0  # canaries that had their turn
    stopped: Reason | None = None  # why a remediation leaves the rest alone
    spent: Count = 0  # calls made
    used: RateUse | None = None  # of the rate, in the minute that was running
    restarts: Annotated[int, msgspec.Meta(ge=0, le=MAX_RESTARTS)] = 0  # how often a token was refused
    stalled: Annotated[int, msgspec.Meta(ge=0, le=MAX_STALLED)] = 0  # links in a row that got nothing done
    counts: Mapping[str, Count] = {}  # by outcome/reason

    @property
    def gained(self) -> int:
        """Instances that hold a listed role only since the run began."""
        return self.counts.get("attached/missing", 0) + self.counts.get("swapped/foreign-role", 0)
