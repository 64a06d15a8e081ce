"""A region whose full look takes longer than the timer's interval: its runs do not pile up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from tests.functional.fleet.fleet import Fleet
from tests.functional.handlers.world import REGION, Run, timer

INTERVAL = 1800.0
ELSEWHERE = ("cn-beijing", "cn-shanghai", "us-west-1")
LISTINGS = {"3.0": "ListAsyncTasks", "2.0": "ListStatefulAsyncInvocations"}


def large(fleet: Fleet, **given: Any) -> list[Instance]:
    """A region of which one look takes longer than the interval, each call taking two minutes."""
    fleet.ten(**given)
    fleet.slow(limit=3600, latency=120)
    return [*fleet.instances(1, "r1"), *fleet.instances(1000, "r0", role="r0"), *fleet.instances(1, "r1")]


def fires(fleet: Fleet, began: float | None = None) -> Run:
    """The timer, an interval after that, or now: an invocation with a request id of its own."""
    if began is not None:
        fleet.cloud.clock.advance(max(0.0, began + INTERVAL - fleet.cloud.clock.now()))
    context = type(fleet).context

    def fresh() -> Any:
        asked = context(fleet)
        asked.request_id = f"1-{round(fleet.cloud.clock.now()):x}"
        return asked

    fleet.env.setattr(fleet, "context", fresh)
    return fleet.run("reconcile", timer())


def ends(fleet: Fleet) -> list[Run]:
    """All that was handed over, to its end."""
    return list(_links(fleet))


def _links(fleet: Fleet) -> Iterator[Run]:
    while new := fleet.waiting():
        for payload in new:
            yield fleet.run("reconcile", payload)


@pytest.fixture(params=LISTINGS)
def edition(request: pytest.FixtureRequest, fleet: Fleet) -> str:
    fleet.edition = str(request.param)
    return fleet.edition


def test_a_run_does_not_begin_while_the_one_before_goes_on(fleet: Fleet, edition: str) -> None:
    made, began = large(fleet), fleet.cloud.clock.now()
    first = fires(fleet)
    assert first.result["runs"][0]["run"] == "continued"
    assert fleet.cloud.clock.now() < began + INTERVAL, "what goes on can be found when the timer fires again"
    second = fires(fleet, began)
    assert second.error is None, "Function Compute has nothing to try again"
    assert set(second.calls) <= {"DescribeInstances", LISTINGS[edition], "PutLogs"}, "the first page, and no more"
    (run,) = second.result["runs"]
    record = fleet.run_records()[-1]
    assert run["run"] == record["run"] == "not-begun"
    assert run["running_task"] == record["running_task"]
    assert first.result["runs"][0]["run_id"] in record["running_task"]
    assert record["running_since"].startswith("20")
    assert (record["region"], record["seen"], "error_code" in record) == (REGION, "0", False)

    links = ends(fleet)
    assert links[-1].result["runs"][0]["run"] == "complete"
    assert fleet.right(made) == {"right": len(made)}
    third = fires(fleet)
    assert third.result["runs"][0]["run"] == "continued", "the last has ended, and the next begins"


@pytest.mark.each_value
@pytest.mark.parametrize("why", ["forbidden", "failing", "throttled"])
def test_a_run_begins_where_the_one_before_cannot_be_asked_for(fleet: Fleet, edition: str, why: str) -> None:
    large(fleet)
    if why == "forbidden":
        fleet.cloud.switches.fc_setting_resource = "all"
    else:
        kind: Any = {"failing": "5xx", "throttled": "throttle"}[why]
        fleet.cloud.faults.add(kind, action=LISTINGS[edition], count=None)
    run = fleet.run("reconcile", timer())
    assert run.error is None
    assert run.result["runs"][0]["run"] == "continued"
    (line,) = [line for line in run.lines if "run_before" in line]
    assert line["run_before"] == "not known"
    assert LISTINGS[edition] in line["error"]


def test_a_request_that_is_delivered_twice_is_not_held_up_by_itself(fleet: Fleet, edition: str) -> None:
    large(fleet)
    first = fleet.run("reconcile", timer())
    again = fleet.run("reconcile", timer())  # under the same request id
    assert LISTINGS[edition] in again.calls
    assert again.result["runs"][0]["run_id"] == first.result["runs"][0]["run_id"]
    assert again.result["runs"][0]["run"] == "continued"


def test_a_run_by_hand_is_held_up_by_none(fleet: Fleet, edition: str) -> None:
    large(fleet)
    fleet.run("reconcile", timer())
    asked = fleet.run("reconcile", {"reconcile": {}})
    assert asked.result["runs"][0]["run"] in ("continued", "complete")
    assert LISTINGS[edition] not in asked.calls


def test_a_part_that_was_handed_over_is_held_up_by_none(fleet: Fleet, edition: str) -> None:
    made = large(fleet)
    fleet.limit = 900
    runs = fleet.chain("reconcile", timer())
    assert runs[-1].result["runs"][0]["run"] == "complete"
    assert fleet.right(made) == {"right": len(made)}
    assert LISTINGS[edition] not in [call for run in runs[1:] for call in run.calls]


def places(fleet: Fleet, switch: Any = "kept") -> None:
    """Four regions, each with an instance without its role; nothing takes long."""
    fleet.ten()
    fleet.allow(region="*")
    fleet.functions()
    fleet.env.setenv("ROLEKEEPER_REGIONS", ",".join([REGION, *ELSEWHERE]))
    fleet.cloud.switches.async_delay = switch
    for region in ELSEWHERE:
        fleet.instance("r0", region=region, tags={"app": "r0"})


def kept_back(fleet: Fleet) -> list[float]:
    """How many seconds each task waited, those that were started before left out."""
    function = fleet.cloud.fc.find("", REGION, "rolekeeper-reconcile")
    tasks = fleet.cloud.fc.queue.tasks(function)[fleet.taken :]
    fleet.waiting()
    return [round(task.started - task.came) for task in tasks]


def test_the_runs_of_many_places_begin_apart_and_each_at_the_same_moment_each_time(fleet: Fleet) -> None:
    places(fleet)
    assert fires(fleet).error is None
    first = kept_back(fleet)
    assert len(set(first)) == len(ELSEWHERE)
    assert all(0 <= seconds <= 300 for seconds in first)
    assert max(first) > 30
    fires(fleet, fleet.cloud.clock.now())
    assert kept_back(fleet) == first


def test_they_begin_where_function_compute_keeps_nothing_back(fleet: Fleet) -> None:
    places(fleet, "ignored")
    assert fires(fleet).error is None
    assert kept_back(fleet) == [0] * len(ELSEWHERE)


def test_a_place_whose_run_goes_on_is_left_out_and_no_other(fleet: Fleet) -> None:
    places(fleet)
    fires(fleet)
    fleet.cloud.clock.settle(within=1_000)
    (busy,) = [
        task
        for task in fleet.cloud.fc.queue.tasks(fleet.cloud.fc.find("", REGION, "rolekeeper-reconcile"))
        if ELSEWHERE[1] in task.task_id
    ]
    busy.becomes("Running", fleet.cloud.clock.now())
    second = fires(fleet, fleet.cloud.clock.now())
    assert second.error is None
    found = {run["region"]: run["run"] for run in second.result["runs"]}
    assert found == {REGION: "complete", **dict.fromkeys(ELSEWHERE, "started"), ELSEWHERE[1]: "not-begun"}
    (record,) = [one for one in fleet.run_records() if one["run"] == "not-begun"]
    assert (record["region"], record["running_task"]) == (ELSEWHERE[1], busy.task_id)
