"""RAM that shows its changes late: reads see the account as it was a while ago, and so do the checks of a write.

No page says whether RAM does, or for how long: the switch ram_visible_after, off unless it is set.
"""

from __future__ import annotations

import copy
import math

from fakecloud.ram import exceptions as errors
from fakecloud.ram.account import Account
from fakecloud.service import Call


class Late:
    """Copies of the accounts after each write, while the switch is set. Side-door changes show with the next write's copy."""

    def __init__(self) -> None:
        self._past: dict[str, list[tuple[float, Account]]] = {}

    def clear(self) -> None:
        self._past.clear()

    def keep(self, state: Account, now: float) -> None:
        """Called before a write for the first time, and after each."""
        past = self._past.setdefault(state.id, [])
        past.append((now if past else -math.inf, copy.deepcopy(state)))

    def begun(self, account: str) -> bool:
        return account in self._past

    def shown(self, state: Account, until: float) -> Account:
        """The account as it was then."""
        past = self._past.get(state.id, [])
        return next((copied for when, copied in reversed(past) if when <= until), state)


def check(call: Call, seen: Account) -> None:
    """Check that what a write refers to is shown, and that what it removes is shown as free. Raises the errors of these."""
    action, args = call.action, call.args
    role = seen.roles.get((args.get("RoleName") or "").lower())
    kind = args.get("PolicyType") or "Custom"
    policy = seen.policies.get((kind, args.get("PolicyName")))
    if args.get("RoleName") and action != "CreateRole" and role is None:
        raise errors.RoleNotFound()
    if args.get("PolicyName") and action != "CreatePolicy" and policy is None:
        raise errors.PolicyNotFound()
    if action == "DeleteRole" and role and role.attached:
        raise errors.RoleHasPolicies()
    if action == "DeletePolicy" and policy and policy.attached:
        raise errors.PolicyOnRole()
    if action == "CreateRole" and len(seen.roles) >= seen.quotas.roles:
        raise errors.TooManyRoles()
    if action == "AttachPolicyToRole" and role:
        quotas = seen.quotas
        most = quotas.custom_policies_attached if kind == "Custom" else quotas.system_policies_attached
        if sum(held == kind for held, _ in role.attached) >= most:
            raise errors.TooManyRolePolicies()
    for name in args.get("ResourceNames") or [] if action in ("TagResources", "UntagResources") else []:
        found = seen.roles.get(name.lower()) if args["ResourceType"] == "role" else seen.policies.get(("Custom", name))
        if found is None:
            raise errors.RoleNotFound() if args["ResourceType"] == "role" else errors.PolicyNotFound()
