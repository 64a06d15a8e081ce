"""Tables in a narrow terminal: what people copy from them is whole, and nothing is cut."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from cli.demo import Story
from cli.output import print_table, table
from cli.replay import run
from cli.stage import HOME, stage
from fakecloud.cloud import Cloud
from tests.functional.cli.operator import Command

ROLE = "a-role-with-a-name-of-forty-characters-1"
RULES = f"""
version: 1
roles: {{{ROLE}: {{description: w, policies: [{{system: AliyunOSSReadOnlyAccess}}, {{template: ecs-self-describe}}]}}}}
rules: [{{name: a rule with a name of many words, when: {{tags: {{app: web}}}}, role: {ROLE}}}]
"""
EVENT = HOME / "events" / "instance_created" / "state-created.json"


@pytest.fixture(params=[60, 80], ids="{} columns".format)
def columns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """A terminal of that width."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.usefixtures("columns")
def test_the_tables_of_the_commands_have_ids_and_names_whole(rolekeeper: Command, cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text(RULES)
    assert rolekeeper("provision").code == 0
    (instance,) = cloud.ecs.make(1, tags={"app": "web"})
    changes = plain(rolekeeper("remediate", "--all").out)
    assert re.search(r"bill: \d+ reads, 1 write: ", changes)
    assert "complete: 1 instance seen in" in changes
    roles = plain(rolekeeper("roles").out)
    assert re.search(rf"(?m)^ {instance.instance_id} +- -> {ROLE} +attached ", changes)
    assert re.search(rf"(?m)^ {ROLE} .* Custom:rolekeeper-\S*ecs-self-describe ", roles)
    assert re.search(r"(?m) System:AliyunOSSReadOnlyAccess ", roles)
    assert "…" not in changes + roles


@pytest.mark.usefixtures("columns")
def test_a_replay_has_ids_and_names_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "roles.yaml").write_text(RULES)
    run([EVENT], as_json=False, tags=["app=web"], attributes=[], role="", roles_file=tmp_path / "roles.yaml")
    told = plain(capsys.readouterr().out)
    assert re.search(rf" i-bp1ecr0000000000000a +attached +missing +- -> {ROLE} ", told)
    assert "…" not in told


def test_the_records_of_the_demo_have_names_whole(columns: int) -> None:
    written = io.StringIO()
    with stage(HOME / "roles.yaml") as on:
        story = Story(on, Console(file=written, width=columns))
        for chapter in (story.roles, story.launch, story.records):
            chapter()
    assert re.search(r" web-1 +attached +missing +- -> web-reader ", plain(written.getvalue()))
    assert "…" not in plain(written.getvalue())


def test_a_table_is_as_wide_as_the_terminal_and_wider_only_for_what_has_to_be_whole() -> None:
    out = Console(file=io.StringIO(), width=60)
    for row in (["x" * 46, "folded words"], ["y" * 70, "words"]):
        made = table("id", "why", whole=("id",))
        made.add_row(*row)
        print_table(made, out)
    assert isinstance(out.file, io.StringIO)
    lines = [line.rstrip() for line in out.file.getvalue().splitlines()]
    assert [line.split()[0] for line in lines] == ["id", "x" * 46, "words", "id", "y" * 70]
    assert out.width == 60
