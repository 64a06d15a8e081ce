"""The policies around the roles: of rolekeeper's own functions, and of the people who may hand the roles out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from shared.mapping import Mapping as Roles
from shared.mapping.globs import matcher
from shared.mapping.model import SystemPolicy
from shared.mapping.problems import nearest
from shared.policies import rules
from shared.policies.findings import PolicyError, found
from shared.policies.limits import oversize
from shared.policies.template import RenderError, Values
from shared.policies.templates import render
from shared.settings import Settings

Document = dict[str, Any]
STARTED = ("rolekeeper-reconcile", "rolekeeper-remediate")
"""The functions that start their own next run."""
TIMED = "rolekeeper-reconcile"
"""The function that a timer starts, and that asks whether the run before still goes on."""


def execution_role(
    mapping: Roles, *, account_id: str, region: str, project: str, **others: str | tuple[str, ...]
) -> Document:
    """Return what the functions' role needs for the roles of this mapping, in one document.

    region: the one that the deployment looks after. project: of the records, in SLS. others: further variables of the
    template execution-role: logstore, function_logstore, queue, other_regions, functions, tasks, list_tasks, members.
    Raises PolicyError where so many roles do not fit into one policy: see execution_policies.
    """
    made = _execution(mapping, account_id, region, project, others)(granted(mapping))
    if names := displaced(mapping):
        more = displacing(account_id, _regions(region, others), "execution role")(names)
        made = {**made, "Statement": [*made["Statement"], *more["Statement"]]}
    return _fitting(made, granted(mapping), "execution-role")


def execution_policies(
    mapping: Roles, *, account_id: str, region: str, project: str, **others: str | tuple[str, ...]
) -> tuple[Document, ...]:
    """The same, as few documents as RAM's limit on their size allows: each for some of the roles, or of those displaced."""
    documents = split(_execution(mapping, account_id, region, project, others), granted(mapping), "execution-role")
    if names := displaced(mapping):
        make = displacing(account_id, _regions(region, others), "execution role")
        documents += split(make, names, "execution-role-displace")
    return documents


def reach(settings: Settings) -> dict[str, str | tuple[str, ...]]:
    """The variables of the template execution-role that follow from the settings: what the functions write to, start and
    assume. Not the project, which may be none."""
    old = settings.fc_edition == "2.0"
    service = f"services/{settings.fc_service}/" if old else ""
    return {
        "logstore": settings.sls_logstore,
        "log_region": tuple(filter(None, [settings.sls_region])) if settings.sls_region != settings.region else (),
        "other_regions": tuple(region for region in settings.regions if region != settings.region),
        "functions": tuple(f"{service}functions/{name}" for name in STARTED),
        "tasks": f"{service}functions/{TIMED}/{'stateful-async-invocations' if old else 'async-tasks'}",
        "list_tasks": "ListStatefulAsyncInvocations" if old else "ListAsyncTasks",
        "members": tuple(
            f"acs:ram::{account}:role/{role}"
            for account, role in settings.accounts.items()
            if account != settings.account_id
        ),
    }


def pass_role(mapping: Roles, *, account_id: str, roles: Iterable[str] | None = None, region: str = "*") -> Document:
    """Return what a RAM user needs to attach these roles (None: all of the mapping's) to instances, and no other.

    Raises PolicyError for a role that is not listed, or where the roles do not fit into one policy: see pass_policies.
    """
    return _single(_passing(account_id, region), listed(mapping, roles), "operator-pass-role")


def pass_policies(
    mapping: Roles, *, account_id: str, roles: Iterable[str] | None = None, region: str = "*"
) -> tuple[Document, ...]:
    """The same, as few documents as RAM's limit on their size allows: each for some of the roles."""
    return split(_passing(account_id, region), listed(mapping, roles), "operator-pass-role")


def provisioner_policies(mapping: Roles, *, account_id: str) -> tuple[Document, ...]:
    """Return what a key needs to provision this mapping's roles, as few documents as RAM's limit on their size allows.

    They cover the policies that rolekeeper makes, by their names' beginning, and of Alibaba Cloud's own the listed ones.
    """
    specs = [policy for role in mapping.roles.values() for policy in role.policies]
    system = sorted({spec.name for spec in specs if isinstance(spec, SystemPolicy)})
    values: Values = {"account": account_id, "system_policies": system}
    return split(
        lambda roles: render("provisioner", {**values, "roles": roles}, context="provisioner policy"),
        list(mapping.roles),
        "provisioner",
    )


Make = Callable[[list[str]], Document]


def _execution(
    mapping: Roles, account_id: str, region: str, project: str, others: Mapping[str, str | tuple[str, ...]]
) -> Make:
    values = {"account": account_id, "region": region, "project": project, **others}
    return lambda roles: render("execution-role", {**values, "roles": roles}, context="execution role")


def granted(mapping: Roles) -> list[str]:
    """Return what the policies of rolekeeper's own roles name: the listed roles, patterns in place of those they cover."""
    patterns = list(dict.fromkeys(mapping.settings.role_patterns))
    covered = matcher(tuple(patterns)) if patterns else lambda role: False
    return [*patterns, *(role for role in mapping.roles if not covered(role))]


def displaced(mapping: Roles) -> list[str]:
    """The foreign roles, by name or glob, that the functions' policies let them take off and put back.

    None where nothing says replace, or where no role is named: a policy never covers every role.
    """
    return list(dict.fromkeys(mapping.settings.displace)) if mapping.replaces else []


def displacing(account_id: str, regions: Iterable[str], context: str) -> Make:
    """Return what that takes in these regions of an account, for some of those roles. context: whose it is, for an error."""
    values: Values = {"account": account_id, "regions": list(regions)}
    return lambda roles: render("execution-role-displace", {**values, "displaced": roles}, context=context)


def _regions(region: str, others: Mapping[str, str | tuple[str, ...]]) -> list[str]:
    further = others.get("other_regions", ())
    return [region, *([further] if isinstance(further, str) else further)]


def _passing(account_id: str, region: str) -> Make:
    return lambda roles: render(
        "operator-pass-role", {"account": account_id, "region": region, "roles": roles}, context="pass-role policy"
    )


def listed(mapping: Roles, roles: Iterable[str] | None) -> list[str]:
    """Return these roles, or all of the mapping's. Raises RenderError for one that is not listed there."""
    chosen = list(dict.fromkeys(mapping.roles if roles is None else roles))
    for role in chosen:
        if role not in mapping.roles:
            raise RenderError(
                f"role {role!r} is not listed in roles.yaml; {nearest(role, mapping.roles) or 'list it there'}"
            )
    return chosen


def _single(make: Make, roles: list[str], policy: str) -> Document:
    return _fitting(make(roles), roles, policy)


def _fitting(document: Document, roles: list[str], policy: str) -> Document:
    over = oversize(document)
    if over:
        raise PolicyError([found(rules.SIZE, f"policy '{policy}' for {len(roles)} roles: {over}")])
    return document


def split(make: Make, roles: list[str], policy: str) -> tuple[Document, ...]:
    """Documents for all of the roles: as many of them into each as fit, in their order. Raises PolicyError."""
    documents: list[Document] = []
    while roles or not documents:
        fits = bisect_left(range(1, len(roles) + 1), True, key=lambda count: bool(oversize(make(roles[:count]))))
        fits = max(fits, 1)  # where not even one fits, the error says so
        documents.append(_single(make, roles[:fits], policy))
        roles = roles[fits:]
    return tuple(documents)
