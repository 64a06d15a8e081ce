"""Batch calls that the cloud refuses as a whole: bisected, so that one member that cannot be done does not hold up the others.

No page lists the codes by which a single member refuses a whole call, so none is trusted to: what is surely meant for the caller,
the role or the run is not bisected, and everything else is, within bounds. Makes no call of its own; knows no API.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from math import gcd
from typing import Generic, TypeVar

from shared.errors import BudgetSpent, CloudCallError, Interrupted, PermanentError

T = TypeVar("T")
FOR_ALL = (
    "InvalidRamRole", "InvalidUser", "InvalidAccessKey", "InvalidSecurityToken", "Signature", "Missing", "PackageIncomplete",
    "IntentNotWritten", BudgetSpent.CODE,
)  # fmt: skip
"""The heads of codes that refuse a call for the sake of the caller, the role or the run: no part of it would do better."""
LIKELY_FOR_ALL = ("Forbidden", "NoPermission")
"""And those that mostly do, though a policy may deny a single instance, by its id or by its tags: some members are tried alone."""
SAMPLES = 3
"""So many of them."""
FOR_ONE = ("IncorrectInstanceStatus", "OperationConflict")
"""Codes that pass, and still are one instance's: it is being started or changed."""
REFUSALS = 16
"""Calls that are refused, and none answered, before the refusal is taken to be meant for all: a single member is found by 8 of 100."""


def may_be_one(error: CloudCallError) -> bool:
    """Say whether a single member may be what the call is refused for."""
    permanent = isinstance(error, PermanentError) and bool(error.code) and not error.code.startswith(FOR_ALL)
    return permanent or error.code.startswith(FOR_ONE)


class Bisection:
    """The bisecting of one gateway's calls. It remembers which calls are forbidden for all, until one of them is answered."""

    def __init__(self) -> None:
        self.for_all: set[tuple[str, str, str]] = set()

    def forget(self, call: str, role: str) -> None:
        """The call was answered, so it is not forbidden for all."""
        self.for_all = {key for key in self.for_all if key[:2] != (call, role)}


def ask(bisection: Bisection, call: str, role: str, ids: Sequence[str], send: Callable[[Sequence[str]], T]) -> Parts[T]:
    """Ask for all of the ids, and return what came of it. Raises nothing but Interrupted."""
    parts: Parts[T] = Parts(bisection, call, role, ids)
    for part in parts:
        try:
            parts.answered(send(part))
        except CloudCallError as error:
            parts.refused(error)
    return parts


class Parts(Generic[T]):
    """The parts of one batch, to be asked for one after the other: by as few calls as can be.

    call, role: what is asked for, as far as a refusal may be meant for it. Whoever iterates says of each part what came of it, by
    answered() or refused(). Then `answers` are all the answers, `refusals` say for each member that no answer includes why, and
    `errors` are those of all the calls.
    """

    def __init__(self, bisection: Bisection, call: str, role: str, ids: Sequence[str]) -> None:
        self.answers: list[T] = []
        self.refusals: dict[str, CloudCallError] = {}
        self.errors: list[CloudCallError] = []
        self._bisection, self._call, self._role = bisection, call, role
        self._asked: Sequence[str] = ()
        # What is left to do, the next at the end; with an error: the rest of those that samples were taken of.
        self._left: list[tuple[Sequence[str], CloudCallError | None]] = [(ids, None)]

    def __iter__(self) -> Iterator[Sequence[str]]:
        while self._left:
            ids, error = self._left.pop()
            if error is None and ids:
                self._asked = ids
                yield ids
            elif error is not None and self.answers:
                self._halve(ids)
            elif error is not None:
                self._refuse(ids, error)
                self._bisection.for_all.add((self._call, self._role, error.code))

    def answered(self, answer: T) -> None:
        """The part has been done."""
        self.answers.append(answer)
        self._bisection.forget(self._call, self._role)

    def refused(
        self,
        error: CloudCallError,
        not_found: Callable[[CloudCallError, Sequence[str]], Collection[str]] = lambda error, ids: (),
    ) -> None:
        """The part was refused. Raises Interrupted, if it was that: then nobody is asked any more.

        not_found: those of the ids that are known to be what the call was refused for.
        """
        if isinstance(error, Interrupted):
            raise error
        self.errors.append(error)
        ids = self._asked if self.errors[1:] else spread(self._asked)
        # An error of another call, as that for the keys to make this one with, is for all.
        for_all = not self.answers and len(self.errors) > REFUSALS
        if len(ids) == 1 or error.call != self._call or not may_be_one(error) or for_all:
            self._refuse(ids, error)
        elif missing := not_found(error, ids):
            self._refuse(missing, error)
            self._left.append(([name for name in ids if name not in missing], None))
        elif error.code.startswith(LIKELY_FOR_ALL) and not self.answers:
            known = (self._call, self._role, error.code) in self._bisection.for_all
            count = 1 if known else SAMPLES
            self._left.append((ids[count:], error))
            self._left += [([name], None) for name in reversed(ids[:count])]
        else:
            self._halve(ids)

    def _refuse(self, ids: Collection[str], error: CloudCallError) -> None:
        self.refusals.update(dict.fromkeys(ids, error))

    def _halve(self, ids: Sequence[str]) -> None:
        middle = len(ids) // 2
        self._left += [(ids[middle:], None), (ids[:middle], None)]


def spread(ids: Sequence[str]) -> Sequence[str]:
    """Return them in an order in which neighbours were far apart: those that are refused are often launched, and so listed,
    together."""
    number = len(ids)
    step = next((step for step in range(max(1, round(number * 0.618)), number) if gcd(step, number) == 1), 1)
    return [ids[(position + 1) * step % number] for position in range(number)]
