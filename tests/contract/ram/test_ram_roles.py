"""Roles through the real client: names, trust, sessions, paging, and what refuses them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT


def test_a_new_role_is_answered_as_it_was_asked_for(ask: Any, role: Any, trust_text: Any) -> None:
    made = role("Web.Tier-1", description="网站", max_session_duration=7200, allow_console_login=False)
    got = ask("get_role", role_name="Web.Tier-1")["Role"]
    assert got["AssumeRolePolicyDocument"] == trust_text()
    assert (got["RoleName"], got["Description"], got["MaxSessionDuration"]) == ("Web.Tier-1", "网站", 7200)
    assert got["AllowConsoleLogin"] is False
    assert got["RoleId"] == made["RoleId"]
    assert got["RoleId"].isdigit()
    assert got["UpdateDate"] == got["CreateDate"] == made["CreateDate"]
    assert "UpdateDate" not in made


def test_the_arn_of_a_role_is_lower_cased(role: Any) -> None:
    assert role("WebTier")["Arn"] == f"acs:ram::{ACCOUNT}:role/webtier"


def test_a_session_lasts_an_hour_unless_the_role_says_otherwise(role: Any) -> None:
    assert role()["MaxSessionDuration"] == 3600


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"role_name": "a" * 65}, "InvalidParameter.RoleName.Length", id="name too long"),
        pytest.param({"role_name": "under_score"}, "InvalidParameter.RoleName.InvalidChars", id="underscore"),
        pytest.param({"role_name": "角色"}, "InvalidParameter.RoleName.InvalidChars", id="chinese name"),
        pytest.param({"role_name": "line\n"}, "InvalidParameter.RoleName.InvalidChars", id="line end in the name"),
        pytest.param({"role_name": None}, "MissingParameter.RoleName", id="no name"),
        pytest.param({"assume_role_policy_document": None}, "MissingParameter.AssumeRolePolicyDocument", id="no trust"),
        pytest.param({"description": "d" * 1025}, "InvalidParameter.Description.Length", id="description"),
        pytest.param({"max_session_duration": 3599}, "InvalidParameter.MaxSessionDuration", id="session too short"),
        pytest.param({"max_session_duration": 43201}, "InvalidParameter.MaxSessionDuration", id="session too long"),
        pytest.param({"assume_role_policy_document": "{"}, "MalformedPolicyDocument", id="trust no JSON"),
        pytest.param(
            {"assume_role_policy_document": " " * 2049},
            "InvalidParameter.AssumeRolePolicyDocument.Length",
            id="trust too long",
        ),
    ],
)
def test_a_role_outside_the_rules_is_not_made(cloud: Cloud, role: Any, refused: Any, fields: Any, code: str) -> None:
    full = {"role_name": "web", "assume_role_policy_document": json.dumps({}), **fields}
    if "assume_role_policy_document" not in fields:
        role("probe")
        full["assume_role_policy_document"] = cloud.ram.account(ACCOUNT).roles["probe"].trust_text
    assert refused("create_role", **full) == (400, code)
    assert cloud.ram.role(ACCOUNT, str(full["role_name"])) is None


@pytest.mark.parametrize("name", ["a", "A.b-9", "x" * 64])
def test_names_at_the_edge_are_allowed(role: Any, name: str) -> None:
    assert role(name)["RoleName"] == name


@pytest.mark.parametrize("again", ["web", "WEB"])
def test_a_name_is_given_once_whatever_its_case(role: Any, refused: Any, trust_text: Any, again: str) -> None:
    role("web")
    made = refused("create_role", role_name=again, assume_role_policy_document=trust_text())
    assert made == (409, "EntityAlreadyExists.Role")


def test_the_account_holds_no_more_roles_than_its_quota(cloud: Cloud, role: Any, refused: Any, trust_text: Any) -> None:
    assert cloud.ram.quotas.roles == 1000
    cloud.ram.quotas.roles = 2
    role("a"), role("b")
    assert refused("create_role", role_name="c", assume_role_policy_document=trust_text()) == (
        409,
        "LimitExceeded.Role",
    )


@pytest.mark.parametrize("action", ["get_role", "update_role", "delete_role", "list_policies_for_role"])
def test_a_role_that_is_not_there_is_not_found(role: Any, refused: Any, action: str) -> None:
    role("web")
    assert refused(action, role_name="Web") == (404, "EntityNotExist.Role")
    assert refused(action, role_name="no space")[1] == "InvalidParameter.RoleName.InvalidChars"


def test_update_changes_only_what_is_given(cloud: Cloud, ask: Any, role: Any, trust_text: Any) -> None:
    role("web", description="old")
    cloud.clock.advance(90)
    other = trust_text(RAM=[f"acs:ram::{ACCOUNT}:root"])
    changed = ask("update_role", role_name="web", new_assume_role_policy_document=other)["Role"]
    assert (changed["AssumeRolePolicyDocument"], changed["Description"]) == (other, "old")
    assert changed["UpdateDate"] > changed["CreateDate"]
    changed = ask(
        "update_role",
        role_name="web",
        new_description="new",
        new_max_session_duration=43200,
        new_allow_console_login=True,
    )["Role"]
    assert (changed["AssumeRolePolicyDocument"], changed["Description"]) == (other, "new")
    assert (changed["MaxSessionDuration"], changed["AllowConsoleLogin"]) == (43200, True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"new_description": "d" * 1025}, "InvalidParameter.NewDescription.Length", id="description"),
        pytest.param({"new_max_session_duration": 1}, "InvalidParameter.NewMaxSessionDuration", id="session"),
        pytest.param({"new_assume_role_policy_document": "[]"}, "MalformedPolicyDocument", id="trust"),
        pytest.param(
            {"new_assume_role_policy_document": "x" * 9999},
            "InvalidParameter.NewAssumeRolePolicyDocument.Length",
            id="trust too long",
        ),
    ],
)
def test_a_wrong_update_changes_nothing(ask: Any, role: Any, refused: Any, fields: Any, code: str) -> None:
    role("web", description="kept")
    before = ask("get_role", role_name="web")["Role"]
    assert refused("update_role", role_name="web", **fields) == (400, code)
    assert ask("get_role", role_name="web")["Role"] == before


def test_listed_roles_show_no_trust_policy(ask: Any, role: Any) -> None:
    role("web", tag={"team": "a"})
    (shown,) = ask("list_roles")["Roles"]["Role"]
    assert "AssumeRolePolicyDocument" not in shown
    assert {"RoleName", "RoleId", "Arn", "CreateDate", "UpdateDate", "MaxSessionDuration"} <= set(shown)
    assert shown["Tags"] == {"Tag": [{"TagKey": "team", "TagValue": "a"}]}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_pages_show_every_role_once(ask: Any, role: Any, size: int) -> None:
    names = {"b", "A", "c-1", "C", "d.2", "e", "f"}
    for name in names:
        role(name)
    seen: list[str] = []
    marker, pages = None, 0
    while True:
        page = ask("list_roles", marker=marker, max_items=size)
        pages += 1
        assert pages <= len(names), "the listing does not end"
        seen += [role["RoleName"] for role in page["Roles"]["Role"]]
        marker = page.get("Marker")
        assert page["IsTruncated"] is (marker is not None)
        if marker is None:
            break
    assert pages == -(-len(names) // size)
    assert sorted(seen) == sorted(names)
    assert seen == sorted(names, key=str.lower)


def test_a_page_may_begin_after_a_role_that_is_gone(ask: Any, role: Any) -> None:
    for name in "abc":
        role(name)
    marker = ask("list_roles", max_items=1)["Marker"]
    ask("delete_role", role_name="a")
    assert [r["RoleName"] for r in ask("list_roles", marker=marker)["Roles"]["Role"]] == ["b", "c"]


def test_a_hundred_roles_are_a_page_unless_told_otherwise(cloud: Cloud, ask: Any) -> None:
    for number in range(101):
        cloud.ram.put_role(ACCOUNT, f"role-{number:03}")
    page = ask("list_roles")
    assert (len(page["Roles"]["Role"]), page["IsTruncated"]) == (100, True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"max_items": 0}, "InvalidParameter.MaxItems", id="no items"),
        pytest.param({"max_items": 1001}, "InvalidParameter.MaxItems", id="too many"),
        pytest.param({"marker": "EXAMPLE"}, "InvalidParameter.Marker", id="marker of our own"),
        pytest.param({"marker": "WyJhIiwgImIiXQ=="}, "InvalidParameter.Marker", id="marker of another listing"),
    ],
)
def test_a_page_outside_the_rules_is_refused(refused: Any, fields: Any, code: str) -> None:
    assert refused("list_roles", **fields) == (400, code)


def test_roles_are_listed_by_all_tags_asked_for(ask: Any, role: Any) -> None:
    role("a", tag={"team": "x", "env": "prod"})
    role("b", tag={"team": "x", "env": "dev"})
    role("c", tag={"team": "y", "env": "prod"})
    role("d")
    for tag, names in [
        ({"team": "x"}, ["a", "b"]),
        ({"team": "x", "env": "prod"}, ["a"]),
        ({"env": None}, ["a", "b", "c"]),
        ({"team": "z"}, []),
    ]:
        found = ask("list_roles", tag=tag)["Roles"].get("Role", [])
        assert [r["RoleName"] for r in found] == names
    page = ask("list_roles", tag={"env": None}, max_items=2)
    assert [r["RoleName"] for r in page["Roles"]["Role"]] == ["a", "b"]
    rest = ask("list_roles", tag={"env": None}, marker=page["Marker"])
    assert [r["RoleName"] for r in rest["Roles"]["Role"]] == ["c"]


def test_a_role_with_policies_is_not_deleted_until_they_are_detached(ask: Any, role: Any, refused: Any) -> None:
    role("web")
    policy = {"policy_type": "System", "policy_name": "AliyunLogReadOnlyAccess", "role_name": "web"}
    ask("attach_policy_to_role", **policy)
    assert refused("delete_role", role_name="web") == (409, "DeleteConflict.Role.Policy")
    ask("detach_policy_from_role", **policy)
    ask("delete_role", role_name="web")
    assert refused("get_role", role_name="web") == (404, "EntityNotExist.Role")


def test_a_role_made_anew_has_none_of_the_old_ones_tags(ask: Any, role: Any) -> None:
    role("web", tag={"team": "x"})
    ask("delete_role", role_name="web")
    role("web")
    assert "Tags" not in ask("list_roles")["Roles"]["Role"][0]
    assert not ask("list_roles", tag={"team": "x"})["Roles"].get("Role")


def test_accounts_see_their_own_roles_only(cloud: Cloud, ask: Any) -> None:
    cloud.ram.put_role("2222222222222222", "theirs")
    assert not ask("list_roles")["Roles"].get("Role")
    assert cloud.ram.role("2222222222222222", "theirs") is not None


def test_a_reset_cloud_has_no_roles_and_the_usual_quotas(cloud: Cloud, ask: Any, role: Any) -> None:
    role("web")
    cloud.ram.quotas.roles = 1
    cloud.reset()
    assert not ask("list_roles")["Roles"].get("Role")
    assert cloud.ram.quotas.roles == 1000
