"""The demo plays its own mapping on its own cloud, whatever roles.yaml, settings and folder the machine has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ANOTHER = "version: 1\nroles: {mine: {description: m}}\nrules: [{name: all, when: {tags: {app: web}}, role: mine}]\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the demo needs, whose roles.yaml may be another."""
    made = tmp_path_factory.mktemp("project")
    for name in ("cli", "fakecloud", "functions", "shared"):
        shutil.copytree(ROOT / name, made / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "s.yaml", made)
    return made


@pytest.mark.slow
@pytest.mark.parametrize(
    ("roles_yaml", "env"),
    [
        pytest.param(ANOTHER, {}, id="another mapping is in place"),
        pytest.param("version: 2\nrules: nonsense", {}, id="no mapping is in place"),
        pytest.param(None, {}, id="none is"),
        pytest.param(ANOTHER, {"ROLEKEEPER_ROLES_FILE": "roles.yaml"}, id="the variable names another mapping"),
        pytest.param(ANOTHER, {"ROLEKEEPER_REGION": "cn-beijing", "ROLEKEEPER_ACCOUNT_ID": "42"}, id="another place"),
        pytest.param(
            ANOTHER,
            {
                "ROLEKEEPER_REGIONS": "cn-beijing,cn-shanghai",
                "ROLEKEEPER_ACCOUNTS": "42=keeper",
                "ROLEKEEPER_EXTERNAL_ID": "abc",
            },
            id="several places",
        ),
        pytest.param(
            ANOTHER,
            {
                "ROLEKEEPER_ENDPOINT": "http://127.0.0.1:9",
                "ROLEKEEPER_SLS_PROJECT": "ours",
                "ROLEKEEPER_SLS_LOGSTORE": "ours",
            },
            id="another cloud",
        ),
        pytest.param(ANOTHER, {"ROLEKEEPER_NO_SUCH_SETTING": "x", "ROLEKEEPER_PARALLEL_CALLS": "none"}, id="mistakes"),
        pytest.param(
            ANOTHER,
            {
                "ALIBABA_CLOUD_ACCESS_KEY_ID": "k",
                "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s",
                "ALIBABA_CLOUD_SECURITY_TOKEN": "t",
            },
            id="keys of a real account",
        ),
    ],
)
def test_the_demo_comes_to_its_good_end(
    project: Path, tmp_path: Path, roles_yaml: str | None, env: Mapping[str, str]
) -> None:
    (project / "roles.yaml").unlink(missing_ok=True)
    if roles_yaml:
        (project / "roles.yaml").write_text(roles_yaml)
        (tmp_path / "roles.yaml").write_text(roles_yaml)
    given = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(project), **env}
    code = f"import cli; assert cli.__file__.startswith({str(project)!r}); from cli.main import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "demo", "--plain"],
        cwd=tmp_path,
        env=given,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout + ran.stderr
    assert "✘" not in ran.stdout
    assert "web-1 holds web-reader" in ran.stdout
