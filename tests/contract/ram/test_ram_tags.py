"""Tags of roles and policies through the real client, and their index against a plain model of it."""

from __future__ import annotations

from typing import Any

import pytest
from alibabacloud_ram20150501 import models
from hypothesis import given
from hypothesis import strategies as st

from fakecloud.cloud import Cloud
from fakecloud.ram.tags import Tags


def tag(ask: Any, type_: str, names: list[str], tags: dict[str, str]) -> None:
    ask("tag_resources", resource_type=type_, resource_names=names, tag=tags)


def listed(ask: Any, **fields: Any) -> list[tuple[str, str, str]]:
    rows, token = [], None
    while True:
        page = ask("list_tag_resources", next_token=token, **fields)
        rows += [(r["ResourceName"], r["TagKey"], r["TagValue"]) for r in page.get("TagResources", [])]
        token = page.get("NextToken")
        assert len(rows) == len(set(rows)), "a tag is listed twice"
        if token is None:
            return rows


@pytest.fixture
def three(role: Any, policy: Any) -> None:
    role("Web"), role("db"), policy("Reader")


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_tags_are_listed_by_resource_and_key_whatever_the_page(ask: Any, size: int) -> None:
    tag(ask, "role", ["Web", "db"], {"env": "prod", "team": "x"})
    tag(ask, "role", ["db"], {"env": "dev", "another": ""})
    tag(ask, "policy", ["Reader"], {"env": "prod"})
    whole = [
        ("db", "another", ""),
        ("db", "env", "dev"),
        ("db", "team", "x"),
        ("Web", "env", "prod"),
        ("Web", "team", "x"),
    ]
    assert listed(ask, resource_type="role", page_size=size) == whole
    assert listed(ask, resource_type="policy", page_size=size) == [("Reader", "env", "prod")]
    assert listed(ask, resource_type="role", resource_names=["Web", "web", "nobody"], page_size=size) == whole[3:]
    assert listed(ask, resource_type="role", tag={"env": "dev"}, page_size=size) == whole[:3]
    assert listed(ask, resource_type="role", tag={"env": None, "team": "x"}, page_size=size) == whole
    assert listed(ask, resource_type="role", resource_names=["db"], tag={"env": "prod"}, page_size=size) == []


@pytest.mark.usefixtures("three")
def test_tags_are_taken_off_by_key_or_all_at_once(ask: Any, refused: Any) -> None:
    tag(ask, "role", ["Web", "db"], {"a": "1", "b": "2", "c": "3"})
    ask("untag_resources", resource_type="role", resource_names=["Web"], tag_keys=["a", "never"], all=True)
    assert listed(ask, resource_type="role", resource_names=["Web"]) == [("Web", "b", "2"), ("Web", "c", "3")]
    ask("untag_resources", resource_type="role", resource_names=["Web", "db"], all=True)
    assert listed(ask, resource_type="role") == []
    neither = refused("untag_resources", resource_type="role", resource_names=["Web"])
    assert neither == (400, "MissingParameter.TagKeys")


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        pytest.param({"resource_names": ["nobody"]}, (404, "EntityNotExist.Role"), id="no such role"),
        pytest.param({"resource_names": ["db", "nobody"]}, (404, "EntityNotExist.Role"), id="one of two"),
        pytest.param(
            {"resource_type": "policy", "resource_names": ["AdministratorAccess"]},
            (404, "EntityNotExist.Policy"),
            id="system policy",
        ),
        pytest.param({"resource_type": "user"}, (400, "InvalidParameter.ResourceType"), id="type"),
        pytest.param({"resource_type": None}, (400, "MissingParameter.ResourceType"), id="no type"),
        pytest.param({"resource_names": None}, (400, "MissingParameter.ResourceNames"), id="no names"),
        pytest.param({"resource_names": []}, (400, "MissingParameter.ResourceNames"), id="empty names"),
        pytest.param({"resource_names": ["x"] * 51}, (400, "InvalidParameter.ResourceNames"), id="51 names"),
        pytest.param({"tag": None}, (400, "MissingParameter.Tag"), id="no tag"),
        pytest.param({"tag": {f"k{n}": "v" for n in range(21)}}, (400, "InvalidParameter.Tag"), id="21 tags"),
        pytest.param({"tag": {"k" * 129: "v"}}, (400, "InvalidParameter.Tag"), id="long key"),
        pytest.param({"tag": {"k": "v" * 257}}, (400, "InvalidParameter.Tag"), id="long value"),
        pytest.param({"tag": {"": "v"}}, (400, "InvalidParameter.Tag"), id="empty key"),
        pytest.param({"tag": {"aliyun-x": "v"}}, (400, "InvalidParameter.Tag"), id="aliyun"),
        pytest.param({"tag": {"acs:x": "v"}}, (400, "InvalidParameter.Tag"), id="acs:"),
        pytest.param({"tag": {"x": "see https://x"}}, (400, "InvalidParameter.Tag"), id="https://"),
    ],
)
def test_tags_outside_the_rules_change_nothing(ask: Any, refused: Any, fields: Any, answer: tuple[int, str]) -> None:
    full = {"resource_type": "role", "resource_names": ["db"], "tag": {"k": "v"}, **fields}
    assert refused("tag_resources", **full) == answer
    assert listed(ask, resource_type="role") == listed(ask, resource_type="policy") == []


