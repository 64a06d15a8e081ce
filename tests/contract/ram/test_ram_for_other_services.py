"""What other services and tests ask of RAM in process: roles, policies in force, put_role. And the published parameters."""

from __future__ import annotations

import inspect
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_ram20150501 import models

from fakecloud.cloud import Cloud
from fakecloud.errors import CloudError
from fakecloud.identity import ACCOUNT

PUBLISHED = Path(__file__).parents[4] / "shared" / "openapi" / "ram"


def test_a_role_tells_its_arn_trust_and_session(cloud: Cloud, role: Any, trust_text: Any) -> None:
    role("Web", assume_role_policy_document=trust_text(Service="fc.aliyuncs.com"), max_session_duration=7200)
    found = cloud.ram.role(ACCOUNT, "Web")
    assert found is not None
    assert (found.name, found.arn, found.max_session_seconds) == ("Web", f"acs:ram::{ACCOUNT}:role/web", 7200)
    assert found.trust == json.loads(trust_text(Service="fc.aliyuncs.com"))
    assert (found.trusts_service("fc.aliyuncs.com"), found.trusts_service("ecs.aliyuncs.com")) == (True, False)
    assert cloud.ram.role(ACCOUNT, "web") is None
    assert cloud.ram.role_of_arn(f"acs:ram::{ACCOUNT}:role/wEB") is found
    assert cloud.ram.role_of_arn(f"acs:ram::{ACCOUNT}:role/other") is None
    with pytest.raises(ValueError, match="acs:ram::ACCOUNT:role/NAME"):
        cloud.ram.role_of_arn("acs:ram::x:user/web")


def test_policies_in_force_are_the_default_versions(cloud: Cloud, ask: Any, policy: Any, document_text: Any) -> None:
    policy("reader")
    cloud.ram.put_role(ACCOUNT, "web", policies=["AdministratorAccess", "reader"])
    ask("create_user", user_name="alice")
    ask("attach_policy_to_user", user_name="alice", policy_type="Custom", policy_name="reader")
    ask("create_policy_version", policy_name="reader", policy_document=document_text("log:*"))
    first, second = cloud.ram.policies_of_role(ACCOUNT, "web")
    assert (first["Statement"][0]["Action"], second) == ("*", json.loads(document_text()))
    ask("set_default_policy_version", policy_name="reader", version_id="v2")
    assert cloud.ram.policies_of_user(ACCOUNT, "alice") == [json.loads(document_text("log:*"))]
    assert cloud.ram.policies_of_role(ACCOUNT, "gone") == cloud.ram.policies_of_user(ACCOUNT, "gone") == []


def test_a_role_put_twice_is_the_same_role_made_over(cloud: Cloud, ask: Any) -> None:
    document = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "log:*", "Resource": "*"}]}
    made = cloud.ram.put_role(ACCOUNT, "we.b", policies=["AliyunOSSFullAccess", document, document])
    assert made.trusts_service("ecs.aliyuncs.com")
    assert list(made.attached) == [("System", "AliyunOSSFullAccess"), ("Custom", "we-b-2"), ("Custom", "we-b-3")]
    again = cloud.ram.put_role(
        ACCOUNT, "we.b", services=("fc.aliyuncs.com",), policies=["we-b-2", "AliyunECSFullAccess"]
    )
    assert again is made
    assert not made.trusts_service("ecs.aliyuncs.com")
    assert set(made.attached) == {("Custom", "we-b-2"), ("System", "AliyunECSFullAccess")}
    assert ask("get_policy", policy_type="System", policy_name="AliyunOSSFullAccess")["Policy"]["AttachmentCount"] == 0
    assert ask("get_role", role_name="we.b")["Role"]["AssumeRolePolicyDocument"] == made.trust_text
    assert not cloud.ram.put_role(ACCOUNT, "people", services=()).trusts_service("ecs.aliyuncs.com")


