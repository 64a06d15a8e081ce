"""The repository's example never reaches real machines: what writes refuses it, unless the cloud is an emulated one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cli.stage import HOME
from fakecloud.cloud import Cloud
from tests.functional.cli.operator import RULES, Command, make

EXAMPLE = (HOME / "roles.yaml").read_text(encoding="utf-8")


def test_the_example_of_the_demo_is_the_repositorys() -> None:
    assert (HOME / "cli" / "example.yaml").read_text(encoding="utf-8") == EXAMPLE, "copy roles.yaml to cli/example.yaml"


def rewritten() -> str:
    """The same, as a program writes it: no comment and no layout of it is left."""
    return yaml.safe_dump(yaml.safe_load(EXAMPLE))


TEXTS = {
    "as it is": (EXAMPLE, True),
    "with a comment": (f"# ours\n{EXAMPLE}", True),
    "with other line ends": (EXAMPLE.replace("\n", "\r\n"), True),
    "written anew": (rewritten(), True),
    "with another rule": (EXAMPLE.replace("worker-*", "our-worker-*"), False),
    "another": (RULES, False),
}
WRITING = [("provision",), ("reconcile",), ("remediate", "--all")]


@pytest.mark.parametrize(("text", "refused"), [pytest.param(*row, id=name) for name, row in TEXTS.items()])
@pytest.mark.parametrize("words", WRITING, ids=" ".join)
def test_commands_that_write_refuse_the_example(
    cloud: Cloud, rolekeeper: Command, words: tuple[str, ...], text: str, refused: bool
) -> None:
    made = cloud.ecs.make(2, name="worker-1")
    Path("ours.yaml").write_text(text, newline="")
    ran = rolekeeper(*words, "--roles-file", "ours.yaml")
    if refused:
        assert (ran.code, len(cloud.calls), {i.role for i in made}) == (1, 0, {""})
        assert "ours.yaml is this repository's example" in ran.err
        assert "ROLEKEEPER_ROLES_FILE" in ran.err
    else:
        assert "example" not in ran.err
        assert len(cloud.calls) > 0


@pytest.mark.parametrize(
    "words",
    [
        ("provision", "--dry-run"),
        ("roles",),
        ("reconcile", "--dry-run"),
        ("remediate", "--all", "--dry-run"),
        ("validate",),
    ],
    ids=" ".join,
)
def test_commands_that_only_read_take_it(cloud: Cloud, rolekeeper: Command, words: tuple[str, ...]) -> None:
    make(cloud, 1, "web")
    Path("ours.yaml").write_text(EXAMPLE)
    assert "example" not in rolekeeper(*words, "--roles-file", "ours.yaml").err


@pytest.mark.parametrize("words", WRITING, ids=" ".join)
def test_on_the_emulator_it_is_taken(
    cloud: Cloud, rolekeeper: Command, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLEKEEPER_ENDPOINT", "http://127.0.0.1:9")
    Path("roles.yaml").write_text(EXAMPLE)
    assert "example" not in rolekeeper(*words).err


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:9"], ids=["no endpoint", "an endpoint of this shell"])
def test_a_build_for_a_deployment_refuses_it_always(
    rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    """The deployed functions have s.yaml's endpoint, not this shell's."""
    monkeypatch.setenv("ROLEKEEPER_ACCOUNT_ID", "42")
    monkeypatch.setenv("ROLEKEEPER_ENDPOINT", endpoint)
    Path("ours.yaml").write_text(EXAMPLE)
    ran = rolekeeper("build", "--deploying", "--roles-file", "ours.yaml")
    assert ran.code == 1
    assert "ours.yaml is this repository's example" in ran.err
