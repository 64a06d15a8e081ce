"""Carries a plan out, action by action, and reads back. May be stopped at any call and run again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from shared.errors import CloudCallError, PermanentError, RolekeeperError, Throttled, TransientError
from shared.gateways.ram import RamGateway
from shared.policies import DesiredRam
from shared.setup.actions import DOCUMENTED, NOBODY, plan
from shared.setup.diff import AccessChange, diff
from shared.setup.notes import mark
from shared.setup.protected import Protected
from shared.setup.quotas import Limits
from shared.setup.read import read
from shared.setup.recheck import NOT_NEEDED, Recheck
from shared.setup.send import is_as_wanted, is_late, send
from shared.setup.state import Action, RamPlan, RamState

T = TypeVar("T")
TRIES = 5
FIRST_PAUSE = (
    1.0  # seconds; doubled each time. RAM's quotas are by the second: 20 writes, 10 attachments ("api-ram-quota")
)
LATE_TRIES = 6  # half a minute: no document says how long RAM takes to show what was changed
ROUNDS = 3  # of carrying out what RAM, read again, still lacks: another provision may have been at work


class ProvisionError(RolekeeperError):
    """It stopped. done: what had been carried out; the same command goes on from there."""

    def __init__(self, message: str, done: tuple[Action, ...] = (), *, conflicts: Sequence[str] = ()) -> None:
        """conflicts: the lines of the message, where it has several."""
        super().__init__(message)
        self.done, self.conflicts = done, tuple(conflicts)


class Late(TransientError):
    """RAM does not yet show what was just changed."""


class Contradiction(RolekeeperError):
    """The state of RAM is in the way of what was planned."""


class Overtaken(RolekeeperError):
    """Somebody else has changed what the plan rests on since RAM was read: it is planned again."""


class Provisioned(msgspec.Struct, frozen=True, kw_only=True):
    """The state that was found, and what was done: nothing, in a dry run. kept: what pruning left after all, and why."""

    plan: RamPlan
    changes: tuple[AccessChange, ...]
    done: tuple[Action, ...] = ()
    kept: tuple[str, ...] = ()


class RamAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The account that is provisioned. holders: how many instances hold a role, asked before pruning deletes one. limits: reads the
    account's quotas."""

    ram: RamGateway
    holders: Callable[[str], int]
    limits: Callable[[], Limits] = Limits


class DesiredState(msgspec.Struct, frozen=True, kw_only=True):
    """The state that RAM is to have. file: roles.yaml as errors name it. The others: see plan."""

    desired: DesiredRam
    file: str
    adopt: Collection[str] = ()
    prune: bool = False
    protected: Protected = NOBODY
    account_id: str = ""


