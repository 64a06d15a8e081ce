"""What the commands say, and end with, where something was not written as it should be."""

from __future__ import annotations

import json

import pytest

from fakecloud.cloud import Cloud
from tests.functional.cli.operator import Command, make


@pytest.mark.parametrize(
    "words",
    [["remediate", "--dryrun"], ["reconcile", "--all"], ["nothing"], ["policy", "nothing"], ["roles", "--jsn"]],
    ids=" ".join,
)
def test_a_slip_in_the_options_is_not_taken_for_something_to_do(rolekeeper: Command, words: list[str]) -> None:
    ran = rolekeeper(*words)
    assert (ran.code, ran.out) == (1, "")
    assert "Usage: rolekeeper" in ran.err


@pytest.mark.parametrize("words", [[], ["--alle"], ["policy"]], ids=["rolekeeper", "--alle", "policy"])
def test_nor_is_a_command_that_was_left_out(rolekeeper: Command, words: list[str]) -> None:
    assert rolekeeper(*words).code == 1


@pytest.mark.parametrize(
    "words",
    [
        ["remediate", "--tag", "x"],
        ["remediate", "--id", "x"],
        ["reconcile", "--canary", "x"],
        ["roles"],
        ["provision"],
        ["read", "nope"],
        ["replay", "nope"],
        ["policy", "lint", "nope"],
    ],
    ids=" ".join,
)
def test_an_error_is_where_the_answer_would_be(
    rolekeeper: Command, words: list[str], request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("monkeypatch").setenv("ROLEKEEPER_ROLES_FILE", "nope")
    ran = rolekeeper(*words, "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["error"]


def test_a_role_that_nobody_could_look_up_is_shown_as_unknown(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 1, "web", role="worker")
    (row,) = [
        line.split() for line in rolekeeper("remediate", "--all", "--max-calls", "1").out.splitlines() if "i-" in line
    ]
    assert row[1:4] == ["?", "refused", "max-calls"]
