"""Makes RAM hold what roles.yaml says: read, plan, show, apply, read back. The operator's; the functions never import it."""

from __future__ import annotations

from shared.provision.actions import plan
from shared.provision.diff import AccessChange, diff, principals
from shared.provision.protected import protected
from shared.provision.provisioner import DesiredState, Provisioned, Provisioner, ProvisionError, RamAccount
from shared.provision.quotas import Limits, limits
from shared.provision.read import read
from shared.provision.state import Action, PolicyState, RamPlan, RamState, RoleState

__all__ = [
    "AccessChange",
    "Action",
    "DesiredState",
    "Limits",
    "PolicyState",
    "ProvisionError",
    "Provisioned",
    "Provisioner",
    "RamAccount",
    "RamPlan",
    "RamState",
    "RoleState",
    "diff",
    "limits",
    "plan",
    "principals",
    "protected",
    "read",
]
