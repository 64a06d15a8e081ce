"""`rolekeeper provision` and `rolekeeper roles`: RAM made to hold what roles.yaml says, and shown. The operator's identity."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cli.coverage import accounts_note, other_accounts
from cli.example import refuse_example
from cli.files import text
from cli.keys import keys
from cli.output import counted, print_json, print_table, say, say_error, table
from shared import policies
from shared.clock import CLOCK
from shared.errors import CloudCallError
from shared.gateways.account_holders import AccountHolders
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.gateways.ims import account_summary
from shared.gateways.ram import RamGateway
from shared.mapping import load
from shared.settings import Settings
from shared.setup import (
    Action,
    DesiredState,
    Limits,
    Provisioned,
    Provisioner,
    ProvisionError,
    RamAccount,
    RamState,
    diff,
    limits,
    plan,
    principals,
    protected,
    read,
)


def run(
    roles_file: Path, *, dry_run: bool, as_json: bool, adopt: Sequence[str], prune: bool, strict: bool = False
) -> int:
    """Exit code 0: done, or nothing to do; 1: refused or stopped; 2: a dry run found something to do, or strict and there are
    warnings; 130: interrupted."""
    settings = Settings.from_env(os.environ)
    if not settings.endpoint and not dry_run:
        refuse_example(load(text(roles_file), file=str(roles_file)), roles_file, "provision")
    desired, credentials = desired_ram(roles_file, settings), keys(settings)
    provisioner = Provisioner(
        RamAccount(
            ram=RamGateway(settings, credentials),
            holders=AccountHolders(settings, credentials),
            limits=lambda: quotas(settings, credentials),
        ),
        DesiredState(
            desired=desired,
            file=str(roles_file),
            adopt=adopt,
            prune=prune,
            protected=protected(settings),
            account_id=settings.account_id,
        ),
        pause=CLOCK.sleep,
    )

    begun: list[Action] = []

    def announce(action: Action) -> None:
        begun.append(action)
        if not as_json:
            say(f"  {action}")

    try:
        ended = provisioner.propose()
        if not as_json:
            show(ended)
        if not dry_run:
            ended = provisioner.apply(ended, announce)
    except ProvisionError as error:
        stopped(error, error.done, as_json=as_json)
        return 1
    except KeyboardInterrupt:
        under_way = f"; perhaps carried out: {begun[-1]}" if begun else ""
        why = f"{roles_file}: interrupted{under_way}; run the same command again"
        stopped(ProvisionError(why), begun[:-1], as_json=as_json)
        return 130
    if as_json:
        print_json({**report(ended), "not_covered": other_accounts(settings)})
    else:
        conclude(ended, dry_run=dry_run)
        for line in accounts_note(settings):
            say(line)
    return 2 if (dry_run and ended.plan.actions) or (strict and ended.plan.warnings) else 0


def quotas(settings: Settings, credentials: Credentials) -> Limits:
    """Return what RAM takes in this account; as documented where the key may not ask, or no answer comes."""
    try:
        return limits(account_summary(settings, credentials))
    except CloudCallError:
        return Limits()


def stopped(why: ProvisionError, done: Sequence[Action], *, as_json: bool) -> None:
    if as_json:
        print_json({"error": str(why), "done": [told(action) for action in done]})
    else:
        say_error(why, "stopped: ")
        say(f"carried out before: {'; '.join(map(str, done)) or 'nothing'}", err=True)


def desired_ram(roles_file: Path, settings: Settings) -> policies.DesiredRam:
    """Return what RAM should hold; the lint's errors stop it. Raises MappingError, PolicyError."""
    mapping = load(text(roles_file), file=str(roles_file))
    findings = (
        *policies.check_deployment(mapping, settings, file=str(roles_file)),
        *policies.check(mapping, account_id=settings.account_id, file=str(roles_file)),
    )
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise policies.PolicyError(errors)
    for finding in findings:
        say(str(finding), err=True)
    return policies.desired(mapping, account_id=settings.account_id, file=str(roles_file))


def show(found: Provisioned) -> None:
    """Print what would change, before anything does."""
    for change in found.changes:
        say(f"role {change.role}")
        for line in change.gains:
            say(f"  + {line}")
        for line in change.losses:
            say(f"  - {line}")
    for line in found.plan.warnings:
        say(f"warning: {line}")
    show_orphans(found.plan.orphan_roles, found.plan.orphan_policies)
    for what in found.plan.kept:
        say(f"kept: {what}")


