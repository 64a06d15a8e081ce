"""Users, access keys, and policies attached to users and roles, through the real client."""

from __future__ import annotations

from typing import Any

import pytest
from alibabacloud_ram20150501 import models
from alibabacloud_ram20150501.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from Tea.exceptions import TeaException

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT

HOLDERS = [
    pytest.param("role", "attach_policy_to_role", "detach_policy_from_role", "list_policies_for_role", id="role"),
    pytest.param("user", "attach_policy_to_user", "detach_policy_from_user", "list_policies_for_user", id="user"),
]


@pytest.fixture
def holder(ask: Any, role: Any) -> str:
    ask("create_user", user_name="web")
    return str(role("web")["RoleName"])


@pytest.mark.parametrize(("kind", "attach", "detach", "listed"), HOLDERS)
def test_a_policy_is_attached_once_and_detached_once(
    ask: Any, refused: Any, policy: Any, holder: str, kind: str, attach: str, detach: str, listed: str
) -> None:
    policy("reader", description="reads")
    to = {"policy_type": "Custom", "policy_name": "reader", f"{kind}_name": holder}
    word = kind.capitalize()
    assert refused(detach, **to) == (404, f"EntityNotExist.{word}.Policy")
    ask(attach, **to)
    assert refused(attach, **to) == (409, f"EntityAlreadyExists.{word}.Policy")
    (row,) = ask(listed, **{f"{kind}_name": holder})["Policies"]["Policy"]
    assert (row["PolicyName"], row["PolicyType"], row["Description"], row["DefaultVersion"]) == (
        "reader",
        "Custom",
        "reads",
        "v1",
    )
    assert row["AttachDate"].endswith("Z")
    assert ask("get_policy", policy_type="Custom", policy_name="reader")["Policy"]["AttachmentCount"] == 1
    ask(detach, **to)
    assert not ask(listed, **{f"{kind}_name": holder})["Policies"].get("Policy")
    assert ask("get_policy", policy_type="Custom", policy_name="reader")["Policy"]["AttachmentCount"] == 0


@pytest.mark.parametrize(("kind", "attach", "detach", "listed"), HOLDERS)
def test_what_is_not_there_is_neither_attached_nor_detached(
    refused: Any, policy: Any, holder: str, kind: str, attach: str, detach: str, listed: str
) -> None:
    policy("reader")
    word = kind.capitalize()
    for action in (attach, detach):
        to = {"policy_type": "Custom", "policy_name": "reader", f"{kind}_name": "nobody"}
        assert refused(action, **to) == (404, f"EntityNotExist.{word}")
        to = {"policy_type": "System", "policy_name": "reader", f"{kind}_name": holder}
        assert refused(action, **to) == (404, "EntityNotExist.Policy")
        assert refused(action, **{**to, "policy_type": "Mine"}) == (400, "InvalidParameter.PolicyType")
        assert refused(action, **{**to, "policy_type": None}) == (400, "MissingParameter.PolicyType")
    assert refused(listed, **{f"{kind}_name": "nobody"}) == (404, f"EntityNotExist.{word}")


@pytest.mark.parametrize(("kind", "attach", "detach", "listed"), HOLDERS)
def test_custom_and_system_policies_have_quotas_of_their_own(
    ask: Any, refused: Any, policy: Any, holder: str, kind: str, attach: str, detach: str, listed: str
) -> None:
    system = [p["PolicyName"] for p in ask("list_policies", policy_type="System")["Policies"]["Policy"]]
    custom = [policy(f"p-{number}")["PolicyName"] for number in range(11)]
    assert len(system) > 20
    for type_, names, limit in [("Custom", custom, 10), ("System", system, 20)]:
        for name in names[:limit]:
            ask(attach, policy_type=type_, policy_name=name, **{f"{kind}_name": holder})
        over = {"policy_type": type_, "policy_name": names[limit], f"{kind}_name": holder}
        assert refused(attach, **over) == (409, f"LimitExceeded.{kind.capitalize()}.Policy")
    assert len(ask(listed, **{f"{kind}_name": holder})["Policies"]["Policy"]) == 30


def test_a_policy_names_all_that_hold_it(ask: Any, cloud: Cloud, role: Any) -> None:
    role("Web", description="the web"), ask("create_user", user_name="alice", display_name="Alice")
    policy = {"policy_type": "System", "policy_name": "AdministratorAccess"}
    ask("attach_policy_to_role", role_name="Web", **policy)
    ask("attach_policy_to_user", user_name="alice", **policy)
    cloud.ram.put_role("2222222222222222", "theirs", policies=["AdministratorAccess"])
    found = ask("list_entities_for_policy", **policy)
    (web,), (alice,) = found["Roles"]["Role"], found["Users"]["User"]
    assert (web["RoleName"], web["Arn"], web["Description"]) == ("Web", f"acs:ram::{ACCOUNT}:role/web", "the web")
    assert (alice["UserName"], alice["DisplayName"]) == ("alice", "Alice")
    assert web["AttachDate"] <= alice["AttachDate"]


