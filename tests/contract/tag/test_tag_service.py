"""The Tag service through the generic client: ARNs, half-failures with HTTP 200, and listing."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.contract import sdk

Ask = Callable[..., Any]


def arn(instance_id: str, region: str = "cn-hangzhou", account: str = ACCOUNT) -> str:
    return f"arn:acs:ecs:{region}:{account}:instance/{instance_id}"


@pytest.fixture
def ask(cloud: Cloud) -> Ask:
    """ask("TagResources", arns, Tags={...}): lists become Name.N, maps JSON."""

    def call(action: str, arns: list[str] | None = None, **given: Any) -> Any:
        query = {"RegionId": "cn-hangzhou", **{f"ResourceARN.{n}": a for n, a in enumerate(arns or [], 1)}}
        for name, value in given.items():
            if isinstance(value, list):
                query.update({f"{name}.{n}": v for n, v in enumerate(value, 1)})
            else:
                query[name] = json.dumps(value) if isinstance(value, dict) else str(value)
        return sdk.rpc(sdk.config(endpoint="tag.cn-hangzhou.aliyuncs.com"), "tag", action, query)

    return call


@pytest.fixture
def refused(ask: Ask) -> Ask:
    return partial(sdk.refusal, ask)


def failed(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(f["ResourceARN"], f["Result"]["Code"]) for f in body["FailedResources"]["FailedResource"]]


def listed(body: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {r["ResourceARN"]: {t["Key"]: t["Value"] for t in r["Tags"]} for r in body["TagResources"]}


def test_tags_are_put_on_and_taken_off_by_arn(ask: Ask, cloud: Cloud) -> None:
    made = cloud.ecs.make()[0]
    forms = [arn(made.instance_id), arn(made.instance_id, "*", "*"), arn(made.instance_id, "", "")]
    for number, form in enumerate(forms):
        assert failed(ask("TagResources", [form], Tags={f"k{number}": "值"})) == []
    assert made.tags == {"k0": "值", "k1": "值", "k2": "值"}
    assert failed(ask("UntagResources", forms, TagKey=["k0", "not there"])) == []
    assert made.tags == {"k1": "值", "k2": "值"}


def test_a_call_may_half_fail_with_http_200(ask: Ask, cloud: Cloud) -> None:
    good, full = cloud.ecs.make()[0], cloud.ecs.make(tags={f"k{n}": "v" for n in range(20)})[0]
    cased = cloud.ecs.make(tags={"APP": "x"})[0]
    arns = [arn("i-nope"), arn(good.instance_id), arn(full.instance_id), arn(cased.instance_id)]
    body = ask("TagResources", arns, Tags={"app": "web"})
    codes = ["InvalidResourceId.NotFound", "QuotaExceed.Tags", "TagKey.Duplication"]
    assert failed(body) == list(zip([arns[0], arns[2], arns[3]], codes, strict=True))
    assert good.tags == {"app": "web"}
    assert failed(ask("UntagResources", arns[:2], TagKey=["app"])) == [(arns[0], codes[0])]
    assert good.tags == {}


def test_a_partial_fault_fails_the_resources_it_names(ask: Ask, cloud: Cloud) -> None:
    one, two = cloud.ecs.make(2)
    arns = [arn(one.instance_id), arn(two.instance_id)]
    cloud.faults.add("partial", service="tag", items=1, code="Busy")
    assert failed(ask("TagResources", arns, Tags={"a": "b"})) == [(arns[0], "Busy")]
    cloud.faults.add("partial", service="tag", instance_ids=[two.instance_id], code="Busy")
    assert failed(ask("TagResources", arns, Tags={"a": "b"})) == [(arns[1], "Busy")]


@pytest.mark.parametrize(
    ("arns", "given", "expected"),
    [
        pytest.param(["acs:ecs:cn-hangzhou:1:instance/i-1"], {}, (400, "InvalidResourceARN.FormatError"), id="no arn:"),
        pytest.param([arn("i-1", account="999")], {}, (400, "InvalidResourceARN.Account"), id="another account"),
        pytest.param([arn("i-1", region="cn-beijing")], {}, (400, "InvalidResourceARN.Region"), id="another region"),
        pytest.param([arn(f"i-{n}") for n in range(51)], {}, (403, "NumberExceed.ResourceIds"), id="51 ARNs"),
        pytest.param([], {}, (400, "MissingParameter.ResourceARN"), id="no ARN"),
        pytest.param([arn("i-1")], {"Tags": "{"}, (400, "InvalidParameter.Tags"), id="no JSON"),
        pytest.param([arn("i-1")], {"Tags": "[]"}, (400, "InvalidParameter.Tags"), id="no map"),
        pytest.param([arn("i-1")], {"Tags": {}}, (400, "InvalidParameter.Tags"), id="empty map"),
        pytest.param([arn("i-1")], {"Tags": {"k": 1}}, (400, "InvalidParameter.Tags"), id="no text"),
        pytest.param([arn("i-1")], {"Tags": {"acs:k": "v"}}, (400, "InvalidParameter.TagKey"), id="reserved key"),
        pytest.param([arn("i-1")], {"Tags": {"k": "http://"}}, (400, "InvalidParameter.TagValue"), id="bad value"),
        pytest.param([arn("i-1")], {"Tags": {"k": "1", "K": "2"}}, (403, "TagKey.Duplication"), id="case only"),
        pytest.param(
            [arn("i-1")], {"Tags": {f"k{n}": "v" for n in range(11)}}, (403, "NumberExceed.Tags"), id="11 tags"
        ),
        pytest.param([arn("i-1")], {"RegionId": "mars-1"}, (400, "InvalidResourceARN.Region"), id="unknown region"),
    ],
)
def test_a_call_that_does_not_fit_is_refused_whole(
    refused: Ask, cloud: Cloud, arns: list[str], given: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refused("TagResources", arns, **{"Tags": {"a": "b"}, **given}) == expected


@pytest.mark.not_emulated
@pytest.mark.parametrize(
    ("action", "arns"),
    [
        pytest.param("TagResources", ["arn:acs:vpc:cn-hangzhou:*:vpc/vpc-1"], id="another service"),
        pytest.param("ListTagKeys", [], id="another action"),
    ],
)
def test_what_the_tag_service_cannot_do_here_is_refused_loudly(
    refused: Ask, cloud: Cloud, action: str, arns: list[str]
) -> None:
    assert refused(action, arns, Tags={"a": "b"}) == (501, "Fakecloud.NotEmulated")


def test_tags_are_listed_by_arn_by_tag_and_altogether(ask: Ask, cloud: Cloud) -> None:
    cloud.ecs.make(3)
    one, two = (cloud.ecs.make(tags=t)[0].instance_id for t in ({"app": "web", "acs:x": "y"}, {"app": "db"}))
    assert listed(ask("ListTagResources", [arn(one), arn("i-nope")])) == {arn(one): {"app": "web", "acs:x": "y"}}
    assert listed(ask("ListTagResources", Tags={"app": "db"})) == {arn(two): {"app": "db"}}
    assert listed(ask("ListTagResources", [arn(one)], Tags={"app": "db"})) == {}
    assert list(listed(ask("ListTagResources"))) == [arn(one), arn(two)]
    body = ask("ListTagResources", [arn(one)], Category="System")
    assert body["TagResources"][0]["Tags"] == [{"Key": "acs:x", "Value": "y", "Category": "System"}]


@pytest.mark.parametrize("by_arn", [True, False], ids=["by arn", "by tag"])
def test_listed_tags_come_in_pages(ask: Ask, refused: Ask, cloud: Cloud, by_arn: bool) -> None:
    made = [arn(i.instance_id) for i in cloud.ecs.make(25, tags={"app": "web"})]
    given: dict[str, Any] = {"arns": made} if by_arn else {"Tags": {"app": "web"}}
    seen: list[str] = []
    token, pages = "", 0
    while pages == 0 or token:
        body = ask("ListTagResources", **given, PageSize=10, NextToken=token)
        seen, token, pages = seen + list(listed(body)), body["NextToken"], pages + 1
    assert (seen, pages) == (made, 3)
    assert refused("ListTagResources", **given, NextToken="nonsense") == (403, "Invalid.NextToken")


def test_categories_and_page_sizes_have_their_limits(refused: Ask, cloud: Cloud) -> None:
    assert refused("ListTagResources", Category="Odd") == (403, "InvalidParameter.Category")
    assert refused("ListTagResources", PageSize=1001)[1] == "InvalidParameter.PageSize"
