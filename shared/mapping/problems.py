"""The problems of a roles.yaml and their places: problems, all of them in one error. Knows nothing of YAML or of rules."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Literal, Protocol

import msgspec

from shared.clean import shortened
from shared.errors import ConfigError
from shared.suggestions import did_you_mean


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to fix. `str()` is one line: `roles.yaml:14: rule 'web tier': when.tag: unknown key; did you mean 'tags'?`.

    line, column: from 1. rule: the rule's name, "" outside rules or where it has none. key: the dotted path from the top
    of the file, "" for the file itself. A warning does not keep the file from loading; an error does.
    """

    file: str
    line: int
    column: int
    message: str
    rule: str = ""
    key: str = ""
    suggestion: str = ""
    severity: Literal["error", "warning"] = "error"
    thing: Literal["rule", "case"] = "rule"
    """The named things of this file: `rule` is the name of one."""

    def __str__(self) -> str:
        key = self.key
        place = f"{self.file}:{self.line}: "
        if self.severity == "warning":
            place += "warning: "
        if self.rule:
            place += f"{self.thing} '{shortened(self.rule)}': "
            key = key.partition("].")[2]  # "rules[1].when.tag": the rule's name says the first part better
        if key:
            place += f"{shortened(key)}: "
        text = place + shortened(self.message) + (f"; {shortened(self.suggestion)}" if self.suggestion else "")
        return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class MappingError(ConfigError):
    """The file cannot be used. Carries every error found, in the order of the file; `str()` has a line for each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Where(msgspec.Struct, frozen=True):
    """The place of a value in the file's structure, in the operator's words."""

    key: str = ""
    rule: str = ""

    def at(self, name: str) -> Where:
        return Where(f"{self.key}.{name}" if self.key else name, self.rule)

    def item(self, index: int, rule: str = "") -> Where:
        return Where(f"{self.key}[{index}]", rule or self.rule)


class Placed(Protocol):
    """Anything that knows where in the text it stands."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


class Report:
    """Collects the problems of one file while it is read, so that the operator sees all of them at once."""

    def __init__(self, file: str, *, thing: Literal["rule", "case"] = "rule") -> None:
        self.file, self._thing = file, thing
        self._found: dict[Problem, None] = {}  # in turn; an anchor used twice is wrong once
        self.count = 0  # of reports, doubles too: what is read twice and wrong is wrong both times

    def error(self, at: Placed, where: Where, message: str, suggestion: str = "") -> None:
        self._add("error", at, where, message, suggestion)

    def warning(self, at: Placed, where: Where, message: str) -> None:
        self._add("warning", at, where, message, "")

    def _add(self, severity: Literal["error", "warning"], at: Placed, where: Where, message: str, hint: str) -> None:
        self.count += 1
        problem = Problem(
            file=self.file,
            line=at.line,
            column=at.column,
            message=message,
            rule=where.rule,
            key=where.key,
            suggestion=hint,
            severity=severity,
            thing=self._thing,
        )
        self._found[problem] = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(sorted(self._found, key=lambda problem: (problem.line, problem.column)))

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


_NEGATED = re.compile(
    r"(?i:(?:not|non|without|except|excluded?)[-_. ]?|(?:no|un)[-_. ])(..+)|no([A-Z].+)|(..+)(?i:[-_. ]?not)|!\s*(..+)|(..+)!"
)


def negated(word: str) -> str:
    """Return what a word such as `not_tags` or `excludeVpc` turns around (`tags`, `Vpc`), "" where it turns nothing around."""
    found = _NEGATED.fullmatch(word)
    return next(filter(None, found.groups())) if found else ""


def nearest(word: str, known: Collection[str]) -> str:
    """Return `did you mean 'tags'?` for the known word most like this one, "" where none is like it.

    A word that says not is never taken for one that does not.
    """
    from shared.mapping.characters import plain  # of use to an operator alone, not at a function's start

    word = plain(word)
    turns = bool(negated(word))
    return did_you_mean(word, [candidate for candidate in known if turns <= bool(negated(candidate))])
