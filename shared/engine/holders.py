"""The number of instances of a region that hold a listed role: the measure of the brake, counted only where it is needed."""

from __future__ import annotations

from collections.abc import Callable

from shared.engine.observe import Observations
from shared.errors import BudgetSpent, Interrupted, PermanentError
from shared.gateways.ecs import EcsGateway
from shared.lines import say
from shared.mapping import Mapping
from shared.model.progress import Progress


class Holders:
    """One invocation's count.

    known: what an earlier invocation counted. whole: whether the whole region is gone through, from its first page, so that all
    holders are seen. ask: counts them, None = the cloud does not say.
    """

    def __init__(self, mapping: Mapping, known: int | None, whole: bool, ask: Callable[[], int | None]) -> None:
        self._is_managed, self._before, self._whole, self._ask = mapping.is_managed, known, whole, ask
        self.known = known
        self._seen = 0
        self._missed = False  # the role of some could not be read
        self._restarts = 0  # of the listing
        self._counted_first = False

    def note(self, page: Observations) -> None:
        """Take in what a page shows. A listing that begins again shows all once more."""
        if page.listing and page.listing.restarts != self._restarts:
            self._seen, self._missed, self._restarts = 0, False, page.listing.restarts
        if page.holders is not None and self._before is None:
            self.known, self._counted_first = page.holders, True
        self._seen += sum(bool(i.role) and self._is_managed(i.role) for i in page.instances)
        self._missed = self._missed or bool(page.unread or page.unread_roles or page.deferred or page.error)
        if self._whole and page.is_last and not self._missed and self.known is None:
            self.known = self._seen

    def count(self, progress: Progress) -> int | None:
        """Return how many held one when the run began; None where the cloud refuses to say.

        Those that the run itself has given a role are no measure, those that it took one from are. What a hand-over says may lower
        it alone. Raises TransientError, BudgetSpent and Interrupted: then it was not asked to the end.
        """
        if self.known is not None and self._before is None:
            return self.known
        counted = self._ask()
        if counted is not None:
            counted = max(0, counted - progress.gained + progress.removed)
            counted = counted if self._before is None else min(counted, self._before)
        self.known = counted
        return counted


def asked(ecs: EcsGateway, mapping: Mapping) -> Callable[[], int | None]:
    """Return a count by one call a role."""

    def count() -> int | None:
        try:
            return sum(ecs.count_holders(role) for role in mapping.roles)
        except (BudgetSpent, Interrupted):
            raise
        except PermanentError as error:
            say({"holders_not_counted": str(error), "so": "the brake refuses removals"})
            return None

    return count
