"""The commands over a fleet, reconcile, remediate, plan, apply and snapshot: their options, as keys of the payload that the functions take."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import asked
from cli.files import ROLES, RolesFile
from shared.errors import ConfigError

Ids = Annotated[list[str] | None, typer.Option("--id", help="this instance; again for more; - reads ids from stdin")]
Tag = Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="those with this tag; again: with all")]
Rule = Annotated[str | None, typer.Option(help="those that this rule decides on")]
Role = Annotated[str | None, typer.Option(help="those that hold this role or should")]
DriftOption = Annotated[
    str | None, typer.Option("--drift", metavar="missing|wrong|foreign|orphaned", help="those that differ so")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="change nothing; exit code 2 where there is something to do")]
LiftBrake = Annotated[bool, typer.Option("--lift-brake", help="let removals through, however many there are")]
Concurrency = Annotated[str | None, typer.Option(metavar="N|N%", help="instances that are worked on at once")]
MaxErrors = Annotated[str | None, typer.Option(metavar="N|N%", help="how many may fail before the rest is left alone")]
Canary = Annotated[str | None, typer.Option(metavar="N", help="so many first; if one fails, no other is touched")]
MaxCalls = Annotated[str | None, typer.Option(metavar="N", help="calls to ECS that the run may make: a hard budget")]
Region = Annotated[str | None, typer.Option(help="region id (default: ROLEKEEPER_REGION)")]
Account = Annotated[str | None, typer.Option(help="account id (default: ROLEKEEPER_ACCOUNT_ID)")]
Everywhere = Annotated[
    bool, typer.Option("--everywhere", help="with --invoke: all regions and accounts of its settings")
]
Operator = Annotated[str | None, typer.Option(help="who asks; stands in every record (default: your login name)")]
Why = Annotated[str | None, typer.Option("--reason", help="why; stands in every record")]
Invoke = Annotated[bool, typer.Option("--invoke", help="ask the deployed function, and do not wait for it")]
Records = Annotated[
    Path | None,
    typer.Option(
        "--records",
        help="append intents, and records that SLS has not, to this file; - is standard error (default: a new file, which is named)",
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="warnings, and tags that name a role that is not listed, end with exit code 1")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask before --all changes anything")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object")]


def reconcile(
    dry_run: DryRun = False,
    lift_brake: LiftBrake = False,
    concurrency: Concurrency = None,
    max_errors: MaxErrors = None,
    canary: Canary = None,
    max_calls: MaxCalls = None,
    region: Region = None,
    account: Account = None,
    everywhere: Everywhere = False,
    operator: Operator = None,
    reason: Why = None,
    invoke: Invoke = False,
    roles_file: RolesFile = ROLES,
    records: Records = None,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Bring every instance of the region in line, as the timer does, here and with your own access key."""
    from cli.runs import run

    given = options(
        dry_run=dry_run,
        lift_brake=lift_brake,
        concurrency=concurrency,
        max_errors=max_errors,
        canary=canary,
        max_calls=max_calls,
        region=region,
        account_id=account,
        everywhere=everywhere,
        operator=operator,
        reason=reason,
    )
    raise typer.Exit(
        run("reconcile", given, invoke=invoke, as_json=as_json, roles_file=roles_file, records=records, strict=strict)
    )


