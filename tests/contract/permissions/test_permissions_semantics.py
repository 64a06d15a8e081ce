"""How policies are read: wildcards, elements and conditions, as docs/security.md states them."""

from __future__ import annotations

from typing import Any

import pytest

from fakecloud.ram.conditions import holds
from fakecloud.ram.judge import covers_action, covers_resource, decide, judge
from tests.contract.permissions.callers import allow, deny, document

I1 = "acs:ecs:cn-hangzhou:42:instance/i-1"
WEB = "acs:ram::42:role/web"


@pytest.mark.parametrize(
    ("pattern", "action", "covered"),
    [
        pytest.param("*", "ecs:RunInstances", True, id="star alone is every action"),
        pytest.param("ecs:*", "ecs:RunInstances", True, id="star after the service"),
        pytest.param("ecs:*", "ram:GetRole", False, id="of that service only"),
        pytest.param("ecs:Describe*", "ecs:DescribeInstances", True, id="star at the end"),
        pytest.param("ecs:Describe*", "ecs:Describe", True, id="star is also nothing"),
        pytest.param("ecs:*Instance*", "ecs:AttachInstanceRamRole", True, id="stars in the middle"),
        pytest.param("*:Describe*", "ecs:DescribeRegions", True, id="star as the service"),
        pytest.param("ecs:GetRol?", "ecs:GetRole", True, id="question mark is one character"),
        pytest.param("ecs:GetRole?", "ecs:GetRole", False, id="question mark is never nothing"),
        pytest.param("ecs:Get?", "ecs:GetRole", False, id="question mark is never several"),
        pytest.param("ecs:describeinstances", "ecs:DescribeInstances", True, id="case does not matter"),
        pytest.param("ECS:DESCRIBE*", "ecs:DescribeInstances", True, id="case does not matter with a wildcard"),
        pytest.param("ecs:DescribeInstances", "ecs:DescribeInstanceRamRole", False, id="a whole name, no prefix"),
        pytest.param("ecs:Describe.nstances", "ecs:DescribeInstances", False, id="a dot is a dot"),
        pytest.param("ecs: DescribeInstances", "ecs:DescribeInstances", False, id="a space is not skipped"),
    ],
)
def test_an_action_pattern_covers(pattern: str, action: str, covered: bool) -> None:
    assert covers_action(pattern, action) is covered


@pytest.mark.parametrize(
    ("pattern", "resource", "covered"),
    [
        pytest.param("*", I1, True, id="star alone is every resource"),
        pytest.param("acs:ecs:*:*:*", I1, True, id="star in every field"),
        pytest.param("acs:ecs:*:42:instance/*", I1, True, id="any instance of the account"),
        pytest.param("acs:ecs:*:43:instance/*", I1, False, id="of another account"),
        pytest.param("acs:ecs:cn-beijing:42:instance/*", I1, False, id="of another region"),
        pytest.param("acs:ecs:cn-*:42:instance/i-1", I1, True, id="part of a field"),
        pytest.param("acs:*:*cn-hangzhou*:*:*", I1, True, id="stars on both sides of a region"),
        pytest.param("acs:ecs:cn-hangzhou:42:instance/i-?", I1, True, id="question mark is one character"),
        pytest.param("acs:ecs:cn-hangzhou:42:instance/i-1?", I1, False, id="question mark is never nothing"),
        pytest.param("acs:ecs:cn-hangzhou:42:instance/I-1", I1, False, id="case matters"),
        pytest.param("acs:ecs:*:42:disk/*", I1, False, id="of another type"),
        pytest.param(
            "acs:ecs:cn-hangzhou:42:instance/i-1", "acs:ecs:cn-hangzhou:42:instance/*", False, id="one is not all"
        ),
        pytest.param(
            "acs:log:*:42:project/p/*", "acs:log:cn-hangzhou:42:project/p/logstore/s", True, id="star passes slashes"
        ),
        pytest.param("acs:ram:*:42:role/web", WEB, True, id="star covers an empty region"),
        pytest.param("acs:ram::42:role/web", WEB, True, id="empty region covers an empty one"),
        pytest.param("acs:ram::42:role/web", "acs:ram:cn-hangzhou:42:role/web", False, id="but not a filled one"),
        pytest.param("acs:ram:?:42:role/web", WEB, False, id="question mark does not cover an empty region"),
        pytest.param("acs:ecs:*:instance/i-1", I1, False, id="a missing account covers nothing"),
        pytest.param("acs:ecs:*", I1, True, id="star in the last field covers the rest"),
        pytest.param("acs:*:instance/i-1", I1, False, id="star does not pass a colon"),
        pytest.param("acs:mns:*:42:/queues/q/*", "acs:mns:cn-hangzhou:42:/queues/q/messages", True, id="a path"),
        pytest.param("acs:x:*:42:*:b", "acs:x:r:42:a:c:b", True, id="star passes colons in the last field"),
        pytest.param("acs:ecs:*:*:*", "acs:ecs:cn-hangzhou", False, id="more fields than the resource has"),
        pytest.param("acs:ram:*:42:role/Web", WEB, False, id="a role with a capital does not cover its lower-case ARN"),
    ],
)
def test_a_resource_pattern_covers(pattern: str, resource: str, covered: bool) -> None:
    assert covers_resource(pattern, resource) is covered


