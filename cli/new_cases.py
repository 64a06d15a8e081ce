"""`rolekeeper test --new`: writes a file with one case a rule. What is written has been read back, and passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from cli.cases import beside, decided, judge
from cli.files import text
from cli.output import counted, print_json, say
from shared.clean import visible
from shared.errors import ConfigError
from shared.mapping import Mapping, load
from shared.mapping.cases import Case, load_cases
from shared.mapping.described import Described
from shared.mapping.expectation import Expectation
from shared.mapping.witnesses import Example, examples

HEAD = """\
# The cases of {roles}: `rolekeeper test` says whether each instance gets what is expected here.
# One case a rule, each with an instance that the rule decides on, as it is now. Read each: is it what you mean?
# Then write the cases that you care about: who must not get a role, which rule comes first.
"""


def run(file: Path | None, *, roles_file: Path, as_json: bool) -> int:
    """Exit code 0. Raises ConfigError where the file is there already."""
    mapping = load(text(roles_file), file=str(roles_file))
    file = file or beside(roles_file)
    found = list(examples(mapping))
    made = [example for example in found if isinstance(example, Example)]
    content = HEAD.format(roles=visible(roles_file.name)) + written(made, mapping)
    _check(content, mapping, file)
    try:
        with file.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(content)
    except FileExistsError:
        raise ConfigError(
            f"{file}: is there already, and is not overwritten; name another file: rolekeeper test --new FILE"
        ) from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from error
    without = [name for name in found if isinstance(name, str)]
    if as_json:
        print_json({"file": str(file), "cases": len(made), "without_case": without})
        return 0
    for name in without:
        why = "no instance was found that gets through to it; `rolekeeper validate` says more"
        say((f"no case for rule '{name}': {why}", "yellow"))
    rules = counted(len(mapping.rules), "rule")
    say(f"{file}: {counted(len(made), 'case')} for {rules}; read them, then run: rolekeeper test")
    return 0


def written(made: list[Example], mapping: Mapping) -> str:
    """Return the text of the file, without its comments."""
    cases = [
        {"name": example.name, "instance": _instance(example), "expect": _expect(example, mapping)} for example in made
    ]
    parts = [
        yaml.safe_dump([case], sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=None)
        for case in cases
    ]
    return "version: 1\ncases:\n" + "\n".join(
        "".join(f"  {line}\n" for line in part.rstrip().split("\n")) for part in parts
    )


def _expect(example: Example, mapping: Mapping) -> str | dict[str, str]:
    instance = Described(example.fields).instance()
    got = decided(Case(name=example.name, instance=instance, expect=Expectation(verdict="none")), mapping)
    (word, role), rule = got.result, got.desired.rule
    if word == "none":
        return "none"
    result = {"role": role} if word == "role" else {"then": word}
    reason = {"reason": got.change.reason.value} if word == "refused" else {}
    mode = {"mode": got.desired.mode} if got.desired.mode != mapping.settings.mode else {}
    return {**result, "rule": rule, **mode, **reason}


def _instance(example: Example) -> dict[str, Any]:
    """Return the instance as a file of cases has it."""
    fields = dict(example.fields)
    tokens = fields.pop("http_tokens", None)
    return {**fields, **({"imdsv2": tokens == "required"} if tokens else {})}


def _check(content: str, mapping: Mapping, file: Path) -> None:
    tested = judge(load_cases(content, mapping, file=str(file)), mapping, file=str(file))
    if tested.failed:
        raise AssertionError(f"the case {tested.failed[0].case.name!r} that was made does not pass")
