"""The rate of a run in the emulated cloud: rates, stops, the hard budget, the bill."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from pytest_mock import MockerFixture

from shared.engine.rate import Reservation
from shared.errors import TransientError
from tests.functional.fleet.fleet import CHANGES, Fleet, ecs, per_minute
from tests.functional.handlers.world import remediate, timer

ATTACH, DETACH = CHANGES


@pytest.fixture(autouse=True)
def _one_by_one(fleet: Fleet) -> None:
    """On the emulated clock two that wait side by side would wait twice as long."""
    fleet.env.setenv("ROLEKEEPER_PARALLEL_CALLS", "1")


@pytest.fixture
def _sent_when_due(fleet: Fleet, mocker: MockerFixture) -> None:
    """Reads and writes go on side by side all the same, and who waits moves the clock of both: a call of the other that has had
    its turn and is not answered yet would be sent a minute late. So the clock moves when none is, to the first that is due."""
    under_way: set[int] = set()
    waiting: list[float] = []
    changed = threading.Condition()
    made = Reservation.__call__

    def leave() -> None:
        with changed:
            under_way.discard(threading.get_ident())
            changed.notify_all()

    def call(by: Reservation, action: str, send: Callable[[], Any], *, read: bool) -> Any:
        with changed:
            under_way.add(threading.get_ident())
        try:
            return made(by, action, send, read=read)
        finally:
            leave()

    def wait(seconds: float) -> None:
        until, clock = fleet.cloud.clock.now() + seconds, fleet.cloud.clock
        waiting.append(until)
        leave()
        with changed:
            assert changed.wait_for(lambda: not under_way and until == min(waiting), 30)
            clock.advance(max(0.0, until - clock.now()))
            waiting.remove(until)
            under_way.add(threading.get_ident())

    mocker.patch.object(Reservation, "__call__", call)
    mocker.patch("time.sleep", wait)


@pytest.mark.usefixtures("_sent_when_due")
def test_no_minute_has_more_calls_of_an_api_than_its_rate(fleet: Fleet) -> None:
    fleet.ten()
    fleet.env.setenv("ROLEKEEPER_CALLS_PER_MINUTE", "3,DescribeInstanceRamRole=7")
    fleet.cloud.quotas.set(3, service="ecs")
    fleet.cloud.quotas.set(7, service="ecs", action="DescribeInstanceRamRole")
    made = [*fleet.instances(500, "r0"), *fleet.instances(300, "r1", role="r2")]
    run = fleet.run("reconcile", timer())
    assert run.error is None
    assert fleet.right(made) == {"right": 800}
    made_calls = ecs(fleet.journal)
    for action in made_calls:
        most = 7 if action == "DescribeInstanceRamRole" else 3
        assert per_minute(fleet.journal, action) <= most
    assert per_minute(fleet.journal, "DescribeInstances") == 3, "and it is made use of"
    assert not any(call.code for call in fleet.journal if call.service == "ecs"), (
        "what keeps to its rate is never refused"
    )


def test_no_instance_is_without_a_role_while_the_attach_waits_for_its_turn(fleet: Fleet) -> None:
    """Attaches use up the rate of AttachInstanceRamRole, and swaps need both."""
    fleet.ten()
    fleet.env.setenv("ROLEKEEPER_CALLS_PER_MINUTE", f"1000,{ATTACH}=3")
    made = [*fleet.instances(400, "r0"), *fleet.instances(250, "r1", role="r2"), *fleet.instances(250, "r3", role="r4")]
    fleet.run("reconcile", timer())
    assert fleet.right(made) == {"right": 900}
    gaps = [int(r["gap_ms"]) for r in fleet.looks() if r["outcome"] == "swapped"]
    assert len(gaps) == 500
    assert max(gaps) < 30_000


def test_a_throttled_api_waits_for_the_next_minute_and_the_others_go_on(fleet: Fleet) -> None:
    fleet.ten()
    made = fleet.instances(500, "r0")
    fleet.cloud.faults.add("throttle", action=ATTACH)
    fleet.cloud.clock.advance(60 - fleet.cloud.clock.now() % 60 + 10)
    began = fleet.cloud.clock.now()
    fleet.run("reconcile", timer())
    assert fleet.right(made) == {"right": 500}
    first, second, *_ = [call for call in fleet.journal if call.action == ATTACH]
    assert (first.code, second.at // 60) == ("Throttling", began // 60 + 1)
    assert len([c for c in fleet.journal if c.action == "DescribeInstanceRamRole"]) >= 10


def test_an_api_that_refuses_for_three_minutes_is_given_up_and_recorded(fleet: Fleet) -> None:
    fleet.ten()
    made = [*fleet.instances(50, "r0"), *fleet.instances(50, role="r3")]
    fleet.cloud.faults.add("throttle", action=ATTACH, count=None)
    run = fleet.run("reconcile", timer())
    assert isinstance(run.error, TransientError)
    assert fleet.outcomes() == {"retrying": 50, "detached": 50}
    minutes = [call.at // 60 for call in fleet.journal if call.action == ATTACH]
    assert minutes == [minutes[0] + n for n in range(3)]
    assert fleet.right(made) == {"wrong": 50, "right": 50}


def test_a_swap_does_not_begin_while_the_attach_is_refused(fleet: Fleet) -> None:
    fleet.ten()
    made = [*fleet.instances(100, "r0"), *fleet.instances(100, "r1", role="r2")]
    fleet.cloud.faults.add("throttle", action=ATTACH)
    fleet.run("reconcile", timer())
    assert fleet.right(made) == {"right": 200}
    assert max(int(r["gap_ms"]) for r in fleet.looks() if r["outcome"] == "swapped") < 10_000


@pytest.mark.each_value
@pytest.mark.parametrize(
    "budget",
    [0, 12, 13, 40, 200, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 5, 20, 33, 45, 50, 60, 70, 100))],
)
@pytest.mark.parametrize("fault", [None, "throttle", "5xx", "empty"])
@pytest.mark.parametrize(("by", "parallel"), [("payload", "1"), ("setting", "4")])
def test_the_budget_is_never_exceeded_and_no_swap_is_left_half_done(
    fleet: Fleet, budget: int, fault: Any, by: str, parallel: str
) -> None:
    fleet.env.setenv("ROLEKEEPER_PARALLEL_CALLS", parallel)
    fleet.ten()
    made = [*fleet.instances(150, "r0"), *fleet.instances(250, "r1", role="r2"), *fleet.instances(50, role="r3")]
    if fault:
        fleet.cloud.faults.add(fault, service="ecs", every=7, count=None)
    if by == "setting" and budget:
        fleet.env.setenv("ROLEKEEPER_MAX_CALLS", str(budget))
    asked = {"max_calls": budget} if by == "payload" or not budget else {}
    run = fleet.run("remediate", remediate(all=True, **asked))
    made_calls = ecs(fleet.journal)
    assert made_calls.total() <= budget
    assert run.result.get("runs", [{}])[0].get("bill", {}).get("calls", dict(made_calls)) == made_calls
    assert json.loads(fleet.run_records()[0].get("calls", "{}")) == made_calls
    assert not [i for i in made[150:400] if not i.role], "nobody is left without a role"
    told = Counter(r["instance_id"] for r in fleet.looks())
    assert set(told.values()) <= {1}
    if fleet.run_records()[0]["run"] == "complete":
        assert len(told) == 450
    else:
        assert fleet.run_records()[0]["error_code"] in ("MaxCalls", "ServiceUnavailable", "", "InternalError")
    refused = {r["reason"] for r in fleet.looks() if r["outcome"] == "refused"}
    assert refused <= {"max-calls"}
    if fleet.right(made)["wrong"] and not fault:
        assert refused or fleet.run_records()[0]["run"] == "incomplete"


@pytest.mark.parametrize("fault", [None, "throttle", "reset"])
def test_the_bill_is_the_journal(fleet: Fleet, fault: Any) -> None:
    fleet.ten()
    fleet.instances(150, "r0")
    fleet.instances(150, "r1", role="r2")
    if fault:
        fleet.cloud.faults.add(fault, service="ecs", every=5, count=None)
    run = fleet.run("reconcile", timer())
    (bill,) = [line["bill"] for line in run.lines if "bill" in line]
    assert bill["calls"] == ecs(fleet.journal)
    assert bill["writes"] == sum(ecs(fleet.journal)[action] for action in CHANGES)
    assert bill["reads"] + bill["writes"] == ecs(fleet.journal).total()
