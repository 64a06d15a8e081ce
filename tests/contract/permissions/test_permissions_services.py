"""RAM, SLS, Function Compute and EventBridge: on which resources their calls are judged, and how each refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_fc20230330 import models as fc_models
from alibabacloud_fc20230330.client import Client as Fc3
from alibabacloud_fc_open20210406 import models as fc2_models
from alibabacloud_fc_open20210406.client import Client as Fc2
from aliyun.log import LogException

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.contract import sdk
from tests.contract.permissions.callers import Caller, allow, refused, user
from tests.contract.sls.toolbox import PROJECT, STORE, Logs
from tests.contract.sls.toolbox import client as log_client

TEXT = json.dumps({"Version": "1", "Statement": [allow("oss:*", "*")]})
POLICY = {"PolicyType": "Custom", "PolicyName": "of-alice"}


@pytest.mark.parametrize(
    ("action", "query", "needed", "not_enough"),
    [
        pytest.param("GetRole", {"RoleName": "web"}, ["role/web"], "role/db", id="a role"),
        pytest.param("ListRoles", {}, ["role/*"], "role/web", id="all roles"),
        pytest.param(
            "CreateRole",
            {"RoleName": "new", "AssumeRolePolicyDocument": "TRUST"},
            ["role/*"],
            "role/new",
            id="a new role",
        ),
        pytest.param("GetPolicy", POLICY, ["policy/of-alice"], "policy/other", id="a policy"),
        pytest.param(
            "CreatePolicy", {"PolicyName": "new", "PolicyDocument": TEXT}, ["policy/*"], "policy/new", id="a new policy"
        ),
        pytest.param(
            "CreatePolicyVersion",
            {"PolicyName": "of-alice", "PolicyDocument": TEXT},
            ["policy/of-alice"],
            "policy/other",
            id="a version",
        ),
        pytest.param(
            "AttachPolicyToRole",
            {**POLICY, "RoleName": "web"},
            ["role/web", "policy/of-alice"],
            "role/web",
            id="attach, only the role",
        ),
        pytest.param(
            "AttachPolicyToRole",
            {**POLICY, "RoleName": "web"},
            ["role/web", "policy/of-alice"],
            "policy/of-alice",
            id="attach, only the policy",
        ),
        pytest.param("ListPoliciesForUser", {"UserName": "alice"}, ["user/alice"], "user/bob", id="a user"),
        pytest.param("CreateAccessKey", {}, ["user/alice"], "user/bob", id="the caller's own user"),
        pytest.param(
            "TagResources",
            {"ResourceType": "role", "ResourceNames": '["web","db"]', "Tag": '[{"Key":"k","Value":"v"}]'},
            ["role/web", "role/db"],
            "role/web",
            id="tags of two roles",
        ),
    ],
)
def test_ram_judges_an_action_on(
    judging: Cloud, action: str, query: dict[str, str], needed: list[str], not_enough: str
) -> None:
    trust = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["ecs.aliyuncs.com"]}}
    texts = {"TRUST": json.dumps({"Version": "1", "Statement": [trust]})}
    query = {name: texts.get(value, value) for name, value in query.items()}

    def on(resources: list[str]) -> Any:
        return allow(f"ram:{action}", [f"acs:ram:*:{ACCOUNT}:{resource}" for resource in resources])

    someone = user(judging, on([not_enough]))
    error = refused(someone.rpc, "ram", action, **query)
    assert (error.statusCode, error.code) == (403, "NoPermission")
    text = json.dumps({"Version": "1", "Statement": [on(needed)]})
    judging.ram.account(ACCOUNT).policy("Custom", "of-alice").add(text, "2026-01-01T00:00:00Z", as_default=True)
    someone.rpc("ram", action, **query)


def test_a_system_policy_belongs_to_the_account_system(judging: Cloud) -> None:
    query = {"PolicyType": "System", "PolicyName": "AliyunLogReadOnlyAccess"}
    name = "policy/AliyunLogReadOnlyAccess"
    may = user(judging, allow("ram:GetPolicy", f"acs:ram:*:system:{name}"))
    may.rpc("ram", "GetPolicy", **query)
    may_not = user(judging, allow("ram:GetPolicy", f"acs:ram:*:{ACCOUNT}:{name}"), name="bob")
    assert refused(may_not.rpc, "ram", "GetPolicy", **query).code == "NoPermission"


def logs_of(caller: Caller) -> Logs:
    return Logs(log_client((caller.key.access_key_id, caller.key.secret), caller.key.token or None))


@pytest.fixture
def store(judging: Cloud) -> None:
    sls = log_client()
    sls.create_project(PROJECT, "")
    sls.create_logstore(PROJECT, STORE, ttl=30, shard_count=1)


@pytest.mark.parametrize("status", [401, 403])
def test_sls_judges_a_write_on_its_logstore(judging: Cloud, store: None, status: Any) -> None:
    judging.switches.sls_unauthorized_status = status
    where = f"acs:log:cn-hangzhou:{ACCOUNT}:project/{PROJECT}/logstore"
    logs_of(user(judging, allow("log:PostLogStoreLogs", f"{where}/{STORE}"))).put({"id": "1"})
    for name, statement in (
        ("bob", allow("log:PostLogStoreLogs", f"{where}/other")),
        ("carol", allow("log:Get*", f"{where}/{STORE}")),
    ):
        with pytest.raises(LogException) as caught:
            logs_of(user(judging, statement, name=name)).put({"id": "2"})
        assert (caught.value.get_resp_status(), caught.value.get_error_code()) == (status, "Unauthorized")
        assert f"action: log:PostLogStoreLogs, resource: {where}/{STORE}" in caught.value.get_error_message()
    assert [log["id"] for log in judging.sls.logs(PROJECT, STORE)] == ["1"]


@pytest.mark.parametrize(
    ("query", "needed"),
    [
        pytest.param(lambda logs: logs.client.get_logstore(PROJECT, STORE), "log:GetLogStore", id="GetLogStore"),
        pytest.param(lambda logs: logs.client.get_project(PROJECT), "log:GetProject", id="GetProject"),
        pytest.param(lambda logs: logs.client.list_project(), "log:ListProject", id="ListProject"),
    ],
)
def test_sls_judges_a_read(judging: Cloud, store: None, query: Callable[[Logs], Any], needed: str) -> None:
    query(logs_of(user(judging, allow(needed, "acs:log:*:*:project/*"))))
    with pytest.raises(LogException, match="denied by sts or ram"):
        query(logs_of(user(judging, allow("log:CreateIndex", "*"), name="bob")))


def test_fc_judges_an_invocation_on_its_function(judging: Cloud, deploy: Callable[..., Any]) -> None:
    deploy("def handler(event, context):\n    return 'hi'\n")
    host = f"{ACCOUNT}.cn-hangzhou.fc.aliyuncs.com"

    def invoke(caller: Caller) -> Any:
        return Fc3(caller.config(host)).invoke_function("hello", fc_models.InvokeFunctionRequest(body=None))

    where = f"acs:fc:cn-hangzhou:{ACCOUNT}:functions"
    assert invoke(user(judging, allow("fc:InvokeFunction", f"{where}/hello"))).status_code == 200
    may_not = user(judging, allow("fc:InvokeFunction", f"{where}/other"), name="bob")
    error = refused(invoke, may_not)
    assert (error.statusCode, error.code) == (403, "AccessDenied")
    said = f"the caller is not authorized to perform 'fc:InvokeFunction' on resource '{where}/hello'"
    assert said in str(error.data["Message"])
    assert error.data["AccessDeniedDetail"]["NoPermissionType"] == "ImplicitDeny"
    old = refused(Fc2(may_not.config(host)).get_function, "s", "hello", fc2_models.GetFunctionRequest())
    assert old.data["ErrorCode"] == "AccessDenied"


def test_fc_judges_on_the_functions_region_where_the_endpoint_tells_none(
    judging: Cloud, deploy: Callable[..., Any]
) -> None:
    deploy("def handler(event, context):\n    return 'hi'\n", region="cn-beijing")
    may = user(judging, allow("fc:GetFunction", f"acs:fc:cn-beijing:{ACCOUNT}:functions/hello"))
    client = Fc3(may.config("127.0.0.1:8080"))
    assert client.get_function("hello", fc_models.GetFunctionRequest()).body.function_name == "hello"


@pytest.mark.parametrize(
    ("action", "resource", "query"),
    [
        pytest.param("GetEventBus", "eventbus/default", {"EventBusName": "default"}, id="a bus"),
        pytest.param("ListRules", "eventbus/default/rule/*", {"EventBusName": "default"}, id="all rules"),
        pytest.param(
            "CreateRule",
            "eventbus/default/rule/r",
            {"EventBusName": "default", "RuleName": "r", "FilterPattern": "{}"},
            id="a rule",
        ),
        pytest.param("ListTargets", "eventbus/default/rule/*", {}, id="all targets"),
    ],
)
def test_eventbridge_judges_an_action_on(judging: Cloud, action: str, resource: str, query: dict[str, str]) -> None:
    def ask(caller: Caller) -> Any:
        host = "eventbridge-console.cn-hangzhou.aliyuncs.com"
        return sdk.rpc(caller.config(host), "2020-04-01", action, query)

    ask(user(judging, allow(f"eventbridge:{action}", f"acs:eventbridge:cn-hangzhou:{ACCOUNT}:{resource}")))
    error = refused(ask, user(judging, allow(f"eventbridge:{action}", f"acs:eventbridge:*:42:{resource}"), name="bob"))
    assert (error.statusCode, error.code) == (403, "Forbidden.RAM")
