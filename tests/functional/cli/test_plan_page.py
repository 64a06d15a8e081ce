"""docs/plan.md shows what `rolekeeper plan` prints: for the fleet that is made here."""

from __future__ import annotations

import re
from pathlib import Path

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.functional.cli.operator import Command, make
from tests.functional.cli.test_plan_and_apply import GRANTS

PAGE = Path(__file__).resolve().parents[3] / "docs/plan.md"
BLOCK = re.compile(r"(?s)(<!-- plan -->\n```\n).*?(```\n<!-- /plan -->)")
MORE = """rules:
  - {name: on trial, when: {tags: {app: trial}}, role: web, mode: audit}
  - {name: by tag, when: {tags: {ram-role: {exists: true}}}, role: "${tags.ram-role}"}
  - {name: Web tier, when: {tags: {app: web}}, role: web}
"""


def test_the_page_shows_what_the_command_prints(cloud: Cloud, rolekeeper: Command) -> None:
    for role in ("web", "worker"):
        del cloud.ram.account(ACCOUNT).roles[role]
    Path("roles.yaml").write_text(GRANTS.partition("rules:")[0] + MORE, encoding="utf-8")
    assert rolekeeper("provision").code == 0
    for app, role, count in (
        ("web", "", 30),
        ("web", "worker", 3),
        ("web", "web", 40),
        ("", "worker", 2),
        ("trial", "", 1),
    ):
        make(cloud, count, app, role=role, name=f"{app or 'old'}-node")
    make(cloud, 1, "web", role="foreign", name="bastion")
    cloud.ecs.make(1, tags={"ram-role": "wroker"}, name="jobs-1")
    printed = rolekeeper("plan", "-o", "plan.json").out
    page = PAGE.read_text(encoding="utf-8")
    shown = BLOCK.search(page)
    assert shown
    assert shown[0] == f"{shown[1]}{printed}{shown[2]}", printed
