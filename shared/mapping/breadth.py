"""The share of all role names that globs match: measured on names such as accounts have, for no account can be asked here."""

from __future__ import annotations

from shared.mapping.globs import matcher

MOST = 0.5
"""The share from which globs take in most names. A glob for a team, a purpose or an environment stays well below."""

_TEAMS = """
api app auth backup batch billing bi build cache cdn ci crm data db dev-tools erp etl gateway infra iot jenkins k8s-node legacy log mail
media ml monitor net old-web ops orders payments proxy queue report risk search shop sre sync test terraform user vpn web worker
"""
_PURPOSES = ("", "-admin", "-reader", "-ro", "-role", "-svc", "-worker", "-writer")
_PLACES = ("", "-dev", "-prod", "-test")
_ALONE = """
admin administrator root poweruser ecs-default ecsramrole ecs-instance-role aliyunecsdefaultrole aliyunecsinstanceforeniprole
aliyunecsinstanceforyundunsysmrole aliyuncsmanagedlogrole kubernetesmasterrole kubernetesworkerrole-1b2c3d oosservicerole
aliyunoosaccessingecs4opsrole aliyunecsimageexportdefaultrole aliyunemrecsdefaultrole bastion breakglass full-access
"""

USUAL = (
    *_ALONE.split(),
    *(f"{team}{purpose}{place}" for team in _TEAMS.split() for purpose in _PURPOSES for place in _PLACES),
)


def is_broad(globs: tuple[str, ...]) -> bool:
    """Return whether these globs take in most names, or one of them says next to nothing: one letter, wherever it is."""
    return share(globs)[0] >= MOST or any(
        glob[0] == glob[-1] == "*" and len(glob.replace("*", "").strip(".-")) < 2 for glob in globs
    )


def share(globs: tuple[str, ...]) -> tuple[float, list[str]]:
    """Return the share of usual names that one of the globs matches, and three of these names."""
    matches = matcher(globs)
    taken = [name for name in USUAL if matches(name)]
    return len(taken) / len(USUAL), taken[:: max(1, len(taken) // 3)][:3]
