"""What somebody at a terminal sees of a run that waits for ECS's next minute."""

from __future__ import annotations

import sys

import pytest

from fakecloud.cloud import Cloud
from tests.functional.cli.operator import Command, make


@pytest.mark.parametrize("is_terminal", [True, False], ids=["terminal", "pipe"])
def test_a_long_wait_says_once_why_nothing_happens_and_how_to_stop(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    cloud.clock.advance(30 - cloud.clock.now() % 60)
    made = make(cloud, 3, "web")
    cloud.faults.add("throttle", action="DescribeInstanceRamRole")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    ran = rolekeeper("remediate", "--all")
    assert (ran.code, {instance.role for instance in made}) == (0, {"web"})
    assert ran.err.count("waiting ") == is_terminal
    assert ran.err.count("ROLEKEEPER_CALLS_PER_MINUTE); Ctrl-C stops the run") == is_terminal
