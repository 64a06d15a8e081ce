"""Observing: what ECS says of named instances and the roles on them, right now. Reads only; decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import msgspec

from shared.clock import CLOCK
from shared.engine.reads import Reads
from shared.errors import CloudCallError, OutOfTime, TransientError
from shared.gateways.bisection import ask, may_be_one
from shared.gateways.ecs import DESCRIBE_IDS, EcsGateway
from shared.model.instance import Instance

GONE_CODE = "InvalidInstanceId.NotFound"
CLASSIC_CODE = "InvalidNetworkType.MismatchRamRole"
DESCRIBE, LOOKUP = "DescribeInstances", "DescribeInstanceRamRole"


class Observations(msgspec.Struct, frozen=True, kw_only=True):
    """A page of what was observed; all that is to be known of it is here.

    began: when, by the monotonic clock. not_found: ids that ECS does not show. unread: ids that it refused to tell of, and why.
    unread_roles: instances of a listing that are shown, and whose role could not be read (`unread` says why). deferred: ids for
    which there was no time. holders: how many instances hold a listed role, as soon as that has been counted. token, listed,
    restarts: where a listing stands after this page, if it is one of a listing. error: what cut the listing short. is_last: no
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
    """How far the listing of a region is. token: of the next page. listed: whether all pages were had. pages: how many were had.
    restarts: how often ECS refused a token."""

    token: str = ""
    listed: bool = False
    pages: int = 0
    restarts: int = 0


class Shown(msgspec.Struct):
    """Instances that ECS shows, by id; an id that is in neither it does not show. unread: ids that it refused, and why."""

    instances: dict[str, Instance] = msgspec.field(default_factory=dict)
    unread: dict[str, CloudCallError] = msgspec.field(default_factory=dict)


class Roles(msgspec.Struct):
    """The role on each instance, "" for none; those that ECS does not show; those that it refused to tell of, and why."""

    held: dict[str, str] = msgspec.field(default_factory=dict)
    not_found: set[str] = msgspec.field(default_factory=set)
    unread: dict[str, CloudCallError] = msgspec.field(default_factory=dict)


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
        roles = _sorted([answer])
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


def described(ecs: EcsGateway, ids: Sequence[str]) -> Shown:
    """Observe instances without their roles. Raises what is meant for all of them."""
    found = ask(ecs.bisection, DESCRIBE, "", ids, ecs.instances)
    if found.refusals and not found.answers and len({error.code for error in found.errors}) == 1:
        raise found.errors[0]
    answered = {i.instance_id: i for answer in found.answers for i in answer}
    unread = {name: instance.unread for name, instance in answered.items() if instance.unread}
    instances = {name: instance for name, instance in answered.items() if name not in unread}
    return Shown(instances=instances, unread=found.refusals | unread)


def roles_on(ecs: EcsGateway, ids: Sequence[str], doubted: Collection[str] = ()) -> Roles:
    """Read the role on each instance. Raises nothing but Interrupted.

    An instance that is gone and one that has no role are told apart by reading: whether ECS shows it. doubted: those of the
    ids that another call did not find.
    """
    answers = ask(ecs.bisection, LOOKUP, "", ids, ecs.roles)
    found = _sorted(answers.answers)
    unsure = {name for name, error in answers.refusals.items() if error.code == GONE_CODE}
    unsure |= {name for name in doubted if not found.held.get(name)}
    for name, error in answers.refusals.items():
        if error.code == CLASSIC_CODE:
            found.held[name] = ""
        else:
            found.unread[name] = error
    if unsure:
        try:
            shown = described(ecs, sorted(unsure))
        except CloudCallError as error:
            shown = Shown(unread=dict.fromkeys(unsure, error))
        found.not_found = unsure - shown.instances.keys() - shown.unread.keys()
        found.unread = {n: e for n, e in found.unread.items() if n not in found.not_found} | shown.unread
        for name in found.unread.keys() & shown.instances.keys():  # it may be shown there in a moment
            found.unread[name] = _contradicted(found.unread[name])
    for name in ids:
        if name not in found.unread and name not in found.not_found:
            found.held.setdefault(name, "")
    return found


def _sorted(answers: Sequence[Mapping[str, str | CloudCallError]]) -> Roles:
    """Return the roles that answers have, apart from those that cannot be read."""
    found = Roles()
    for name, role in ((name, role) for answer in answers for name, role in answer.items()):
        if isinstance(role, str):
            found.held[name] = role
        else:
            found.unread[name] = role
    return found


def _contradicted(error: CloudCallError) -> CloudCallError:
    if error.code != GONE_CODE:
        return error
    message = f"{error.message}; but {DESCRIBE} shows the instance"
    return TransientError(error.call, error.code, message, error.request_id)
