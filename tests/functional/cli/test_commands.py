"""The operator's commands: output, exit codes, and errors of one line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.functional.cli.inside import inside as run

ROOT = Path(__file__).resolve().parents[3]
EVENTS = ROOT / "events"


def rows(ran: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    assert ran.returncode == 0, ran.stderr.decode()
    return [json.loads(line) for line in ran.stdout.decode().splitlines()]


def test_read_tells_how_an_event_is_understood() -> None:
    (row,) = rows(run("read", "--json", "events/tags_changed/ecs-add-tags.json"))
    assert row["kind"] == "changed"
    assert row["instance_ids"] == ["i-bp1ecr0000000000000a"]
    assert (row["region"], row["account_id"], row["actor"]) == ("cn-hangzhou", "1234567890123456", "alice")
    assert row["event_id"]
    assert row["event_time"] == "2026-11-23T08:00:00Z"


def test_read_tells_why_an_event_is_ignored() -> None:
    found = {
        row["file"]: row["ignored"]
        for row in rows(run("read", "--json", *map(str, sorted(EVENTS.glob("ignored/*.json")))))
    }
    assert len(found) == len(list(EVENTS.glob("ignored/*.json")))
    assert found[str(EVENTS / "ignored/own-tag-write.json")] == "own-write"
    assert found[str(EVENTS / "ignored/tag-resources-failed.json")] == "failed-call"


def test_read_takes_standard_input_and_answers_every_member_of_a_list() -> None:
    ran = run("read", "-", "--json", stdin=b'[{"triggerTime": "x", "triggerName": "t", "payload": ""}, 3]')
    assert [row.get("kind", row.get("ignored")) for row in rows(ran)] == ["reconcile", "unknown-event"]


@pytest.mark.parametrize("words", [["read"], ["read", "--json"], ["replay"]], ids=" ".join)
def test_a_file_that_is_no_event_at_all_ends_with_1(words: list[str]) -> None:
    ran = run(*words, "roles.yaml", "events/reconcile/timer.json")
    assert ran.returncode == 1
    assert "not-json" in ran.stdout.decode()


def test_read_ignores_an_event_of_another_account_when_told_ours() -> None:
    (row,) = rows(run("read", "--json", "--account", "1", "events/instance_created/state-created.json"))
    assert row["ignored"] == "foreign-account"


def test_read_for_people_shows_the_same() -> None:
    shown = run("read", "events/instance_created/state-created.json").stdout.decode()
    assert "instance_created" in shown
    assert "i-bp1ecr0000000000000a" in shown


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["read", "no/such/file.json"], id="read"),
        pytest.param(["replay", "no/such/file.json"], id="replay"),
        pytest.param(["validate", "no/such/file.json"], id="validate"),
    ],
)
def test_a_file_that_is_not_there_is_one_line(words: list[str]) -> None:
    ran = run(*words)
    assert ran.returncode == 1
    assert ran.stderr.decode() == "rolekeeper: no/such/file.json: cannot be read: No such file or directory\n"


@pytest.mark.parametrize("words", [["schema"], ["validate"], ["read", "events/reconcile/timer.json"]], ids=" ".join)
def test_output_that_cannot_be_written_is_one_line(words: list[str]) -> None:
    code = f"from cli.main import main; import sys; sys.argv[1:] = {words!r}; main()"
    with open("/dev/full", "wb") as full:
        ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, timeout=120)
    assert (ran.returncode, ran.stderr.decode()) == (1, "rolekeeper: standard output: No space left on device\n")


def test_who_reads_no_further_is_told_nothing() -> None:
    code = "from cli.main import main; import sys; sys.argv[1:] = ['read', '--json', 'events/reconcile/timer.json']; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.close()
        assert running.stderr.read() == b""


@pytest.mark.parametrize(
    "words",
    [
        ["validate"],
        ["roles"],
        ["provision", "--dry-run"],
        ["reconcile"],
        ["remediate", "--all"],
        ["build"],
        ["replay", "events/reconcile/timer.json"],
        ["policy", "execution-role"],
        ["policy", "pass-role"],
    ],
    ids=" ".join,
)
def test_where_no_mapping_is_named_it_is_that_of_the_functions_setting(words: list[str]) -> None:
    env = {
        "ROLEKEEPER_REGION": "cn-hangzhou",
        "ROLEKEEPER_ACCOUNT_ID": "1",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "k",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s",
        "ROLEKEEPER_ENDPOINT": "http://127.0.0.1:9",
    }
    ran = run(*words, env={**env, "ROLEKEEPER_ROLES_FILE": "no/such.yaml"})
    assert (ran.returncode, ran.stderr.decode()) == (
        1,
        "rolekeeper: no/such.yaml: cannot be read: No such file or directory\n",
    )


def test_validate_refuses_two_mappings() -> None:
    ran = run("validate", "roles.yaml", "--roles-file", "other.yaml")
    assert ran.returncode == 1
    assert ran.stderr.decode() == "rolekeeper: validate: one mapping at a time: roles.yaml or --roles-file other.yaml\n"


def test_the_shipped_mapping_is_valid() -> None:
    ran = run("validate")
    assert ran.returncode == 0
    assert ran.stdout.decode().startswith("roles.yaml: valid: 4 roles, 6 rules, hash ")


def test_a_broken_mapping_is_told_with_file_line_rule_key_and_suggestion(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        "version: 1\nroles:\n  web: {}\nrules:\n  - name: web tier\n    when: {tag: {app: web}}\n    role: web\n"
    )
    ran = run("validate", str(broken))
    assert ran.returncode == 1
    first = ran.stdout.decode().splitlines()[0]
    assert first.startswith(f"{broken}:6: rule 'web tier': when.tag:")
    assert "did you mean 'tags'?" in first


def test_of_one_thing_is_spoken_as_of_one(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text("version: 1\nroles: {web: {}}\nrules: [{name: all, role: web}]\n")
    assert f"{file}: valid: 1 role, 1 rule, hash" in run("validate", str(file)).stdout.decode()
    file.write_text("version: 1\nroles: {web: {}}\nrules: [{name: all, role: wbe}]\n")
    assert f"{file}: 1 error, 1 warning\n" in run("validate", str(file)).stdout.decode()


def test_warnings_do_not_fail_a_mapping(tmp_path: Path) -> None:
    file = tmp_path / "warned.yaml"
    file.write_text(
        "version: 1\nroles: {web: {}, idle: {}}\nrules:\n  - {name: all, role: web}\n  - {name: late, role: web}\n"
    )
    ran = run("validate", str(file))
    assert ran.returncode == 0
    assert ran.stdout.decode().count("warning") >= 2
    assert "idle" in ran.stdout.decode()
    assert "late" in ran.stdout.decode()


def test_an_error_of_the_policy_lint_fails_a_mapping(tmp_path: Path) -> None:
    file = tmp_path / "roles.yaml"
    file.write_text(
        'version: 1\nroles:\n  web:\n    policies:\n      - document: {Version: "1", Statement: '
        '[{Effect: Allow, Action: "ram:*", Resource: "*"}]}\nrules: [{name: w, role: web}]\n'
    )
    ran = run("validate", str(file))
    assert ran.returncode == 1
    assert ran.stdout.decode().startswith(f"{file}:5: error RK102 (ram-all): role 'web'")


@pytest.mark.parametrize("words", [["validate"], ["policy", "lint", "--roles-file"]], ids=" ".join)
def test_a_policy_that_is_too_long_only_with_an_account_in_it_is_found_without_one(
    tmp_path: Path, words: list[str]
) -> None:
    file = tmp_path / "roles.yaml"
    tables = ", ".join(f"table_{number:03}" for number in range(95))  # 6144 bytes with an id of one digit
    file.write_text(
        "version: 1\nroles:\n  web:\n    policies:\n      - template: ots-read-write\n"
        f"        with: {{instance: orders, tables: [{tables}]}}\nrules: [{{name: w, role: web}}]\n"
    )
    ran = run(*words, str(file))
    assert ran.returncode == 1
    assert "RK302" in ran.stdout.decode()


def test_replace_without_displace_is_warned_of_with_the_mend(tmp_path: Path) -> None:
    file = tmp_path / "roles.yaml"
    file.write_text("version: 1\nroles: {web: }\nrules: [{name: w, role: web, foreign_roles: replace}]\n")
    ran = run("validate", str(file))
    assert ran.returncode == 0
    assert "the functions' role will not allow it" in ran.stdout.decode()
    assert "settings.displace" in ran.stdout.decode()


def test_the_schema_printed_is_the_schema_committed() -> None:
    printed = json.loads(run("schema").stdout)
    assert printed == json.loads((ROOT / "docs/roles.schema.json").read_text(encoding="utf-8"))
