"""`rolekeeper policy ...`: see, render and lint RAM policies. Calls no cloud."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from collections.abc import Mapping as Map
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from cli.files import ROLES, RolesFile, text
from cli.findings import findings
from cli.output import print_json, print_table, say, table
from shared import policies
from shared.errors import ConfigError
from shared.mapping import Mapping, load
from shared.settings import Settings, check, targets, variable

app = typer.Typer(help="RAM policies: templates, rendering, lint.", no_args_is_help=True)
Account = Annotated[str, typer.Option(help="account id (default: ROLEKEEPER_ACCOUNT_ID)")]
Region = Annotated[str, typer.Option(help="region id (default: ROLEKEEPER_REGION)")]


@app.command("list")
def list_() -> None:
    """The templates that roles.yaml may name, with their variables."""
    shown = table("template", "variables", "what for", whole=("template",))
    for name in policies.template_names():
        template = policies.template(name)
        variables = (n if v.default is None else f"[{n}]" for n, v in template.variables.items())
        shown.add(name, " ".join(variables), template.description)
    print_table(shown)


@app.command()
def show(name: str) -> None:
    """A template: what for, where its actions are documented, its variables, its document."""
    template = policies.template(name)
    say(f"{name}: {template.description}")
    say(f"source: {template.source}")
    say("")
    for key, declared in template.variables.items():
        default = "" if declared.default is None else f", default {json.dumps(declared.default)}"
        say(f"  {key}: {declared.type}{default}: {declared.description}")
        say(f"      form: {declared.pattern}")
    say("")
    print_json(template.document, indent=2)


@app.command()
def render(
    name: str,
    values: Annotated[Optional[list[str]], typer.Argument(metavar="KEY=VALUE...")] = None,  # noqa: UP045
) -> None:
    """A template filled in; a list's members are separated by commas."""
    template = policies.template(name)
    given: dict[str, str | list[str]] = {}
    for pair in values or []:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(f"{pair!r}: write KEY=VALUE")
        if key in given:
            raise ConfigError(f"{pair!r}: {key} is given twice; write the members of a list as {key}=A,B")
        declared = template.variables.get(key)
        given[key] = value.split(",") if declared and declared.type == "list" else value
    echo(policies.render(name, given, context="rolekeeper policy render"))


@app.command()
def lint(
    files: Annotated[
        Optional[list[Path]],  # noqa: UP045
        typer.Argument(metavar="[FILE]...", help="policy documents; none: every policy of roles.yaml"),
    ] = None,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust", help="the files are trust policies, of roles for instances: they trust ECS and nobody else"
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a finding")] = False,
    roles_file: RolesFile = ROLES,
) -> None:
    """Find what should not be granted. Exit code 1 where there are errors."""
    found: list[policies.Finding] = []
    for file in files or []:
        if file.suffix in (".yaml", ".yml"):
            raise ConfigError(f"{file}: FILE is a policy document in JSON; give a mapping as --roles-file {file}")
        kind: policies.Kind = "trust" if trust else "policy"
        found += (_in(file, finding) for finding in policies.lint_text(text(file), kind=kind))
    if not files:
        mapping = load(text(roles_file), file=str(roles_file))
        found += findings(mapping, str(roles_file))
    report(found, as_json=as_json)
    if not found and not as_json:
        say("nothing found")
    if any(finding.severity == "error" for finding in found):
        raise typer.Exit(1)


@app.command("execution-role")
def execution_role(
    account: Account = "",
    region: Region = "",
    project: str = "",
    roles_file: RolesFile = ROLES,
    trust: Annotated[bool, typer.Option("--trust", help="instead the role's trust policy")] = False,
) -> None:
    """The policies that rolekeeper's functions need for these roles and settings, and no more: one a line, as RAM takes it."""
    if trust:
        echo(policies.trust("fc"))
        return
    mapping = load(text(roles_file), file=str(roles_file))
    settings = deployment(account, region)
    documents = policies.execution_policies(
        mapping,
        account_id=settings.account_id,
        region=settings.region,
        project=setting("sls_project", project, "rolekeeper"),
        **policies.reach(settings),
    )
    refuse_too_many(len(documents), "the functions' role", mapping)
    echo_each(documents)


