"""Which role each instance of a region holds, learnt with the fewest calls. Reads only; decides nothing about an instance.

There are two ways: ask for every instance by InstanceIds (50 a call), or first for the holders of each listed role by
RamRoleName (50 a page), and then only for those instances that a rule gives a role and that are not among them, gathered over
the pages until 50 are together. The second is the cheaper one, unless there are about as many roles as pages, or the
invocation has no time to read all holders.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from itertools import chain

import msgspec

from shared.engine.rate import Rate
from shared.errors import BudgetSpent, CloudCallError, Interrupted, OutOfTime
from shared.gateways.ecs import DESCRIBE_IDS, ROLE_IDS, EcsGateway
from shared.lines import say
from shared.model.instance import Instance
from shared.model.progress import Cursor
from shared.observe import LOOKUP, Roles, roles_on

MANY = 20_000  # holders; above, they are kept in memory only where that saves more than a little
Looked = tuple[list[Instance], CloudCallError | None]
"""Instances with their roles; or those whose roles could not be read, and why."""
Answer = Callable[[], list[Looked]]
"""Waits for a lookup that is under way. Those whose roles could not be read come apart from the others, for each reason."""


def at_most(instances: int, *, holders: int = 0, asked_for: int | None = None, besides: int = 0) -> dict[str, int]:
    """What looking at so many may cost, in calls by API, if none has to be made twice. holders: pages of holders that are read.
    asked_for: how many instances may have to be asked for by id; None = all. besides: DescribeInstances, besides the pages.
    """
    by_id = _lookups(instances if asked_for is None else asked_for)
    pages = max(1, -(-instances // DESCRIBE_IDS))
    return {"instances": instances, "DescribeInstances": pages + besides, LOOKUP: holders + by_id}


class Attached:
    """One run's. managed: how many instances hold a listed role; None = nobody has counted, see `seen_managed`.

    pool: where calls are made side by side; its workers must not wait for one another. wants: whether a rule gives the
    instance a role.
    """

    def __init__(
        self, ecs: EcsGateway, roles: Sequence[str], pool: Executor, rate: Rate, wants: Callable[[Instance], bool],
    ) -> None:  # fmt: skip
        self._ecs, self._roles, self._pool, self._rate, self._wants = ecs, roles, pool, rate, wants
        self._listed = frozenset(roles)
        self._holds: dict[str, str] | None = None  # None: each instance is asked for
        self._gathered: list[Instance] = []  # to be asked for
        self.managed: int | None = None
        self.seen_managed, self.missed = 0, False  # missed: of some the role could not be read

    def begin(self, cursor: Cursor, *, besides: int = 0) -> dict[str, int]:
        """Choose the way for a run over the whole region that is more than a page long; what the run may cost, in calls.

        besides: DescribeInstances that were made already, besides the pages.
        Raises OutOfTime, BudgetSpent and Interrupted. Where it cannot be chosen, each instance is asked for.
        """
        self.managed, self.seen_managed = cursor.managed, 0
        try:
            return self._choose(cursor, besides)
        except (OutOfTime, BudgetSpent, Interrupted):
            raise
        except CloudCallError as error:  # will be met again with the instances that it concerns, if it concerns them
            say({"holders_not_read": str(error), "so": "every instance is asked for"})
            self._holds = None
            return {}

    def _choose(self, cursor: Cursor, besides: int) -> dict[str, int]:
        if cursor.link:  # what lies ahead is about what the link before took
            rest = cursor.pages * 2
            if cursor.managed is not None:
                managed = cursor.managed + cursor.gained
                holders = managed / ROLE_IDS + len(self._roles)
                if holders < rest and managed <= MANY and self._in_time(holders):
                    firsts, more, a_page = self._first_pages()
                    if firsts and self._in_time(more, a_page):
                        self._learn(firsts)
            return {}
        total, holders = self._ecs.count(), 0
        rest, each = total, _lookups(total)
        if 2 * len(self._roles) <= each:  # else to ask for the holders may cost about as much as it may save
            firsts, more, a_page = self._first_pages()
            managed, holders = sum(held for _, held in firsts.values()), len(self._roles)
            self.managed = managed if firsts else None
            if firsts and self._in_time(more, a_page) and self._worth_it(total, more):
                holders, rest = holders + more, max(0, total - managed)
                self._learn(firsts)
        return at_most(total, holders=holders, asked_for=rest, besides=besides + 1)

    def _in_time(self, lookups: float, a_page: float = 0.0) -> bool:
        """Whether so many can be made in less than half of the time that there is."""
        return self._rate.in_time(2 * lookups * max(a_page, self._rate.spacing(LOOKUP)))

    def _worth_it(self, total: int, more: int) -> bool:
        saved = (total - (self.managed or 0)) / ROLE_IDS  # at most: if no rule gives the others a role
        return (self.managed or 0) <= MANY or saved > 0.02 * (total / 100 + more)

    def _first_pages(self) -> tuple[dict[str, tuple[list[str], int]], int, float]:
        """Of each role's holders; how many more pages there are; and how long one took, in seconds. No role's where ECS does not say
        who holds one of them: RAM has it no more, and instances may."""
        began = time.monotonic()
        asked = dict(zip(self._roles, self._pool.map(self._ecs.holders, self._roles), strict=True))
        a_page = (time.monotonic() - began) / len(self._roles)
        firsts = {role: first for role, first in asked.items() if first}
        firsts = firsts if len(firsts) == len(asked) else {}
        return firsts, sum(max(0, _lookups(held) - 1) for _, held in firsts.values()), a_page

    def _learn(self, firsts: dict[str, tuple[list[str], int]]) -> None:
        pages = [(role, n) for role, (_, held) in firsts.items() for n in range(2, _lookups(held) + 1)]
        more = self._pool.map(lambda page: (page[0], (self._ecs.holders(*page) or ([],))[0]), pages)
        holds: dict[str, str] = {}
        for role, names in chain(((role, names) for role, (names, _) in firsts.items()), more):
            holds.update(dict.fromkeys(names, role))
        self._holds = holds

    def look(self, instances: Iterable[Instance]) -> tuple[list[Instance], list[Answer]]:
        """Those of a page whose role is known, and the lookups that begin with it: full ones, see rest()."""
        known = []
        for instance in instances:
            role = self._holds.get(instance.instance_id) if self._holds is not None else None
            if instance.unread:
                self.missed = True
                known.append(instance)
            elif role is not None:
                known.append(msgspec.structs.replace(instance, role=role))
            elif instance.network == "vpc" and (self._holds is None or self._wants(instance)):
                self._gathered.append(instance)
            else:
                known.append(instance)
        return known, [self._ask() for _ in range(len(self._gathered) // ROLE_IDS)]

    def rest(self) -> list[Answer]:
        """The last lookup, of what did not fill one."""
        return [self._ask()] if self._gathered else []

    def _ask(self) -> Answer:
        chunk, self._gathered = self._gathered[:ROLE_IDS], self._gathered[ROLE_IDS:]
        asked = self._pool.submit(roles_on, self._ecs, [i.instance_id for i in chunk])
        return lambda: self._answer(chunk, asked)

    def _answer(self, chunk: list[Instance], asked: Future[Roles]) -> list[Looked]:
        try:
            roles = asked.result()
        except CloudCallError as error:
            self.missed = True
            return [(chunk, error)]
        unread: dict[int, tuple[list[Instance], CloudCallError]] = {}
        for instance in chunk:
            if why := roles.unread.get(instance.instance_id):
                self.missed = True
                unread.setdefault(id(why), ([], why))[0].append(instance)
        if self.managed is None:
            self.seen_managed += sum(role in self._listed for role in roles.held.values())
        # One that has been deleted since its page was read holds none: if it matters, a write will find that out.
        read = [i for i in chunk if i.instance_id not in roles.unread]
        known = [msgspec.structs.replace(i, role=roles.held.get(i.instance_id, "")) for i in read]
        return [(known, None), *unread.values()]


def _lookups(instances: int) -> int:
    return -(-instances // ROLE_IDS)
