"""The instances of a region, page by page, each with its role: the next page is fetched and roles are looked up while the pages
before are worked on. Reads only. Says where it stopped, if it could not go through to the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future

from shared.attached import Attached, Looked
from shared.errors import CloudCallError, OutOfTime
from shared.gateways.ecs import TAG_MATCHES, EcsGateway, Page, TokenRefused
from shared.model import Cursor
from shared.pace import Pace

AHEAD = 4  # pages whose roles are being looked up while an earlier one is worked on
MAX_RESTARTS = 2


class Region:
    """One invocation's way through a region. After it has been gone through:

    listed: whether all pages were had. token: of the first page that was not ("" = the first of all). error: what cut it
    short, if it was not for want of time. pages: how many were had. restarts: how often ECS refused a token.
    """

    def __init__(
        self, ecs: EcsGateway, attached: Attached, pool: Executor, pace: Pace, cursor: Cursor,
        tags: Mapping[str, str], *, reserve: float, estimate: Callable[[Mapping[str, int]], None] = lambda cost: None,
    ) -> None:  # fmt: skip
        """reserve: seconds that are kept for ending what is begun. estimate: told of the calls that the run may cost."""
        self._ecs, self._attached, self._pool, self._pace = ecs, attached, pool, pace
        self._cursor, self._tags, self._reserve, self._estimate = cursor, tags, reserve, estimate
        self.listed, self.token, self.pages = cursor.listed, cursor.token, 0
        self.restarts = cursor.restarts
        self.error: CloudCallError | None = None

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
        return bool(self._tags) and self._ecs.count(self._tags) < TAG_MATCHES

    def _through(self, tags: Mapping[str, str]) -> Iterator[Looked]:
        window: deque[tuple[Page, Callable[[], Iterable[Looked]]]] = deque()
        page: Page | None = self._ecs.page(self.token, tags)
        if page and not (page.instances or page.next_token or page.token):
            self._ecs.confirm_none()
        if page and not tags and (page.next_token or self._cursor.link):
            self._estimate(self._attached.begin(self._cursor))
        while page or window:
            coming: Future[Page] | None = None
            if page:
                window.append((page, self._attached.look(page.instances)))
                if page.next_token and self._pace.in_time(self._reserve):
                    coming = self._pool.submit(self._ecs.page, page.next_token, tags)
                last = page
            try:
                while window and (coming is None or len(window) > AHEAD):
                    yield from self._looked(*window.popleft())
                page = coming.result() if coming else None
            except CloudCallError:
                while window:  # what was had is worked on all the same
                    yield from self._looked(*window.popleft())
                raise
        self.listed = not last.next_token

    def _looked(self, page: Page, answers: Callable[[], Iterable[Looked]]) -> Iterator[Looked]:
        """A page; the token stays on it as long as not all of it could be looked at in time."""
        self.token = page.token
        for instances, error in answers():
            if isinstance(error, OutOfTime):
                raise error
            yield instances, error
        self.token = page.next_token
        self.pages += 1
