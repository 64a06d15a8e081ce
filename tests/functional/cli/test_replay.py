"""`rolekeeper replay` as an operator runs it: events through the functions, on instances as the options describe them."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.mapping.conditions import ATTRIBUTES
from tests.functional.cli.inside import inside as run
from tests.functional.cli.test_commands import rows


def test_replay_runs_events_through_the_functions_and_prints_the_records() -> None:
    ran = run(
        "replay",
        "--json",
        "--tag",
        "app=web",
        "--tag",
        "env=prod",
        "events/instance_created/state-created.json",
        "events/ignored/state-stopped.json",
    )
    created, stopped = rows(ran)
    (record,) = created["records"]
    assert (record["outcome"], record["rule"], record["role_after"]) == ("attached", "web tier", "web-reader")
    assert stopped["records"] == []
    assert stopped["ignored"][0]["reason"] == "not-for-us"


def test_replay_for_people_has_a_row_an_event() -> None:
    shown = run("replay", "--role", "worker", "events/tags_changed/ecs-untag-resources.json").stdout.decode()
    assert "detached" in shown
    assert "worker -> -" in shown


@pytest.mark.parametrize("attribute", [name for name in ATTRIBUTES if name != "region"])
def test_replay_knows_each_attribute_that_a_rule_may_ask_for(tmp_path: Path, attribute: str) -> None:
    (tmp_path / "roles.yaml").write_text(
        f"version: 1\nroles: {{web: {{description: w}}}}\nrules: [{{name: r, when: {{{attribute}: a-1*}}, role: web}}]\n"
    )
    words = [
        "replay",
        "--json",
        "--roles-file",
        str(tmp_path / "roles.yaml"),
        "events/instance_created/state-created.json",
    ]
    found = [rows(run(*words, *more))[0]["records"][0] for more in ([], ["--attribute", f"{attribute}=a-12"])]
    assert [record["outcome"] for record in found] == ["unchanged", "attached"]


@pytest.mark.parametrize("text", ["vpc", "=x", "region=cn-beijing", "role=web", "colour=red"])
def test_replay_refuses_an_attribute_that_no_rule_asks_for(text: str) -> None:
    ran = run("replay", "--attribute", text, "events/instance_created/state-created.json")
    assert ran.returncode == 1
    assert f"--attribute {text!r}: write KEY=VALUE" in ran.stderr.decode()
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(
            ["--attribute", "vpc="], "--attribute 'vpc=': the value is empty; leave the option out", id="empty"
        ),
        pytest.param(
            ["--attribute", "vpc=x", "--attribute", "vpc=y"],
            "--attribute 'vpc=y': 'vpc' is given twice",
            id="attribute twice",
        ),
        pytest.param(["--tag", "app=x", "--tag", "app=y"], "--tag 'app=y': 'app' is given twice", id="tag twice"),
    ],
)
def test_replay_refuses_what_no_instance_can_have(words: list[str], said: str) -> None:
    ran = run("replay", *words, "events/instance_created/state-created.json")
    assert ran.returncode == 1
    assert ran.stderr.decode().startswith(f"rolekeeper: {said}")
    assert len(ran.stderr.splitlines()) == 1


def test_replay_runs_each_file_for_itself() -> None:
    """Of two tellings of one launch, a function that is still warm would pass over the second."""
    created = "events/instance_created/state-created.json"
    found = rows(run("replay", "--json", "--tag", "app=worker", created, created))
    assert [[record["outcome"] for record in row["records"]] for row in found] == [["attached"], ["attached"]]


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        pytest.param("ram-role=nope", "- -> - (not nope)", id="a role that is not listed"),
        pytest.param("app=batch-1", "- -> batch", id="a rule on trial"),
    ],
)
def test_replay_shows_the_role_that_was_meant(tag: str, shown: str) -> None:
    ran = run(
        "replay",
        "--tag",
        tag,
        "--attribute",
        "instance_type=ecs.c7.large",
        "events/tags_changed/ecs-tag-resources.json",
    )
    assert ran.stdout.decode().count(shown) == 2


def test_replay_names_the_file_and_the_line_of_a_policy_that_cannot_be_made(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "version: 1\nroles:\n  web:\n    policies:\n      - template: oss-read-onyl\nrules: [{name: w, role: web}]\n"
    )
    ran = run("replay", "--roles-file", str(file), "events/instance_created/state-created.json")
    assert ran.returncode == 1
    assert ran.stderr.decode().startswith(f"rolekeeper: {file}:5: error RK301 (render): role 'web'")


def test_replay_refuses_a_tag_without_a_value() -> None:
    ran = run("replay", "--tag", "app", "events/instance_created/state-created.json")
    assert ran.returncode == 1
    assert "write KEY=VALUE" in ran.stderr.decode()


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"ROLEKEEPER_REGION": "cn-beijing", "ROLEKEEPER_ACCOUNT_ID": "42"}, id="another place"),
        pytest.param({"ROLEKEEPER_REGIONS": "cn-beijing", "ROLEKEEPER_ACCOUNTS": "42=keeper"}, id="several places"),
        pytest.param(
            {"ROLEKEEPER_ENDPOINT": "http://127.0.0.1:9", "ROLEKEEPER_SLS_PROJECT": "ours"}, id="another cloud"
        ),
        pytest.param({"ROLEKEEPER_PARALLEL_CALLS": "none"}, id="a mistake"),
        pytest.param({"HTTP_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}, id="proxies"),
    ],
)
def test_a_replay_is_the_same_whatever_deployment_the_shell_is_set_up_for(env: dict[str, str]) -> None:
    words = ["replay", "--json", "--tag", "app=web", "--tag", "env=prod", "events/instance_created/state-created.json"]
    (row,) = rows(run(*words, env=env))
    assert [record["role_after"] for record in row["records"]] == ["web-reader"]
