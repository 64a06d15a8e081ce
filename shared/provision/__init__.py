"""Makes RAM hold what roles.yaml says: read, plan, show, apply, read back. The operator's; the functions never import it."""

from __future__ import annotations

from shared.provision.apply import Provisioned, ProvisionError, provision
from shared.provision.diff import Change, diff
from shared.provision.plan import Action, Plan, PolicyState, RamState, RoleState, plan
from shared.provision.read import read

__all__ = [
    "Action",
    "Change",
    "Plan",
    "PolicyState",
    "ProvisionError",
    "Provisioned",
    "RamState",
    "RoleState",
    "diff",
    "plan",
    "provision",
    "read",
]
