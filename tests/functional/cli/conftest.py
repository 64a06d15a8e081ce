"""Fixture rolekeeper: the console script in this process, on the emulated cloud, with an operator's own key."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from unittest import mock

import pytest
import typer.main

from cli.main import main
from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.sls.models import Project
from shared.mapping import yaml_text
from tests.clocks import emulated
from tests.functional.cli.operator import LOGSTORE, PROJECT, REGION, RULES, Command, Ran
from tests.secrecy import TEXTS


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> Iterator[None]:
    """What each command makes anew in a process of its own, and is the same each time: typer's commands, and what a mapping says."""
    with (
        mock.patch.object(typer.main, "get_command", cache(typer.main.get_command)),
        mock.patch.object(yaml_text, "parse", lru_cache(maxsize=100)(yaml_text.parse)),
    ):
        yield


@pytest.fixture
def rolekeeper(
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Command:
    """The console script, with the roles in RAM and a logstore. Waiting takes no time: it moves the emulated clock."""
    emulated(cloud, monkeypatch)
    for name in ("web", "worker", "foreign"):
        cloud.ram.put_role(ACCOUNT, name)
    project = Project(PROJECT, REGION, ACCOUNT, "", 0, 0)
    cloud.sls.state.add(project)
    project.create_logstore(LOGSTORE, {"ttl": 30}, 0, 200)
    (tmp_path / "roles.yaml").write_text(RULES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOGNAME", "alice")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name, value in {
        "ROLEKEEPER_REGION": REGION,
        "ROLEKEEPER_ACCOUNT_ID": ACCOUNT,
        "ROLEKEEPER_SLS_PROJECT": PROJECT,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": ROOT_KEY[0],
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ROOT_KEY[1],
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("ALIBABA_CLOUD_SECURITY_TOKEN", raising=False)

    def run(*words: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "argv", ["rolekeeper", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        before = set((tmp_path / "state").rglob("*"))
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        made = [file for file in (tmp_path / "state").rglob("*.jsonl") if file not in before]
        journal = "".join(file.read_text(encoding="utf-8") for file in made)
        TEXTS.append(("the file of the run", journal))
        return Ran(int(ended.value.code or 0), told.out, told.err, journal)

    return run