def test_the_switch_lets_a_role_with_a_capital_cover_its_arn_and_nothing_else() -> None:
    assert covers_resource("acs:ram:*:42:role/Web*", "acs:ram::42:role/web-1", fold_roles=True)
    assert not covers_resource("acs:ram:*:42:role/Web", "acs:ram::42:role/db", fold_roles=True)
    assert not covers_resource("acs:ecs:*:42:instance/I-1", I1, fold_roles=True)


READ, WRITE = "ecs:DescribeInstances", "ecs:StopInstance"


@pytest.mark.parametrize(
    ("statements", "action", "verdict"),
    [
        pytest.param([], READ, "ImplicitDeny", id="no policy allows nothing"),
        pytest.param([allow(READ, "*")], READ, "Allow", id="an Allow allows"),
        pytest.param([allow(READ, "*")], WRITE, "ImplicitDeny", id="what no statement names is denied"),
        pytest.param([allow("ecs:*", "*"), deny(WRITE, "*")], WRITE, "ExplicitDeny", id="Deny after Allow wins"),
        pytest.param([deny(WRITE, "*"), allow("ecs:*", "*")], WRITE, "ExplicitDeny", id="Deny before Allow wins"),
        pytest.param([allow("ecs:*", "*"), deny(WRITE, "*")], READ, "Allow", id="a Deny of something else"),
        pytest.param(
            [allow("ecs:*", "*"), deny("*", "acs:ecs:*:*:instance/i-2")], READ, "Allow", id="a Deny elsewhere"
        ),
        pytest.param([deny(WRITE, "*")], READ, "ImplicitDeny", id="a Deny allows nothing by itself"),
        pytest.param([allow([WRITE, READ], ["acs:ecs:*:*:disk/*", I1])], READ, "Allow", id="any of lists"),
        pytest.param(
            [{"Effect": "Allow", "NotAction": "ram:*", "Resource": "*"}], READ, "Allow", id="NotAction of another"
        ),
        pytest.param(
            [{"Effect": "Allow", "NotAction": ["ram:*", "ecs:Desc*"], "Resource": "*"}],
            READ,
            "ImplicitDeny",
            id="NotAction of this one",
        ),
        pytest.param(
            [allow("*", "*"), {"Effect": "Deny", "NotAction": "ecs:Describe*", "Resource": "*"}],
            WRITE,
            "ExplicitDeny",
            id="Deny with NotAction",
        ),
        pytest.param(
            [allow("*", "*"), {"Effect": "Deny", "NotAction": "ecs:Describe*", "Resource": "*"}],
            READ,
            "Allow",
            id="Deny with NotAction spares it",
        ),
        pytest.param(
            [{"Effect": "Allow", "Action": "*", "NotResource": "acs:ecs:*:*:disk/*"}],
            READ,
            "Allow",
            id="NotResource of another",
        ),
        pytest.param(
            [{"Effect": "Allow", "Action": "*", "NotResource": "acs:ecs:*:*:instance/*"}],
            READ,
            "ImplicitDeny",
            id="NotResource of this one",
        ),
        pytest.param(
            [allow("*", "*", {"StringEquals": {"acs:Service": "x"}})],
            READ,
            "ImplicitDeny",
            id="a condition that does not hold",
        ),
        pytest.param(
            [allow("*", "*"), deny("*", "*", {"StringEquals": {"acs:Service": "x"}})],
            READ,
            "Allow",
            id="a Deny whose condition does not hold",
        ),
    ],
)
def test_statements_decide(statements: list[Any], action: str, verdict: str) -> None:
    assert decide([document(*statements)] if statements else [], action, I1, {}) == verdict
    assert decide([document(one) for one in statements], action, I1, {}) == verdict


OPEN, SHUT, DENIES = document(allow("*", "*")), document(allow("ram:*", "*")), document(deny("*", "*"))


