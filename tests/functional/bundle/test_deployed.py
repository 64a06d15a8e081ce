"""The bundle in the emulator's Function Compute: a process of the runtime's Python that sees the bundle and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.stage import FUNCTIONS, PROJECT, REGION, stage
from fakecloud.identity import ACCOUNT
from fakecloud.people import Person

from .conftest import ROOT

pytestmark = pytest.mark.slow  # they need the whole bundle


class Told(NamedTuple):
    """What came of a launch, a retagging and a reconcile."""

    errors: list[str]
    outcomes: list[str]
    memory_mb: float
    role: str


@pytest.fixture(scope="module", params=["s.yaml", "s.buffered.yaml"])
def told(request: pytest.FixtureRequest, bundle: Path, python310: str) -> Told:
    with stage(ROOT / "roles.yaml") as on:
        on.make_roles(on.mapping())
        on.cloud.mns.create(ACCOUNT, REGION, "rolekeeper-dead-letters")
        env = {
            "ROLEKEEPER_ENDPOINT": on.url,
            "ROLEKEEPER_REGION": REGION,
            "ROLEKEEPER_ACCOUNT_ID": ACCOUNT,
            "ROLEKEEPER_SLS_PROJECT": PROJECT,
        }
        on.cloud.fc.deploy(ROOT / request.param, code=bundle, account=ACCOUNT, env=env, python=python310)
        people = Person(on.url)
        name = people.launch("web-1", {"app": "web", "env": "prod"})
        on.cloud.settle()
        people.tag(name, {"app": "worker"})
        on.cloud.settle()
        reconcile = on.cloud.fc.find(ACCOUNT, REGION, FUNCTIONS["reconcile"])
        ran = on.cloud.fc.invoke(reconcile, (ROOT / "events" / "reconcile" / "timer.json").read_bytes())
        assert ran.ok, ran.error
        assert json.loads(ran.body)["function"] == "reconcile"
        return Told(
            errors=[one.error for one in on.cloud.fc.invocations if not one.ok],
            outcomes=[record["outcome"] for record in on.records() if "outcome" in record],
            memory_mb=ran.memory,
            role=people.role_of(name),
        )


def test_it_does_the_whole_job(told: Told) -> None:
    assert told.errors == []
    assert told.outcomes.count("attached") == 1
    assert told.outcomes.count("swapped") == 1
    assert told.role == "worker"


def test_it_needs_little_memory(told: Told) -> None:
    assert told.memory_mb < 128, "s.yaml gives it four times as much"
