"""Leaving rolekeeper as docs/operations.md tells: a mapping that gives the listed roles to nobody takes them off, and no other."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.functional.cli.operator import RULES, Command, make

ROOT = Path(__file__).resolve().parents[3]


TEXT = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SECTION = TEXT.split("\n### Removing it\n")[1].split("\n## ")[0]
(NOTHING,) = re.findall(r"(?ms)^```yaml\n(.*?)^```", SECTION)
(LAST,) = re.findall(r"(?ms)^cat > last.yaml <<'END'\n(.*?)^END$", SECTION)
TRIED, DONE, PRUNED = (shlex.split(command) for command in re.findall(r"(?m)^rolekeeper ((?:rem|prov).+)$", SECTION))


def leaving() -> None:
    Path("leaving.yaml").write_text(RULES.split("rules:")[0] + NOTHING + RULES[RULES.index("settings:") :])


def test_the_listed_roles_are_taken_off_and_no_other(cloud: Cloud, rolekeeper: Command) -> None:
    leaving()
    ours = [*make(cloud, 120, "web", role="web"), *make(cloud, 3, role="worker")]
    foreign, bare = make(cloud, 2, "web", role="foreign"), make(cloud, 2, "web")
    assert rolekeeper(*TRIED).code == 2
    assert {i.role for i in ours} == {"web", "worker"}
    ran = rolekeeper(*DONE)
    assert ran.code == 0, ran.err
    assert {i.role for i in ours} == {""}
    assert ([i.role for i in foreign], [i.role for i in bare]) == (["foreign"] * 2, [""] * 2)


def test_then_all_roles_but_one_are_deleted_and_nothing_holds_that_one_up(cloud: Cloud, rolekeeper: Command) -> None:
    assert rolekeeper("provision", "--adopt", "web", "--adopt", "worker").code == 0
    leaving()
    make(cloud, 2, "web", role="web")
    assert rolekeeper(*DONE).code == 0
    Path("last.yaml").write_text(LAST)
    ran = rolekeeper(*PRUNED)
    assert ran.code == 0, ran.err
    roles = cloud.ram.account(ACCOUNT).roles
    assert {role.name for role in roles.values()} >= {"worker", "foreign"}
    assert cloud.ram.role(ACCOUNT, "web") is None
    last = cloud.ram.role(ACCOUNT, "worker")
    assert last is not None
    assert not last.attached, "DeleteRole takes it as it is"