@pytest.mark.parametrize(
    ("session", "identity", "verdict", "by"),
    [
        pytest.param(OPEN, OPEN, "Allow", "AccountLevelIdentityBasedPolicy", id="both allow"),
        pytest.param(SHUT, OPEN, "ImplicitDeny", "SessionPolicy", id="the session does not"),
        pytest.param(OPEN, SHUT, "ImplicitDeny", "AccountLevelIdentityBasedPolicy", id="the role does not"),
        pytest.param(DENIES, OPEN, "ExplicitDeny", "SessionPolicy", id="the session denies"),
        pytest.param(SHUT, DENIES, "ExplicitDeny", "AccountLevelIdentityBasedPolicy", id="the role denies"),
    ],
)
def test_a_session_policy_and_the_roles_policies_must_both_allow(
    session: Any, identity: Any, verdict: str, by: str
) -> None:
    decision = judge([("SessionPolicy", [session]), ("AccountLevelIdentityBasedPolicy", [identity])], READ, I1, {})
    assert (decision.verdict, decision.policy_type) == (verdict, by)


CONTEXT = {
    "acs:Service": "ecs.aliyuncs.com", "acs:SourceIp": "10.0.0.7", "acs:CurrentTime": "2026-03-01T12:00:00Z",
    "acs:SecureTransport": "true", "acs:ResourceTag/team": "dev", "x:count": "10",
}  # fmt: skip


@pytest.mark.parametrize(
    ("operator", "key", "values", "held"),
    [
        pytest.param("StringEquals", "acs:Service", "ecs.aliyuncs.com", True, id="equal"),
        pytest.param("StringEquals", "acs:Service", "ECS.aliyuncs.com", False, id="equal minds the case"),
        pytest.param("StringEquals", "acs:Service", "ecs.*", False, id="equal knows no wildcard"),
        pytest.param("StringEquals", "acs:service", "ecs.aliyuncs.com", True, id="keys do not mind the case"),
        pytest.param(
            "StringEquals", "acs:Service", ["fc.aliyuncs.com", "ecs.aliyuncs.com"], True, id="one of the values"
        ),
        pytest.param(
            "StringNotEquals", "acs:Service", ["fc.aliyuncs.com", "ecs.aliyuncs.com"], False, id="none of the values"
        ),
        pytest.param("StringNotEquals", "acs:Service", "fc.aliyuncs.com", True, id="not equal"),
        pytest.param("StringEqualsIgnoreCase", "acs:Service", "ECS.aliyuncs.com", True, id="equal without case"),
        pytest.param(
            "StringNotEqualsIgnoreCase", "acs:Service", "ECS.aliyuncs.com", False, id="not equal without case"
        ),
        pytest.param("StringLike", "acs:Service", "ecs.*", True, id="like"),
        pytest.param("StringLike", "acs:Service", "ECS.*", False, id="like minds the case"),
        pytest.param("StringLike", "acs:ResourceTag/team", "d?v", True, id="like with a question mark"),
        pytest.param("StringNotLike", "acs:Service", "ecs.*", False, id="not like"),
        pytest.param("IpAddress", "acs:SourceIp", ["192.168.0.0/16", "10.0.0.0/8"], True, id="address in a network"),
        pytest.param("NotIpAddress", "acs:SourceIp", "10.0.0.7", False, id="address is that"),
        pytest.param(
            "DateLessThan", "acs:CurrentTime", "2026-03-01T20:00:01+08:00", True, id="before, in another zone"
        ),
        pytest.param("DateGreaterThanEquals", "acs:CurrentTime", "2026-03-01T12:00:00Z", True, id="not before"),
        pytest.param("DateGreaterThan", "acs:CurrentTime", "2026-03-01T12:00:00Z", False, id="not after"),
        pytest.param("Bool", "acs:SecureTransport", "True", True, id="a boolean in any case"),
        pytest.param("NumericLessThan", "x:count", "9", False, id="numbers, not texts"),
        pytest.param("NumericLessThanEquals", "x:count", "10.0", True, id="equal numbers"),
        pytest.param("StringEquals", "acs:Unknown", "x", False, id="an absent key equals nothing"),
        pytest.param("StringNotEquals", "acs:Unknown", "x", True, id="an absent key differs from all"),
    ],
)
def test_a_condition_holds(operator: str, key: str, values: Any, held: bool) -> None:
    assert holds({operator: {key: values}}, CONTEXT) is held


def test_all_operators_and_all_keys_of_a_condition_must_hold() -> None:
    both = {"StringEquals": {"acs:Service": "ecs.aliyuncs.com", "acs:ResourceTag/team": "dev"}}
    assert holds(both, CONTEXT)
    assert not holds({**both, "Bool": {"acs:SecureTransport": "false"}}, CONTEXT)
    assert not holds({"StringEquals": {**both["StringEquals"], "acs:ResourceTag/team": "ops"}}, CONTEXT)
