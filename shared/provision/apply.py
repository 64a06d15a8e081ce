"""Carries a plan out, action by action, and reads back. May be stopped at any call and run again."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

import msgspec

from shared.errors import CloudCallError, RolekeeperError, Throttled, TransientError
from shared.gateways.ram import RamGateway
from shared.policies import DesiredRam
from shared.provision.diff import Change, diff
from shared.provision.plan import plan
from shared.provision.read import read
from shared.provision.send import is_as_wanted, send
from shared.provision.state import Action, Plan, RamState

T = TypeVar("T")
TRIES = 5
FIRST_PAUSE = (
    1.0  # seconds; doubled each time. RAM's quotas are by the second: 20 writes, 10 attachments ("api-ram-quota")
)


class ProvisionError(RolekeeperError):
    """It stopped. done: what had been carried out; the same command goes on from there."""

    def __init__(self, message: str, done: tuple[Action, ...] = ()) -> None:
        super().__init__(message)
        self.done = done


class Provisioned(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, and what was done: nothing, in a dry run."""

    plan: Plan
    changes: tuple[Change, ...]
    done: tuple[Action, ...] = ()


class Provisioner:
    """Makes RAM hold what is desired.

    file: roles.yaml as errors name it. holders: how many instances hold a role, asked before pruning deletes one. pause:
    sleeps seconds. adopt, prune: see plan.
    """

    def __init__(
        self, ram: RamGateway, desired: DesiredRam, *, file: str, holders: Callable[[str], int],
        pause: Callable[[float], None], adopt: Collection[str] = (), prune: bool = False,
    ) -> None:  # fmt: skip
        self._ram, self._desired, self._file, self._holders = ram, desired, file, holders
        self._pause, self._adopt, self._prune = pause, adopt, prune

    def propose(self) -> Provisioned:
        """What is to be done; nothing is done yet. Raises ProvisionError where something of somebody else is in the way."""
        unknown = sorted(set(self._adopt) - {role.name for role in self._desired.roles})
        if unknown:
            raise ProvisionError(f"--adopt {unknown[0]}: {self._file} lists no such role")
        state, found = self._look("reading RAM")
        return Provisioned(plan=found, changes=diff(state, self._desired, found))

    def apply(self, proposed: Provisioned, announce: Callable[[Action], None] = lambda action: None) -> Provisioned:
        """Carry it out, and read back that RAM holds it. announce: told of each call before it is made.

        Raises ProvisionError, which says what had been done.
        """
        done: list[Action] = []
        try:
            for action in proposed.plan.actions:
                announce(action)
                self._carry_out(action)
                done.append(action)
            if done:
                self._read_back()
        except ProvisionError as error:
            raise ProvisionError(str(error), tuple(done)) from error
        return msgspec.structs.replace(proposed, done=tuple(done))

    def _look(self, what: str) -> tuple[RamState, Plan]:
        """RAM as it is, and what is left to do."""

        def ask() -> RamState:
            return read(self._ram, self._desired, prune=self._prune, holders=self._holders)

        state = self._patiently(ask, what)
        found = plan(state, self._desired, adopt=self._adopt, prune=self._prune)
        if found.conflicts:
            raise ProvisionError("\n".join(f"{self._file}: {text}" for text in found.conflicts))
        return state, found

    def _carry_out(self, action: Action) -> None:
        """One action, exactly once: where an answer was lost, RAM is read before it is tried again."""
        tries = 0

        def ask() -> None:
            nonlocal tries
            tries += 1
            try:
                send(self._ram, action)
            except Throttled:
                raise  # refused, so not carried out
            except TransientError:
                if action in self._look(f"{action}: its answer was lost; reading RAM")[1].actions:
                    raise
            except CloudCallError as error:
                if not is_as_wanted(action, error, again=tries > 1):
                    raise

        self._patiently(ask, str(action))

    def _patiently(self, ask: Callable[[], T], what: str) -> T:
        """Ask; where RAM refuses for its quota or fails for now, again after a pause that grows."""
        wait = FIRST_PAUSE
        for attempt in range(1, TRIES + 1):
            try:
                return ask()
            except TransientError as error:
                if attempt == TRIES:
                    text = f"{self._file}: {what}: {error}; tried {TRIES} times; run the same command again"
                    raise ProvisionError(text) from error
                self._pause(wait)
                wait *= 2
            except CloudCallError as error:
                raise ProvisionError(f"{self._file}: {what}: {error}") from error
        raise AssertionError("unreachable")

    def _read_back(self) -> None:
        """RAM may show a write late: look again a few times before saying that something is missing."""
        wait = FIRST_PAUSE
        for last in (False, False, True):
            left = self._look("reading back")[1]
            if not left.actions:
                return
            if last:
                missing = "; ".join(map(str, left.actions))
                raise ProvisionError(
                    f"{self._file}: carried out, but RAM does not show it yet: {missing}; run the same command again"
                )
            self._pause(wait)
            wait *= 2
