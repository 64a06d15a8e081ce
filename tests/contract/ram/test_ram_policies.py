"""Policies and their versions through the real client."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from fakecloud.ram.grammar import parse_policy
from fakecloud.ram.system_policies import SYSTEM_POLICIES

ROTATE = "DeleteOldestNonDefaultVersionWhenLimitExceeded"


def test_a_new_policy_has_its_first_version_as_default(ask: Any, policy: Any, document_text: Any) -> None:
    made = policy("reader", description="reads")
    assert (made["PolicyType"], made["DefaultVersion"], made["Description"]) == ("Custom", "v1", "reads")
    assert "AttachmentCount" not in made
    got = ask("get_policy", policy_type="Custom", policy_name="reader")
    assert got["Policy"]["AttachmentCount"] == 0
    assert got["DefaultPolicyVersion"]["PolicyDocument"] == document_text()
    assert (got["DefaultPolicyVersion"]["VersionId"], got["DefaultPolicyVersion"]["IsDefaultVersion"]) == ("v1", True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"policy_name": "a.b"}, "InvalidParameter.PolicyName.InvalidChars", id="dot"),
        pytest.param({"policy_name": "a_b"}, "InvalidParameter.PolicyName.InvalidChars", id="underscore"),
        pytest.param({"policy_name": "p" * 129}, "InvalidParameter.PolicyName.Length", id="name"),
        pytest.param({"description": "d" * 1025}, "InvalidParameter.Description.Length", id="description"),
        pytest.param({"policy_document": "{}"}, "MalformedPolicyDocument", id="document"),
        pytest.param({"policy_name": None}, "MissingParameter.PolicyName", id="no name"),
        pytest.param({"policy_document": None}, "MissingParameter.PolicyDocument", id="no document"),
    ],
)
def test_a_policy_outside_the_rules_is_not_made(refused: Any, document_text: Any, fields: Any, code: str) -> None:
    assert refused("create_policy", **{"policy_name": "p", "policy_document": document_text(), **fields}) == (400, code)


@pytest.mark.parametrize(
    ("character", "size", "fits"),
    [
        pytest.param("x", 6144, True, id="6144 characters"),
        pytest.param("x", 6145, False, id="6145 characters"),
        pytest.param("策", 6144, True, id="6144 bytes of chinese"),
        pytest.param("策", 6147, False, id="6147 bytes in fewer characters"),
    ],
)
def test_a_document_is_limited_in_characters_and_bytes(
    policy: Any, refused: Any, document_text: Any, character: str, size: int, fits: bool
) -> None:
    frame = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"acs:oss:*:*:b/%s"}]}'
    room, wide = size - len(frame % ""), len(character.encode())
    text = frame % (character * (room // wide) + "x" * (room % wide))
    assert len(text.encode()) == size
    if fits:
        assert policy("big", policy_document=text)["PolicyName"] == "big"
    else:
        code = refused("create_policy", policy_name="big", policy_document=text)
        assert code == (400, "InvalidParameter.PolicyDocument.Length")


@pytest.mark.parametrize("status", [400, 409])
def test_the_status_of_a_malformed_document_is_a_switch(cloud: Cloud, refused: Any, status: int) -> None:
    cloud.switches.set({"malformed_policy_status": status})
    bad = json.dumps({"Version": "2016-10-17", "Statement": []})
    expected = (status, "MalformedPolicyDocument")
    assert refused("create_policy", policy_name="p", policy_document=bad) == expected
    assert refused("create_role", role_name="r", assume_role_policy_document=bad) == expected


def test_policies_are_made_once_and_up_to_the_quota(
    cloud: Cloud, policy: Any, refused: Any, document_text: Any
) -> None:
    assert cloud.ram.quotas.custom_policies == 1500
    cloud.ram.quotas.custom_policies = 2
    policy("a"), policy("b")
    new = {"policy_document": document_text()}
    assert refused("create_policy", policy_name="a", **new) == (409, "EntityAlreadyExists.Policy")
    assert refused("create_policy", policy_name="c", **new) == (409, "LimitExceeded.Policy")


def names(page: Any) -> list[str]:
    return [policy["PolicyName"] for policy in page["Policies"].get("Policy", [])]


def pages(ask: Any, **fields: Any) -> list[str]:
    seen, marker = [], None
    while True:
        page = ask("list_policies", marker=marker, **fields)
        seen += names(page)
        marker = page.get("Marker")
        assert len(seen) == len(set(seen)), "a policy is listed twice"
        if marker is None:
            return seen


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_policies_are_listed_by_type_and_page(ask: Any, policy: Any, size: int) -> None:
    custom, system = ["Zebra", "a-1", "b"], sorted(SYSTEM_POLICIES)
    for name in custom:
        policy(name)
    assert pages(ask, policy_type="Custom", max_items=size) == custom
    assert pages(ask, policy_type="System", max_items=size) == system
    assert pages(ask, max_items=size) == custom + system


def test_policies_are_listed_by_tag(ask: Any, policy: Any) -> None:
    policy("a", tag={"team": "x"}), policy("b", tag={"team": "y"}), policy("c", tag={"team": "x"})
    assert pages(ask, tag={"team": "x"}, max_items=1) == ["a", "c"]
    assert names(ask("list_policies", policy_type="System", tag={"team": "x"})) == []
    (shown, _) = ask("list_policies", tag={"team": "x"})["Policies"]["Policy"]
    assert shown["Tags"]["Tag"] == [{"TagKey": "team", "TagValue": "x"}]


def test_an_unknown_type_is_refused(refused: Any) -> None:
    assert refused("list_policies", policy_type="custom") == (400, "InvalidParameter.PolicyType")
    assert refused("get_policy", policy_type="All", policy_name="x") == (400, "InvalidParameter.PolicyType")


@pytest.mark.parametrize("name", SYSTEM_POLICIES)
def test_each_system_policy_reads_as_a_policy_does(ask: Any, name: str) -> None:
    got = ask("get_policy", policy_type="System", policy_name=name)
    assert parse_policy(got["DefaultPolicyVersion"]["PolicyDocument"])["Version"] == "1"
    assert got["Policy"]["PolicyType"] == "System"


def test_a_system_policy_cannot_be_changed_or_deleted(refused: Any, document_text: Any) -> None:
    policy = {"policy_name": "AliyunOSSReadOnlyAccess"}
    missing = (404, "EntityNotExist.Policy")
    assert refused("delete_policy", **policy, cascading_delete=True) == missing
    assert refused("create_policy_version", **policy, policy_document=document_text()) == missing
    assert refused("set_default_policy_version", **policy, version_id="v1") == missing
    assert refused("delete_policy_version", **policy, version_id="v1") == missing
    assert refused("update_policy_description", **policy, new_description="mine") == missing


def test_a_description_is_replaced(cloud: Cloud, ask: Any, policy: Any, refused: Any) -> None:
    policy("reader", description="old")
    cloud.clock.advance(60)
    changed = ask("update_policy_description", policy_name="reader", new_description="new")["Policy"]
    assert changed["Description"] == "new"
    assert changed["UpdateDate"] > changed["CreateDate"]
    long = refused("update_policy_description", policy_name="reader", new_description="d" * 1025)
    assert long == (400, "InvalidParameter.NewDescription.Length")


def versions(ask: Any, name: str = "reader") -> list[tuple[str, bool]]:
    rows = ask("list_policy_versions", policy_type="Custom", policy_name=name)["PolicyVersions"]["PolicyVersion"]
    return [(row["VersionId"], row["IsDefaultVersion"]) for row in rows]


def test_a_new_version_is_default_only_if_asked(ask: Any, policy: Any, document_text: Any) -> None:
    policy("reader")
    fields = {"policy_name": "reader", "policy_document": document_text("log:*")}
    assert ask("create_policy_version", **fields)["PolicyVersion"]["IsDefaultVersion"] is False
    assert versions(ask) == [("v1", True), ("v2", False)]
    assert ask("create_policy_version", **fields, set_as_default=True)["PolicyVersion"]["VersionId"] == "v3"
    assert versions(ask) == [("v1", False), ("v2", False), ("v3", True)]
    ask("set_default_policy_version", policy_name="reader", version_id="v2")
    assert versions(ask) == [("v1", False), ("v2", True), ("v3", False)]
    got = ask("get_policy_version", policy_type="Custom", policy_name="reader", version_id="v2")["PolicyVersion"]
    assert (got["PolicyDocument"], got["IsDefaultVersion"]) == (document_text("log:*"), True)


def test_five_versions_are_the_limit_unless_the_oldest_makes_room(
    ask: Any, policy: Any, refused: Any, document_text: Any
) -> None:
    policy("reader")
    fields = {"policy_name": "reader", "policy_document": document_text("log:*")}
    for _ in range(4):
        ask("create_policy_version", **fields)
    assert refused("create_policy_version", **fields) == (409, "LimitExceeded.Policy.Version")
    assert refused("create_policy_version", **fields, rotate_strategy="None") == (409, "LimitExceeded.Policy.Version")
    ask("create_policy_version", **fields, rotate_strategy=ROTATE)
    assert [v for v, _ in versions(ask)] == ["v1", "v3", "v4", "v5", "v6"]
    ask("create_policy_version", **fields, rotate_strategy=ROTATE, set_as_default=True)
    assert versions(ask) == [("v1", False), ("v4", False), ("v5", False), ("v6", False), ("v7", True)]
    unknown = refused("create_policy_version", **fields, rotate_strategy="Oldest")
    assert unknown == (400, "InvalidParameter.RotateStrategy")


def test_the_default_version_and_unknown_versions_are_not_deleted(
    ask: Any, policy: Any, refused: Any, document_text: Any
) -> None:
    policy("reader")
    ask("create_policy_version", policy_name="reader", policy_document=document_text())
    for version, answer in [
        ("v1", (409, "DeleteConflict.Policy.Version.Default")),
        ("v9", (404, "EntityNotExist.Policy.Version")),
        ("2", (400, "InvalidParameter.VersionId.Format")),
        ("v0", (400, "InvalidParameter.VersionId.Format")),
    ]:
        assert refused("delete_policy_version", policy_name="reader", version_id=version) == answer
    ask("delete_policy_version", policy_name="reader", version_id="v2")
    assert versions(ask) == [("v1", True)]
    missing = {"policy_type": "Custom", "policy_name": "reader", "version_id": "v2"}
    assert refused("get_policy_version", **missing) == (404, "EntityNotExist.Policy.Version")
    gone = refused("set_default_policy_version", policy_name="reader", version_id="v2")
    assert gone == (404, "EntityNotExist.Policy.Version")


def test_a_policy_is_deleted_when_nothing_holds_it(
    ask: Any, cloud: Cloud, policy: Any, refused: Any, document_text: Any
) -> None:
    policy("reader")
    cloud.ram.put_role(ACCOUNT, "web", policies=["reader"])
    ask("create_user", user_name="alice")
    ask("attach_policy_to_user", policy_type="Custom", policy_name="reader", user_name="alice")
    ask("create_policy_version", policy_name="reader", policy_document=document_text())
    delete = {"policy_name": "reader", "cascading_delete": True}
    assert refused("delete_policy", **delete) == (409, "DeleteConflict.Policy.User")
    ask("detach_policy_from_user", policy_type="Custom", policy_name="reader", user_name="alice")
    assert refused("delete_policy", **delete) == (409, "DeleteConflict.Policy.Role")
    ask("detach_policy_from_role", policy_type="Custom", policy_name="reader", role_name="web")
    assert refused("delete_policy", policy_name="reader") == (409, "DeleteConflict.Policy.Version")
    ask("delete_policy", **delete)
    assert refused("get_policy", policy_type="Custom", policy_name="reader") == (404, "EntityNotExist.Policy")
