"""Leaving rolekeeper as docs/operations.md tells: a mapping that gives the listed roles to nobody takes them off, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from fakecloud.cloud import Cloud
from tests.functional.cli.operator import RULES, Command, make

ROOT = Path(__file__).resolve().parents[3]


def told() -> tuple[str, list[str]]:
    """The rules and the commands that the section shows."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.split("\n### Removing it\n")[1].split("\n## ")[0]
    (rules,) = re.findall(r"(?ms)^```yaml\n(.*?)^```", section)
    return rules, re.findall(r"(?m)^rolekeeper (.+)$", section)


def test_the_listed_roles_are_taken_off_and_no_other(cloud: Cloud, rolekeeper: Command) -> None:
    rules, (tried, done) = told()
    listed, settings = RULES.split("rules:")[0], RULES[RULES.index("settings:") :]
    Path("leaving.yaml").write_text(listed + rules + settings)
    ours = [*make(cloud, 120, "web", role="web"), *make(cloud, 3, role="worker")]
    foreign, bare = make(cloud, 2, "web", role="foreign"), make(cloud, 2, "web")
    words = [command.replace('"leaving rolekeeper"', "leaving").split() for command in (tried, done)]
    assert rolekeeper(*words[0]).code == 2
    assert {i.role for i in ours} == {"web", "worker"}
    ran = rolekeeper(*words[1])
    assert ran.code == 0, ran.err
    assert {i.role for i in ours} == {""}
    assert ([i.role for i in foreign], [i.role for i in bare]) == (["foreign"] * 2, [""] * 2)
