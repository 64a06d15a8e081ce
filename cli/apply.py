"""`rolekeeper apply`: a plan carried out as it is written. The file is a contract: what does not fit the deployment is refused whole,
what was changed since it was made is refused line by line."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from cli import asked
from cli.files import text
from cli.journal import journal
from cli.output import print_json, say
from cli.runs import Going, carry_out
from shared.clock import CLOCK
from shared.errors import ConfigError
from shared.mapping import Mapping as RoleMapping
from shared.mapping import load
from shared.model import plan_file
from shared.model.plan_file import AGAIN, PlanFile
from shared.settings import Settings, Target, targets, variable

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
CLOCKS_APART = timedelta(minutes=5)
"""So far ahead of this machine's clock a plan may have been made, on another machine."""


def run(
    file: Path,
    given: Mapping[str, Any],
    *,
    max_age: str,
    as_json: bool,
    roles_file: Path,
    records: Path | None = None,
    strict: bool = False,
) -> int:
    """Exit codes as those of a remediation. given: the options, as its payload has them. Raises RolekeeperError: nothing was done."""
    plan = plan_file.read(text(file), str(file))
    settings = Settings.from_env(os.environ)
    mapping = load(text(roles_file), file=str(roles_file))
    check(plan, str(file), settings, age(max_age))
    check_mapping(plan, str(file), mapping, roles_file)
    if not plan.changes:
        if as_json:
            print_json({"kind": "apply", "run": "complete", "changes": [], "exit_code": 0})
        else:
            say(f"{file}: nothing to do: there is no change in it")
        return 0
    place = {"region": plan.region, "account_id": plan.account_id}
    trigger = asked.trigger(
        "remediate", asked.payload("remediate", {**given, **place, "all": True}), region=plan.region
    )
    assert trigger.request
    request = msgspec.structs.replace(trigger.request, everything=False)
    approved = {line.instance_id: line for line in plan.changes}
    trigger = msgspec.structs.replace(trigger, request=request, instance_ids=tuple(approved))
    going = Going(settings=settings, mapping=mapping, roles_file=roles_file, trigger=trigger, approved=approved)
    with journal(records, "apply") as lines:
        return carry_out("remediate", going, lines, as_json=as_json, strict=strict)


def check(plan: PlanFile, name: str, settings: Settings, most: timedelta) -> None:
    """Raise ConfigError where the plan is none for this deployment, or for this time."""
    if Target(plan.account_id, plan.region) not in targets(settings):
        raise ConfigError(
            f"{name}: is for {plan.region} of account {plan.account_id}; the settings name {settings.region} of account "
            f"{settings.account_id}; nothing was done; {AGAIN} here, or set {variable('region')} and {variable('account_id')} to the plan's"
        )
    old = CLOCK.now() - plan.made_at
    if old < -CLOCKS_APART:
        raise ConfigError(
            f"{name}: says that it was made at {plan.made_at:%Y-%m-%d %H:%M}Z, which is to come: this machine's clock, or that of the "
            f"other, is wrong; nothing was done; {AGAIN}"
        )
    if old > most:
        raise ConfigError(
            f"{name}: was made at {plan.made_at:%Y-%m-%d %H:%M}Z, which is longer ago than --max-age; nothing was done; {AGAIN}"
        )


def check_mapping(plan: PlanFile, name: str, mapping: RoleMapping, file: Path) -> None:
    """Raise ConfigError where the plan was made with another mapping than that of the file, or with an earlier one."""
    if plan.mapping_hash != mapping.hash:
        raise ConfigError(
            f"{name}: was made with the mapping {plan.mapping_hash}, and {file} is {mapping.hash} now; nothing was done; "
            f"{AGAIN}, or give the file that it was made with (--roles-file)"
        )


def age(text: str) -> timedelta:
    """Raises ConfigError."""
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if match is None:
        raise ConfigError(f"--max-age {text!r}: write a number and s, m, h or d: 24h")
    return timedelta(seconds=int(match[1]) * UNITS[match[2]])
