"""Carries a plan out, action by action, and reads back. May be stopped at any call and run again."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

import msgspec

from shared.errors import CloudCallError, RolekeeperError, TransientError
from shared.gateways.ram import RamGateway
from shared.policies import DesiredRam
from shared.provision.diff import Change, diff
from shared.provision.plan import Action, Plan, plan
from shared.provision.read import read

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


def provision(
    ram: RamGateway, desired: DesiredRam, *, adopt: Collection[str] = (), prune: bool = False, dry_run: bool = False,
    announce: Callable[[Action], None] = lambda action: None, pause: Callable[[float], None],
) -> Provisioned:  # fmt: skip
    """Make RAM hold what is desired, and read back that it does.

    announce: told of each call before it is made. Raises ProvisionError, which says what had been done; nothing is done
    where a role or policy of somebody else is in the way.
    """
    unknown = sorted(set(adopt) - {role.name for role in desired.roles})
    if unknown:
        raise ProvisionError(f"--adopt {unknown[0]}: roles.yaml lists no such role")
    state = _patiently(lambda: read(ram, desired, prune=prune), pause, "reading RAM")
    found = plan(state, desired, adopt=adopt, prune=prune)
    if found.conflicts:
        raise ProvisionError("\n".join(found.conflicts))
    changes = diff(state, desired)
    if dry_run:
        return Provisioned(plan=found, changes=changes)
    done: list[Action] = []
    for action in found.actions:
        announce(action)
        try:
            _patiently(lambda action=action: carry_out(ram, action), pause, str(action))  # type: ignore[misc]
        except ProvisionError as error:
            raise ProvisionError(str(error), tuple(done)) from error
        done.append(action)
    if done:
        _read_back(ram, desired, adopt, prune, pause, tuple(done))
    return Provisioned(plan=found, changes=changes, done=tuple(done))


def carry_out(ram: RamGateway, action: Action) -> None:
    """One action. An answer that was lost leaves the thing there, or away: then it is as if the call had succeeded."""
    try:
        _send(ram, action)
    except CloudCallError as error:
        attached = action.call == "AttachPolicyToRole" and error.code.startswith("EntityAlreadyExist")
        gone = action.call in ("DetachPolicyFromRole", "DeletePolicy", "DeleteRole") and error.code.startswith(
            "EntityNotExist"
        )
        if not (attached or gone or _was_created(ram, action, error)):
            raise


def _was_created(ram: RamGateway, action: Action, error: CloudCallError) -> bool:
    """It was not there before; if it is now and carries our tag, only the answer to an earlier try was lost."""
    if action.call not in ("CreateRole", "CreatePolicy") or not error.code.startswith("EntityAlreadyExist"):
        return False
    if action.call == "CreateRole":
        return bool(ram.ours([action.role], "role"))
    return bool(ram.ours([action.policy]))


def _send(ram: RamGateway, action: Action) -> None:
    document = action.document or {}
    match action.call:
        case "CreateRole":
            ram.create_role(action.role, action.description or "", document)
        case "UpdateRole":
            ram.update_role(action.role, description=action.description, trust=action.document)
        case "TagResources":
            ram.claim("policy" if action.policy else "role", action.policy or action.role)
        case "CreatePolicy":
            ram.create_policy(action.policy, action.description or "", document)
        case "CreatePolicyVersion":
            ram.new_version(action.policy, document)
        case "AttachPolicyToRole":
            ram.attach(action.role, action.policy_type, action.policy)
        case "DetachPolicyFromRole":
            ram.detach(action.role, action.policy_type, action.policy)
        case "DeletePolicy":
            ram.delete_policy(action.policy)
        case "DeleteRole":
            ram.delete_role(action.role)


def _patiently(ask: Callable[[], T], pause: Callable[[float], None], what: str) -> T:
    """Ask; where RAM refuses for its quota or fails for now, again after a pause that grows."""
    wait = FIRST_PAUSE
    for attempt in range(1, TRIES + 1):
        try:
            return ask()
        except TransientError as error:
            if attempt == TRIES:
                raise ProvisionError(f"{what}: {error}; tried {TRIES} times; run the same command again") from error
            pause(wait)
            wait *= 2
        except CloudCallError as error:
            raise ProvisionError(f"{what}: {error}") from error
    raise AssertionError("unreachable")


def _read_back(
    ram: RamGateway, desired: DesiredRam, adopt: Collection[str], prune: bool, pause: Callable[[float], None],
    done: tuple[Action, ...],
) -> None:  # fmt: skip
    """RAM may show a write late: look again a few times before saying that something is missing."""
    wait = FIRST_PAUSE
    for last in (False, False, True):
        state = _patiently(lambda: read(ram, desired, prune=prune), pause, "reading back")
        left = plan(state, desired, adopt=adopt, prune=prune)
        if not left.actions and not left.conflicts:
            return
        if last:
            missing = "; ".join(map(str, left.actions)) or "; ".join(left.conflicts)
            raise ProvisionError(
                f"carried out, but RAM does not show it yet: {missing}; run the same command again", done
            )
        pause(wait)
        wait *= 2
