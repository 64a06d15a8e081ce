"""The policies of the functions' own role, in the deployment's account and, for displacing, in each member account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.mapping import Mapping as Roles
from shared.policies.named import displaced, granted
from shared.policies.splitting import Document, Make, fitting, split
from shared.policies.template import Values
from shared.policies.templates import render
from shared.settings import Settings

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
    return fitting(made, granted(mapping), "execution-role")


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


def _execution(
    mapping: Roles, account_id: str, region: str, project: str, others: Mapping[str, str | tuple[str, ...]]
) -> Make:
    values = {"account": account_id, "region": region, "project": project, **others}
    return lambda roles: render("execution-role", {**values, "roles": roles}, context="execution role")


def displacing(account_id: str, regions: Iterable[str], context: str) -> Make:
    """Return what that takes in these regions of an account, for some of those roles. context: whose it is, for an error."""
    values: Values = {"account": account_id, "regions": list(regions)}
    return lambda roles: render("execution-role-displace", {**values, "displaced": roles}, context=context)


def _regions(region: str, others: Mapping[str, str | tuple[str, ...]]) -> list[str]:
    further = others.get("other_regions", ())
    return [region, *([further] if isinstance(further, str) else further)]
