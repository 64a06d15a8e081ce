"""The settings of a deployment: ROLEKEEPER_... variables, read once, frozen. Pure: the environment is handed in."""

from __future__ import annotations

from shared.settings.fields import APIS, CALLS_PER_MINUTE, PREFIX, VARIABLES, Service, Settings, variable
from shared.settings.formats import REGION, check
from shared.settings.places import Target, member_role, targets

__all__ = [
    "APIS",
    "CALLS_PER_MINUTE",
    "PREFIX",
    "REGION",
    "VARIABLES",
    "Service",
    "Settings",
    "Target",
    "check",
    "member_role",
    "targets",
    "variable",
]
