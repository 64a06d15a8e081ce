"""The commands about whole mappings, `rolekeeper compare` and `rolekeeper adopt`: their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Old = Annotated[Path, typer.Argument(metavar="OLD", help="a mapping, e.g. of the main branch; - is standard input")]
New = Annotated[Path, typer.Argument(metavar="NEW", help="the mapping that is to replace it; - is standard input")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object")]
Markdown = Annotated[bool, typer.Option("--markdown", help="a comment for a merge request")]
Fleet = Annotated[
    Path | None, typer.Option("--snapshot", metavar="FILE", help="a fleet: also say which of its instances change")
]
Ids = Annotated[bool, typer.Option("--ids", help="show all instances of the snapshot that change")]
Effort = Annotated[int, typer.Option("--effort", min=1, max=1000, help="search so many times as long before giving up")]


def compare(
    old: Old,
    new: New,
    snapshot: Fleet = None,
    ids: Ids = False,
    as_json: Json = False,
    markdown: Markdown = False,
    effort: Effort = 1,
) -> None:
    """Say which instances two mappings treat differently, proven without a fleet. Exit code 0: none; 2: they differ; 1: undecided."""
    from cli.compare import run

    raise typer.Exit(run(old, new, snapshot=snapshot, as_json=as_json, markdown=markdown, ids=ids, effort=effort))


Source = Annotated[Path, typer.Option("--snapshot", metavar="FILE", help="the fleet, made by rolekeeper snapshot")]
Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="FILE", help="the mapping that is made; no file may be there")
]


def adopt(snapshot: Source, out: Out, as_json: Json = False) -> None:
    """Learn a first roles.yaml from a fleet that holds roles by hand. Changes nothing but that file."""
    from cli.adopt import run

    raise typer.Exit(run(snapshot, out, as_json=as_json))
