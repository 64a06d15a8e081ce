"""The recipes of docs/ci.md: each parses, and its lines run as they stand, in a repository with a branch that changes roles.yaml."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
RECIPES = dict(zip(("github", "gitlab", "codeup"), re.findall(r"(?ms)^```yaml\n(.*?)^```", PAGE), strict=True))
ENV = {
    "TARGET": "main",
    "GH_TOKEN": "t",
    "PULL_REQUEST": "7",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "ROLES_COMMENT_TOKEN": "t",
    "CI_API_V4_URL": "https://gitlab.example/api/v4",
    "CI_PROJECT_ID": "3",
    "CI_MERGE_REQUEST_IID": "7",
    "ORGANIZATION": "o",
    "REPOSITORY": "3",
    "YUNXIAO_TOKEN": "t",
    "CI_COMMIT_REF_NAME": "change",
}
ANSWERS = {
    "/changeRequests?": [{"localId": 6, "sourceBranch": "other"}, {"localId": 7, "sourceBranch": "change"}],
    "/diffs/patches": [
        {"relatedMergeItemType": "MERGE_TARGET", "versionNo": 9, "patchSetBizId": "target"},
        {"relatedMergeItemType": "MERGE_SOURCE", "versionNo": 1, "patchSetBizId": "first"},
        {"relatedMergeItemType": "MERGE_SOURCE", "versionNo": 2, "patchSetBizId": "last"},
    ],
}
FAKE = f"""#!{sys.executable}
import json, sys
answers = {ANSWERS!r}
with open("asked.txt", "a") as file:
    file.write(json.dumps(sys.argv) + "\\n")
for part, answer in answers.items():
    if part in sys.argv[-1]:
        print(json.dumps(answer))
"""


def scripts(value: Any, key: str = "") -> Iterator[str]:
    """Every text of a recipe that a shell gets, in its order."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from scripts(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from scripts(part, key)
    elif key in ("run", "script"):
        yield str(value)


def lines(recipe: str) -> list[str]:
    return [line for script in scripts(yaml.safe_load(RECIPES[recipe])) for line in script.splitlines()]


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_recipe_asks_the_same_of_rolekeeper(recipe: str) -> None:
    assert [line for line in lines(recipe) if line.startswith("rolekeeper ")] == [
        "rolekeeper validate --strict",
        "rolekeeper test --strict --junit rolekeeper.xml",
        "rolekeeper compare before.yaml roles.yaml --markdown > comparison.md || test $? -eq 2",
    ]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A clone on a branch that takes staging from the web tier, with a case less; beside it gh and curl, which write down what they are asked."""

    def git(*words: str, cwd: Path) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *who, *words], cwd=cwd, check=True, capture_output=True)

    origin, clone, tools = tmp_path / "origin", tmp_path / "clone", tmp_path / "tools"
    origin.mkdir()
    for name in ("roles.yaml", "roles.test.yaml"):
        (origin / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    git("init", cwd=origin)
    git("add", ".", cwd=origin)
    git("commit", "-m", "first", cwd=origin)
    git("clone", str(origin), str(clone), cwd=tmp_path)
    changed = (clone / "roles.yaml").read_text(encoding="utf-8").replace("env: [prod, staging]", "env: [prod]")
    (clone / "roles.yaml").write_text(changed, encoding="utf-8")
    cases = (clone / "roles.test.yaml").read_text(encoding="utf-8")
    kept = [line for line in cases.splitlines() if "in staging" not in line]
    (clone / "roles.test.yaml").write_text("\n".join(kept), encoding="utf-8")
    tools.mkdir()
    for name in ("gh", "curl"):
        (tools / name).write_text(FAKE)
        (tools / name).chmod(0o755)
    (tools / "python3").symlink_to(sys.executable)
    (tools / "rolekeeper").write_text(f'#!/bin/sh\nexec {sys.executable} -c "from cli.main import main; main()" "$@"\n')
    (tools / "rolekeeper").chmod(0o755)
    return clone


def ran(recipe: str, repository: Path) -> subprocess.CompletedProcess[bytes]:
    script = "\n".join(line for line in lines(recipe) if " -m pip install " not in line)
    env = {
        **ENV,
        "HOME": str(repository),
        "PYTHONPATH": str(ROOT),
        "PATH": f"{repository.parent / 'tools'}:{os.environ['PATH']}",
    }
    if recipe == "github":
        env["TARGET"] = "origin/main"
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=repository, env=env, capture_output=True, timeout=240, check=False
    )


@pytest.mark.parametrize(
    "recipe", ["github", pytest.param("gitlab", marks=pytest.mark.slow), pytest.param("codeup", marks=pytest.mark.slow)]
)
def test_a_recipe_runs_and_the_comparison_becomes_a_comment(recipe: str, repository: Path) -> None:
    done = ran(recipe, repository)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    comparison = (repository / "comparison.md").read_text(encoding="utf-8")
    assert "`role web-reader` -> " in comparison
    assert b"<testsuites" in (repository / "rolekeeper.xml").read_bytes()
    asked = [json.loads(line) for line in (repository / "asked.txt").read_text().splitlines()]
    last = asked[-1]
    if recipe == "github":
        assert last[1:] == ["pr", "comment", "7", "--edit-last", "--create-if-none", "--body-file", "comparison.md"]
    elif recipe == "gitlab":
        assert last[-2:] == ["body@comparison.md", "https://gitlab.example/api/v4/projects/3/merge_requests/7/notes"]
    else:
        assert last[-1].endswith("/organizations/o/repositories/3/changeRequests/7/comments")
        body = json.loads((repository / "comment.json").read_text())
        assert (body["patchset_biz_id"], body["content"]) == ("last", comparison)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_stops_where_a_case_fails(recipe: str, repository: Path) -> None:
    (repository / "roles.test.yaml").write_text((ROOT / "roles.test.yaml").read_text(encoding="utf-8"))
    done = ran(recipe, repository)
    assert done.returncode == 1
    assert b"FAILED the web tier reads its assets / in staging" in done.stdout
    assert b"<failure" in (repository / "rolekeeper.xml").read_bytes()
