"""`rolekeeper validate`: checks a mapping and its policies; prints every problem with its place, errors first. Exit code 1 for errors,
under --strict for warnings too."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from cli.files import text
from cli.findings import findings
from cli.output import counted, print_json, say
from shared.mapping import Mapping, Problem, check, load
from shared.policies import Finding
from shared.settings import variable

NO_KEY = (
    f"{variable('proof_keys')} is not set here; functions that are deployed without a key displace without a note, and put no "
    'foreign role back (docs/operations.md, "Proof keys")'
)


def run(file: Path, *, strict: bool = False, as_json: bool = False) -> int:
    """Exit code 1 for errors; under strict for warnings too."""
    found = validated(file)
    code = 1 if found.errors or (strict and found.warnings) else 0
    if as_json:
        print_json(_as_json(found, code))
        return code
    for problem in sorted(found.problems, key=lambda problem: problem.severity != "error"):
        say((str(problem), "red" if problem.severity == "error" else "yellow"))
    for note in found.notes:
        say((f"{file}: warning: {note}", "yellow"))
    say(_last(found, strict=strict))
    return code


@dataclass(frozen=True)
class Validated:
    """All that was found in a file. mapping: None where it cannot be read. notes: warnings of no place in the file."""

    file: Path
    mapping: Mapping | None
    problems: tuple[Problem | Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        return sum(problem.severity == "error" for problem in self.problems)

    @property
    def warnings(self) -> int:
        return len(self.problems) - self.errors + len(self.notes)


def validated(file: Path) -> Validated:
    """Check the mapping, then, where it can be read, its policies. Raises ConfigError for a file or a setting that is of no good form."""
    source = text(file)
    problems = check(source, file=str(file))
    if any(problem.severity == "error" for problem in problems):
        return Validated(file, None, problems)
    mapping = load(source, file=str(file))
    everything: tuple[Problem | Finding, ...] = (*problems, *findings(mapping, str(file)))
    lacks_key = (
        mapping.replaces and mapping.settings.displace and not os.environ.get(variable("proof_keys"), "").strip()
    )
    return Validated(file, mapping, everything, (f"settings.displace: {NO_KEY}",) if lacks_key else ())


def _last(found: Validated, *, strict: bool) -> str:
    mapping, warnings = found.mapping, counted(found.warnings, "warning")
    if not mapping:
        return f"{found.file}: {counted(found.errors, 'error')}, {warnings}"
    if found.errors:
        return f"{found.file}: {counted(found.errors, 'error')} in its policies"
    if strict and found.warnings:
        return f"{found.file}: {warnings}, which --strict does not let pass"
    size = f"{counted(len(mapping.roles), 'role')}, {counted(len(mapping.rules), 'rule')}"
    return f"{found.file}: valid: {size}, hash {mapping.hash}" + (f", {warnings}" if found.warnings else "")


def _as_json(found: Validated, code: int) -> dict[str, Any]:
    mapping = found.mapping
    return {
        "file": str(found.file),
        "valid": code == 0,
        "hash": mapping.hash if mapping else "",
        "roles": len(mapping.roles) if mapping else 0,
        "rules": len(mapping.rules) if mapping else 0,
        "errors": found.errors,
        "warnings": found.warnings,
        "problems": [
            *(msgspec.to_builtins(problem) for problem in found.problems),
            *({"file": str(found.file), "severity": "warning", "message": note} for note in found.notes),
        ],
        "exit_code": code,
    }