@pytest.mark.usefixtures("three")
def test_a_key_is_given_once_a_call_and_keys_differ_by_case(ask: Any, refused: Any) -> None:
    def item(key: str) -> Any:
        return models.TagResourcesRequestTag(key=key, value="v")

    fields = {"resource_type": "role", "resource_names": ["db"]}
    assert refused("tag_resources", **fields, tag=[item("a"), item("a")]) == (400, "InvalidParameter.Tag")
    ask("tag_resources", **fields, tag=[item("a"), item("A")])
    assert [key for _, key, _ in listed(ask, resource_type="role")] == ["A", "a"]


@pytest.mark.usefixtures("three")
def test_a_resource_holds_twenty_tags(ask: Any, refused: Any, trust_text: Any) -> None:
    tag(ask, "role", ["db"], {f"k{number:02}": "v" for number in range(20)})
    tag(ask, "role", ["db"], {"k00": "changed"})
    full = refused("tag_resources", resource_type="role", resource_names=["Web", "db"], tag={"new": "v"})
    assert full == (409, "LimitExceeded.Tag")
    assert listed(ask, resource_type="role", resource_names=["Web"]) == []


def test_a_role_with_wrong_tags_is_not_made(cloud: Cloud, refused: Any, trust_text: Any) -> None:
    cloud.ram.quotas.tags = 1
    fields = {"role_name": "web", "assume_role_policy_document": trust_text()}
    assert refused("create_role", **fields, tag={"aliyun": "v"}) == (400, "InvalidParameter.Tag")
    assert refused("create_role", **fields, tag={"a": "v", "b": "v"}) == (409, "LimitExceeded.Tag")
    assert refused("get_role", role_name="web") == (404, "EntityNotExist.Role")


KEYS, RESOURCES, VALUES = st.sampled_from("kl"), st.sampled_from("abcd"), st.sampled_from("xy")
STEP = st.one_of(st.tuples(RESOURCES, KEYS, VALUES), st.tuples(RESOURCES, KEYS), st.tuples(RESOURCES))
FILTERS = st.lists(st.tuples(KEYS, st.none() | VALUES), max_size=2, unique_by=lambda pair: pair[0])


@given(steps=st.lists(STEP, max_size=30), filters=FILTERS, after=st.none() | RESOURCES)
def test_the_index_finds_what_a_search_would_find(
    steps: list[tuple[str, ...]], filters: Any, after: str | None
) -> None:
    tags, plain = Tags(), dict[str, dict[str, str]]()
    for resource, *rest in steps:
        if len(rest) == 2:
            tags.put(resource, [(rest[0], rest[1])], limit=20)
            plain.setdefault(resource, {})[rest[0]] = rest[1]
        else:
            tags.remove(resource, rest or None)
            for key in rest or list(plain.get(resource, {})):
                plain.get(resource, {}).pop(key, None)
    wanted = [
        resource
        for resource, own in sorted(plain.items())
        if own and (after is None or resource > after) and all(k in own and v in (None, own[k]) for k, v in filters)
    ]
    assert list(tags.matching(filters, after)) == wanted
    assert all(tags.of(resource) == own for resource, own in plain.items())
    assert all(tags.has(resource, filters) for resource in wanted)
