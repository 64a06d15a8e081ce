"""Lists of the other commands: nothing in them is cut, and what is wrong comes before what is right."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.functional.cli.inside import inside

RULES = "version: 1\nroles: {web: , worker: }\nrules: [{name: w, when: {tags: {app: web}}, role: web}, {name: k, when: {tags: {app: worker}}, role: worker}]\n"


def run(*words: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    ran = inside(*words, cwd=cwd, stdin=stdin.encode())
    return subprocess.CompletedProcess(words, ran.returncode, ran.stdout.decode(), ran.stderr.decode())


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_a_replay_shows_every_instance_of_an_event_that_names_hundreds(tmp_path: Path, as_json: bool) -> None:
    names = [f"i-bp{number:020}" for number in range(230)]
    (tmp_path / "roles.yaml").write_text(RULES)
    event = json.dumps({"remediate": {"instance_ids": names}})
    ran = run("replay", "-", "--tag", "app=web", *(["--json"] if as_json else []), cwd=tmp_path, stdin=event)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [name for name in names if name not in ran.stdout] == []


def test_a_replay_shows_what_an_event_raised_or_was_refused_before_the_others(tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text(
        "version: 1\nroles: {web: }\nrules: [{name: any, when: {tags: {ram-role: {exists: true}}}, role: '${tags.ram-role}'}]\n"
    )
    files = []
    for number, role in enumerate(["web", "web", "admin", "web"]):
        carried = {"Tags": [{"Key": "ram-role", "Value": role}]}
        event = (
            {"remediate": {"instance_ids": [f"i-bp{number:020}"]}}
            if role == "web"
            else {
                "source": "acs.ecs",
                "type": "ecs:Instance:StateChange",
                "id": "e",
                "time": "2026-11-23T08:00:00Z",
                "data": {"resourceId": f"i-bp{number:020}", "state": "Created", **carried},
            }
        )
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(json.dumps(event))
    ran = run("replay", *map(str, files), cwd=tmp_path)
    (first,) = [line for line in ran.stdout.splitlines() if "i-bp" in line][:1]
    assert "refused" in first
    assert f"i-bp{2:020}" in first


def test_a_file_that_is_no_event_is_read_out_first(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / f"{number}.json").write_text("nonsense" if number == 2 else '{"triggerName": "t", "payload": ""}')
    ran = run("read", *(f"{number}.json" for number in range(4)), cwd=tmp_path)
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (1, "2.json")


def test_validate_and_the_lint_say_errors_before_warnings(tmp_path: Path) -> None:
    file = tmp_path / "roles.yaml"
    rules = "".join(f"  - {{name: late {number}, role: web}}\n" for number in range(60))
    file.write_text(
        "version: 1\nroles:\n  web:\n    policies:\n"
        '      - document: {Version: "1", Statement: [{Effect: Allow, Action: "oss:*", Resource: "*"}]}\n        name: wide\n'
        '      - document: {Version: "1", Statement: [{Effect: Allow, Action: "ram:*", Resource: "*"}]}\n        name: all\n'
        f"rules:\n  - {{name: all, role: web}}\n{rules}"
    )
    for words in (["validate", str(file)], ["policy", "lint", "--roles-file", str(file)]):
        lines = run(*words, cwd=tmp_path).stdout.splitlines()
        kinds = ["error" if ": error " in line else "warning" if "warning" in line else "" for line in lines]
        assert "error" in kinds, lines[:5]
        assert [kind for kind in kinds if kind == "error"] == kinds[: kinds.count("error")]


def test_every_id_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text(RULES)
    ran = run(
        "read",
        "-",
        "--json",
        cwd=tmp_path,
        stdin=json.dumps({"remediate": {"instance_ids": ["i-bp1", "web-1", "i-bp2", "web-2", "web-3"]}}),
    )
    said = json.loads(ran.stdout)["detail"]
    assert "[1]: 'web-1' is not an instance id" in said
    assert "nor are 'web-2', 'web-3'" in said
