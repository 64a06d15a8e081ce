"""Makes the account hold what a deployment needs, RAM first: read, plan, show, apply, read back. The operator's; the functions never import it."""

from __future__ import annotations

from shared.setup.actions import plan
from shared.setup.diff import AccessChange, diff, principals
from shared.setup.granted import Granted, absent, granted, listed
from shared.setup.protected import protected
from shared.setup.provisioner import DesiredState, Provisioned, Provisioner, ProvisionError, RamAccount
from shared.setup.quotas import Limits, limits
from shared.setup.read import read
from shared.setup.state import Action, PolicyState, RamPlan, RamState, RoleState

__all__ = [
    "AccessChange",
    "Action",
    "DesiredState",
    "Granted",
    "Limits",
    "PolicyState",
    "ProvisionError",
    "Provisioned",
    "Provisioner",
    "RamAccount",
    "RamPlan",
    "RamState",
    "RoleState",
    "absent",
    "diff",
    "granted",
    "limits",
    "listed",
    "plan",
    "principals",
    "protected",
    "read",
]
