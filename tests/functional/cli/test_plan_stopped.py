"""A plan or a snapshot that is stopped, or that ECS cuts short, says so and leaves no file that looks whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.runs import Follower
from fakecloud.cloud import Cloud
from tests.functional.cli.operator import Command, make, written

LISTED = 2
"""Calls of DescribeInstances after which it is stopped."""


@pytest.fixture
def stopping(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop whatever runs after some pages, as Ctrl-C does."""
    make(cloud, 600, "web")
    monkeypatch.setattr(Follower, "stopped", lambda self: cloud.calls.actions().count("DescribeInstances") >= LISTED)


BEFORE = '{"rolekeeper_snapshot":1}\n'


@pytest.mark.usefixtures("stopping")
def test_a_snapshot_that_is_stopped_leaves_the_file_that_was_there(rolekeeper: Command) -> None:
    Path("fleet.json").write_text(BEFORE, encoding="utf-8")
    ran = rolekeeper("snapshot", "-o", "fleet.json")
    assert (ran.code, ran.out) == (130, "")
    assert "rolekeeper: fleet.json: not written: " in ran.err
    assert [(file.name, file.read_text(encoding="utf-8")) for file in Path.cwd().glob("*fleet*")] == [
        ("fleet.json", BEFORE)
    ]


@pytest.mark.usefixtures("stopping")
def test_a_plan_that_is_stopped_is_not_whole(cloud: Cloud, rolekeeper: Command) -> None:
    told = rolekeeper("plan", "--json").json()
    assert (told["exit_code"], "the run was stopped" in told["error"]) == (130, True)
    ran = rolekeeper("plan")
    assert (ran.code, ran.out.startswith("not whole: ")) == (130, True)
    assert written(cloud) == 0


@pytest.mark.usefixtures("stopping")
def test_a_plan_that_is_not_whole_is_not_written(rolekeeper: Command) -> None:
    ran = rolekeeper("plan", "-o", "plan.json")
    assert (ran.code, Path("plan.json").exists()) == (1, False)
    assert ran.out.startswith("not whole: ")
    assert "plan.json: not written: the plan is not whole" in ran.err


def test_a_plan_of_a_listing_that_ecs_cuts_short_is_not_whole(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 250, "web")
    cloud.faults.add("error", action="DescribeInstances", code="Forbidden.RAM", status=403, after=2, count=None)
    ran = rolekeeper("plan")
    assert (ran.code, ran.out.startswith("not whole: "), "Forbidden.RAM" in ran.out) == (1, True, True)
