"""`rolekeeper validate --strict` and `--json`: the same findings, for CI."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.functional.cli.inside import inside

GOOD = "version: 1\nroles: {web: {description: w}}\nrules: [{name: a, when: {tags: {app: web}}, role: web}]\n"
WARNED = GOOD.replace("rules: [", "rules: [{name: z, when: {tags: {app: web}}, role: web}, ")
WRONG = GOOD.replace("role: web", "role: wbe")
EXAMPLES = {
    "valid": (GOOD, "", 0, 0, 0),
    "valid, strict": (GOOD, "--strict", 0, 0, 0),
    "a warning": (WARNED, "", 0, 0, 1),
    "a warning, strict": (WARNED, "--strict", 1, 0, 1),
    "an error": (WRONG, "", 1, 1, 1),
    "an error, strict": (WRONG, "--strict", 1, 1, 1),
}


@pytest.mark.parametrize(("text", "option", "code", "errors", "warnings"), EXAMPLES.values(), ids=list(EXAMPLES))
def test_the_exit_code_and_the_object_agree(
    tmp_path: Path, text: str, option: str, code: int, errors: int, warnings: int
) -> None:
    (tmp_path / "roles.yaml").write_text(text)
    words = ["validate", *([option] if option else [])]
    ran = inside(*words, "--json", cwd=tmp_path)
    told = json.loads(ran.stdout)
    assert (ran.returncode, told["exit_code"], told["valid"]) == (code, code, not code)
    assert (told["errors"], told["warnings"], len(told["problems"])) == (errors, warnings, errors + warnings)
    for problem in told["problems"]:
        assert (problem["file"], problem["line"] in (2, 3), bool(problem["message"])) == ("roles.yaml", True, True)
    people = inside(*words, cwd=tmp_path)
    assert people.returncode == code
    assert ("which --strict does not let pass" in people.stdout.decode()) is (
        bool(option) and not errors and bool(warnings)
    )


def test_a_warning_that_has_no_place_counts_too(tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text(GOOD + "settings: {foreign_roles: replace, displace: [legacy-*]}\n")
    told = json.loads(inside("validate", "--json", "--strict", cwd=tmp_path).stdout)
    assert (told["exit_code"], told["warnings"]) == (1, 1)
    assert "ROLEKEEPER_PROOF_KEYS is not set here" in told["problems"][0]["message"]
