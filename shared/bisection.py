"""Batch calls that the cloud refuses as a whole: bisected, so that one member that cannot be done does not hold up the others.

No page lists the codes by which a single member refuses a whole call, so none is trusted to: what is surely meant for the caller,
the role or the run is not bisected, and everything else is, within bounds. Makes no call of its own; knows no API.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from math import gcd
from typing import Generic, TypeVar

import msgspec

from shared.errors import BudgetSpent, CloudCallError, Interrupted, PermanentError

T = TypeVar("T")
FOR_ALL = (
    "InvalidRamRole", "InvalidUser", "InvalidAccessKey", "InvalidSecurityToken", "Signature", "Missing", "PackageIncomplete",
    "IntentNotWritten", BudgetSpent.CODE,
)  # fmt: skip
"""How codes begin that refuse a call for the sake of the caller, the role or the run: no part of it would do better."""
LIKELY_FOR_ALL = ("Forbidden", "NoPermission")
"""And those that mostly do, though a policy may deny a single instance, by its id or by its tags: some members are tried alone."""
SAMPLES = 3
"""So many of them."""
FOR_ONE = ("IncorrectInstanceStatus", "OperationConflict")
"""Codes that pass, and still are one instance's: it is being started or changed."""
REFUSALS = 16
"""Calls that are refused, and none answered, before the refusal is taken to be meant for all: a single member is found by 8 of 100."""


class Answers(msgspec.Struct, Generic[T]):
    """What came of it. refused: for each member that no answer includes, why."""

    answers: list[T] = msgspec.field(default_factory=list)
    refused: dict[str, CloudCallError] = msgspec.field(default_factory=dict)
    errors: list[CloudCallError] = msgspec.field(default_factory=list)  # of all the calls


def may_be_one(error: CloudCallError) -> bool:
    """Whether a single member may be what the call is refused for."""
    permanent = isinstance(error, PermanentError) and bool(error.code) and not error.code.startswith(FOR_ALL)
    return permanent or error.code.startswith(FOR_ONE)


class Bisection:
    """The bisecting of one gateway's calls. It remembers which calls are forbidden for all, until one of them is answered."""

    def __init__(self) -> None:
        self._for_all: set[tuple[str, str, str]] = set()

    def ask(
        self, call: str, role: str, ids: Sequence[str], send: Callable[[Sequence[str]], T], *,
        not_found: Callable[[CloudCallError, Sequence[str]], Collection[str]] = lambda error, ids: (),
    ) -> Answers[T]:  # fmt: skip
        """Ask for all of the ids, by as few calls as can be. Raises nothing but Interrupted.

        call, role: what is asked for, as far as a refusal may be meant for it. not_found: those of the ids that are known to be
        what the call was refused for.
        """
        found: Answers[T] = Answers()

        def part(ids: Sequence[str]) -> None:
            if not ids:
                return
            try:
                found.answers.append(send(ids))
            except Interrupted:
                raise
            except CloudCallError as error:
                found.errors.append(error)
                apart(ids if found.errors[1:] else spread(ids), error)
                return
            self._for_all = {key for key in self._for_all if key[:2] != (call, role)}

        def apart(ids: Sequence[str], error: CloudCallError) -> None:
            # An error of another call, as that for the keys to make this one with, is for all.
            for_all = not found.answers and len(found.errors) > REFUSALS
            if len(ids) == 1 or error.call != call or not may_be_one(error) or for_all:
                found.refused.update(dict.fromkeys(ids, error))
            elif missing := not_found(error, ids):
                found.refused.update(dict.fromkeys(missing, error))
                part([name for name in ids if name not in missing])
            elif error.code.startswith(LIKELY_FOR_ALL) and not found.answers:
                known = (call, role, error.code) in self._for_all
                samples, rest = ids[: 1 if known else SAMPLES], ids[1 if known else SAMPLES :]
                for name in samples:
                    part([name])
                if found.answers:
                    halves(rest)
                else:
                    found.refused.update(dict.fromkeys(rest, error))
                    self._for_all.add((call, role, error.code))
            else:
                halves(ids)

        def halves(ids: Sequence[str]) -> None:
            part(ids[: len(ids) // 2])
            part(ids[len(ids) // 2 :])

        part(ids)
        return found


def spread(ids: Sequence[str]) -> Sequence[str]:
    """In an order in which neighbours were far apart: those that are refused are often launched, and so listed, together."""
    number = len(ids)
    step = next((step for step in range(max(1, round(number * 0.618)), number) if gcd(step, number) == 1), 1)
    return [ids[(position + 1) * step % number] for position in range(number)]
