"""The transitions of a run: progress + what happened -> progress. When it waits for its first instances, when it stops, when it ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from shared.model.decision import Outcome, Reason
from shared.model.plan import Result
from shared.model.progress import MAX_LINKS, MAX_STALLED, Progress
from shared.model.trigger import RemediationRequest, Share
from shared.planning.steps import BATCH

replace = msgspec.structs.replace


class RateControl(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds of a run, in the words of OOS: how many instances at once, how many may fail; and the canaries. None: however many.

    judged: failures of the run that max_errors does not count: a percentage is one of what this invocation changes.
    """

    concurrency: Share | None = None
    max_errors: Share | None = None
    canaries: int = 0
    judged: int = 0

    @property
    def needs_total(self) -> bool:
        """Return whether a percentage was given, so that nothing may begin before it is known of how many."""
        return any(share and share.part is not None for share in (self.concurrency, self.max_errors))

    def of(self, total: int, failed: int) -> RateControl:
        """Return it in numbers. total: instances that this invocation changes. failed: changes that failed before."""
        judged = failed if self.max_errors and self.max_errors.part is not None else self.judged
        concurrency, max_errors = (
            share and Share(count=share.of(total)) for share in (self.concurrency, self.max_errors)
        )
        return replace(self, concurrency=concurrency, max_errors=max_errors, judged=judged)

    @property
    def batch(self) -> int:
        """Instances a call."""
        return BATCH if self.concurrency is None else max(1, min(BATCH, self.concurrency.count))

    def at_once(self, most: int) -> int:
        """Return how many calls may be under way at once."""
        return most if self.concurrency is None else max(1, min(most, self.concurrency.count // BATCH))


def rate_control(request: RemediationRequest) -> RateControl:
    """Return what an operator asked for."""
    return RateControl(concurrency=request.concurrency, max_errors=request.max_errors, canaries=request.canary)


def begun(progress: Progress) -> Progress:
    """An invocation begins: what it has done itself is nothing yet."""
    return replace(progress, pages=0)


def listed(progress: Progress, *, token: str, done: bool, pages: int, restarts: int) -> Progress:
    """A page was had, or the listing has begun once more."""
    return replace(progress, token=token, listed=done, pages=pages, restarts=restarts)


def counted(progress: Progress, outcome: str, reason: str) -> Progress:
    """An observation has ended."""
    key = f"{outcome}/{reason}"
    return replace(progress, counts={**progress.counts, key: progress.counts.get(key, 0) + 1})


def executed(progress: Progress, results: Iterable[Result], control: RateControl, *, canary: bool) -> Progress:
    """Changes have been carried out, or have failed; canary: they were the first ones. `stopped` is set where no more may begin."""
    removed, failed = 0, 0
    for result in results:
        removed += result.change.removes and result.outcome in (Outcome.SWAPPED, Outcome.DETACHED)
        failed += result.failed
    all_failed, stopped = progress.failed + failed, progress.stopped
    if canary and failed:
        stopped = Reason.CANARY
    elif control.max_errors is not None and all_failed - control.judged > control.max_errors.count:
        stopped = stopped or Reason.MAX_ERRORS
    return replace(progress, removed=progress.removed + removed, failed=all_failed, stopped=stopped)


def canaries_left(progress: Progress, control: RateControl) -> int:
    """Return how many more must be tried before others are touched."""
    return max(0, control.canaries - progress.tried)


def braked(progress: Progress, *, uncounted: bool) -> Progress:
    """The brake has refused removals. uncounted: because nobody could say how many instances hold a listed role."""
    return replace(progress, braked=True, uncounted=progress.uncounted or uncounted)


def onward(
    progress: Progress, *, held: Sequence[str], others: Sequence[str], spent: int, stalled: bool
) -> Progress | None:
    """Return what the next invocation goes on from; None where the run is over. stalled: nothing got done in this one."""
    waiting = tuple(dict.fromkeys(held))
    names = tuple(dict.fromkeys((*waiting, *others)))
    if progress.listed and not names:
        return None
    return replace(
        progress,
        link=progress.link + 1,
        instance_ids=names,
        held=len(waiting),
        spent=progress.spent + spent,
        stalled=progress.stalled + 1 if stalled else 0,
    )


def why_it_ends(progress: Progress) -> tuple[str, str]:
    """Return code and text of the reason why no other invocation may go on; two empty texts where one may."""
    if progress.stalled > MAX_STALLED:
        return "NoProgress", (
            f"not invoked again: {progress.stalled} invocations in a row got nothing done; raise the function's timeout, or "
            "ROLEKEEPER_CALLS_PER_MINUTE"
        )
    if progress.link > MAX_LINKS:
        return "TooManyLinks", (
            f"not invoked again: the run has taken {MAX_LINKS} invocations; raise the function's timeout"
        )
    return "", ""
