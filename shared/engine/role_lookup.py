"""The role on each instance of a region, read with the fewest calls. Reads only; decides nothing about an instance.

There are two ways: ask for every instance by InstanceIds (50 a call), or first for the holders of each listed role by
RamRoleName (50 a page), and then only for those instances whose role must be known (needs_role) and that are not among them,
gathered over the pages until 50 are together. The second is the cheaper one, unless there are about as many roles as pages, or
the invocation has no time to read all holders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from itertools import chain

import msgspec

from shared.clock import CLOCK
from shared.engine.rate import Rate
from shared.errors import BudgetSpent, CloudCallError, Interrupted, OutOfTime
from shared.gateways.ecs import DESCRIBE_IDS, ROLE_IDS, EcsGateway
from shared.gateways.exact_reads import LOOKUP, Roles, roles_on
from shared.lines import say
from shared.model.instance import Instance
from shared.model.progress import Progress

replace = msgspec.structs.replace
MANY = 20_000  # holders; above, they are kept in memory only where that saves more than a little


class Answered(msgspec.Struct, frozen=True):
    """Instances with their roles; and those whose role could not be read, with the reason in `unread`."""

    instances: Sequence[Instance] = ()
    unread: Sequence[Instance] = ()


Answer = Callable[[], Answered]
"""Waits for a lookup that is under way."""


def estimated(instances: int, *, holders: int = 0, asked_for: int | None = None, besides: int = 0) -> dict[str, int]:
    """Return the most calls that observing so many takes, by API, if none has to be made twice.

    holders: pages of holders that are read. asked_for: how many instances may have to be asked for by id; None = all. besides:
    DescribeInstances, besides the pages.
    """
    by_id = _lookups(instances if asked_for is None else asked_for)
    pages = max(1, -(-instances // DESCRIBE_IDS))
    return {"instances": instances, "DescribeInstances": pages + besides, LOOKUP: holders + by_id}


class RoleLookup:
    """One invocation's.

    roles: the listed ones. pool: where calls are made side by side; its workers must not wait for one another. needs_role:
    whether the role on an instance that holds no listed one must be read.
    """

    def __init__(
        self, ecs: EcsGateway, roles: Sequence[str], pool: Executor, rate: Rate, needs_role: Callable[[Instance], bool]
    ) -> None:
        self._ecs, self._roles, self.pool, self._rate, self._needs_role = ecs, roles, pool, rate, needs_role
        self._holds: dict[str, str] | None = None  # None: each instance is asked for
        self._gathered: list[Instance] = []  # to be asked for
        self.holders: int | None = None
        """The number of instances that hold a listed role, where that was counted."""

    def begin(self, progress: Progress, *, besides: int = 0) -> dict[str, int]:
        """Choose the way for a run over the whole region that is more than a page long; return its estimated calls.

        besides: DescribeInstances that were made already, besides the pages.
        Raises OutOfTime, BudgetSpent and Interrupted. Where it cannot be chosen, each instance is asked for.
        """
        self.holders = progress.managed
        try:
            return self._goes_on(progress) if progress.link else self._chosen(besides)
        except (OutOfTime, BudgetSpent, Interrupted):
            raise
        except CloudCallError as error:  # will be met again with the instances that it concerns, if it concerns them
            say({"holders_not_read": str(error), "so": "every instance is asked for"})
            self._holds = None
            return {}

    def _goes_on(self, progress: Progress) -> dict[str, int]:
        """Return what lies ahead is about what the invocation before took."""
        if progress.managed is not None:
            held = progress.managed + progress.gained
            holders = held / ROLE_IDS + len(self._roles)
            if holders < progress.pages * 2 and held <= MANY and self._in_time(holders):
                firsts, more, a_page = self._first_pages()
                if firsts and self._in_time(more, a_page):
                    self._learn(firsts)
        return {}

    def _chosen(self, besides: int) -> dict[str, int]:
        total, holders = self._ecs.count(), 0
        asked_for, each = total, _lookups(total)
        if 0 < 2 * len(self._roles) <= each:  # else to ask for the holders may cost about as much as it may save
            firsts, more, a_page = self._first_pages()
            held, holders = sum(number for _, number in firsts.values()), len(self._roles)
            self.holders = held if firsts else None
            if firsts and self._in_time(more, a_page) and self._worth_it(total, held, more):
                holders, asked_for = holders + more, max(0, total - held)
                self._learn(firsts)
        return estimated(total, holders=holders, asked_for=asked_for, besides=besides + 1)

    def _in_time(self, lookups: float, a_page: float = 0.0) -> bool:
        """Say whether so many can be made in less than half of the time that there is. a_page: seconds that one takes."""
        return self._rate.in_time(2 * lookups * max(a_page, self._rate.spacing(LOOKUP)))

    def _worth_it(self, total: int, held: int, more: int) -> bool:
        saved = (total - held) / ROLE_IDS  # at most: if none of the others' roles must be read
        return held <= MANY or saved > 0.02 * (total / 100 + more)

    def _first_pages(self) -> tuple[dict[str, tuple[list[str], int]], int, float]:
        """Return the first holders of each role with the number of all; how many more pages there are; and the seconds that one took.

        No role's where ECS does not say who holds one of them: RAM has it no more, and instances may.
        """
        began = CLOCK.monotonic()
        asked = dict(zip(self._roles, self.pool.map(self._ecs.holders, self._roles), strict=True))
        a_page = (CLOCK.monotonic() - began) / len(self._roles)
        firsts = {role: first for role, first in asked.items() if first}
        firsts = firsts if len(firsts) == len(asked) else {}
        return firsts, sum(max(0, _lookups(held) - 1) for _, held in firsts.values()), a_page

    def _learn(self, firsts: dict[str, tuple[list[str], int]]) -> None:
        pages = [(role, n) for role, (_, held) in firsts.items() for n in range(2, _lookups(held) + 1)]
        more = self.pool.map(lambda page: (page[0], (self._ecs.holders(*page) or ([],))[0]), pages)
        holds: dict[str, str] = {}
        for role, names in chain(((role, names) for role, (names, _) in firsts.items()), more):
            holds.update(dict.fromkeys(names, role))
        self._holds = holds

    def look_up(self, instances: Iterable[Instance]) -> tuple[list[Instance], list[Answer]]:
        """Return those of a page whose role is known, and the lookups that begin with it: full ones, see rest()."""
        known = []
        for instance in instances:
            role = self._holds.get(instance.instance_id) if self._holds is not None else None
            if role is not None and not instance.unread:
                known.append(replace(instance, role=role))
            elif (
                not instance.unread
                and instance.network == "vpc"
                and (self._holds is None or self._needs_role(instance))
            ):
                self._gathered.append(instance)
            else:
                known.append(instance)
        return known, [self._ask() for _ in range(len(self._gathered) // ROLE_IDS)]

    def rest(self) -> list[Answer]:
        """Begin the last lookup, of what did not fill one."""
        return [self._ask()] if self._gathered else []

    def _ask(self) -> Answer:
        chunk, self._gathered = self._gathered[:ROLE_IDS], self._gathered[ROLE_IDS:]
        asked = self.pool.submit(roles_on, self._ecs, [i.instance_id for i in chunk])
        return lambda: _answered(chunk, asked)


def _answered(chunk: Sequence[Instance], asked: Future[Roles]) -> Answered:
    try:
        roles = asked.result()
    except CloudCallError as error:
        roles = Roles(unread=dict.fromkeys((i.instance_id for i in chunk), error))
    # One that has been deleted since its page was read holds none: if it matters, a write will find that out.
    return Answered(
        [replace(i, role=roles.held.get(i.instance_id, "")) for i in chunk if i.instance_id not in roles.unread],
        [replace(i, unread=roles.unread[i.instance_id]) for i in chunk if i.instance_id in roles.unread],
    )


def _lookups(instances: int) -> int:
    return -(-instances // ROLE_IDS)
