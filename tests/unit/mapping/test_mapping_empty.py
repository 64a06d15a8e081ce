"""What is written and empty is never read as left out, where that would mean something else."""

from __future__ import annotations

import pytest

from shared.mapping import check, load

FILE = {
    "version": "version: 1\n",
    "roles": "roles:\n  web: {}\n",
    "rules": "rules:\n  - name: r\n    role: web\n",
    "settings": "",
}
ROLE = "roles:\n  web:\n    "
RULE = "rules:\n  - name: r\n    role: web\n    "
FORMS = {"nothing": "", "null": "null", "~": "~", "{}": "{}", "[]": "[]"}

# Where the key stands: the part of the file, its text up to the key, its line in the file.
EMPTIED = {
    "version": ("version", "version:", 1),
    "roles": ("roles", "roles:", 2),
    "policies": ("roles", f"{ROLE}policies:", 4),
    "a policy": ("roles", f"{ROLE}policies:\n      -", 5),
    "template": ("roles", f"{ROLE}policies:\n      - template:", 5),
    "with": ("roles", f"{ROLE}policies:\n      - template: t\n        with:", 6),
    "a variable": ("roles", f"{ROLE}policies:\n      - template: t\n        with:\n          a:", 7),
    "system": ("roles", f"{ROLE}policies:\n      - system:", 5),
    "document": ("roles", f"{ROLE}policies:\n      - document:", 5),
    "allow of a policy": ("roles", f"{ROLE}policies:\n      - system: A\n        allow:", 6),
    "allow of a role": ("roles", f"{ROLE}allow:", 4),
    "description": ("roles", f"{ROLE}description:", 4),
    "rules": ("rules", "rules:", 4),
    "a rule": ("rules", "rules:\n  -", 5),
    "name of a rule": ("rules", "rules:\n  - role: web\n    name:", 6),
    "role of a rule": ("rules", "rules:\n  - name: r\n    role:", 6),
    "then": ("rules", "rules:\n  - name: r\n    then:", 6),
    "mode of a rule": ("rules", f"{RULE}mode:", 7),
    "foreign_roles of a rule": ("rules", f"{RULE}foreign_roles:", 7),
    "when": ("rules", f"{RULE}when:", 7),
    "tags": ("rules", f"{RULE}when:\n      tags:", 8),
    "a tag": ("rules", f"{RULE}when:\n      tags:\n        app:", 9),
    "a tag's list": ("rules", f"{RULE}when:\n      tags:\n        app:\n          -", 10),
    "not of a tag": ("rules", f"{RULE}when:\n      tags:\n        app:\n          not:", 10),
    "exists": ("rules", f"{RULE}when:\n      tags:\n        app:\n          exists:", 10),
    "an attribute": ("rules", f"{RULE}when:\n      vpc:", 8),
    "any": ("rules", f"{RULE}when:\n      any:", 8),
    "one of any": ("rules", f"{RULE}when:\n      any:\n        -", 9),
    "not": ("rules", f"{RULE}when:\n      not:", 8),
    "tags within not": ("rules", f"{RULE}when:\n      not:\n        tags:", 9),
    "mode": ("settings", "settings:\n  mode:", 8),
    "displace": ("settings", "settings:\n  displace:", 8),
    "launch_grace": ("settings", "settings:\n  launch_grace:", 8),
    "max_removals": ("settings", "settings:\n  brake:\n    max_removals:", 9),
    "record_unchanged": ("settings", "settings:\n  record_unchanged:", 8),
}


def file(part: str, text: str) -> str:
    return "".join({**FILE, part: text}.values())


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(("part", "text", "line"), EMPTIED.values(), ids=EMPTIED)
def test_an_emptied_key_is_an_error_on_its_line(part: str, text: str, line: int, form: str) -> None:
    problems = check(file(part, f"{text} {form}\n          # commented: out\n"))

    assert [problem.severity for problem in problems[:1]] == ["error"]
    assert line in {problem.line for problem in problems}


@pytest.mark.parametrize("merged", ["{}", "*empty", "[]", "[*empty, {}]"])
def test_a_when_that_merges_nothing_is_empty(merged: str) -> None:
    rules = f"  - name: a\n    when: {{vpc: v, not: {{vpc: &empty {{}}}}}}\n    role: web\n  - name: b\n    when: {{<<: {merged}}}\n    role: web\n"
    assert 11 in {problem.line for problem in check("".join(FILE.values()) + rules) if problem.severity == "error"}


def test_an_emptied_when_says_how_every_instance_is_written() -> None:
    (problem,) = check(file("rules", f"{RULE}when:\n      # tags: {{app: web}}\n"))
    assert str(problem).startswith("roles.yaml:7: rule 'r': when: empty: nothing limits the rule")
    assert "leave `when` out where every instance is meant" in problem.message


@pytest.mark.parametrize(
    ("part", "text"),
    [
        pytest.param("roles", "roles:\n  web:\n", id="a role: its name lists it"),
        pytest.param("settings", "settings: {}\n", id="settings: the defaults"),
        pytest.param("settings", "settings:\n  brake: {}\n", id="brake: the defaults"),
        pytest.param("roles", 'roles:\n  web:\n    description: ""\n', id="a description: none"),
    ],
)
def test_what_may_be_empty_means_what_its_absence_means(part: str, text: str) -> None:
    assert load(file(part, text)).hash == load("".join(FILE.values())).hash