def show_orphans(roles: Iterable[str], names: Iterable[str]) -> None:
    for role in roles:
        say(f"orphan: role {role} is rolekeeper's, and the mapping does not list it: provision --prune deletes it")
    for name in names:
        say(f"orphan: policy {name} is rolekeeper's, and the mapping does not use it: provision --prune deletes it")


def conclude(ended: Provisioned, *, dry_run: bool) -> None:
    for what in ended.kept:
        say(f"kept: {what}")
    for action in ended.plan.actions if dry_run else ():
        say(f"  would {action}")
    count = len(ended.plan.actions if dry_run else ended.done)
    were = "would be" if dry_run else "was" if count == 1 else "were"
    warned = f"; {counted(len(ended.plan.warnings), 'warning')}, see above" if ended.plan.warnings else ""
    say((f"{counted(count, 'write call')} {were} made" if count else "nothing to do") + warned)


def report(ended: Provisioned) -> dict[str, Any]:
    return {
        "changes": [msgspec.structs.asdict(change) for change in ended.changes],
        "plan": [told(action) for action in ended.plan.actions],
        "done": [told(action) for action in ended.done],
        "unlisted": [{"role": role, "type": kind, "policy": name} for role, (kind, name) in ended.plan.unlisted],
        "orphan_roles": list(ended.plan.orphan_roles),
        "orphan_policies": list(ended.plan.orphan_policies),
        "kept": [*ended.plan.kept, *ended.kept],
        "warnings": list(ended.plan.warnings),
    }


def told(action: Action) -> dict[str, Any]:
    return {key: value for key, value in msgspec.structs.asdict(action).items() if value not in ("", None, {}, ())}


def roles(roles_file: Path, *, as_json: bool, strict: bool = False) -> int:
    """The roles of roles.yaml as RAM and ECS have them, then what is ours and not listed there. Exit code 2 where a role has
    drifted, or strict and there are warnings."""
    settings = Settings.from_env(os.environ)
    mapping = load(text(roles_file), file=str(roles_file))
    desired = policies.desired(mapping, account_id=settings.account_id, file=str(roles_file))
    credentials = keys(settings)
    ecs = EcsGateway(settings, credentials, settings.region)
    state = read(RamGateway(settings, credentials), desired, orphans=True)
    rows = role_rows(desired, state, ecs, settings)
    orphans = {"orphan_roles": list(state.orphan_roles), "orphan_policies": list(state.orphan_policies)}
    if as_json:
        left = {"not_covered": other_accounts(settings)}
        for row in [*rows, *(about for about in (orphans, left) if any(about.values()))]:
            print_json(row)
    else:
        shown = table("role", "trust", "policies", f"holders in {settings.region}", "drift", whole=("role", "policies"))
        for row in sorted(rows, key=lambda row: not row["drift"]):  # what is not as it should be comes first
            holders = "?" if row["holders"] is None else str(row["holders"])
            shown.add(row["role"], row["trust"], row["policies"], holders, row["drift"])
        print_table(shown)
        for row in rows:
            for line in row["warnings"]:
                say(f"warning: {line}")
        show_orphans(state.orphan_roles, state.orphan_policies)
        for line in accounts_note(settings):
            say(line)
    return 2 if any(row["drift"] or (strict and row["warnings"]) for row in rows) else 0


def role_rows(
    desired: policies.DesiredRam, state: RamState, ecs: EcsGateway, settings: Settings
) -> list[dict[str, Any]]:
    """A row for each role of the file, in its order: what is there, who holds it, and what provisioning would change."""
    rows = []
    for role in desired.roles:
        alone = policies.DesiredRam(roles=(role,))  # what is in the way of one role hides nothing of another
        found = plan(state, alone, adopt=[role.name], protected=protected(settings), account_id=settings.account_id)
        changed = diff(state, alone, found)
        held = state.roles.get(role.name)
        drift = [*map(str, found.actions), *found.conflicts]
        drift += [f"also holds {kind.lower()} policy {name}" for _, (kind, name) in found.unlisted]
        drift += [] if held is None or held.ours else ["not rolekeeper's: no tag managed-by=rolekeeper"]
        rows.append(
            {
                "role": role.name,
                "there": held is not None,
                "trust": sorted(line.removeprefix("Service ") for line in principals(held.trust if held else {})),
                "policies": sorted(f"{kind}:{name}" for kind, name in (held.attached if held else ())),
                "holders": ecs.known_holders(role.name),
                "drift": drift,
                "warnings": list(found.warnings),
                "gains": [line for change in changed for line in change.gains],
                "losses": [line for change in changed for line in change.losses],
            }
        )
    return rows
