"""The commands about whole mappings, `rolekeeper compare` and `rolekeeper adopt`: their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Old = Annotated[Path, typer.Argument(metavar="OLD", help="a mapping, e.g. of the main branch; - is standard input")]
New = Annotated[Path, typer.Argument(metavar="NEW", help="the mapping that is to replace it; - is standard input")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object")]
Markdown = Annotated[bool, typer.Option("--markdown", help="a comment for a merge request")]
Effort = Annotated[int, typer.Option("--effort", min=1, max=1000, help="search so many times as long before giving up")]


def compare(old: Old, new: New, as_json: Json = False, markdown: Markdown = False, effort: Effort = 1) -> None:
    """Say which instances two mappings treat differently, proven without a fleet. Exit code 0: none; 2: some; 1: undecided."""
    from cli.compare import run

    raise typer.Exit(run(old, new, as_json=as_json, markdown=markdown, effort=effort))
