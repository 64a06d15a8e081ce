"""Text from outside in what the commands print: it is neither markup nor an order to the terminal, and JSON stays JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import app
from cli.policy import app as policy
from fakecloud.cloud import Cloud
from tests.functional.cli import every
from tests.functional.cli.inside import inside
from tests.functional.cli.operator import Command
from tests.unit.gateways.test_clean import UNSEEN

MARKUP = "[/bold][red]x[/] [bold]y[/bold] [link=http://a]z :boom: \\[b]"
ORDERS = "".join(char for char in UNSEEN.values() if char not in "\0\udc80")
ENDS_LINES = {"\n"}
"""Between lines of ours: none may come from a text, which is tested by what follows it."""


def check(told: str, *, is_json: bool) -> None:
    found = [name for name, char in UNSEEN.items() if char in told and char not in ENDS_LINES]
    assert not found, f"these reached the terminal: {found}"
    assert "\nforged" not in told
    if is_json:
        assert told.isascii()
        assert [json.loads(line) for line in told.splitlines()]


@pytest.mark.each_value
@pytest.mark.parametrize("row", [*every.OFFLINE, *every.CLOUD])
@pytest.mark.parametrize("text", [MARKUP, f"a{ORDERS}b\nforged"], ids=["markup", "orders"])
def test_it_is_shown_and_not_obeyed(
    cloud: Cloud, rolekeeper: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str, text: str
) -> None:
    every.estate(cloud, text)
    words = every.words({**every.OFFLINE, **every.CLOUD}[row], tmp_path, text)
    (mapping,) = every.words(["ROLES"], tmp_path, text)
    monkeypatch.setenv("ROLEKEEPER_ROLES_FILE", mapping)
    monkeypatch.chdir(every.ROOT if row in every.OFFLINE else tmp_path)
    if row == "remediate, odd errors":
        cloud.faults.add("error", action="DescribeInstances", code="Odd", message=text, count=None, status=403)
    ran = rolekeeper(*words)
    assert "Traceback" not in ran.err
    assert ran.out + ran.err
    check(ran.out, is_json="--json" in words and ran.code != 1)
    check(ran.err, is_json=False)


def test_every_command_is_among_them() -> None:
    """A new one gets a row in every.py."""
    rows = {**every.OFFLINE, **every.CLOUD, **every.STAGED}.values()
    named = {words[0] for words in rows} | {f"policy {words[1]}" for words in rows if words[0] == "policy"}
    commands = {
        command.name or str(command.callback and command.callback.__name__) for command in app.registered_commands
    }
    commands |= {
        f"policy {one.name or str(one.callback and one.callback.__name__)}" for one in policy.registered_commands
    }
    assert commands - named == set()


SHOWN = {
    "read": (["read", "EVENT"], "eve[/bold][red]x[/]"),
    "a file's name": (["read", "EVENT"], "event [|bold][red]x[|]"),
    "a file that is not there": (["read", "NO_FILE"], "none [|bold]"),
    "validate": (["validate", "WRONG"], "wrong [|bold]"),
    "a mistake of validate": (["validate", "WRONG"], "x[/bold][red]x[/]"),
    "policy lint": (["policy", "lint", "POLICY"], "[/bold][red]x[/]"),
}  # fmt: skip


@pytest.mark.parametrize(("row", "text"), SHOWN.values(), ids=SHOWN)
def test_markup_is_shown_as_it_was_written(rolekeeper: Command, tmp_path: Path, row: list[str], text: str) -> None:
    ran = rolekeeper(*every.words(row, tmp_path, MARKUP))
    assert text in ran.out + ran.err


@pytest.mark.each_value
@pytest.mark.parametrize("row", ["replay", "replay --json"])
@pytest.mark.parametrize("text", [MARKUP, f"a{ORDERS}b\nforged"], ids=["markup", "orders"])
def test_nor_in_a_replay(tmp_path: Path, row: str, text: str) -> None:
    words = every.words(every.STAGED[row], tmp_path, text)
    ran = inside(*words)
    out, err = ran.stdout.decode(), ran.stderr.decode()
    assert "Traceback" not in out + err
    check(out, is_json="--json" in words)
    check(err, is_json=False)
