"""The instances of a region, page by page, each with its role: the next page is fetched and roles are looked up while the pages
before are worked on. Reads only; says with each page where it stands."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future

import msgspec

from shared.clock import CLOCK
from shared.engine.observe import ListingState, Observations
from shared.engine.rate import Rate
from shared.engine.role_lookup import Answer, RoleLookup, estimated
from shared.errors import CloudCallError, OutOfTime
from shared.gateways.ecs import TAG_MATCHES, EcsGateway, Page, TokenRefused
from shared.model.progress import MAX_RESTARTS, Progress

AHEAD = 8  # lookups of roles that are under way while pages are fetched and worked on
Calls = Mapping[str, int]
Estimate = Callable[[Calls], None]
"""Is given the most calls that observing may take, before anything is changed: `instances`, and calls by API."""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The reading of a region: by which gateway, at which rate, until how many seconds before the rate's end.

    may_begin: is called where the region is more than a page long; what it raises ends the run.
    """

    ecs: EcsGateway
    rate: Rate
    reserve: float
    may_begin: Callable[[], None] = lambda: None

    def in_time(self) -> bool:
        """Say whether there is time for another page."""
        return self.rate.in_time(self.reserve)


class Listing:
    """One invocation's way through a region. tags: of the instances that are asked for, {} = of all."""

    def __init__(
        self, reading: Reading, lookup: RoleLookup, progress: Progress, tags: Mapping[str, str], estimate: Estimate
    ) -> None:
        self._reading, self._ecs, self._lookup = reading, reading.ecs, lookup
        self._progress, self._tags, self._estimate = progress, tags, estimate
        self._state = ListingState(token=progress.token, listed=progress.listed, restarts=progress.restarts)
        self._out_of_time = False

    def pages(self) -> Iterator[Observations]:
        """Yield what is observed; the last page says whether that was all, or what cut it short."""
        error: CloudCallError | None = None
        while not self._state.listed:
            try:
                yield from self._through(self._tags if self._few() else {})
                break
            except OutOfTime:
                break
            except TokenRefused as refused:
                self._state = msgspec.structs.replace(self._state, token="", restarts=self._state.restarts + 1)
                if self._state.restarts > MAX_RESTARTS:
                    error = refused
                    break
            except CloudCallError as caught:
                error = caught
                break
        yield self._page(error=error)

    def _page(self, **values: object) -> Observations:
        return Observations(
            began=CLOCK.monotonic(),
            holders=self._lookup.holders,
            listing=self._state,
            **values,  # type: ignore[arg-type]
        )

    def _few(self) -> bool:
        """ECS's own filter by tags is cheap, but shows no more than 1,000: then all are gone through."""
        if not self._tags or (matches := self._ecs.count(self._tags)) >= TAG_MATCHES:
            return False
        self._estimate(estimated(matches, besides=1 if matches else 2))
        return True

    def _through(self, tags: Mapping[str, str]) -> Iterator[Observations]:
        page, underway = self._ecs.page(self._state.token, tags), deque[Answer]()
        if not (page.instances or page.next_token or page.token):
            self._ecs.confirm_none()
        if page.next_token:
            self._reading.may_begin()
        if not tags and (page.next_token or self._progress.link):
            self._estimate(self._lookup.begin(self._progress, besides=1 if self._tags else 0))  # see _few()
        elif not tags:
            self._estimate(estimated(len(page.instances), besides=0 if page.instances else 1))
        try:
            while True:
                coming: Future[Page] | None = None
                if page.next_token and not self._out_of_time and self._reading.in_time():
                    coming = self._lookup.pool.submit(self._ecs.page, page.next_token, tags)
                known, asked = self._lookup.look_up(page.instances)
                underway += asked
                self._state = msgspec.structs.replace(self._state, token=page.next_token, pages=self._state.pages + 1)
                yield self._page(
                    instances=[i for i in known if not i.unread],
                    unread={i.instance_id: i.unread for i in known if i.unread},
                )
                yield from self._answered(underway, AHEAD)
                if coming is None:
                    break
                page = coming.result()
        except CloudCallError:
            yield from self._answered(underway + deque(self._lookup.rest()))  # what was had is worked on all the same
            raise
        yield from self._answered(underway + deque(self._lookup.rest()))
        self._state = msgspec.structs.replace(self._state, listed=not page.next_token)

    def _answered(self, underway: deque[Answer], more: int = 0) -> Iterator[Observations]:
        """The answers, until no more than so many are waited for."""
        while len(underway) > more:
            answer = underway.popleft()()
            late = [i for i in answer.unread if isinstance(i.unread, OutOfTime)]
            self._out_of_time = self._out_of_time or bool(late)
            yield self._page(
                instances=answer.instances,
                unread_roles=[i for i in answer.unread if i not in late],
                deferred=[i.instance_id for i in late],
            )
