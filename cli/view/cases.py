"""The view of `rolekeeper test`: each case that fails with what was expected and what came, and which rules no case reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cli.output import Part, Screen, console, counted, print_table, say, table
from shared.mapping.cases import Case
from shared.model.decision import Outcome, Reason
from shared.model.instance import Desired
from shared.model.plan import Change


@dataclass(frozen=True)
class Judged:
    """A case, what roles.yaml wants for its instance, and what would be done about the role that it holds. why: the lines that explain
    a case which failed."""

    case: Case
    desired: Desired
    change: Change
    why: Sequence[tuple[Part, ...]] = ()

    @property
    def result(self) -> tuple[str, str]:
        """(verdict, role): as of Desired, but refused, too, where a guard refuses."""
        desired, change = self.desired, self.change
        return ("refused", change.role) if change.outcome is Outcome.REFUSED else (desired.verdict, desired.role)

    @property
    def differences(self) -> list[tuple[str, str, str]]:
        """(what, expected, got) of each that is not as expected; none: the case passes."""
        expect, desired, change = self.case.expect, self.desired, self.change
        got, role = self.result
        asked = {
            "rule": (expect.rule, desired.rule),
            "mode": (expect.mode, desired.mode),
            "action": (expect.action, change.action),
            "reason": (expect.reason, change.reason.value),
        }
        differ = [(what, wanted, got) for what, (wanted, got) in asked.items() if wanted is not None and wanted != got]
        if expect.verdict != got or expect.role not in (None, role):
            differ.insert(0, ("result", verdict(expect.verdict, expect.role or ""), self._got()))
        return differ

    def _got(self) -> str:
        word, role = self.result
        if self.desired.expired:
            return "no role: the time of its tag ram-role-until is over"
        if word == "refused" and self.change.reason is not Reason.ROLE_NOT_LISTED:
            return f"refused ({self.change.reason.value})" + (f" for role {role}" if role else "")
        return verdict(word, role)


@dataclass(frozen=True)
class Tested:
    """The cases of one file, judged. rules: in the order of roles.yaml, each with the number of cases that it decides."""

    file: str
    judged: Sequence[Judged]
    rules: Mapping[str, int]

    @property
    def failed(self) -> list[Judged]:
        return [each for each in self.judged if each.differences]

    @property
    def unreached(self) -> list[str]:
        return [rule for rule, cases in self.rules.items() if not cases]


def verdict(word: str, role: str) -> str:
    """Return the wish of roles.yaml in words."""
    if word == "refused":
        return f"refused, as role {role!r} is not listed" if role else "refused"
    return {"none": "no rule matches", "ignore": "left alone (then: ignore)"}.get(word, f"role {role}")


def show(tested: Tested, *, coverage: bool, strict: bool) -> None:
    """Print what failed first, then what no case reaches, then the counts."""
    out = console()
    for each in tested.failed:
        _failed(tested.file, each, out)
    if coverage:
        made = table("cases", "rule", whole=("rule",))
        for rule, cases in sorted(
            tested.rules.items(), key=lambda item: item[1] > 0
        ):  # none first, else as in the file
            made.add(str(cases) if cases else ("none", "red" if strict else "yellow"), rule)
        print_table(made, out)
    elif strict:
        for rule in tested.unreached:
            say((f"no case reaches rule '{rule}'", "red"), out=out)
    failed, rules = len(tested.failed), len(tested.rules)
    say(
        f"{tested.file}: {counted(len(tested.judged), 'case')}, {failed or 'none'} failed; "
        f"{rules - len(tested.unreached)} of {counted(rules, 'rule')} reached",
        out=out,
    )


def failure(each: Judged) -> list[str]:
    """Return the lines that say what was expected and what came."""
    lines = []
    for what, wanted, got in each.differences:
        lines.append(f"  {what}: expected {wanted}")
        lines.append(f"  {' ' * len(what)}  got      {got or 'none'}")
    return lines


def plain(parts: Sequence[Part]) -> str:
    """Return a line of an explanation without its colours."""
    return "".join(part if isinstance(part, str) else part[0] for part in parts)


def _failed(file: str, each: Judged, out: Screen) -> None:
    say(("FAILED ", "red"), f"{each.case.name} ({file}:{each.case.line})", out=out)
    for line in failure(each):
        say(line, out=out)
    for parts in each.why:
        say("  ", *parts, out=out)


def as_json(tested: Tested, mapping_hash: str) -> dict[str, Any]:
    """Return all of it as one object."""
    return {
        "file": tested.file,
        "mapping_hash": mapping_hash,
        "failed": len(tested.failed),
        "cases": [
            {
                "name": each.case.name,
                "line": each.case.line,
                "passed": not each.differences,
                "verdict": each.result[0],
                "role": each.result[1],
                "rule": each.desired.rule,
                "mode": each.desired.mode,
                "action": each.change.action,
                "reason": each.change.reason.value,
                "differences": [
                    dict(zip(("what", "expected", "got"), found, strict=True)) for found in each.differences
                ],
                "explanation": [plain(parts) for parts in each.why],
            }
            for each in tested.judged
        ],
        "rules": dict(tested.rules),
        "unreached": tested.unreached,
    }
