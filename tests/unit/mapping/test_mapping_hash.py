"""The hash tells two meanings apart and no two spellings of one."""

from __future__ import annotations

import re

import pytest

from shared.mapping import load

BASE = """\
version: 1
roles:
  web: {description: d, policies: [{template: t, with: {a: b, c: [d, e]}}, {system: S}]}
  worker: {}
rules:
  - name: one
    when: {tags: {app: web, env: [prod, staging]}, vpc: vpc-1, any: [{name: a}, {name: b}]}
    role: web
  - name: two
    role: worker
"""


def test_the_hash_is_12_hex_digits() -> None:
    assert re.fullmatch("[0-9a-f]{12}", load(BASE).hash)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("version: 1\n", "# a comment\n\nversion:   1\n", id="comments and layout"),
        pytest.param(
            "{app: web, env: [prod, staging]}", "{env: [staging, prod], app: 'web'}", id="order in a condition"
        ),
        pytest.param("{tags: {app: web", "{tags: {APP: web", id="case of a tag key"),
        pytest.param("[{name: a}, {name: b}]", "[{name: b}, {name: a}]", id="order within any"),
        pytest.param("  worker: {}\n", "  worker:\n", id="an empty role"),
        pytest.param("{system: S}", "{system: S, allow: [{code: RK101, reason: r}]}", id="what the lint lets pass"),
        pytest.param("{a: b, c: [d, e]}", "{c: [d, e], a: b}", id="order of variables"),
        pytest.param("    role: worker\n", "    role: worker\nsettings: {launch_grace: 600s}\n", id="a default"),
        pytest.param("    role: worker\n", "    mode: enforce\n    role: worker\n", id="a rule's default"),
    ],
)
def test_spelling_does_not_change_the_hash(old: str, new: str) -> None:
    assert old in BASE
    assert load(BASE.replace(old, new)).hash == load(BASE).hash


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("name: two", "name: three", id="a rule's name"),
        pytest.param("vpc-1", "vpc-2", id="a value"),
        pytest.param("{app: web", "{app: Web", id="case of a value"),
        pytest.param("vpc: vpc-1", "zone: vpc-1", id="an attribute"),
        pytest.param("vpc: vpc-1", "vpc: {not: vpc-1}", id="a negation"),
        pytest.param("any: [{name: a}, {name: b}]", "not: {name: [a, b]}", id="a combination"),
        pytest.param("    role: worker", "    role: web", id="a role given"),
        pytest.param("    role: worker", "    then: ignore", id="ignore"),
        pytest.param("    role: worker", "    role: worker\n    mode: audit", id="a rule's mode"),
        pytest.param("    role: worker", "    role: worker\n    foreign_roles: replace", id="a rule's foreign roles"),
        pytest.param("    role: worker\n", "    role: worker\nsettings: {launch_grace: 601s}\n", id="the grace"),
        pytest.param("    role: worker\n", "    role: worker\nsettings: {brake: {at_least: 9}}\n", id="the brake"),
        pytest.param(
            "    role: worker\n", "    role: worker\nsettings: {record_unchanged: on}\n", id="what is recorded"
        ),
        pytest.param("  worker: {}\n", "  worker: {}\n  third: {}\n", id="a role listed"),
        pytest.param("{system: S}", "{template: s}", id="a policy"),
        pytest.param("a: b", "a: c", id="a variable"),
        pytest.param("description: d", "description: e", id="a description"),
    ],
)
def test_meaning_changes_the_hash(old: str, new: str) -> None:
    assert old in BASE
    assert load(BASE.replace(old, new)).hash != load(BASE).hash


def test_the_order_of_rules_changes_the_hash() -> None:
    head, one, two = BASE.partition("  - name: one")[0], *re.findall(r"  - name:(?:.|\n(?!  - ))*\n", BASE)

    assert load(head + one + two).hash == load(BASE).hash
    assert load(head + two + one).hash != load(BASE).hash


def test_the_hash_does_not_depend_on_the_run() -> None:
    assert (
        load("version: 1\nroles: {a: }\nrules: [{name: r, when: {tags: {k: [x, y, z]}}, role: a}]\n").hash
        == "1b95c8a90936"
    )