def test_users_are_made_shown_listed_and_deleted(ask: Any, refused: Any) -> None:
    made = ask("create_user", user_name="b_1.x-y", display_name="B", comments="hello", email="b@x.org")["User"]
    got = ask("get_user", user_name="b_1.x-y")["User"]
    assert {**made, "UpdateDate": got["UpdateDate"]} == got
    assert (got["Comments"], got["Email"], got["UserId"].isdigit()) == ("hello", "b@x.org", True)
    assert refused("create_user", user_name="b_1.x-y") == (409, "EntityAlreadyExists.User")
    ask("create_user", user_name="a"), ask("create_user", user_name="c")
    page = ask("list_users", max_items=2)
    assert ([u["UserName"] for u in page["Users"]["User"]], page["IsTruncated"]) == (["a", "b_1.x-y"], True)
    rest = ask("list_users", marker=page["Marker"])
    assert ([u["UserName"] for u in rest["Users"]["User"]], rest["IsTruncated"]) == (["c"], False)
    ask("delete_user", user_name="a")
    assert refused("get_user", user_name="a") == (404, "EntityNotExist.User")
    assert refused("delete_user", user_name="a") == (404, "EntityNotExist.User")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"user_name": "a b"}, "UserName.InvalidChars", id="name"),
        pytest.param({"user_name": "a" * 65}, "UserName.Length", id="long name"),
        pytest.param({"display_name": "d" * 129}, "DisplayName.Length", id="display name"),
        pytest.param({"comments": "d" * 129}, "Comments.Length", id="comments"),
        pytest.param({"email": "nobody"}, "Email.Format", id="email"),
        pytest.param({"mobile_phone": "no"}, "MobilePhone.Format", id="phone"),
    ],
)
def test_a_user_outside_the_rules_is_not_made(refused: Any, fields: Any, code: str) -> None:
    assert refused("create_user", **{"user_name": "alice", **fields}) == (400, f"InvalidParameter.{code}")


def test_users_have_a_quota(cloud: Cloud, ask: Any, refused: Any) -> None:
    cloud.ram.quotas.users = 1
    ask("create_user", user_name="a")
    assert refused("create_user", user_name="b") == (409, "LimitExceeded.User")


def client(key: Any) -> Client:
    return Client(
        Config(
            access_key_id=key["AccessKeyId"],
            access_key_secret=key["AccessKeySecret"],
            region_id="cn-hangzhou",
            endpoint="ram.aliyuncs.com",
        )
    )


def test_an_access_key_signs_for_its_user_until_it_is_deleted(ask: Any, refused: Any) -> None:
    ask("create_user", user_name="alice")
    key = ask("create_access_key", user_name="alice")["AccessKey"]
    alice = client(key)
    own = alice.list_access_keys(models.ListAccessKeysRequest()).body.access_keys.access_key
    assert [(k.access_key_id, k.status) for k in own] == [(key["AccessKeyId"], "Active")]
    ask("create_access_key", user_name="alice")
    assert refused("create_access_key", user_name="alice") == (409, "LimitExceeded.User.AccessKey")
    listed = ask("list_access_keys", user_name="alice")["AccessKeys"]["AccessKey"]
    assert all("AccessKeySecret" not in row for row in listed)
    assert refused("delete_user", user_name="alice") == (409, "DeleteConflict.User.AccessKey")
    for row in listed:
        ask("delete_access_key", user_name="alice", user_access_key_id=row["AccessKeyId"])
    gone = refused("delete_access_key", user_name="alice", user_access_key_id=key["AccessKeyId"])
    assert gone == (404, "EntityNotExist.User.AccessKey")
    with pytest.raises(TeaException) as caught:
        alice.list_access_keys(models.ListAccessKeysRequest())
    assert caught.value.code == "InvalidAccessKeyId.NotFound"
    ask("delete_user", user_name="alice")


def test_keys_of_the_account_itself_are_not_made(refused: Any) -> None:
    assert refused("create_access_key") == (400, "MissingParameter.UserName")


def test_a_user_with_policies_is_not_deleted(ask: Any, refused: Any) -> None:
    ask("create_user", user_name="alice")
    ask("attach_policy_to_user", user_name="alice", policy_type="System", policy_name="AliyunOSSFullAccess")
    assert refused("delete_user", user_name="alice") == (409, "DeleteConflict.User.Policy")