def remediate(
    ids: Ids = None,
    tag: Tag = None,
    rule: Rule = None,
    role: Role = None,
    drift: DriftOption = None,
    all_: Annotated[bool, typer.Option("--all", help="every instance of the region")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    lift_brake: LiftBrake = False,
    concurrency: Concurrency = None,
    max_errors: MaxErrors = None,
    canary: Canary = None,
    max_calls: MaxCalls = None,
    region: Region = None,
    account: Account = None,
    everywhere: Everywhere = False,
    operator: Operator = None,
    reason: Why = None,
    invoke: Invoke = False,
    roles_file: RolesFile = ROLES,
    records: Records = None,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Bring the named instances in line, or say what would be done. Give one of --id, --tag, --rule, --role, --drift, --all."""
    from cli.runs import run

    given = options(
        dry_run=dry_run,
        lift_brake=lift_brake,
        concurrency=concurrency,
        max_errors=max_errors,
        canary=canary,
        max_calls=max_calls,
        region=region,
        account_id=account,
        everywhere=everywhere,
        operator=operator,
        reason=reason,
    )
    chosen = {**selectors(ids, tag, rule, role, drift), "all": all_}
    raise typer.Exit(
        run(
            "remediate",
            {**chosen, **given},
            invoke=invoke,
            as_json=as_json,
            roles_file=roles_file,
            records=records,
            strict=strict,
            ask=all_ and not (dry_run or yes),
        )
    )


def plan(
    ids: Ids = None,
    tag: Tag = None,
    rule: Rule = None,
    role: Role = None,
    drift: DriftOption = None,
    snapshot: Annotated[Path | None, typer.Option(help="plan for the fleet in this file, and call nothing")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="write the plan to this file, for rolekeeper apply"),
    ] = None,
    all_ids: Annotated[bool, typer.Option("--ids", help="name every instance, not five of each kind")] = False,
    max_calls: MaxCalls = None,
    region: Region = None,
    account: Account = None,
    roles_file: RolesFile = ROLES,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Show what would be done to the region, or to the named instances, and what is gained and lost by it. Changes nothing."""
    from cli.plan import run

    given = {
        **selectors(ids, tag, rule, role, drift),
        "max_calls": asked.number(max_calls, "--max-calls"),
        "region": region,
        "account_id": account,
    }
    raise typer.Exit(
        run(given, roles_file=roles_file, snapshot=snapshot, out=out, as_json=as_json, strict=strict, ids=all_ids)
    )


def apply(
    file: Annotated[Path, typer.Argument(metavar="PLAN", help="the file that rolekeeper plan -o has written")],
    max_age: Annotated[str, typer.Option(help="how old the plan may be: 24h, 30m, 2d")] = "24h",
    dry_run: DryRun = False,
    lift_brake: LiftBrake = False,
    concurrency: Concurrency = None,
    max_errors: MaxErrors = None,
    canary: Canary = None,
    max_calls: MaxCalls = None,
    operator: Operator = None,
    reason: Why = None,
    roles_file: RolesFile = ROLES,
    records: Records = None,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Carry out a plan, and nothing else: an instance that was changed since is refused, and all others are done."""
    from cli.apply import run

    given = options(
        dry_run=dry_run,
        lift_brake=lift_brake,
        concurrency=concurrency,
        max_errors=max_errors,
        canary=canary,
        max_calls=max_calls,
        operator=operator,
        reason=reason,
    )
    raise typer.Exit(
        run(file, given, max_age=max_age, as_json=as_json, roles_file=roles_file, records=records, strict=strict)
    )


def snapshot(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="the file to write")],
    region: Region = None,
    account: Account = None,
    roles_file: RolesFile = ROLES,
    as_json: Json = False,
) -> None:
    """Write the instances of the region to a file: attributes, tags, roles; plan --snapshot reads it. Changes nothing."""
    from cli.snapshot import run

    if empty := [option for option, value in (("--region", region), ("--account", account)) if value == ""]:
        raise ConfigError(f"snapshot: {', '.join(empty)}: empty; give a value, or leave it out")
    raise typer.Exit(run(out, region=region or "", account=account or "", roles_file=roles_file, as_json=as_json))


def selectors(
    ids: list[str] | None, tag: list[str] | None, rule: str | None, role: str | None, drift: str | None
) -> dict[str, Any]:
    """Return them as the payload has them."""
    return {
        "instance_ids": asked.ids(ids or ()),
        "tags": asked.tags(tag or ()),
        "rule": rule,
        "role": role,
        "drift": drift,
    }


def options(*, canary: str | None, max_calls: str | None, operator: str | None, **given: Any) -> dict[str, Any]:
    """Return the options of both commands, as the payload has them."""
    return {
        **given,
        "canary": asked.number(canary, "--canary"),
        "max_calls": asked.number(max_calls, "--max-calls"),
        "operator": (login() or None) if operator is None else operator,
    }


def login() -> str:
    """The operator's login name; "" where the machine knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
