"""What a run over a fleet costs, counted in the journal and held against the fewest calls that can do."""

from __future__ import annotations

import json
from collections import Counter
from math import ceil

import pytest

from tests.functional.fleet.fleet import CHANGES, TEN, Fleet, ecs, least
from tests.functional.handlers.world import timer

RATIO = {1_000: 1.3, 10_000: 1.05}


def mixed(fleet: Fleet, count: int, *, held: float, bare: float) -> int:
    """Instances of ten roles in turn through all pages: so much of each hundred right, so much bare, the rest unmapped."""
    made = 0
    for number in range(count):
        place = (number * 37) % 100  # spread over the pages
        app = TEN[(number + number // 100) % 10]
        if place < held * 100:
            fleet.instances(1, app, role=app)
        elif place < (held + bare) * 100:
            fleet.instances(1, app)
            made += 1
        else:
            fleet.instances(1)
    return made


@pytest.mark.parametrize("count", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("held", "bare"),
    [
        pytest.param(1.0, 0.0, id="all right"),
        pytest.param(0.0, 1.0, id="all bare"),
        pytest.param(0.0, 0.0, id="nothing mapped"),
        pytest.param(0.99, 0.01, id="one in a hundred bare"),
        pytest.param(0.05, 0.01, id="sparse"),
        pytest.param(0.5, 0.1, id="half"),
    ],
)
def test_a_run_costs_hardly_more_than_it_must(fleet: Fleet, count: int, held: float, bare: float) -> None:
    fleet.unjudged()
    fleet.env.setenv("ROLEKEEPER_CALLS_PER_MINUTE", "100000")
    fleet.ten()
    missing = mixed(fleet, count, held=held, bare=bare)
    run = fleet.run("reconcile", timer())
    assert run.error is None
    counts = json.loads(fleet.run_records()[0]["counts"])
    assert sum(counts.values()) == count
    assert counts.get("attached/missing", 0) == missing
    each = [(round(held * count / 10), ceil(missing / 10))] * 10
    minimum, made = least(count, each, missing), ecs(fleet.journal)
    assert made.total() <= minimum * RATIO[count], (made, minimum)
    assert made["AttachInstanceRamRole"] == 10 * ceil(missing / 1_000)
    if not missing:
        assert not set(CHANGES) & set(made)
        assert Counter(run.calls)["PutLogs"] == 1


def test_all_swapped_and_all_removed_cost_one_write_more_or_one_a_hundred(fleet: Fleet) -> None:
    fleet.ten()
    for number, role in enumerate(TEN):
        fleet.instances(50, TEN[number - 1], role=role)
        fleet.instances(50, role=role)
    run = fleet.run("reconcile", timer())
    assert run.result["outcomes"] == {"swapped": 500, "detached": 500}
    made = ecs(fleet.journal)
    assert (made["DetachInstanceRamRole"], made["AttachInstanceRamRole"]) == (20, 10)
    assert made.total() <= 1.3 * least(1_000, [(100, 50)] * 10, 0, writes=20, looks=20)


def test_with_many_roles_and_few_instances_it_does_not_ask_for_each_role(fleet: Fleet) -> None:
    roles = [f"role-{number:03}" for number in range(200)]
    fleet.unjudged()
    fleet.ten(roles=roles)
    for number in range(300):
        fleet.instances(1, roles[number % 200], role=roles[number % 200])
    run = fleet.run("reconcile", timer())
    assert run.result["outcomes"] == {"unchanged": 300}
    assert ecs(fleet.journal) == {"DescribeInstances": 4, "DescribeInstanceRamRole": 6}


def test_one_page_is_looked_at_without_counting_anything_first(fleet: Fleet) -> None:
    fleet.ten()
    fleet.instances(100, "r1", role="r1")
    fleet.run("reconcile", timer())
    assert ecs(fleet.journal) == {"DescribeInstances": 1, "DescribeInstanceRamRole": 2}


def test_what_it_may_cost_is_said_before_and_what_it_cost_afterwards(fleet: Fleet) -> None:
    fleet.ten()
    for role in TEN:
        fleet.instances(100, role, role=role)
    fleet.instances(10, "r1")
    run = fleet.run("reconcile", timer())
    (before,) = [n for n, line in enumerate(run.lines) if "may_cost" in line]
    (after,) = [n for n, line in enumerate(run.lines) if "bill" in line]
    intents = [n for n, line in enumerate(run.lines) if "intent" in line]
    assert before < min(intents) <= max(intents) < after
    may_cost, bill, made = run.lines[before]["may_cost"], run.lines[after]["bill"], ecs(fleet.journal)
    assert bill["calls"] == made
    assert (may_cost["instances"], may_cost["DescribeInstances"]) == (1_010, 12)
    assert may_cost["DescribeInstanceRamRole"] == made["DescribeInstanceRamRole"] == 21
    assert bill["writes"] == made["AttachInstanceRamRole"] == 1
    record = fleet.run_records()[0]
    assert (json.loads(record["calls"]), record["reads"], record["writes"]) == (made, str(bill["reads"]), "1")
    assert run.result["runs"][0]["bill"] == bill
