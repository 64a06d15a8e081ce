"""docs/compare.md shows what the commands print: each of its consoles is run, on the files that it shows and a fleet that is made here."""

from __future__ import annotations

import re
from pathlib import Path

from shared.model.snapshot import written
from tests.functional.cli.inside import inside
from tests.functional.cli.test_adopt import HEADER, fleet

PAGE = Path(__file__).resolve().parents[3] / "docs/compare.md"
FILE = re.compile(r"(?s)<!-- ([\w.]+) -->\n```yaml\n(.*?)```")
CONSOLE = re.compile(r"(?s)```console\n\$ rolekeeper (.*?)\n(.*?)```")


def test_the_page_shows_what_the_commands_print(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    shown = dict(FILE.findall(page))
    (tmp_path / "fleet.json").write_bytes(b"".join(written(HEADER, fleet(1000))))
    for name, content in shown.items():
        if name != "first.yaml":
            (tmp_path / name).write_text(content, encoding="utf-8")
    for words, printed in CONSOLE.findall(page):
        ran = inside(*words.split(), cwd=tmp_path)
        assert ran.stderr == b""
        assert printed == ran.stdout.decode(), f"rolekeeper {words}"
    made = (tmp_path / "first.yaml").read_text(encoding="utf-8")
    assert shown["first.yaml"] == made[made.index("version: 1") :], made
