"""The findings in a policy document, and what to do about them: codes, findings, the error that carries them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from shared.clean import shortened
from shared.errors import ConfigError

Severity = Literal["error", "warning"]


class LintRule(msgspec.Struct, frozen=True):
    """One thing that the lint looks for. name: a word for people, beside the stable code."""

    code: str
    name: str
    severity: Severity
    fix: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to fix in one document.

    path: where in the document, e.g. "Statement[0].Action[1]", "" = the whole of it. line: from 1, in `file`; 0 = not known.
    role, policy, file: whose document it is, "" where the document was linted by itself.
    """

    code: str
    name: str
    severity: Severity
    message: str
    fix: str
    line: int = 0
    path: str = ""
    role: str = ""
    policy: str = ""
    file: str = ""

    def __str__(self) -> str:
        place = (
            f"{self.file}:{self.line}" if self.file and self.line else self.file or (self.line and f"line {self.line}")
        )
        whose = ", ".join(
            f"{what} '{shortened(who)}'" for what, who in (("role", self.role), ("policy", self.policy)) if who
        )
        parts = [
            str(place or ""),
            f"{self.severity} {self.code} ({self.name})",
            whose,
            shortened(self.path),
            f"{shortened(self.message)}; {shortened(self.fix)}",
        ]
        text = ": ".join(part for part in parts if part)
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class PolicyError(ConfigError):
    """Policies cannot be made as asked. `str()` has a line for each error found."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))


def found(rule: LintRule, message: str, path: str = "", line: int = 0) -> Finding:
    return Finding(
        code=rule.code, name=rule.name, severity=rule.severity, message=message, fix=rule.fix, path=path, line=line
    )
