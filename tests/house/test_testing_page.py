"""The page on tests of rules: its cases are good, and what it shows is what the command prints."""

from __future__ import annotations

import re
from pathlib import Path

from shared.mapping import load
from shared.mapping.cases import load_cases
from shared.mapping.expectation import Expect
from tests.functional.cli.inside import inside

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
ROLES = (ROOT / "roles.yaml").read_text(encoding="utf-8")


def test_the_example_is_read_and_passes(tmp_path: Path) -> None:
    (example,) = re.findall(r"(?ms)^```yaml\n(.*?)^```", PAGE)
    assert len(load_cases(example, load(ROLES))) == 3
    (tmp_path / "roles.yaml").write_text(ROLES, encoding="utf-8")
    (tmp_path / "roles.test.yaml").write_text(example, encoding="utf-8")
    assert inside("test", cwd=tmp_path).returncode == 0


def test_each_key_of_an_expectation_is_explained() -> None:
    for key in Expect(load(ROLES)).schema()["anyOf"][1]["properties"]:
        assert f"`{key}: " in PAGE or f"`{{{key}: " in PAGE


def test_what_it_shows_is_what_is_printed(tmp_path: Path) -> None:
    shown = [block for kind, block in re.findall(r"(?ms)^```(\w*)\n(.*?)^```", PAGE) if not kind]
    cases = (ROOT / "roles.test.yaml").read_text(encoding="utf-8")
    (tmp_path / "roles.yaml").write_text(ROLES.replace("env: [prod, staging]", "env: [prod]"), encoding="utf-8")
    (tmp_path / "roles.test.yaml").write_text(cases, encoding="utf-8")
    assert inside("test", cwd=tmp_path).stdout.decode() == shown[0]
    typo = cases.replace("role: web-reader, rule: web tier", "role: web-raeder, rule: web tier", 1)
    (tmp_path / "roles.test.yaml").write_text(typo, encoding="utf-8")
    assert inside("test", cwd=tmp_path).stderr.decode() == shown[1]
