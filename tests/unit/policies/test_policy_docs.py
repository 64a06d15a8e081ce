"""docs/policies.md says what the code does: codes, templates, examples, what is not verified."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from shared.mapping import load
from shared.policies import RULES, check, compact, desired, template, template_names
from shared.policies.template import parse

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in GUIDE.splitlines() if line.startswith("| ")]
UNVERIFIED = re.findall(r"^- \*\*([a-z-]+)\*\*: (.*(?:\n  .*)*)", GUIDE, re.M)


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", GUIDE, re.M | re.S)
    assert found
    return found[1]


def test_every_code_stands_in_the_table_with_its_name_and_severity() -> None:
    listed = {row[0]: row[1:3] for row in ROWS if row[0].startswith("RK")}

    assert listed == {code: [rule.name, rule.severity] for code, rule in RULES.items()}


@pytest.mark.parametrize("name", template_names())
def test_every_template_stands_in_the_table_with_its_variables(name: str) -> None:
    (row,) = [row for row in ROWS if row[0] == f"`{name}`"]
    shipped = template(name)

    assert row[2] == shipped.description
    shown = []
    for variable, declared in shipped.variables.items():
        default = [declared.default] if isinstance(declared.default, str) else declared.default
        shown.append(f"`{variable}` ({', '.join(default)})" if default else f"`{variable}`")
    assert row[1] == (", ".join(shown) or "none")


def test_no_template_stands_in_the_table_that_is_not_there() -> None:
    first = {row[0].strip("`") for row in ROWS if row[0].startswith("`")}

    assert first == set(template_names())


def test_the_example_mapping_is_made_and_lints_clean() -> None:
    mapping = load(block("yaml"))

    assert check(mapping, account_id="1") == ()
    (role,) = desired(mapping, account_id="1").roles
    assert [policy.name for policy in role.policies] == [
        "rolekeeper-worker-mns-consume",
        "rolekeeper-worker-ots-read-write",
        "AliyunLogReadOnlyAccess",
        "rolekeeper-worker-own",
    ]


def test_the_example_template_has_the_parts_of_one() -> None:
    example = json.loads(block("json"))
    example["document"]["Statement"] = [{"Resource": ["${table}/${keys}"]}]

    assert parse(json.dumps(example), "example.json").allow[0].code in RULES


def test_what_is_not_verified_is_granted_by_the_template_it_is_said_of() -> None:
    assert UNVERIFIED
    for name, text in UNVERIFIED:
        granted = compact(template(name).document)
        actions = re.findall(r"`([a-z]+:[A-Z]\w+)`", text)
        left_out = re.findall(r"`([a-z]+:[A-Z]\w+)` is left out", text)
        assert all((f'"{action}"' in granted) == (action not in left_out) for action in actions), (name, actions)


def test_the_guide_to_the_mapping_points_here() -> None:
    assert "(policies.md)" in (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
