"""Makes RAM hold what roles.yaml says: read, plan, show, apply, read back. The operator's; the functions never import it."""

from __future__ import annotations

from shared.provision.apply import Provisioned, Provisioner, ProvisionError, RamAccount, Wanted
from shared.provision.diff import Change, diff, principals
from shared.provision.limits import Limits, limits
from shared.provision.plan import plan
from shared.provision.protected import protected
from shared.provision.read import read
from shared.provision.state import Action, Plan, PolicyState, RamState, RoleState

__all__ = [
    "Action",
    "Change",
    "Limits",
    "Plan",
    "PolicyState",
    "ProvisionError",
    "Provisioned",
    "Provisioner",
    "RamAccount",
    "RamState",
    "RoleState",
    "Wanted",
    "diff",
    "limits",
    "plan",
    "principals",
    "protected",
    "read",
]
