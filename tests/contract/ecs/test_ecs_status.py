"""DescribeInstanceStatus, DescribeInstanceAttribute and DescribeRegions through the real client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.cloud import Cloud

Ask = Callable[..., Any]


def states(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(i["InstanceId"], i["Status"]) for i in body["InstanceStatuses"]["InstanceStatus"]]


def test_the_status_of_instances_is_paged_by_number(ask: Ask, cloud: Cloud) -> None:
    made = [i.instance_id for i in cloud.ecs.make(12)]
    stopped = cloud.ecs.make(zone="cn-hangzhou-b", status="Stopped")[0].instance_id
    body = ask("describe_instance_status")
    assert (len(states(body)), body["TotalCount"], body["PageSize"], body["PageNumber"]) == (10, 13, 10, 1)
    assert states(ask("describe_instance_status", page_number=2)) == [
        *((i, "Running") for i in made[10:]),
        (stopped, "Stopped"),
    ]
    assert states(ask("describe_instance_status", zone_id="cn-hangzhou-b")) == [(stopped, "Stopped")]
    assert states(ask("describe_instance_status", instance_id=[stopped, made[0], "i-nope", stopped])) == [
        (stopped, "Stopped"),
        (made[0], "Running"),
    ]
    assert states(ask("describe_instance_status", instance_id=[stopped, made[0]], zone_id="cn-hangzhou-h")) == [
        (made[0], "Running")
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"page_size": 51}, (400, "InvalidParameter.PageSize"), id="page of 51"),
        pytest.param({"page_size": 0}, (400, "InvalidParameter.PageSize"), id="page of 0"),
        pytest.param(
            {"instance_id": [f"i-{n}" for n in range(101)]}, (403, "InvalidParameter.TooManyInstanceIds"), id="101"
        ),
        pytest.param({"instance_id": ["not an id"]}, (403, "Abs.InvalidInstanceIds.MalFormed"), id="no id"),
        pytest.param({"zone_id": "cn-beijing-a"}, (404, "InvalidZoneId.NotFound"), id="zone of another region"),
        pytest.param({"region_id": "mars-1"}, (404, "InvalidRegionId.NotFound"), id="region"),
    ],
)
def test_a_status_that_cannot_be_asked_is_refused(
    refused: Ask, cloud: Cloud, asked: dict[str, Any], expected: Any
) -> None:
    assert refused("describe_instance_status", **asked) == expected


def test_fifty_to_a_page_and_a_hundred_ids_are_taken(ask: Ask, cloud: Cloud) -> None:
    made = [i.instance_id for i in cloud.ecs.make(100)]
    body = ask("describe_instance_status", instance_id=made, page_size=50, page_number=2)
    assert ([i for i, _ in states(body)], body["TotalCount"]) == (made[50:], 100)


def test_an_instances_attributes_leave_out_its_tags_and_its_role(ask: Ask, cloud: Cloud) -> None:
    made = cloud.ecs.make(tags={"a": "b"}, role="web", name="w-1")[0]
    shown = ask("describe_instance_attribute", instance_id=made.instance_id)
    assert (shown["InstanceName"], shown["HostName"], shown["Status"]) == ("w-1", "w-1", "Running")
    assert shown["VpcAttributes"]["PrivateIpAddress"]["IpAddress"] == [made.ip]
    assert {"Tags", "ResourceGroupId", "MetadataOptions", "RamRoleName"}.isdisjoint(shown)


@pytest.mark.parametrize(
    ("language", "name"), [(None, "华东1（杭州）"), ("zh-CN", "华东1（杭州）"), ("en-US", "China (Hangzhou)")]
)
def test_regions_are_described_in_the_language_asked_for(
    ask: Ask, cloud: Cloud, language: str | None, name: str
) -> None:
    rows = ask("describe_regions", accept_language=language)["Regions"]["Region"]
    hangzhou = next(r for r in rows if r["RegionId"] == "cn-hangzhou")
    assert (hangzhou["LocalName"], hangzhou["Status"]) == (name, "available")
    assert hangzhou["RegionEndpoint"].endswith("aliyuncs.com")
    assert len(rows) > 20


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"accept_language": "tlh"}, (404, "InvalidAcceptLanguage.NotFound"), id="language"),
        pytest.param({"resource_type": "castle"}, (404, "InvalidResourceType.NotFound"), id="kind"),
        pytest.param({"instance_charge_type": "Barter"}, (403, "Invalid.InstanceChargeType"), id="charge type"),
    ],
)
def test_regions_that_cannot_be_asked_for_are_refused(
    refused: Ask, cloud: Cloud, asked: dict[str, Any], expected: Any
) -> None:
    assert refused("describe_regions", **asked) == expected


@pytest.mark.not_emulated
def test_japanese_names_are_not_invented(refused: Ask, cloud: Cloud) -> None:
    assert refused("describe_regions", accept_language="ja") == (501, "Fakecloud.NotEmulated")