class Provisioner:
    """Makes RAM hold what is wanted. pause: sleeps seconds."""

    def __init__(self, account: RamAccount, wanted: DesiredState, *, pause: Callable[[float], None]) -> None:
        self._account, self._ram, self._wanted, self._desired = account, account.ram, wanted, wanted.desired
        self._file, self._pause = wanted.file, pause
        self._done: list[Action] = []
        self._kept: dict[str, str] = {}
        self._listed = {role.name for role in wanted.desired.roles}
        self._wrote = False

    def propose(self) -> Provisioned:
        """Return what is to be done; nothing is done yet. Raises ProvisionError where something of somebody else is in the way."""
        unknown = sorted(set(self._wanted.adopt) - {role.name for role in self._desired.roles})
        if unknown:
            raise ProvisionError(f"--adopt {unknown[0]}: {self._file} lists no such role")
        state, found = self._look("reading RAM", self._account.limits())
        return Provisioned(plan=found, changes=diff(state, self._desired, found))

    def apply(self, proposed: Provisioned, announce: Callable[[Action], None] = lambda action: None) -> Provisioned:
        """Carry it out, and read back that RAM holds it. announce: told of each call before it is made.

        Raises ProvisionError, which says what had been done.
        """
        left = proposed.plan
        try:
            for last in (*[False] * (ROUNDS - 1), True):
                try:
                    self._all(left.actions, announce)
                except Overtaken as error:
                    left = self._look("reading RAM")[1]
                    if last and left.actions:
                        text = f"{self._file}: {error}; RAM may not show yet what was just changed; run the same command again"
                        raise ProvisionError(text) from error
                else:
                    if not self._wrote:
                        break
                    left = self._read_back()
                if not left.actions:
                    break
                if last:
                    missing = "; ".join(map(str, left.actions))
                    raise ProvisionError(
                        f"{self._file}: carried out, but RAM does not show it yet: {missing}; run the same command again"
                    )
        except ProvisionError as error:
            if any(action.call == "AttachPolicyToRole" and action.policy_type == "System" for action in self._done):
                self._note_what_was_attached()
            raise ProvisionError(str(error), tuple(self._done), conflicts=error.conflicts) from error
        told = {text.partition(": ")[0] for text in proposed.plan.kept}
        kept = self._kept | {
            subject: text for text in left.kept if (subject := text.partition(": ")[0]) not in self._kept
        }
        kept = {subject: text for subject, text in kept.items() if subject not in told}
        warnings = left.warnings if self._wrote else proposed.plan.warnings
        return msgspec.structs.replace(
            proposed,
            plan=msgspec.structs.replace(proposed.plan, warnings=warnings),
            done=tuple(self._done),
            kept=tuple(kept.values()),
        )

    def _all(self, actions: Sequence[Action], announce: Callable[[Action], None]) -> None:
        """Carry them out, but for what is to be kept after all: what a removal rests on is asked again directly before it."""
        look = Recheck(self._ram, self._desired, self._account.holders)
        for action in self._not_kept(actions):
            thing = self._thing(action)
            if thing in self._kept:
                continue
            if why := self._patiently(partial(look.why_not, action, self._done), f"{action}: asking again"):
                if why != NOT_NEEDED:
                    self._kept[thing] = f"{thing}: {why}"
                    for undone in look.undoing(action, self._done):
                        self._one(undone, announce)
                continue
            self._one(action, announce)

    def _thing(self, action: Action) -> str:
        """Return what a removal removes."""
        orphan = action.role and action.role not in self._listed
        return f"role {action.role}" if orphan else f"policy {action.policy}" if action.call == "DeletePolicy" else ""

    def _not_kept(self, actions: Sequence[Action]) -> tuple[Action, ...]:
        return tuple(action for action in actions if self._thing(action) not in self._kept)

    def _one(self, action: Action, announce: Callable[[Action], None]) -> None:
        announce(action)
        self._wrote = True
        self._carry_out(action)
        self._done.append(action)

    def _look(self, what: str, limits: Limits = DOCUMENTED) -> tuple[RamState, RamPlan]:
        """RAM as it is, and what is left to do. After the first write a contradiction may be RAM's delay: asked again."""

        def ask() -> tuple[RamState, RamPlan]:
            try:
                state, found = self._look_once(limits)
            except PermanentError as error:
                if error.code.startswith("EntityNotExist"):  # one call shows what another does not
                    raise Late(error.call, error.code, error.message, error.request_id) from error
                raise
            if found.conflicts:
                lines = [f"{self._file}: {text}" for text in found.conflicts]
                text = "\n".join(lines)
                raise Contradiction(text) if self._wrote else ProvisionError(text, conflicts=lines)
            return state, found

        return self._patiently(ask, what)

    def _look_once(self, limits: Limits = DOCUMENTED) -> tuple[RamState, RamPlan]:
        """Raises PermanentError, TransientError or Throttled."""
        state = read(self._ram, self._desired, prune=self._wanted.prune, holders=self._account.holders)
        handled = {
            (action.role, mark(action.policy))
            for action in self._done
            if action.call in ("AttachPolicyToRole", "DetachPolicyFromRole") and action.policy_type == "System"
        }
        handled |= {(action.role, sign) for action in self._done for sign in action.struck}
        found = plan(
            state,
            self._desired,
            adopt=self._wanted.adopt,
            prune=self._wanted.prune,
            protected=self._wanted.protected,
            account_id=self._wanted.account_id,
            limits=limits,
            handled=handled,
        )
        return state, msgspec.structs.replace(found, actions=self._not_kept(found.actions))

    def _note_what_was_attached(self) -> None:
        """Before a run that has to stop ends: another provision may have struck out what this one noted and then attached."""
        try:
            for action in self._look_once()[1].actions:
                if action.call == "TagResources" and action.noted:
                    send(self._ram, action)
        except CloudCallError:
            pass  # the same command, run again, has no more to go by: what is left is shown as attached by hand

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
                if is_as_wanted(action, error, again=tries > 1):
                    return
                if is_late(action, error, self._done):
                    raise Late(error.call, error.code, error.message, error.request_id) from error
                if error.code.startswith(("EntityAlreadyExist", "DeleteConflict")):
                    raise Overtaken(f"{action}: {error}") from error
                raise

        try:
            self._patiently(ask, str(action))
        except ProvisionError as error:  # no delay after all: somebody else holds it, or has deleted it
            if isinstance(error.__cause__, Late):
                raise Overtaken(f"{action}: {error.__cause__}") from error
            raise

    def _patiently(self, ask: Callable[[], T], what: str) -> T:
        """Ask; where RAM refuses for its quota, fails for now or is late, again after a pause that grows."""
        wait = FIRST_PAUSE
        for attempt in range(1, LATE_TRIES + 1):
            try:
                return ask()
            except Contradiction as error:
                if attempt == LATE_TRIES:
                    late = "where RAM only shows it late, run the same command again"
                    raise ProvisionError(f"{error}; {late}") from error
            except TransientError as error:
                if attempt >= (LATE_TRIES if isinstance(error, Late) else TRIES):
                    late = "RAM may not show yet what was just changed; " if isinstance(error, Late) else ""
                    text = f"{self._file}: {what}: {error}; {late}tried {attempt} times; run the same command again"
                    raise ProvisionError(text) from error
            except CloudCallError as error:
                raise ProvisionError(f"{self._file}: {what}: {error}") from error
            self._pause(wait)
            wait *= 2
        raise AssertionError("unreachable")

    def _read_back(self) -> RamPlan:
        """Return what is left to do; RAM may show a write late: looks again a few times before saying that something is missing."""
        wait = FIRST_PAUSE
        for _ in range(LATE_TRIES - 1):
            left = self._look("reading back")[1]
            if not left.actions:
                return left
            self._pause(wait)
            wait *= 2
        return self._look("reading back")[1]
