"""The demo runs to its good end, and both READMEs show what it really prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def printed() -> str:
    """As a newcomer runs it: in a process of its own, with nothing of ours in the environment, and a proxy."""
    ran = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", "demo", "--plain"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8", "HTTP_PROXY": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr == ""
    return ran.stdout


def stable(text: str) -> list[str]:
    """The lines without what differs from run to run: numbers, keys, times, and the width of what has them.

    In no order: events of different instances arrive as they are delivered, and a slow machine launches more slowly. So which
    of an unmapped instance's events of its launch find it looked at already differs too.
    """
    text = re.sub(r'"(STS|CAIS|[0-9a-f]{9})[^"]*"', '"KEY"', text)
    text = re.sub(r"\d+", "#", text)
    text = re.sub("(instance-created: )(# unchanged|ignored, looked-since)", r"\1either", text)
    lines = [re.sub(r"\s+", " ", line).strip() for line in text.strip().splitlines()]
    looks = {line for line in lines if "instance_created plain-#" in line}
    return sorted([*looks, *(line for line in lines if line not in looks)])


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_shows_what_the_demo_prints(name: str, printed: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    shown = text.split("<!-- demo -->\n```\n")[1].split("\n```\n<!-- /demo -->")[0]
    assert stable(shown) == stable(printed), "paste the output of `rolekeeper demo --plain` between the demo marks"


def test_the_story_holds_at_every_look(printed: str) -> None:
    assert "✘" not in printed
    assert printed.count("✔") >= 7


def test_the_story_has_each_outcome_in_its_records(printed: str) -> None:
    table = printed.split("asked through the SLS client")[1]
    for words in (
        r"attached\s+missing",
        r"swapped\s+wrong",
        r"detached\s+no-longer-mapped",
        r"skipped\s+foreign-role",
        r"unchanged\s+in-sync",
        r"unchanged\s+no-rule",
        r"complete",
    ):
        assert re.search(words, table), words