@app.command("member-role")
def member_role(
    member: Annotated[str, typer.Argument(metavar="ACCOUNT", help="id of the account to look after as well")],
    account: Account = "",
    region: Region = "",
    external_id: Annotated[str, typer.Option(help="(default: ROLEKEEPER_EXTERNAL_ID)")] = "",
    roles_file: RolesFile = ROLES,
) -> None:
    """The role that another account keeps for the functions: its trust policy, and its policies."""
    mapping = load(text(roles_file), file=str(roles_file))
    settings = deployment(account, region)
    if member == settings.account_id:
        raise ConfigError(
            f"member-role {member}: this is the functions' own account, which they look after with their own role; "
            "name another account"
        )
    check("account_id", member, "member-role")
    trust = policies.member_trust(
        account_id=settings.account_id,
        execution_role=setting("execution_role", "", "rolekeeper-fc"),
        external_id=setting("external_id", external_id),
    )
    regions = dict.fromkeys(target.region for target in targets(settings))
    documents = policies.member_policies(mapping, account_id=member, regions=regions)
    refuse_too_many(len(documents), f"the role in account {member}", mapping)
    echo({"trust": trust, "policies": documents})


@app.command("pass-role")
def pass_role(
    account: Account = "",
    role: Annotated[Optional[list[str]], typer.Option(help="only this role; may be given again")] = None,  # noqa: UP045
    roles_file: RolesFile = ROLES,
) -> None:
    """The policies that let a RAM user attach the listed roles to instances, and no other role: one a line, as RAM takes it."""
    mapping = load(text(roles_file), file=str(roles_file))
    echo_each(policies.pass_policies(mapping, account_id=setting("account_id", account), roles=role or None))


@app.command()
def provisioner(account: Account = "", roles_file: RolesFile = ROLES) -> None:
    """The policies of a key that may `rolekeeper provision` these roles, and so decide what they may do: one a line, as RAM takes it."""
    mapping = load(text(roles_file), file=str(roles_file))
    echo_each(policies.provisioner_policies(mapping, account_id=setting("account_id", account)))


def refuse_too_many(count: int, whose: str, mapping: Mapping) -> None:
    """Raises ConfigError where the role could not hold its policies: all of them are known before one is made."""
    if over := policies.too_many(count, whose, len(mapping.roles)):
        raise ConfigError(f"{over}; {policies.RULES['RK309'].fix}")


def report(findings: Iterable[policies.Finding], *, as_json: bool) -> None:
    """Findings, one a line: errors before warnings."""
    import msgspec

    for finding in sorted(findings, key=lambda finding: finding.severity != "error"):
        if as_json:
            print_json(msgspec.structs.asdict(finding))
        else:
            say(str(finding))


def deployment(account: str, region: str) -> Settings:
    """The settings in the environment, with the account and the region that were given. Raises ConfigError."""
    given = {"account_id": setting("account_id", account), "region": setting("region", region)}
    return Settings.from_env({**os.environ, **{variable(name): value for name, value in given.items()}})


def setting(name: str, given: str, default: str = "") -> str:
    """Return what was given, or the variable of that setting. Raises ConfigError that names both."""
    value = given or os.environ.get(variable(name), "") or default
    option = "--account" if name == "account_id" else f"--{name.replace('_', '-')}"
    if not value:
        raise ConfigError(f"give {option}, or set {variable(name)}")
    check(name, value, option if given else variable(name))
    return value


def echo_each(documents: Iterable[Map[str, Any]]) -> None:
    """For a shell's `while read`: one a line, and no longer than what was measured against RAM's limit."""
    for document in documents:
        print_json(document, compact=True)


def echo(document: Map[str, Any]) -> None:
    print_json(document, indent=2)


def _in(file: Path, finding: policies.Finding) -> policies.Finding:
    import msgspec

    return msgspec.structs.replace(finding, file=str(file))
