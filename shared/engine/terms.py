"""The terms of a run, and its end: values."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from shared.errors import CloudCallError
from shared.model.plan import Result
from shared.model.progress import Progress
from shared.planning.guards import Facts
from shared.planning.transitions import RateControl


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of one run.

    facts: of the guards, as far as they are known at first. control: concurrency, max errors and canaries. at_once: steps side by
    side, in `pool`; None = one after the other, in this thread. room: instance ids that can be left to another invocation.
    """

    facts: Facts
    control: RateControl = RateControl()
    pool: ThreadPoolExecutor | None = None
    at_once: int = 1
    room: int = 0


class Left(msgspec.Struct, frozen=True):
    """A change that was not carried out, or not to its end, and when its instance was observed."""

    result: Result
    began: float


class End(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a run.

    error: what cut it short, if not the time. held: removals that wait until the number of all is known; waiting: ids of those that
    did so before. deferred: changes for which there was no time, and unobserved: ids for which there was none either. holders: instances that held a listed role. unsure: ids that lost a role, and whose tags could not be read again.
    """

    progress: Progress
    error: CloudCallError | None = None
    held: Sequence[Left] = ()
    deferred: Sequence[Left] = ()
    unobserved: Sequence[str] = ()
    waiting: Sequence[str] = ()
    holders: int | None = None
    unsure: Sequence[str] = ()
