"""DescribeInstances through the real client: filters, paging, tokens, and what an instance looks like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from tests.contract.sdk import ids

Ask = Callable[..., Any]


def fleet(cloud: Cloud) -> dict[str, str]:
    """A few instances that differ in one thing each; ids by what they are called."""
    kinds: dict[str, dict[str, Any]] = {
        "plain": {},
        "stopped": {"status": "Stopped"},
        "classic": {"network": "classic"},
        "zone": {"zone": "cn-hangzhou-b"},
        "vswitch": {"vswitch": "vsw-bp1other"},
        "group": {"resource_group": "rg-1"},
        "type": {"instance_type": "ecs.c6.small"},
        "image": {"image": "m-1"},
        "web-1": {"name": "web-1"},
        "locked": {"lock_reason": "Recycling"},
        "hard": {"http_tokens": "required"},
        "dark": {"http_endpoint": "disabled"},
        "tagged": {"tags": {"App": "web", "空 key": "值/ü&+="}},
    }
    return {name: cloud.ecs.make(**properties)[0].instance_id for name, properties in kinds.items()}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"status": "Stopped"}, "stopped", id="Status"),
        pytest.param({"instance_network_type": "classic"}, "classic", id="InstanceNetworkType"),
        pytest.param({"zone_id": "cn-hangzhou-b"}, "zone", id="ZoneId"),
        pytest.param({"v_switch_id": "vsw-bp1other"}, "vswitch", id="VSwitchId"),
        pytest.param({"vpc_id": "vpc-bp1other"}, "vswitch", id="VpcId"),
        pytest.param({"resource_group_id": "rg-1"}, "group", id="ResourceGroupId"),
        pytest.param({"instance_type": "ecs.c6.small"}, "type", id="InstanceType"),
        pytest.param({"image_id": "m-1"}, "image", id="ImageId"),
        pytest.param({"instance_name": "web-1"}, "web-1", id="InstanceName"),
        pytest.param({"instance_name": "w*-*"}, "web-1", id="InstanceName with a wildcard"),
        pytest.param({"instance_name": "web-[1]*"}, None, id="only the asterisk is a wildcard"),
        pytest.param({"instance_name": "?eb-1*"}, None, id="nor the question mark"),
        pytest.param({"lock_reason": "Recycling"}, "locked", id="LockReason"),
        pytest.param({"lock_reason": "recycling"}, "locked", id="LockReason in lower case"),
        pytest.param({"http_tokens": "required"}, "hard", id="HttpTokens"),
        pytest.param({"http_endpoint": "disabled"}, "dark", id="HttpEndpoint"),
        pytest.param({"tag": {"App": None}}, "tagged", id="a tag's key"),
        pytest.param({"tag": {"App": "web"}}, "tagged", id="a tag"),
        pytest.param({"tag": {"App": "web", "空 key": "值/ü&+="}}, "tagged", id="two tags, unicode"),
        pytest.param({"tag": {"app": "web"}}, None, id="the key's case counts"),
        pytest.param({"tag": {"App": "db"}}, None, id="another value"),
        pytest.param({"tag": {"App": "web"}, "status": "Stopped"}, None, id="filters are ANDed"),
        pytest.param({"tag": {"App": "web"}, "instance_name": "i-*"}, "tagged", id="tag and wildcard"),
    ],
)
@pytest.mark.parametrize("paging", [{"max_results": 100}, {"page_size": 100}], ids=["by token", "by number"])
def test_a_filter_leaves_what_fits_it(
    ask: Ask, cloud: Cloud, asked: dict[str, Any], expected: str | None, paging: dict[str, int]
) -> None:
    made = fleet(cloud)
    body = ask("describe_instances", **asked, **paging)
    assert ids(body) == ([made[expected]] if expected else [])
    assert body["TotalCount"] == (0 if "max_results" in paging else len(ids(body)))
    by_id = ask("describe_instances", **asked, **paging, instance_ids=list(made.values()))
    assert ids(by_id) == ids(body)


def test_instances_are_filtered_by_their_creation_time(ask: Ask, cloud: Cloud) -> None:
    old, young = (cloud.ecs.make(age_seconds=age)[0].instance_id for age in (7200, 60))
    split = (cloud.clock.utc() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%MZ")
    assert ids(ask("describe_instances", filter={"CreationStartTime": split})) == [young]
    assert ids(ask("describe_instances", filter={"CreationEndTime": split})) == [old]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"region_id": "mars-1"}, (404, "InvalidRegionId.NotFound"), id="region"),
        pytest.param({"region_id": None}, (400, "MissingParameter.RegionId"), id="no region"),
        pytest.param({"status": "Sleeping"}, (404, "InvalidStatus.NotFound"), id="status"),
        pytest.param({"instance_network_type": "carrier pigeon"}, (404, "InvalidNetworkType.NotFound"), id="network"),
        pytest.param({"lock_reason": "mood"}, (404, "InvalidLockReason.NotFound"), id="lock reason"),
        pytest.param({"filter": {"Colour": "red"}}, (404, "InvalidFilterKey.NotFound"), id="filter key"),
        pytest.param({"filter": {"CreationStartTime": "now"}}, (404, "InvalidFilterValue"), id="filter value"),
        pytest.param({"tag": {None: "web"}}, (400, "InvalidTag.Mismatch"), id="value without key"),
        pytest.param({"tag": {f"k{n}": "v" for n in range(21)}}, (400, "InvalidTagCount"), id="21 tags"),
        pytest.param({"instance_ids": "i-1"}, (400, "InvalidInstanceIds.Malformed"), id="ids no JSON"),
        pytest.param(
            {"instance_ids": [f"i-{n}" for n in range(101)]}, (400, "InvalidInstanceIds.Malformed"), id="101 ids"
        ),
        pytest.param({"next_token": "nonsense"}, (400, "InvalidParameter.NextToken"), id="token"),
        pytest.param({"next_token": "W10="}, (400, "InvalidParameter.NextToken"), id="forged token"),
        pytest.param({"page_size": 101}, (400, "InvalidParameter.PageSize"), id="page of 101"),
        pytest.param({"page_number": 0}, (400, "InvalidParameter.PageNumber"), id="page 0"),
        pytest.param(
            {"additional_attributes": ["MOON"]}, (400, "InvalidParameter.AdditionalAttributes"), id="attribute"
        ),
        pytest.param({"dry_run": True}, (400, "DryRunOperation"), id="dry run of what would do"),
        pytest.param(
            {"dry_run": True, "instance_ids": "x"},
            (400, "InvalidInstanceIds.Malformed"),
            id="dry run of what would not",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(
    refused: Ask, cloud: Cloud, asked: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refused("describe_instances", **asked) == expected


@pytest.mark.not_emulated
@pytest.mark.parametrize(
    "asked",
    [{"eip_addresses": '["1.2.3.4"]'}, {"key_pair_name": "k"}, {"filter": {"ExpiredStartTime": "2026-01-01T00:00Z"}}],
    ids=lambda asked: next(iter(asked)),
)
def test_a_filter_that_is_not_emulated_is_refused_loudly(refused: Ask, cloud: Cloud, asked: dict[str, Any]) -> None:
    assert refused("describe_instances", **asked) == (501, "Fakecloud.NotEmulated")


@pytest.mark.parametrize(
    ("asked", "shown"),
    [(None, 10), (1, 10), (9, 10), (10, 10), (11, 11), (100, 100), (101, 100), (5000, 100), (0, 10), (-1, 10)],
)
def test_max_results_means_ten_to_a_hundred(ask: Ask, cloud: Cloud, asked: int | None, shown: int) -> None:
    cloud.ecs.make(150)
    assert len(ids(ask("describe_instances", max_results=asked))) == shown


@pytest.mark.parametrize("asked", [{}, {"tag": {"app": "web"}}, {"instance_name": "i-*"}], ids=["all", "tag", "name"])
def test_pages_by_token_are_everything_once(ask: Ask, cloud: Cloud, asked: dict[str, Any]) -> None:
    made = [i.instance_id for i in cloud.ecs.make(205, tags={"app": "web"})]
    seen: list[str] = []
    token, pages = None, 0
    while pages == 0 or token:
        body = ask("describe_instances", max_results=100, next_token=token, **asked)
        seen, token, pages = seen + ids(body), body["NextToken"], pages + 1
    assert (seen, pages) == (made, 3)


def test_the_last_full_page_has_no_token(ask: Ask, cloud: Cloud) -> None:
    cloud.ecs.make(20)
    token = ask("describe_instances", max_results=10)["NextToken"]
    assert ask("describe_instances", max_results=10, next_token=token)["NextToken"] == ""


def test_ids_are_paged_by_token_too(ask: Ask, cloud: Cloud) -> None:
    made = [i.instance_id for i in cloud.ecs.make(25)]
    seen: list[str] = []
    token = None
    for size in (10, 10, 5):
        body = ask("describe_instances", instance_ids=made, max_results=10, next_token=token)
        assert len(ids(body)) == size
        seen, token = seen + ids(body), body["NextToken"]
    assert (seen, token) == (made, "")


def test_a_token_belongs_to_its_filters_and_its_time(ask: Ask, refused: Ask, cloud: Cloud) -> None:
    cloud.ecs.make(30, tags={"app": "web"})
    token = ask("describe_instances", max_results=10, tag={"app": "web"})["NextToken"]
    invalid = (400, "InvalidParameter.NextToken")
    assert refused("describe_instances", next_token=token) == invalid
    assert refused("describe_instances", next_token=token, tag={"app": "db"}) == invalid
    assert refused("describe_instances", next_token=token, tag={"app": "web"}, region_id="cn-beijing") == invalid
    assert len(ids(ask("describe_instances", max_results=20, next_token=token, tag={"app": "web"}))) == 20
    cloud.clock.advance(cloud.switches.token_seconds + 1)
    assert refused("describe_instances", next_token=token, tag={"app": "web"}) == invalid
    cloud.switches.token_refused_code = "InvalidNextToken"
    assert refused("describe_instances", next_token=token, tag={"app": "web"}) == (400, "InvalidNextToken")


def test_pages_by_number_count_all_that_match(ask: Ask, cloud: Cloud) -> None:
    made = [i.instance_id for i in cloud.ecs.make(25)]
    pages = [ask("describe_instances", page_number=n, page_size=10) for n in (1, 2, 3, 4)]
    assert [i for p in pages for i in ids(p)] == made
    assert {(p["TotalCount"], p["PageSize"], p["NextToken"]) for p in pages} == {(25, 10, "")}
    named = ask("describe_instances", instance_name="*", page_number=3, page_size=10)
    assert (ids(named), named["TotalCount"]) == (made[20:], 25)
    assert ids(ask("describe_instances", page_number=3, max_results=10)) == made[:10]  # ignored when paging by token


def test_an_empty_array_of_ids_matches_nothing(ask: Ask, cloud: Cloud) -> None:
    cloud.ecs.make()
    assert ids(ask("describe_instances", instance_ids=[])) == []


def test_unknown_ids_are_just_not_shown(ask: Ask, cloud: Cloud) -> None:
    made = cloud.ecs.make()[0].instance_id
    assert ids(ask("describe_instances", instance_ids=["i-nope", made])) == [made]


def test_an_instance_is_shown_with_its_tags_and_without_its_role(ask: Ask, cloud: Cloud) -> None:
    made = cloud.ecs.make(tags={"app": "web"}, role="web", vswitch="vsw-1")[0]
    [shown] = ask("describe_instances")["Instances"]["Instance"]
    assert shown["Tags"] == {"Tag": [{"TagKey": "app", "TagValue": "web"}]}
    vpc = shown["VpcAttributes"]
    assert (vpc["VpcId"], vpc["VSwitchId"], vpc["PrivateIpAddress"]) == ("vpc-1", "vsw-1", {"IpAddress": [made.ip]})
    assert (shown["InstanceNetworkType"], shown["Status"], shown["RegionId"]) == ("vpc", "Running", "cn-hangzhou")
    assert shown["CreationTime"] == cloud.clock.utc(made.created).strftime("%Y-%m-%dT%H:%MZ")
    assert "role" not in str(shown).lower()
    assert "MetadataOptions" not in shown
    [asked] = ask("describe_instances", additional_attributes=["META_OPTIONS"])["Instances"]["Instance"]
    assert asked["MetadataOptions"]["HttpTokens"] == "optional"


def test_a_locked_instance_says_why(ask: Ask, cloud: Cloud) -> None:
    cloud.ecs.make(lock_reason="financial")
    [shown] = ask("describe_instances")["Instances"]["Instance"]
    assert [r["LockReason"] for r in shown["OperationLocks"]["LockReason"]] == ["financial"]


@pytest.mark.parametrize(("setting", "shown"), [("all", 1005), ("cut", 1000)])
def test_a_tag_filter_reaches_a_thousand_instances_or_all(ask: Ask, cloud: Cloud, setting: str, shown: int) -> None:
    cloud.switches.set({"tag_filter_beyond": setting})
    cloud.ecs.make(1005, tags={"app": "web"})
    assert ask("describe_instances", tag={"app": "web"}, page_size=1)["TotalCount"] == shown
    assert ask("describe_instances", page_size=1)["TotalCount"] == 1005
