"""Sorted indexes over instances, so that a page of any listing costs the page. Knows nothing of ECS's rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from itertools import islice

from sortedcontainers import SortedList

Key = tuple[Hashable, ...]
"""A tuple: a property and its value, e.g. ("vpc", "vpc-1") or ("tag", "app", "web")."""


class Index:
    """The numbers (places in the order of creation) of the instances that have a property. Empty properties take no room."""

    def __init__(self) -> None:
        self.everything: SortedList = SortedList()
        self._having: dict[Key, SortedList] = {}

    def add(self, number: int, keys: Iterable[Key]) -> None:
        self.everything.add(number)
        for key in keys:
            self.put(number, key)

    def add_many(self, rows: Iterable[tuple[int, Iterable[Key]]]) -> None:
        """The same for many at once: much faster than one by one."""
        grouped: dict[Key, list[int]] = defaultdict(list)
        numbers = []
        for number, keys in rows:
            numbers.append(number)
            for key in keys:
                grouped[key].append(number)
        self.everything.update(numbers)
        for key, members in grouped.items():
            self._having.setdefault(key, SortedList()).update(members)

    def remove(self, number: int, keys: Iterable[Key]) -> None:
        self.everything.remove(number)
        for key in keys:
            self.drop(number, key)

    def put(self, number: int, key: Key) -> None:
        self._having.setdefault(key, SortedList()).add(number)

    def drop(self, number: int, key: Key) -> None:
        members = self._having[key]
        members.remove(number)
        if not members:
            del self._having[key]

    def having(self, key: Key) -> SortedList:
        return self._having.get(key) or SortedList()

    def walk(self, keys: Iterable[Key], after: int = -1) -> Iterator[int]:
        """In order, the numbers above `after` that have all the properties: walks the rarest and looks up the others."""
        lists = self._rarest_first(keys)
        rest = lists[1:]
        for number in lists[0].irange(minimum=after, inclusive=(False, True)):
            if all(number in other for other in rest):
                yield number

    def _rarest_first(self, keys: Iterable[Key]) -> list[SortedList]:
        return sorted((self.having(key) for key in keys), key=len) or [self.everything]

    def slice(self, keys: Iterable[Key], start: int, size: int, without: Collection[int] = ()) -> tuple[list[int], int]:
        """`size` numbers from the place `start`, leaving some out, and the total.

        Costs the page and what is left out, where at most one property is asked for; with several, what they match.
        """
        lists = self._rarest_first(keys)
        if len(lists) > 1:
            found = [number for number in self.walk(keys) if number not in without]
            return found[start : start + size], len(found)
        members = lists[0]
        places = sorted(members.index(number) for number in without if number in members)
        total = len(members) - len(places)
        for place in places:
            start += place <= start
        return list(islice((number for number in members.islice(start) if number not in without), size)), total

    def page(
        self, keys: Iterable[Key], after: int, size: int, accept: Callable[[int], bool]
    ) -> tuple[list[int], int | None]:
        """Up to `size` numbers that are accepted, and the number to go on after (None = that was the end)."""
        found = list(islice(filter(accept, self.walk(keys, after)), size + 1))
        return (found[:size], found[size - 1]) if len(found) > size else (found, None)
