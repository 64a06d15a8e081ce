"""The roles of a mapping that cannot be deployed with these settings: roles that are rolekeeper's own, and more than its policies hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from shared.errors import ConfigError
from shared.mapping import Mapping as Roles
from shared.mapping.globs import matcher
from shared.policies import rules
from shared.policies.execution import execution_policies, reach
from shared.policies.findings import Finding, LintRule, found
from shared.policies.limits import MAX_CUSTOM
from shared.policies.member import member_policies
from shared.settings import Settings, targets, variable

EXECUTION_ROLE = "rolekeeper-fc"
"""The functions' role as s.yaml calls it: theirs, where no setting says otherwise."""
SERVICE_LINKED = "aliyunservicerolefor"
PROJECT = "rolekeeper"


def own_roles(settings: Settings) -> Mapping[str, str]:
    """Return the roles that no mapping may list: each name, in lower case, with what the role is.

    A name counts in every account, as the roles of one mapping are provisioned in each.
    """
    members = {
        role.lower(): f"the role that the functions assume in account {account} ({variable('accounts')})"
        for account, role in settings.accounts.items()
    }
    named = settings.execution_role.rpartition("/")[2].lower()
    own = {named: f"the functions' own role ({variable('execution_role')})"} if named else {}
    return {EXECUTION_ROLE: "the functions' own role, by its usual name", **members, **own}


def why_own(name: str, own: Mapping[str, str]) -> str:
    """Say why the role of this name is none that a mapping may list; "" where it is one."""
    if name.lower().startswith(SERVICE_LINKED):
        return "a service-linked role of Alibaba Cloud"
    return own.get(name.lower(), "")


def check_deployment(mapping: Roles, settings: Settings, *, file: str) -> tuple[Finding, ...]:
    """Find everything in the mapping that these settings cannot deploy. Calls nothing, and never raises."""
    return (*_own(mapping, settings, file), *_policies(mapping, settings, file))


def too_many(count: int, whose: str, roles: int) -> str:
    """Say that a role would need more policies than RAM lets it hold; "" where it would not."""
    if count <= MAX_CUSTOM:
        return ""
    return f"{whose} would need {count} policies for these {roles} roles, and RAM takes {MAX_CUSTOM}"


def _own(mapping: Roles, settings: Settings, file: str) -> Iterator[Finding]:
    own = own_roles(settings)
    for role in mapping.roles:
        if why := why_own(role, own):
            yield _finding(rules.OWN_ROLE, f"is {why}", mapping.lines.get(role, 0), file, role)
    for setting in ("displace", "role_patterns"):
        for glob in getattr(mapping.settings, setting):
            for role in filter(matcher((glob,)), own):
                message = f"settings.{setting}: {glob!r} lets the functions pass {role!r}, {own[role]}"
                yield _finding(rules.OWN_ROLE, message, mapping.lines.get(f":{setting}", 0), file)


def _policies(mapping: Roles, settings: Settings, file: str) -> Iterator[Finding]:
    line, roles = mapping.lines.get("", 0), len(mapping.roles)
    try:
        project = settings.sls_project or PROJECT
        made = execution_policies(
            mapping, account_id=settings.account_id, region=settings.region, project=project, **reach(settings)
        )
        counts = {"the functions' role": len(made)}
        regions = dict.fromkeys(target.region for target in targets(settings))
        for account in settings.accounts:
            if account != settings.account_id:
                whose = f"the role that the functions assume in account {account}"
                counts[whose] = len(member_policies(mapping, account_id=account, regions=regions))
    except ConfigError as error:
        yield _finding(rules.RENDER, f"the functions' policies cannot be made: {error}", line, file)
        return
    for whose, count in counts.items():
        if over := too_many(count, whose, roles):
            yield _finding(rules.TOO_MANY_ROLES, over, line, file)


def _finding(rule: LintRule, message: str, line: int, file: str, role: str = "") -> Finding:
    return msgspec.structs.replace(found(rule, message, line=line), file=file, role=role)
