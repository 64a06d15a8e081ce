"""The instances of a region, page by page, each with its role: the next page is fetched and roles are looked up while the pages
before are worked on. Reads only. Says where it stopped, if it could not go through to the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future

from shared.attached import Answer, Attached, Looked, at_most
from shared.engine.rate import Rate
from shared.errors import CloudCallError, OutOfTime
from shared.gateways.ecs import TAG_MATCHES, EcsGateway, Page, TokenRefused
from shared.model.progress import MAX_RESTARTS, Cursor

AHEAD = 8  # lookups of roles that are under way while pages are fetched and worked on


class Region:
    """One invocation's way through a region. After it has been gone through:

    listed: whether all pages were had. token: of the first page that was not ("" = the first of all). error: what cut it
    short, if it was not for want of time. unlooked: instances of pages that were had, whose roles there was no time to look
    up. pages: how many were had. restarts: how often ECS refused a token.
    """

    def __init__(
        self, ecs: EcsGateway, attached: Attached, pool: Executor, rate: Rate, cursor: Cursor,
        tags: Mapping[str, str], *, reserve: float, estimate: Callable[[Mapping[str, int]], None] = lambda cost: None,
    ) -> None:  # fmt: skip
        """reserve: seconds that are kept for ending what is begun. estimate: told of the calls that the run may cost."""
        self._ecs, self._attached, self._pool, self._rate = ecs, attached, pool, rate
        self._cursor, self._tags, self._reserve, self._estimate = cursor, tags, reserve, estimate
        self.listed, self.token, self.pages = cursor.listed, cursor.token, 0
        self.restarts = cursor.restarts
        self.error: CloudCallError | None = None
        self.unlooked: list[str] = []

    def __iter__(self) -> Iterator[Looked]:
        while not self.listed:
            try:
                yield from self._through(self._tags if self._few() else {})
                return
            except OutOfTime:
                return
            except TokenRefused as error:
                self.token, self.restarts = "", self.restarts + 1
                if self.restarts > MAX_RESTARTS:
                    self.error = error
                    return
            except CloudCallError as error:
                self.error = error
                return

    def _few(self) -> bool:
        """ECS's own filter by tags is cheap, but shows no more than 1,000: then all are gone through."""
        if not self._tags or (matches := self._ecs.count(self._tags)) >= TAG_MATCHES:
            return False
        self._estimate(at_most(matches, besides=1 if matches else 2))
        return True

    def _through(self, tags: Mapping[str, str]) -> Iterator[Looked]:
        page, underway = self._ecs.page(self.token, tags), deque[Answer]()
        if not (page.instances or page.next_token or page.token):
            self._ecs.confirm_none()
        if not tags and (page.next_token or self._cursor.link):
            self._estimate(self._attached.begin(self._cursor, besides=1 if self._tags else 0))  # see _few()
        elif not tags:
            self._estimate(at_most(len(page.instances), besides=0 if page.instances else 1))
        try:
            while True:
                coming: Future[Page] | None = None
                if page.next_token and not self.unlooked and self._rate.in_time(self._reserve):
                    coming = self._pool.submit(self._ecs.page, page.next_token, tags)
                known, asked = self._attached.look(page.instances)
                underway += asked
                self.token, self.pages = page.next_token, self.pages + 1
                yield known, None
                yield from self._answered(underway, AHEAD)
                if coming is None:
                    break
                page = coming.result()
        except CloudCallError:
            yield from self._answered(underway + deque(self._attached.rest()))  # what was had is worked on all the same
            raise
        yield from self._answered(underway + deque(self._attached.rest()))
        self.listed = not page.next_token

    def _answered(self, underway: deque[Answer], more: int = 0) -> Iterator[Looked]:
        """The answers, until no more than so many are waited for."""
        while len(underway) > more:
            for instances, error in underway.popleft()():
                if isinstance(error, OutOfTime):
                    self.unlooked += [instance.instance_id for instance in instances]
                else:
                    yield instances, error
