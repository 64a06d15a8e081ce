"""Whatever a client sends is answered, never ended by an error of Python's: JSON nested deep, numbers of no size, odd digits.

A row more in NASTY, DOCUMENTS or ROUTES is a case more.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests
from aliyun.log import LogException
from Tea.exceptions import TeaException

from fakecloud.cloud import Cloud
from fakecloud.eventbridge.conditions import PatternError
from fakecloud.eventbridge.patterns import compile_pattern
from fakecloud.identity import ACCOUNT
from fakecloud.parsing import DEEPEST, digits, loads
from tests.contract import sdk
from tests.contract.core.conftest import Way
from tests.contract.sls.toolbox import INDEX, PROJECT, STORE, Config, Logs, client

NASTY = {
    "lists in lists": "[" * 5000,
    "closed lists": "[" * 5000 + "]" * 5000,
    "very deep": "[" * 200_000 + "]" * 200_000,
    "just too deep": "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1),
    "objects in objects": '{"a":' * 5000 + "1" + "}" * 5000,
    "a very long number": "9" * 5000,
    "a number beyond floats": "1e999",
    "not a number": "NaN",
    "digits of another script": "²",
    "half a surrogate": '"\\ud800"',
    "half a surrogate in a list": '["\\ud800"]',
    "half a surrogate in an object": '{"\\ud800": "\\udfff"}',
    "null": "null",
    "an empty text": '""',
    "a zero byte": "\x00",
    "no JSON": "{",
}  # fmt: skip
NASTY_VALUES = pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY)

DOCUMENTS = [  # where a call takes JSON, or a number or a token in a text
    ("ecs", "DescribeInstances", {"RegionId": "cn-hangzhou", "InstanceIds": ""}),
    ("ecs", "DescribeInstances", {"RegionId": "cn-hangzhou", "NextToken": ""}),
    ("ecs", "DescribeInstances", {"RegionId": "cn-hangzhou", "MaxResults": ""}),
    ("ecs", "DescribeInstances", {"RegionId": "cn-hangzhou", "PageNumber": ""}),
    ("ecs", "DescribeInstanceRamRole", {"RegionId": "cn-hangzhou", "InstanceIds": ""}),
    ("ecs", "AttachInstanceRamRole", {"RegionId": "cn-hangzhou", "RamRoleName": "r", "InstanceIds": ""}),
    ("ecs", "AttachInstanceRamRole", {"RegionId": "cn-hangzhou", "RamRoleName": "r", "InstanceIds": '["i-1"]', "Policy": ""}),
    ("ecs", "TagResources", {"RegionId": "cn-hangzhou", "ResourceType": "instance", "ResourceId.1": "i-1", "Tag.1.Key": ""}),
    ("ram", "CreatePolicy", {"PolicyName": "p", "PolicyDocument": ""}),
    ("ram", "CreateRole", {"RoleName": "x", "AssumeRolePolicyDocument": ""}),
    ("ram", "ListRoles", {"Marker": ""}),
    ("ram", "ListRoles", {"MaxItems": ""}),
    ("ram", "TagResources", {"ResourceType": "role", "ResourceNames": '["r"]', "Tag": ""}),
    ("ram", "TagResources", {"ResourceType": "role", "ResourceNames": "", "Tag": '[{"Key": "a", "Value": "b"}]'}),
    ("sts", "AssumeRole", {"RoleArn": f"acs:ram::{ACCOUNT}:role/r", "RoleSessionName": "s", "Policy": ""}),
    ("sts", "AssumeRole", {"RoleArn": f"acs:ram::{ACCOUNT}:role/r", "RoleSessionName": "s", "DurationSeconds": ""}),
    ("tag", "TagResources", {"RegionId": "cn-hangzhou", "ResourceARN.1": f"arn:acs:ecs:cn-hangzhou:{ACCOUNT}:instance/i-1",
                             "Tags": ""}),
    ("tag", "ListTagResources", {"RegionId": "cn-hangzhou", "NextToken": ""}),
    ("2020-04-01", "CreateRule", {"EventBusName": "default", "RuleName": "r", "FilterPattern": "", "EventTargets": "[]"}),
    ("2020-04-01", "CreateRule", {"EventBusName": "default", "RuleName": "r", "FilterPattern": "{}", "EventTargets": ""}),
    ("2020-04-01", "CreateRule", {"EventBusName": "default", "RuleName": "r", "FilterPattern": "{}", "EventTargets":
                                  '[{"Id": "1", "Type": "acs.fc.function", "ParamList": NASTY}]'}),
    ("2020-04-01", "DeleteTargets", {"EventBusName": "default", "RuleName": "r", "TargetIds": ""}),
    ("2020-04-01", "UpdateTargets", {"EventBusName": "default", "RuleName": "r", "Targets": ""}),
    ("2020-04-01", "ListRules", {"EventBusName": "default", "NextToken": ""}),
]  # fmt: skip


@pytest.mark.each_value
@NASTY_VALUES
@pytest.mark.parametrize(("product", "action", "query"), DOCUMENTS, ids=lambda v: v if isinstance(v, str) else None)
@pytest.mark.not_emulated
def test_a_call_is_answered_whatever_its_documents_are(
    cloud: Cloud, product: str, action: str, query: dict[str, str], nasty: str
) -> None:
    cloud.ram.put_role(ACCOUNT, "r")
    given = {name: value.replace("NASTY", nasty) or nasty for name, value in query.items()}
    for tried in (
        given,
        {
            n: base64.urlsafe_b64encode(v.encode()).decode() if "oken" in n or n == "Marker" else v
            for n, v in given.items()
        },
    ):
        try:
            sdk.rpc(sdk.config(), product, action, {}, body=tried)
        except TeaException as refused:
            assert 400 <= refused.statusCode <= 501
    [*calls] = cloud.calls
    assert all(call.status < 500 or call.code == "Fakecloud.NotEmulated" for call in calls)


@pytest.mark.parametrize("number", ["²", "9" * 5000, "0", "-1", "x"])
def test_a_members_number_is_one(cloud: Cloud, number: str) -> None:
    asked = {"RegionId": "cn-hangzhou", "ResourceType": "instance", f"ResourceId.{number}": "i-1", "Tag.1.Key": "a"}
    assert sdk.refusal(sdk.rpc, sdk.config(), "ecs", "TagResources", {}, body=asked)[1] == "InvalidParameter.ResourceId"


ROUTES = ["instances", "roles", "queues", "latency", "quotas", "faults", "switches", "clock"]
FIELDS = {
    "instances": "count", "roles": "policies", "queues": "visibility_timeout", "latency": "ms", "quotas": "calls_per_minute",
    "faults": "count", "switches": "boot_seconds", "clock": "advance",
}  # fmt: skip


@pytest.mark.each_value
@NASTY_VALUES
@pytest.mark.parametrize("route", ROUTES)
def test_the_side_door_answers_whatever_it_is_sent(served: Way, route: str, nasty: str) -> None:
    field = json.dumps(FIELDS[route])
    for body in (nasty, f"{{{field}: {nasty}}}", f'{{"name": {nasty}}}', f'{{"tags": {{"a": {nasty}}}}}'):
        answer = requests.post(f"{served.url}/_fakecloud/{route}", data=body.encode(), timeout=10)
        assert answer.status_code in (200, 400), answer.text[:200]
    for path in ("state", "calls", "queues"):
        assert requests.get(f"{served.url}/_fakecloud/{path}", timeout=10).status_code == 200


QUERIES = {
    "brackets": "(" * 5000 + "a" + ")" * 5000,
    "negations": "not " * 5000 + "a",
    "conditions": " and ".join(["a"] * 5000),
    "SQL brackets": "* | SELECT " + "(" * 5000 + "1" + ")" * 5000,
    "SQL functions": "* | SELECT " + "abs(" * 5000 + "1" + ")" * 5000,
    "SQL negations": "* | SELECT " + "not " * 5000 + "true",
    "SQL minus": "* | SELECT " + "- " * 5000 + "1",
    "SQL sum": "* | SELECT " + "+".join(["1"] * 5000),
    "SQL cases": "* | SELECT " + "case when true then " * 5000 + "1" + " end" * 5000,
    "a very long number": "ms: " + "9" * 5000,
    "SQL, a very long number": "* | SELECT " + "9" * 5000,
    "SQL, a very long limit": "* | SELECT 1 LIMIT " + "9" * 5000,
    "digits of another script": "ms: ²",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_of_sls_is_refused_where_it_cannot_be_read(cloud: Cloud, query: str) -> None:
    caller = client()
    caller.create_project(PROJECT, "d")
    caller.create_logstore(PROJECT, STORE)
    caller.create_index(PROJECT, STORE, Config(INDEX))
    logs = Logs(caller)
    logs.put({"id": "1", "ms": "5"}, {"id": "2", "ms": "9" * 5000})
    try:
        logs.get(query)
    except LogException as refused:
        assert refused.get_error_code() in ("ParameterInvalid", "OLSQueryParseError", "ConditionExceed"), refused


@NASTY_VALUES
@pytest.mark.not_emulated
def test_a_body_of_sls_is_refused_where_it_is_none(cloud: Cloud, nasty: str) -> None:
    caller = client()
    caller.create_project(PROJECT, "d")
    for path in ("/logstores", "/savedsearches", f"/logstores/{STORE}/index"):
        try:
            caller._send(
                "POST",
                PROJECT,
                nasty.encode(),
                path,
                {},
                {"Content-Type": "application/json", "x-log-bodyrawsize": "0"},
            )
        except Exception as refused:
            assert type(refused).__name__ == "LogException", refused
    assert {call.status for call in cloud.calls} <= {200, 400, 404, 501}


@NASTY_VALUES
def test_a_message_that_is_nested_deep_is_a_text(cloud: Cloud, nasty: str) -> None:
    from fakecloud.eventbridge.queue_events import member

    event: dict[str, Any] = {"data": {"messageBody": nasty}}
    for shape in ("text", "object", "string", "event"):
        assert isinstance(member(event, shape, raw=False), str)
    with pytest.raises(PatternError):
        compile_pattern(nasty)


def test_what_is_as_deep_as_may_be_is_read() -> None:
    text = "[" * DEEPEST + "]" * DEEPEST
    assert json.dumps(loads(text)) == text
    with pytest.raises(ValueError, match=f"more than {DEEPEST} levels"):
        loads(f"[{text}]")
    assert [digits(text) for text in ("0", "018", "9" * 18, "9" * 19, "", "-1", "²", "1 ", "1\n")] == [
        0,
        18,
        10**18 - 1,
        *[None] * 6,
    ]


def test_a_document_is_put_in_again_as_it_was(cloud: Cloud) -> None:
    """Nearly as long as a policy may be: what was read back, and given again, is not too long."""
    statement = {
        "Effect": "Allow",
        "Action": ["oss:GetObject"],
        "Resource": [f"acs:oss:*:*:bucket-{n:03}/*" for n in range(221)],
    }
    document = {"Version": "1", "Statement": [statement]}
    text = json.dumps(document, separators=(",", ":"))
    assert 6000 < len(text) <= 6144 < len(json.dumps(document))
    cloud.ram.put_role(ACCOUNT, "r", policies=[document])
    shown = sdk.rpc(sdk.config(), "ram", "GetPolicy", {"PolicyType": "Custom", "PolicyName": "r-1"})
    again = shown["DefaultPolicyVersion"]["PolicyDocument"]
    assert len(again) <= 6144
    cloud.ram.put_role(ACCOUNT, "r", policies=[json.loads(again)])
    sdk.rpc(sdk.config(), "ram", "CreatePolicy", {}, body={"PolicyName": "copy", "PolicyDocument": again})
