"""Whatever a command prints goes through cli/output.py, where no text is markup and no character an order to the terminal."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOORS = {"cli/output.py", "cli/journal.py", "cli/progress.py"}
"""progress.py draws the line on a terminal that output.py takes away before it prints; journal.py writes the functions' own lines, which are JSON in ASCII, to a file or to standard error."""
MODULES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "cli").rglob("*.py"))
STREAMS = ("sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__")
PRINTERS = (
    "typer.echo",
    "typer.secho",
    "typer.style",
    "click.echo",
    "os.write",
    "traceback.print_exc",
    "pprint.pprint",
)


def around(source: str) -> Iterator[str]:
    """Every way in which this code prints without the door."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and (name := ast.unparse(node)) in (*STREAMS, *PRINTERS):
            yield name
        if isinstance(node, ast.Attribute) and node.attr == "add_row":
            yield ".add_row"
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("print", "breakpoint", "pprint"):
            yield ast.unparse(node.func)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            module = getattr(node, "module", None) or ""
            for alias in node.names:
                name = f"{module}.{alias.name}" if module else alias.name
                if (module or name).partition(".")[0] in ("rich", "logging", "colorama", "pprint"):
                    yield f"import {name}"
                if name in (*STREAMS, *PRINTERS):
                    yield f"import {name}"


@pytest.mark.parametrize("module", [name for name in MODULES if name not in DOORS])
def test_a_command_prints_through_the_door_alone(module: str) -> None:
    assert list(around((ROOT / module).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "print('x')",
        "import typer\ntyper.echo('x')",
        "from typer import echo",
        "import sys\nsys.stdout.write('x')",
        "import sys\nprint('x', file=sys.stderr)",
        "from rich.console import Console",
        "import rich",
        "from sys import stdout",
        "import logging",
        "made.add_row('x')",
        "import os\nos.write(1, b'x')",
        "import traceback\ntraceback.print_exc()",
    ],
)
def test_a_way_around_it_is_found(code: str) -> None:
    assert list(around(code))
