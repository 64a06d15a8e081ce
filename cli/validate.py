"""`rolekeeper validate`: checks a mapping and its policies; prints every problem with its place, errors first. Exit code 1 for errors."""

from __future__ import annotations

import os
from pathlib import Path

from cli.files import text
from cli.findings import findings
from cli.output import counted, say
from shared.mapping import Problem, check, load
from shared.policies import Finding
from shared.settings import variable

NO_KEY = (
    f"{variable('proof_keys')} is not set here; functions that are deployed without a key displace without a note, and put no "
    'foreign role back (docs/operations.md, "Proof keys")'
)


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
    lacks_key = bool(
        mapping.replaces and mapping.settings.displace and not os.environ.get(variable("proof_keys"), "").strip()
    )
    if lacks_key:
        say((f"{file}: warning: settings.displace: {NO_KEY}", "yellow"))
    count = len(problems) + len(found) + lacks_key
    warnings = f", {counted(count, 'warning')}" if count else ""
    say(
        f"{file}: valid: {counted(len(mapping.roles), 'role')}, {counted(len(mapping.rules), 'rule')}, hash {mapping.hash}{warnings}"
    )
    return 0
