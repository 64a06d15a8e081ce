"""One event may name instances of several regions and accounts: each is looked at where it is, and old ids are ids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.events import read
from shared.model.ignored import Ignored
from shared.model.trigger import Trigger
from tests.unit.events.builders import ACCOUNT, A, B, C, call, envelope, state, tag_event, trigger

OLD = "AY121018033933eae8689"
FOREIGN = "9999999999999999"


def arn(name: str, region: str = "cn-hangzhou", account: str = ACCOUNT) -> str:
    return f"arn:acs:ecs:{region}:{account}:instance/{name}"


def by_tag_service(*arns: str, **parameters: Any) -> dict[str, Any]:
    return call("TagResources", {"ResourceARN": list(arns), **parameters}, "Tag")


HERE, THERE = "cn-hangzhou", "cn-beijing"
PLACES = [
    pytest.param(by_tag_service(arn(A), arn(B, THERE)), {HERE: (A,), THERE: (B,)}, id="two ARNs"),
    pytest.param(by_tag_service(arn(A, THERE), arn(B), arn(C, THERE)), {THERE: (A, C), HERE: (B,)}, id="mixed"),
    pytest.param(by_tag_service(arn(A, THERE), arn(B, "*")), {THERE: (A,), HERE: (B,)}, id="an ARN of any region"),
    pytest.param(by_tag_service(arn(A, THERE), arn(B, "*", "*")), {THERE: (A,), HERE: (B,)}, id="of any account too"),
    pytest.param(by_tag_service(arn(A, THERE), B), {THERE: (A,), HERE: (B,)}, id="an ARN and an id"),
    pytest.param(by_tag_service(A, arn(A, THERE)), {THERE: (A,)}, id="the same as id and as ARN"),
    pytest.param(by_tag_service(arn(A), A, arn(B)), {HERE: (A, B)}, id="one region, one trigger"),
    pytest.param(
        call("TagResources", {"ResourceARN.1": arn(A), "ResourceARN.2": arn(B, THERE)}, "Tag"),
        {HERE: (A,), THERE: (B,)}, id="flattened",
    ),
    pytest.param(
        call("UntagResources", {"ResourceARN": json.dumps([arn(A), arn(B, THERE)])}, "Tag"),
        {HERE: (A,), THERE: (B,)}, id="a string of JSON",
    ),
    pytest.param(
        call("TagResources", {"ResourceARN": f"{arn(A)},{arn(B, THERE)}"}, "Tag"),
        {HERE: (A,), THERE: (B,)}, id="with commas",
    ),
    pytest.param(
        call("TagResources", {"ResourceId": [{"RegionId": THERE, "ResourceId": A}, {"ResourceId": B}]}),
        {THERE: (A,), HERE: (B,)}, id="objects with their region",
    ),
    pytest.param(tag_event(resourceId=f"{arn(A)},{arn(B, THERE)}"), {HERE: (A,), THERE: (B,)}, id="CloudMonitor"),
    pytest.param(tag_event(resourceId=[arn(A, THERE), arn(B)]), {THERE: (A,), HERE: (B,)}, id="CloudMonitor, a list"),
    pytest.param(tag_event(resourceId=A, regionId=THERE), {THERE: (A,)}, id="CloudMonitor's content names the region"),
    pytest.param(
        state(resourceId=arn(A, THERE), instanceId=arn(B)), {THERE: (A,), HERE: (B,)}, id="a change of state"
    ),
    pytest.param(
        envelope("ecs:ActionTrail:ApiCall", call("AddTags", {"ResourceId": A}, acsRegion=THERE)), {THERE: (A,)},
        id="the record's region goes before that of the bus",
    ),
]  # fmt: skip


def triggers(event: object, **asked: Any) -> list[Trigger]:
    return [item for item in read(json.dumps(event), **asked) if isinstance(item, Trigger)]


@pytest.mark.parametrize(("event", "places"), PLACES)
@pytest.mark.parametrize("batch", [False, True], ids=["alone", "in a batch"])
def test_each_instance_is_looked_at_in_its_own_region(event: Any, places: dict[str, Any], batch: bool) -> None:
    found = triggers([event, state()] if batch else event, account_id=ACCOUNT, region=HERE)
    if batch:
        assert found.pop().kind == "created"
    assert {one.region: one.instance_ids for one in found} == places
    assert len({(one.event_id, one.actor, one.event_time) for one in found}) == 1


def test_of_two_accounts_the_part_that_is_ours_is_looked_at() -> None:
    event = by_tag_service(arn(A), arn(B, THERE, FOREIGN), arn(C, THERE))
    outcomes = read(json.dumps(event), account_id=ACCOUNT, region=HERE)
    assert [(o.region, o.instance_ids) for o in outcomes if isinstance(o, Trigger)] == [(HERE, (A,)), (THERE, (C,))]
    (foreign,) = [o for o in outcomes if isinstance(o, Ignored)]
    assert (foreign.reason, foreign.account_id) == ("foreign-account", FOREIGN)


def test_who_does_not_know_its_own_account_tells_accounts_apart() -> None:
    found = triggers(call("TagResources", {"ResourceARN": [arn(A), arn(B, HERE, FOREIGN)]}, "Tag"))
    assert [(one.account_id, one.instance_ids) for one in found] == [(ACCOUNT, (A,)), (FOREIGN, (B,))]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(state(resourceId=OLD), id="a change of state"),
        pytest.param(state(resourceId=arn(OLD)), id="an ARN"),
        pytest.param(call("RunInstances", responseElements={"InstanceIdSets": {"InstanceIdSet": [OLD]}}), id="launch"),
        pytest.param(call("TagResources", {"ResourceId.1": OLD}), id="flattened"),
        pytest.param(by_tag_service(arn(OLD)), id="the Tag service"),
        pytest.param(tag_event(resourceId=OLD), id="CloudMonitor"),
        pytest.param({"remediate": {"instance_ids": [OLD]}}, id="an operator's payload"),
        pytest.param({"instance_ids": [OLD]}, id="the same without its outer key"),
    ],
)
def test_an_id_of_the_old_form_is_an_id(event: Any) -> None:
    assert trigger(event).instance_ids == (OLD,)


@pytest.mark.parametrize("name", ["AY", "AY12", "AYRSHIRE-COAST", "ay121018033933eae8689", "xAY121018033933eae8689"])
def test_not_every_word_that_begins_so_is_one(name: str) -> None:
    assert not triggers(call("TagResources", {"ResourceId.1": name}))
