"""The command `rolekeeper explain`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import asked
from cli.files import ROLES, RolesFile

Id = Annotated[str | None, typer.Argument(metavar="[ID]", help="an instance; it is read from ECS, or from --snapshot")]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag", "--tags", metavar="KEY=VALUE", help="in place of an id: an instance with this tag; again for more"
    ),
]
Attributes = Annotated[
    list[str] | None,
    typer.Option("--attribute", metavar="KEY=VALUE", help="and this attribute, as vpc=vpc-bp1x, name=web-1"),
]
Holds = Annotated[str | None, typer.Option("--holds", metavar="ROLE", help="and this RAM role on it now")]
Role = Annotated[str | None, typer.Option("--role", help="say what would have to change for this role")]
SnapshotFile = Annotated[
    Path | None, typer.Option("--snapshot", metavar="FILE", help="read it from this file, without the cloud")
]
Region = Annotated[str | None, typer.Option(help="another region than ROLEKEEPER_REGION")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object")]


def explain(
    instance_id: Id = None,
    tag: Tags = None,
    attribute: Attributes = None,
    holds: Holds = None,
    role: Role = None,
    snapshot: SnapshotFile = None,
    region: Region = None,
    roles_file: RolesFile = ROLES,
    as_json: Json = False,
) -> None:
    """Say why an instance gets a role, or does not: each rule, each condition, what nearly matched. Changes nothing."""
    from cli.explain import IMDSV2, Subject, run
    from shared.mapping.conditions import ATTRIBUTES

    about = Subject(
        instance_id=instance_id,
        tags=asked.tags(tag or ()),
        attributes=asked.attributes(attribute or (), (*ATTRIBUTES, IMDSV2)) or None,
        holds=holds,
        snapshot=snapshot,
        region=region,
    )
    raise typer.Exit(run(about, role=role, roles_file=roles_file, as_json=as_json))
