"""`rolekeeper validate`: checks a mapping and prints every problem with its place. Exit code 1 where there are errors."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from cli.files import text
from shared.mapping import check, load


def run(file: Path) -> int:
    source = text(file)
    console = Console(soft_wrap=True)
    problems = check(source, file=str(file))
    for problem in problems:
        console.print(Text(str(problem), style="red" if problem.severity == "error" else "yellow"))
    errors = sum(problem.severity == "error" for problem in problems)
    if errors:
        console.print(f"{file}: {errors} error{'s' * (errors != 1)}, {len(problems) - errors} warnings")
        return 1
    mapping = load(source, file=str(file))
    warnings = f", {len(problems)} warnings" if problems else ""
    console.print(
        f"{file}: valid: {len(mapping.roles)} roles, {len(mapping.rules)} rules, hash {mapping.hash}{warnings}"
    )
    return 0
