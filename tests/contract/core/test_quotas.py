"""Quotas by account, region and API: refused with Throttling until the next minute begins, through both ways in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.identity import Identity
from tests.contract import sdk
from tests.contract.core.conftest import Way

THROTTLED = (400, "Throttling")
Set = Callable[..., None]


@pytest.fixture
def quota(way: Way) -> Set:
    """quota(2, action="DescribeInstances"): by the side door; the clock then stands at the beginning of a minute."""

    def run(calls: int | None, **which: str) -> None:
        assert way.door("POST", "quotas", {"calls_per_minute": calls, **which}).status_code == 200
        way.cloud.clock.advance(60 - way.cloud.clock.now() % 60 + 0.1)

    return run


def test_calls_beyond_the_quota_are_refused_until_the_next_minute(way: Way, quota: Set) -> None:
    quota(2, service="ecs", action="DescribeInstances")
    for _ in range(2):
        assert way.ecs("describe_instances")["Instances"] == {"Instance": []}
    for _ in range(2):
        assert sdk.refusal(way.ecs, "describe_instances") == THROTTLED
    assert [(c.status, c.code) for c in way.cloud.calls] == [(200, ""), (200, ""), THROTTLED, THROTTLED]
    way.cloud.clock.advance(50)
    assert sdk.refusal(way.ecs, "describe_instances") == THROTTLED
    way.cloud.clock.advance(10)
    assert way.ecs("describe_instances")


def test_each_api_is_counted_for_itself(way: Way, quota: Set) -> None:
    quota(1)
    assert way.ecs("describe_instances")
    assert way.ecs("describe_regions")
    assert sdk.refusal(way.ecs, "describe_regions") == THROTTLED


def test_each_region_and_account_is_counted_for_itself_whoever_calls(way: Way, quota: Set) -> None:
    quota(1)
    other = way.cloud.keys.permanent(Identity("Account", "2222222222222222"))
    ours = way.cloud.keys.permanent(Identity("Account", "1234567890123456"))

    def describe(key: Any = None, region: str = "cn-hangzhou") -> Any:
        given = {"access_key_id": key.access_key_id, "access_key_secret": key.secret} if key else {}
        return sdk.ecs(way.config(**given), "describe_instances", region_id=region)

    assert describe()
    assert describe(region="cn-beijing")
    assert describe(other)
    for again in ({}, {"region": "cn-beijing"}, {"key": other}, {"key": ours}):
        assert sdk.refusal(describe, **again) == THROTTLED


def test_a_refused_call_does_nothing(way: Way, quota: Set) -> None:
    made = way.cloud.ecs.make(role="web")[0]
    quota(0, action="DetachInstanceRamRole")
    given = {"instance_ids": json.dumps([made.instance_id]), "ram_role_name": "web"}
    assert sdk.refusal(way.ecs, "detach_instance_ram_role", **given) == THROTTLED
    assert made.role == "web"


def test_the_narrowest_holds_and_none_lifts(way: Way, quota: Set) -> None:
    quota(0, service="ecs")
    quota(5, action="DescribeInstances")
    assert way.ecs("describe_instances")
    assert sdk.refusal(way.ecs, "describe_regions") == THROTTLED
    quota(None, service="ecs")
    assert way.ecs("describe_regions")


def test_what_is_refused_for_a_wrong_signature_does_not_count(way: Way, quota: Set) -> None:
    quota(1)
    wrong = way.config(access_key_secret="wrong")
    assert sdk.refusal(sdk.ecs, wrong, "describe_regions")[1] == "SignatureDoesNotMatch"
    assert way.ecs("describe_regions")


def test_a_reset_lifts_all(way: Way, quota: Set) -> None:
    quota(0)
    way.door("POST", "reset")
    assert way.ecs("describe_regions")


@pytest.mark.parametrize("asked", [{"calls_per_minute": -1}, {"calls_per_minute": "1"}, {"calls_per_minute": True}, {}])
def test_what_is_no_quota_is_refused(way: Way, asked: dict[str, Any]) -> None:
    answer = way.door("POST", "quotas", asked)
    assert (answer.status_code, "calls_per_minute" in answer.json()["error"]) == (400, True)
