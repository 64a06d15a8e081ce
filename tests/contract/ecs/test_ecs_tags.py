"""ECS tags through the real client: limits, duplicates, all or none, the older actions, and listing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from tests.contract import sdk

Ask = Callable[..., Any]
KIND = {"resource_type": "instance"}


@pytest.fixture
def tags(cloud: Cloud) -> Callable[[str], dict[str, str]]:
    def of(instance_id: str) -> dict[str, str]:
        instance = cloud.ecs.instance(instance_id)
        assert instance is not None
        return instance.tags

    return of


def rows(body: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(t["ResourceId"], t["TagKey"], t["TagValue"]) for t in body["TagResources"]["TagResource"]]


def test_tags_are_put_on_changed_and_taken_off(ask: Ask, cloud: Cloud, tags: Callable[[str], dict[str, str]]) -> None:
    made = [i.instance_id for i in cloud.ecs.make(50)]
    ask("tag_resources", **KIND, resource_id=made, tag={"app": "web", "空 键": "值 &=+%/", "empty": ""})
    assert all(tags(i) == {"app": "web", "空 键": "值 &=+%/", "empty": ""} for i in made)
    ask("tag_resources", **KIND, resource_id=made[:1], tag={"app": "db"})
    ask("untag_resources", **KIND, resource_id=made[:1], tag_key=["空 键", "not there"])
    assert tags(made[0]) == {"app": "db", "empty": ""}
    ask("untag_resources", **KIND, resource_id=made[:1], all=True)
    assert (tags(made[0]), len(tags(made[1]))) == ({}, 3)
    assert len(sdk.ids(ask("describe_instances", tag={"app": "web"}, max_results=100))) == 49


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"tag": {"App": "x"}}, (403, "TagKey.Duplication"), id="differs from one there in case only"),
        pytest.param({"tag": {"k": "1", "K": "2"}}, (403, "TagKey.Duplication"), id="two that differ in case only"),
        pytest.param({"tag": {"aliyun.x": "v"}}, (400, "InvalidTagKey.Malformed"), id="key aliyun"),
        pytest.param({"tag": {"ACS:x": "v"}}, (400, "InvalidTagKey.Malformed"), id="key acs:"),
        pytest.param({"tag": {"http://x": "v"}}, (400, "InvalidTagKey.Malformed"), id="key with http://"),
        pytest.param({"tag": {"x": "https://v"}}, (400, "InvalidTagValue.Malformed"), id="value with https://"),
        pytest.param({"tag": {"k" * 129: "v"}}, (400, "InvalidTagKey.Malformed"), id="key of 129"),
        pytest.param({"tag": {"k": "v" * 129}}, (400, "InvalidTagValue.Malformed"), id="value of 129"),
        pytest.param({"tag": {f"k{n}": "v" for n in range(21)}}, (400, "NumberExceed.Tags"), id="21 tags"),
        pytest.param({"tag": {f"k{n}": "v" for n in range(20)}}, (403, "QuotaExceed.Tags"), id="21 on the instance"),
        pytest.param({"tag": None}, (404, "MissingParameter.Tags"), id="no tags"),
        pytest.param({"resource_id": None}, (404, "MissingParameter.ResourceIds"), id="no ids"),
        pytest.param({"resource_id": [f"i-{n}" for n in range(51)]}, (400, "NumberExceed.ResourceIds"), id="51 ids"),
        pytest.param({"resource_type": None}, (404, "MissingParameter.ResourceType"), id="no type"),
        pytest.param({"resource_type": "castle"}, (404, "InvalidResourceType.NotFound"), id="unknown type"),
        pytest.param({"region_id": None}, (404, "MissingParameter.RegionId"), id="no region"),
        pytest.param({"region_id": "mars-1"}, (404, "InvalidRegionId.NotFound"), id="unknown region"),
    ],
)
def test_tags_that_cannot_be_are_put_on_nobody(
    refused: Ask, cloud: Cloud, tags: Callable[[str], dict[str, str]], given: dict[str, Any], expected: tuple[int, str]
) -> None:
    free, taken = cloud.ecs.make()[0].instance_id, cloud.ecs.make(tags={"app": "web"})[0].instance_id
    asked = {**KIND, "resource_id": [free, taken], "tag": {"k": "v"}, **given}
    assert refused("tag_resources", **asked) == expected
    assert (tags(free), tags(taken)) == ({}, {"app": "web"})


def test_one_missing_instance_leaves_all_untouched(
    refused: Ask, cloud: Cloud, tags: Callable[[str], dict[str, str]]
) -> None:
    made = cloud.ecs.make(tags={"a": "b"})[0].instance_id
    missing = (404, "InvalidResourceId.NotFound")
    assert refused("tag_resources", **KIND, resource_id=[made, "i-nope"], tag={"k": "v"}) == missing
    assert refused("untag_resources", **KIND, resource_id=[made, "i-nope"], all=True) == missing
    assert tags(made) == {"a": "b"}


def test_a_key_given_twice_is_refused(cloud: Cloud) -> None:
    made = cloud.ecs.make()[0].instance_id
    query = {
        "RegionId": "cn-hangzhou",
        "ResourceType": "instance",
        "ResourceId.1": made,
        "Tag.1.Key": "k",
        "Tag.1.Value": "1",
        "Tag.2.Key": "k",
        "Tag.2.Value": "2",
    }
    assert sdk.refusal(sdk.rpc, sdk.config(), "ecs", "TagResources", query) == (400, "Duplicate.TagKey")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"all": True, "tag_key": ["a"]}, (403, "Param.Conflict"), id="all and keys"),
        pytest.param({}, (400, "MissingParameter.TagKey"), id="neither"),
        pytest.param({"all": False}, (400, "MissingParameter.TagKey"), id="all is false"),
        pytest.param({"tag_key": [f"k{n}" for n in range(21)]}, (400, "NumberExceed.Tags"), id="21 keys"),
    ],
)
def test_untagging_needs_keys_or_all(
    refused: Ask, cloud: Cloud, given: dict[str, Any], expected: tuple[int, str]
) -> None:
    made = cloud.ecs.make()[0].instance_id
    assert refused("untag_resources", **KIND, resource_id=[made], **given) == expected


def test_the_older_actions_tag_one_instance(ask: Ask, cloud: Cloud, tags: Callable[[str], dict[str, str]]) -> None:
    made = cloud.ecs.make(tags={"a": "1", "b": "2", "c": "3", "d": "4"})[0].instance_id
    ask("add_tags", **KIND, resource_id=made, tag={"e": "5", "a": "0"})
    assert tags(made) == {"a": "0", "b": "2", "c": "3", "d": "4", "e": "5"}
    ask("remove_tags", **KIND, resource_id=made, tag={"a": "0", "b": "other", "c": None})
    assert tags(made) == {"b": "2", "d": "4", "e": "5"}
    ask("remove_tags", **KIND, resource_id=made)
    assert tags(made) == {}


def test_tags_are_listed_one_row_a_tag(ask: Ask, cloud: Cloud) -> None:
    one = cloud.ecs.make(tags={"app": "web", "env": "prod"})[0].instance_id
    two = cloud.ecs.make(tags={"app": "web"})[0].instance_id
    both = [(one, "app", "web"), (one, "env", "prod"), (two, "app", "web")]
    assert rows(ask("list_tag_resources", **KIND, resource_id=[one, two, "i-nope"])) == both
    assert rows(ask("list_tag_resources", **KIND, tag={"app": "web"})) == both
    assert rows(ask("list_tag_resources", **KIND, tag={"app": None, "env": "prod"})) == both[:2]
    assert rows(ask("list_tag_resources", **KIND, tag={"env": "prod"}, resource_id=[two])) == []


def test_listed_tags_come_in_pages(ask: Ask, refused: Ask, cloud: Cloud) -> None:
    made = [i.instance_id for i in cloud.ecs.make(120, tags={"app": "web", "env": "prod"})]
    seen: list[tuple[str, str, str]] = []
    token, pages = None, 0
    while pages == 0 or token:
        body = ask("list_tag_resources", **KIND, tag={"app": "web"}, next_token=token)
        seen, token, pages = seen + rows(body), body["NextToken"], pages + 1
    assert seen == [(i, k, v) for i in made for k, v in (("app", "web"), ("env", "prod"))]
    assert pages == 3
    token = ask("list_tag_resources", **KIND, tag={"app": "web"})["NextToken"]
    invalid = (403, "Invalid.NextToken")
    assert refused("list_tag_resources", **KIND, tag={"env": "prod"}, next_token=token) == invalid
    assert refused("list_tag_resources", **KIND, tag={"app": "web"}, next_token="x") == invalid
    cloud.clock.advance(cloud.switches.token_seconds + 1)
    assert refused("list_tag_resources", **KIND, tag={"app": "web"}, next_token=token) == invalid


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, (403, "BothEmpty.TagsAndResources"), id="neither ids nor tags"),
        pytest.param({"tag": {None: "v"}}, (400, "InvalidParameter.TagValue"), id="a value alone"),
        pytest.param({"tag": {f"k{n}": "v" for n in range(21)}}, (400, "NumberExceed.Tags"), id="21 tags"),
        pytest.param({"resource_id": [f"i-{n}" for n in range(51)]}, (400, "NumberExceed.ResourceIds"), id="51 ids"),
    ],
)
def test_a_listing_that_cannot_be_is_refused(refused: Ask, cloud: Cloud, given: dict[str, Any], expected: Any) -> None:
    assert refused("list_tag_resources", **KIND, **given) == expected


@pytest.mark.not_emulated
def test_tags_of_other_kinds_are_refused_loudly(refused: Ask, cloud: Cloud) -> None:
    assert refused("list_tag_resources", resource_type="disk", resource_id=["d-1"]) == (501, "Fakecloud.NotEmulated")


@pytest.mark.parametrize(
    ("setting", "direct_events", "trail_events"), [("cloudmonitor", 2, 0), ("both", 2, 3), ("actiontrail", 0, 3)]
)
def test_tags_are_announced_when_they_change_and_trailed_at_every_call(
    ask: Ask, cloud: Cloud, setting: str, direct_events: int, trail_events: int
) -> None:
    cloud.switches.set({"tag_event": setting})
    made = cloud.ecs.make(tags={"a": "1", "b": "2"})[0].instance_id
    ask("tag_resources", **KIND, resource_id=[made], tag={"a": "1", "b": "3"})
    ask("tag_resources", **KIND, resource_id=[made], tag={"a": "1"})
    ask("untag_resources", **KIND, resource_id=[made], tag_key=["a", "z"])
    direct = [e["data"]["changedTagKeys"] for e in cloud.events.log.events if "ActionTrail" not in e["type"]]
    assert direct == [["b"], ["a"]][:direct_events]
    trails = [e["data"]["eventName"] for e in cloud.events.log.events if "ActionTrail" in e["type"]]
    assert trails == ["TagResources", "TagResources", "UntagResources"][:trail_events]
