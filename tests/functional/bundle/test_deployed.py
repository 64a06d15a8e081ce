"""The bundle in the emulator's Function Compute: a process of the runtime's Python that sees the bundle and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.stage import FUNCTIONS, PROJECT, REGION, stage
from fakecloud.identity import ACCOUNT
from fakecloud.people import Person

from .conftest import ROOT


@pytest.fixture(scope="module")
def told(bundle: Path, python310: str) -> tuple[list[str], list[str], float, str]:
    """Errors of invocations, outcomes in the records, peak memory in MB, the instance's role: after a launch and a retagging."""
    with stage(ROOT / "roles.yaml") as on:
        on.make_roles(on.mapping())
        env = {"ROLEKEEPER_ENDPOINT": on.url, "ROLEKEEPER_REGION": REGION, "ROLEKEEPER_ACCOUNT_ID": ACCOUNT,
               "ROLEKEEPER_SLS_PROJECT": PROJECT}  # fmt: skip
        on.cloud.fc.deploy(ROOT / "s.yaml", code=bundle, account=ACCOUNT, env=env, python=python310)
        people = Person(on.url)
        name = people.launch("web-1", {"app": "web", "env": "prod"})
        on.cloud.settle()
        people.tag(name, {"app": "worker"})
        on.cloud.settle()
        reconcile = on.cloud.fc.find(ACCOUNT, REGION, FUNCTIONS["reconcile"])
        ran = on.cloud.fc.invoke(reconcile, (ROOT / "events" / "reconcile" / "timer.json").read_bytes())
        assert ran.ok, ran.error
        assert json.loads(ran.body)["function"] == "reconcile"
        errors = [one.error for one in on.cloud.fc.invocations if not one.ok]
        outcomes = [record["outcome"] for record in on.records() if "outcome" in record]
        return errors, outcomes, ran.memory, people.role_of(name)


def test_it_does_the_whole_job(told: tuple[list[str], list[str], float, str]) -> None:
    errors, outcomes, _, role = told
    assert errors == []
    assert outcomes.count("attached") == 1
    assert outcomes.count("swapped") == 1
    assert role == "worker"


def test_it_needs_little_memory(told: tuple[list[str], list[str], float, str]) -> None:
    assert told[2] < 128, "s.yaml gives it four times as much"
