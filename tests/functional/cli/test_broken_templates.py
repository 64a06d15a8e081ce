"""A template file that is none, as an operator finds out: one clear error with the role, the policy and the file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
GOOD = {
    "description": "d",
    "source": "s",
    "document": {"Version": "1", "Statement": [{"Effect": "Deny", "Action": "oss:PutObject", "Resource": "*"}]},
}
ROLES = "version: 1\nroles: {web: {policies: [{template: mine}]}}\nrules: [{name: w, role: web}]\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for package in ("cli", "shared"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "roles.yaml").write_text(ROLES)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "content", "what"),
    [
        pytest.param("templates/mine.json", b"{", "not a policy template", id="no JSON"),
        pytest.param("templates/mine.json", b'{"description": "caf\xe9"}', "not UTF-8 at byte 20", id="not UTF-8"),
        pytest.param(
            "templates/mine.json", json.dumps({**GOOD, "varables": {}}).encode(), "varables", id="an unknown field"
        ),
        pytest.param(
            "templates/mine.json",
            json.dumps(GOOD).replace('"Deny",', '"Deny", "Effect": "Allow",').encode(),
            "'Effect' is written twice",
            id="a key twice",
        ),
        pytest.param("trust/ecs.json", b"{", "not a policy template", id="the trust policy"),
    ],
)
def test_a_template_that_is_none_is_an_error_that_names_all(
    project: Path, file: str, content: bytes, what: str
) -> None:
    path = project / "shared" / "policies" / file
    before = path.read_bytes() if path.exists() else json.dumps(GOOD).encode()
    (project / "shared" / "policies" / "templates" / "mine.json").write_text(json.dumps(GOOD))
    path.write_bytes(content)
    code = "from cli.main import main; main()"
    ran = subprocess.run(
        [sys.executable, "-c", code, "policy", "lint"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"},
    )
    path.write_bytes(before)
    whose = "role 'web', policy 'mine'" if "mine" in file else "policy 'trust policy'"
    assert (ran.returncode, ran.stderr) == (1, "")
    (line,) = ran.stdout.splitlines()
    assert "RK301" in line
    assert whose in line
    assert f"shared/policies/{file}" in line
    assert what in line
