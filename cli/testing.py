"""The command `rolekeeper test`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.files import ROLES, RolesFile
from shared.errors import ConfigError

File = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="the cases (default: roles.test.yaml, beside the mapping)")
]
Coverage = Annotated[bool, typer.Option("--coverage", help="show how many cases each rule decides")]
Strict = Annotated[bool, typer.Option("--strict", help="a rule that decides no case ends with exit code 1")]
Fleet = Annotated[
    Path | None, typer.Option("--snapshot", metavar="FILE", help="a fleet, for cases with instance: {from: ID}")
]
Junit = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="also write JUnit XML, for CI")]
New = Annotated[bool, typer.Option("--new", help="write the file: one case a rule, as roles.yaml is now")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object")]


def cases(
    file: File = None,
    coverage: Coverage = False,
    strict: Strict = False,
    snapshot: Fleet = None,
    junit: Junit = None,
    new: New = False,
    as_json: Json = False,
    roles_file: RolesFile = ROLES,
) -> None:
    """Check that roles.yaml wants for each instance of roles.test.yaml what is expected there. Calls nothing."""
    if new:
        from cli.new_cases import run as write

        if given := [
            name
            for name, value in (
                ("--coverage", coverage),
                ("--strict", strict),
                ("--junit", junit),
                ("--snapshot", snapshot),
            )
            if value
        ]:
            raise ConfigError(f"test: --new: only writes the file; leave {', '.join(given)} out, and test it then")
        raise typer.Exit(write(file, roles_file=roles_file, as_json=as_json))
    from cli.cases import run

    raise typer.Exit(
        run(
            file,
            roles_file=roles_file,
            snapshot=snapshot,
            as_json=as_json,
            coverage=coverage,
            strict=strict,
            junit=junit,
        )
    )
