"""One deployment for two regions of three accounts: each place is a run of its own, and none disturbs another."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from pytest_mock import MockerFixture

from fakecloud.identity import ACCOUNT
from shared.mapping import load
from shared.policies import execution_policies
from shared.settings import Settings, Target, targets
from tests.functional.permissions.estate import ENV, FAR, FC_ROLE, HOME, MEMBER, PLACES, PROJECT, RULES, Estate


def test_the_places_are_those_of_the_settings() -> None:
    assert set(targets(Settings.from_env(ENV, region=HOME, account_id=ACCOUNT))) == set(PLACES)


def test_the_timer_starts_one_invocation_for_each_other_place_and_looks_after_its_own(estate: Estate) -> None:
    estate.timer()
    assert estate.right() == set(PLACES)
    assert estate.runs() == dict.fromkeys(PLACES, ("complete",))
    assert Counter((one.function, one.kind, one.source, one.ok) for one in estate.cloud.fc.invocations) == {
        ("rolekeeper-reconcile", "async", "timer", True): 1,
        ("rolekeeper-reconcile", "async", "api", True): len(PLACES) - 1,
    }
    looks = [record for record in estate.records() if record["action"] == "attach"]
    assert {(r["account_id"], r["region"], r["instance_id"]) for r in looks} == {
        (place.account_id, place.region, instance.instance_id) for place, instance in estate.made.items()
    }
    runs = {(r["account_id"], r["region"]): r["run_id"] for r in estate.records() if r["action"] == "run"}
    assert {(r["account_id"], r["region"]): r["run_id"] for r in looks} == runs
    assert len(set(runs.values())) == len(PLACES)


@pytest.mark.parametrize("estate", [{"env": {}}], indirect=True)
def test_where_nothing_is_set_no_other_place_is_looked_at(estate: Estate) -> None:
    estate.timer()
    assert estate.right() == {Target(ACCOUNT, HOME)}
    assert not {"InvokeFunction", "AssumeRole"} & set(estate.cloud.calls.actions())
    assert {call.params["RegionId"] for call in estate.cloud.calls if call.service == "ecs"} == {HOME}


@pytest.mark.parametrize("estate", [{"trusted": "another"}], indirect=True)
def test_an_account_that_does_not_let_us_in_has_its_runs_recorded_and_is_not_tried_again(estate: Estate) -> None:
    estate.timer()
    closed = {place for place in PLACES if place.account_id == MEMBER}
    assert estate.right() == set(PLACES) - closed
    assert estate.runs() == {place: ("incomplete" if place in closed else "complete",) for place in PLACES}
    refused = [record for record in estate.records() if record.get("error_code")]
    assert {(r["account_id"], r["error_code"]) for r in refused} == {(MEMBER, "NoPermission")}
    assert all(one.ok for one in estate.cloud.fc.invocations)
    assert not estate.cloud.fc.destinations


def test_a_region_that_stays_down_disturbs_no_other_and_ends_among_the_dead_letters(
    estate: Estate, mocker: MockerFixture
) -> None:
    estate.down(mocker, "ecs", FAR)
    estate.timer()
    far = {place for place in PLACES if place.region == FAR}
    assert estate.right() == set(PLACES) - far
    assert estate.runs() == {place: ("incomplete",) * 4 if place in far else ("complete",) for place in PLACES}
    (dead,) = estate.cloud.fc.destinations.values()
    lost = [json.loads(letter["requestPayload"])["rolekeeper"] for letter in dead]
    assert {Target(trigger["account_id"], trigger["region"]) for trigger in lost} == far


@pytest.mark.parametrize("region", [HOME, FAR])
def test_a_region_that_was_down_is_healed_by_the_next_try_and_no_place_is_started_twice(
    estate: Estate, mocker: MockerFixture, region: str
) -> None:
    estate.down(mocker, "ecs", region, times=2)  # one read, and its second try
    estate.timer()
    assert estate.right() == set(PLACES)
    assert Counter(estate.runs().values()) == {
        ("complete",): len(PLACES) - 1,
        ("incomplete", "complete"): 1,
    }


def test_a_place_that_could_not_be_started_is_recorded_and_started_by_the_next_try(
    estate: Estate, mocker: MockerFixture
) -> None:
    estate.down(mocker, "fc", HOME, times=3)
    estate.timer()
    assert estate.right() == set(PLACES)
    tries = estate.runs()
    assert tries.pop(Target(ACCOUNT, HOME)) == ("complete", "complete"), "the timer's own invocation was tried again"
    assert Counter(tries.values()) == {("complete",): 4, ("incomplete", "complete"): 1}


def test_places_that_we_may_not_start_are_recorded(estate: Estate) -> None:
    own = execution_policies(
        load(RULES), account_id=ACCOUNT, region=HOME, project=PROJECT, functions=("functions/other",)
    )
    estate.cloud.ram.put_role(ACCOUNT, FC_ROLE, services=("fc.aliyuncs.com",), policies=own)
    estate.timer()
    here = Target(ACCOUNT, HOME)
    assert estate.right() == {here}
    assert estate.runs() == {place: ("complete" if place == here else "incomplete",) for place in PLACES}
    refused = [record for record in estate.records() if record.get("error_code")]
    assert {record["error_code"] for record in refused} == {"AccessDenied"}


def test_an_answer_that_was_lost_starts_no_place_twice(estate: Estate) -> None:
    estate.cloud.faults.add("reset", action="InvokeFunction", lost_answer=True, count=2, every=2)
    estate.timer()
    assert estate.runs() == dict.fromkeys(PLACES, ("complete",))


def test_what_is_delivered_twice_does_no_harm(estate: Estate) -> None:
    fc = estate.cloud.fc
    estate.timer()
    for one in tuple(fc.invocations):
        fc.enqueue(fc.find(ACCOUNT, HOME, one.function), one.payload, rid=one.request_id)
    estate.cloud.calls.clear()
    estate.cloud.settle()
    assert estate.right() == set(PLACES)
    assert estate.runs() == dict.fromkeys(PLACES, ("complete", "complete")), (
        "the timer's second delivery starts nothing anew"
    )
    assert not {"AttachInstanceRamRole", "DetachInstanceRamRole"} & set(estate.cloud.calls.actions())


def test_an_operator_remediates_everywhere(estate: Estate) -> None:
    asked = {"all": True, "everywhere": True, "operator": "alice", "reason": "INC-7"}
    result = estate.ask("rolekeeper-remediate", {"remediate": asked})
    assert [run["run"] for run in result["runs"]] == ["started"] * 5 + ["complete"]
    assert estate.right() == set(PLACES)
    assert {(r["operator"], r["operator_reason"], r["trigger"]) for r in estate.records()} == {
        ("alice", "INC-7", "remediate")
    }
    assert {one.function for one in estate.cloud.fc.invocations} == {"rolekeeper-remediate"}


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        pytest.param(
            {"account_id": "42"},
            "account 42 is neither this deployment's own nor listed in ROLEKEEPER_ACCOUNTS",
            id="an account that is not listed",
        ),
        pytest.param({"region": "us-west-1"}, "DescribeInstances: Forbidden.RAM", id="a region that is not listed"),
        pytest.param(
            {"account_id": MEMBER, "region": "us-west-1"},
            "DescribeInstances: Forbidden.RAM",
            id="a region of another account that is not listed",
        ),
    ],
)
def test_a_place_that_is_not_listed_is_a_clear_error(estate: Estate, asked: dict[str, str], why: str) -> None:
    estate.cloud.ecs.make(1, account=ACCOUNT, region="us-west-1", tags={"app": "web"})
    result = estate.ask("rolekeeper-remediate", {"remediate": {"all": True, **asked}})
    assert why in result["error"]
    assert "stackTrace" not in result
    (record,) = estate.records()
    assert (record["run"], record["seen"]) == ("incomplete", "0")
    assert estate.right() == set()
