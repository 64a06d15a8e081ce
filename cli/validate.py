"""`rolekeeper validate`: checks a mapping and its policies; prints every problem with its place, errors first. Exit code 1 for errors."""

from __future__ import annotations

from pathlib import Path

from cli.files import text
from cli.findings import findings
from cli.output import counted, say
from shared.mapping import Problem, check, load
from shared.policies import Finding


def run(file: Path) -> int:
    source = text(file)
    problems = check(source, file=str(file))
    errors = sum(problem.severity == "error" for problem in problems)
    mapping = None if errors else load(source, file=str(file))
    found = findings(mapping, str(file)) if mapping else ()
    everything: list[Problem | Finding] = [*problems, *found]
    for problem in sorted(everything, key=lambda problem: problem.severity != "error"):
        say((str(problem), "red" if problem.severity == "error" else "yellow"))
    if not mapping:
        say(f"{file}: {counted(errors, 'error')}, {counted(len(problems) - errors, 'warning')}")
        return 1
    if errors := sum(finding.severity == "error" for finding in found):
        say(f"{file}: {counted(errors, 'error')} in its policies")
        return 1
    count = len(problems) + len(found)
    warnings = f", {counted(count, 'warning')}" if count else ""
    say(
        f"{file}: valid: {counted(len(mapping.roles), 'role')}, {counted(len(mapping.rules), 'rule')}, hash {mapping.hash}{warnings}"
    )
    return 0
