"""The brake: holds removals back until their number is known, and lets none through where there are too many. Decides by
numbers only; knows no instance and no call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from shared.mapping import Brake as Limit

T = TypeVar("T")


class Brake(Generic[T]):
    """One run's. add() every removal, then close() once.

    managed: how many instances hold a listed role: asked only where the removals are at least limit.at_least. What it raises,
    close() raises, and holds back what it held; None = the cloud does not say: it acts then, `uncounted`.
    known: the same, as soon as it is known: then a run that removes too many is found out early, and what is
    held back stays below the limit. before: removals that count too, and are done already. acts: whether it refuses all; from
    the start, where it did so in an earlier part of the run.
    """

    def __init__(
        self,
        limit: Limit,
        managed: Callable[[], int | None],
        *,
        known: int | None = None,
        before: int = 0,
        lifted: bool = False,
        acts: bool = False,
    ) -> None:
        self._limit, self._managed, self.known, self._before = limit, managed, known, before
        self._held: list[T] = []
        self.lifted = lifted
        self.acts = acts
        self.uncounted = False

    def add(self, removal: T) -> list[T]:
        """Hold it back. Returns those that are refused now: none, or all that were held."""
        if self.acts:
            return [removal]
        self._held.append(removal)
        if self.known is not None and self._too_many(self.known):
            return self._refuse()
        return []

    def close(self) -> tuple[list[T], list[T]]:
        """No more removals come: those to carry out, and those refused. One of the two is empty."""
        if self._held and self._before + len(self._held) >= self._limit.at_least:
            managed = self._managed()
            self.uncounted = managed is None
            if self._too_many(managed or 0):
                return [], self._refuse()
        released, self._held = self._held, []
        return released, []

    def unfinished(self) -> list[T]:
        """The run is cut short before their number is known: those held back, which somebody else has to look at again."""
        held, self._held = self._held, []
        return held

    def _refuse(self) -> list[T]:
        self.acts = True
        refused, self._held = self._held, []
        return refused

    def _too_many(self, managed: int) -> bool:
        removals = self._before + len(self._held)
        return removals >= self._limit.at_least and removals > round(self._limit.max_removals * managed, 6)
