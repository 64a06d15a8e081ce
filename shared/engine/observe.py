"""Observing: what ECS says of named instances and the roles on them, right now. Reads only; decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import msgspec

from shared.clock import CLOCK
from shared.engine.reads import Reads
from shared.errors import CloudCallError, OutOfTime
from shared.gateways.bisection import may_be_one
from shared.gateways.ecs import DESCRIBE_IDS, EcsGateway
from shared.gateways.exact_reads import CLASSIC_CODE, GONE_CODE, Shown, described, roles_on, roles_told
from shared.model.instance import Instance


class Observations(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what was observed; all that is to be known of it is here.

    began: when, by the monotonic clock. not_found: ids that ECS does not show. unread: ids that it refused to tell of, and why.
    unread_roles: instances of a listing that are shown, and whose role could not be read (`unread` says why). deferred: ids for
    which there was no time. holders: how many instances hold a listed role, as soon as that has been counted. listing: where a
    listing stands after this page, if it is one of a listing. error: what cut the listing short. is_last: no
    removal will be found in what comes later, or nothing comes for a while: so begin what waits. was_held: removals among these were
    held, and counted, by an earlier invocation. waiting: ids of such, that have to wait on.
    """

    began: float
    instances: Sequence[Instance] = ()
    not_found: Collection[str] = ()
    unread: Mapping[str, CloudCallError] = {}
    unread_roles: Sequence[Instance] = ()
    deferred: Sequence[str] = ()
    holders: int | None = None
    listing: ListingState | None = None
    error: CloudCallError | None = None
    is_last: bool = False
    was_held: bool = False
    waiting: Sequence[str] = ()


class ListingState(msgspec.Struct, frozen=True, kw_only=True):
    """The position of a region's listing. token: of the next page. listed: whether all pages were had. pages: how many were had.
    restarts: how often ECS refused a token."""

    token: str = ""
    listed: bool = False
    pages: int = 0
    restarts: int = 0


class Observer:
    """Observes named instances of one region.

    confirm: whether to ask, where none is shown, if we may look there at all: a caller who may not is shown none. in_time:
    whether there is still time for more. look_again: seconds to wait for an instance that is not shown though it was created a
    moment ago (at_birth).
    """

    def __init__(
        self, ecs: EcsGateway, reads: Reads, *, confirm: bool, in_time: Callable[[], bool] = lambda: True
    ) -> None:
        self._ecs, self._reads = ecs, reads
        self._confirm, self._in_time = confirm, in_time

    def named(
        self, ids: Sequence[str], *, at_birth: Callable[[str], bool] = lambda name: False, look_again: float = 0.0
    ) -> Iterator[Observations]:
        """Observe these, 100 at a time; at last those that are not shown yet, which hold up no others."""
        late: list[str] = []
        for start in range(0, len(ids), DESCRIBE_IDS):
            if not self._in_time():
                yield Observations(began=CLOCK.monotonic(), deferred=ids[start:])
                break
            page = self._page(ids[start : start + DESCRIBE_IDS])
            if look_again and (young := [name for name in page.not_found if at_birth(name)]):
                late += young
                page = msgspec.structs.replace(page, not_found=[name for name in page.not_found if name not in young])
            yield page
        if late:
            yield from self._late(late, look_again)

    def _late(self, late: Sequence[str], seconds: float) -> Iterator[Observations]:
        yield Observations(began=CLOCK.monotonic(), is_last=True)
        waited, pause = 0.0, 0.5
        while late and waited < seconds:
            pause = min(pause * 2, seconds - waited)
            CLOCK.sleep(pause)
            waited, began = waited + pause, CLOCK.monotonic()
            try:
                shown = observed(self._ecs, late, self._reads)
            except CloudCallError:
                break
            late = [name for name in late if name not in shown.instances and name not in shown.unread]
            yield Observations(began=began, instances=[*shown.instances.values()], unread=shown.unread)
        yield Observations(began=CLOCK.monotonic(), not_found=late)

    def _page(self, ids: Sequence[str]) -> Observations:
        began = CLOCK.monotonic()
        try:
            shown = observed(self._ecs, ids, self._reads)
            if self._confirm and not shown.instances and not shown.unread:
                self._ecs.confirm_none()
        except CloudCallError as error:
            shown = Shown(unread=dict.fromkeys(ids, error))
        late = [name for name, error in shown.unread.items() if isinstance(error, OutOfTime)]
        return Observations(
            began=began,
            instances=[shown.instances[name] for name in ids if name in shown.instances],
            not_found=[name for name in ids if name not in shown.instances and name not in shown.unread],
            unread={name: shown.unread[name] for name in ids if name in shown.unread and name not in late},
            deferred=late,
        )


def observed(ecs: EcsGateway, ids: Sequence[str], reads: Reads) -> Shown:
    """Observe instances by id, each with its role. Raises what is meant for all of them.

    Where one after the other is read, the role is first: a role that we see then is no older than the tags that we see. An id
    that is gone, or an instance of the classic network, makes ECS refuse to tell all roles: then they are asked for again, for
    those that are shown and in a VPC.
    """
    answer, shown = reads.both(lambda: ecs.roles(ids), lambda: described(ecs, ids))
    if not isinstance(answer, CloudCallError):
        roles = roles_told([answer])
    else:
        alone = len(shown.instances) == len(ids) == 1 and answer.code not in (GONE_CODE, CLASSIC_CODE)
        if alone or not may_be_one(answer):
            raise answer
        roles = roles_on(ecs, [name for name, instance in shown.instances.items() if instance.network == "vpc"])
    instances = {
        name: msgspec.structs.replace(instance, role=roles.held.get(name, ""))
        for name, instance in shown.instances.items()
        if name not in roles.unread and name not in roles.not_found
    }
    return Shown(instances=instances, unread=shown.unread | roles.unread)
