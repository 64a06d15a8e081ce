"""docs/explain.md shows what `rolekeeper explain` prints."""

from __future__ import annotations

import re

from tests.functional.cli.every import ROOT
from tests.functional.cli.inside import inside

PAGE = ROOT / "docs/explain.md"
BLOCK = re.compile(r"(?s)(<!-- explain -->\n```\n\$ rolekeeper ([^\n]*)\n).*?(```\n<!-- /explain -->)")


def test_the_page_shows_what_the_command_prints() -> None:
    shown = BLOCK.search(PAGE.read_text(encoding="utf-8"))
    assert shown
    ran = inside(*shown[2].split())
    printed = ran.stdout.decode()
    assert ran.returncode == 0, ran.stderr.decode()
    assert shown[0] == f"{shown[1]}{printed}{shown[3]}", printed