def test_a_document_put_again_makes_a_version_only_when_it_changed(cloud: Cloud) -> None:
    def put(action: str) -> Any:
        document = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
        cloud.ram.put_role(ACCOUNT, "web", policies=[document])
        return cloud.ram.account(ACCOUNT).policy("Custom", "web-1")

    assert list(put("log:*").versions) == list(put("log:*").versions) == ["v1"]
    assert put("oss:*").default == "v2"
    assert cloud.ram.policies_of_role(ACCOUNT, "web")[0]["Statement"][0]["Action"] == "oss:*"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"name": "a_b"}, "InvalidParameter.RoleName.InvalidChars", id="name"),
        pytest.param({"services": ["ecs"]}, "MalformedPolicyDocument", id="service"),
        pytest.param({"policies": ["nowhere"]}, "EntityNotExist.Policy", id="policy"),
        pytest.param({"policies": [{"Version": "2"}]}, "MalformedPolicyDocument", id="document"),
        pytest.param({"name": "WEB"}, "EntityAlreadyExists.Role", id="the name in another case"),
    ],
)
def test_put_role_keeps_the_rules_of_the_actions(cloud: Cloud, fields: dict[str, Any], code: str) -> None:
    cloud.ram.put_role(ACCOUNT, "web")
    with pytest.raises(CloudError) as caught:
        cloud.ram.put_role(ACCOUNT, **{"name": "new", **fields})
    assert caught.value.code == code
    assert cloud.ram.role(ACCOUNT, "new") is None


def test_roles_put_by_many_threads_are_all_there(cloud: Cloud) -> None:
    def put(start: int) -> None:
        for number in range(start, start + 50):
            cloud.ram.put_role(ACCOUNT, f"r-{number}", policies=["AdministratorAccess"])

    threads = [threading.Thread(target=put, args=(start,)) for start in (0, 50, 25, 75)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state = cloud.ram.account(ACCOUNT)
    assert len(state.roles) == 125
    assert len(state.policy("System", "AdministratorAccess").attached) == 125


@pytest.mark.not_emulated
def test_what_is_not_emulated_says_so(cloud: Cloud, refused: Any) -> None:
    cloud.expect_not_emulated = True  # type: ignore[attr-defined]
    assert refused("create_group", group_name="g") == (501, "Fakecloud.NotEmulated")


def sdk_fields(action: str) -> set[str]:
    names = set(inspect.signature(getattr(models, f"{action}Request").__init__).parameters) - {"self"}
    return {"".join(part.capitalize() for part in name.split("_")) for name in names}


def test_every_action_takes_what_the_client_can_send(cloud: Cloud) -> None:
    """Permissions within a resource group are not emulated, and are refused rather than granted to the whole account."""
    for name, action in cloud.ram.actions.items():
        assert sdk_fields(name) - {"ResourceGroupId"} == set(action.params), name


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published definitions are not at hand")
def test_every_action_takes_and_requires_what_is_published(cloud: Cloud) -> None:
    """docRequired: what the page says; required: what the metadata says, which is wrong for all but the tag actions."""
    compared = 0
    for name, action in cloud.ram.actions.items():
        file = PUBLISHED / f"{name}.json"
        if not file.is_file():
            continue  # users and access keys: the client's own fields are compared above
        published = json.loads(file.read_text())
        parameters = {p["name"]: p["required"] for p in published["cli_2026_04"]["parameters"]}
        definition = published["definition_2024_06"] or {"parameters": []}
        documented = {p["name"]: p["schema"].get("docRequired", False) for p in definition["parameters"]}
        required = {key for key in parameters if parameters[key] or documented.get(key)}
        stricter = {"TagResources": {"ResourceNames"}, "UpdatePolicyDescription": {"PolicyName", "NewDescription"}}
        assert set(parameters) <= set(action.params), name
        assert {key for key, param in action.params.items() if param.required} == required | stricter.get(
            name, set()
        ), name
        assert action.write is not name.startswith(("Get", "List")), name
        compared += 1
    assert compared > 20
