"""The grammar of permission and trust policies, and the conditions in them: what is taken, what is refused."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakecloud.identity import Identity
from fakecloud.ram.conditions import OPERATORS, holds
from fakecloud.ram.grammar import GrammarError, parse_policy
from fakecloud.ram.trust import allows_identity, allows_service, parse_trust

GOOD = {"Effect": "Allow", "Action": "oss:GetObject", "Resource": "*"}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.aliyuncs.com"}}


def text(statement: dict[str, Any], base: dict[str, Any]) -> str:
    merged = {key: value for key, value in {**base, **statement}.items() if value is not None}
    return json.dumps({"Version": "1", "Statement": [merged]})


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param({}, id="strings"),
        pytest.param({"Action": ["oss:*", "ecs:Describe*", "yundun-aegis:Get?"]}, id="lists and wildcards"),
        pytest.param({"Action": "*"}, id="all actions"),
        pytest.param({"Effect": "Deny", "Action": None, "NotAction": ["ram:*"]}, id="NotAction"),
        pytest.param({"Resource": None, "NotResource": "acs:oss:*:*:b"}, id="NotResource"),
        pytest.param({"Resource": ["acs:ram:*:1234:role/web-*", "acs:oss:*:*:b/a b/*", "acs:ecs:*"]}, id="resources"),
        pytest.param({"Condition": {}}, id="empty condition"),
        pytest.param({"Condition": {"StringEquals": {"acs:Service": "ecs.aliyuncs.com"}}}, id="condition"),
        pytest.param({"Condition": {"IpAddress": {"acs:SourceIp": ["10.0.0.0/8", "::1"]}}}, id="list of values"),
        pytest.param({"Condition": {op: {"acs:ResourceTag/team": "1"} for op in OPERATORS}}, id="every operator"),
    ],
)
def test_a_policy_of_the_grammar_is_taken(statement: dict[str, Any]) -> None:
    document = text(statement, GOOD)
    assert parse_policy(document) == json.loads(document)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        pytest.param({"Effect": "allow"}, "Effect", id="effect in lower case"),
        pytest.param({"Effect": None}, "Effect", id="no effect"),
        pytest.param({"Action": None}, "exactly one of Action and NotAction", id="no action"),
        pytest.param({"NotAction": "*"}, "exactly one of Action and NotAction", id="both actions"),
        pytest.param({"Resource": None}, "exactly one of Resource and NotResource", id="no resource"),
        pytest.param({"NotResource": "*"}, "exactly one of Resource and NotResource", id="both resources"),
        pytest.param({"Action": "ecs: AttachInstanceRamRole"}, "'ecs: AttachInstanceRamRole'", id="space in an action"),
        pytest.param({"Action": "GetObject"}, "'GetObject'", id="action without a service"),
        pytest.param({"Action": []}, "Action", id="no members"),
        pytest.param({"Action": [1]}, "Action", id="number for an action"),
        pytest.param({"Action": {"a": "b"}}, "Action", id="object for an action"),
        pytest.param({"Resource": "arn:aws:s3:::b"}, "arn:aws", id="another cloud's resource"),
        pytest.param({"Resource": "acs:oss"}, "acs:oss", id="half a resource"),
        pytest.param({"Sid": "one"}, "'Sid'", id="unknown element"),
        pytest.param({"Principal": {"RAM": "*"}}, "'Principal'", id="principal"),
        pytest.param({"action": "*"}, "'action'", id="element in lower case"),
        pytest.param({"Condition": []}, "Condition", id="condition no object"),
        pytest.param({"Condition": {"StringSame": {"acs:Service": "x"}}}, "'StringSame'", id="unknown operator"),
        pytest.param({"Condition": {"Bool": {"acs:MFAPresent": True}}}, "acs:MFAPresent", id="bare boolean"),
        pytest.param({"Condition": {"NumericEquals": {"ecs:Count": 1}}}, "ecs:Count", id="bare number"),
        pytest.param({"Condition": {"Bool": {"MFAPresent": "true"}}}, "'MFAPresent'", id="key without a service"),
        pytest.param({"Condition": {"Bool": "true"}}, "Condition.Bool", id="no key"),
    ],
)
def test_a_policy_outside_the_grammar_is_refused_by_its_place(statement: dict[str, Any], says: str) -> None:
    with pytest.raises(GrammarError, match=r"Statement\[0\]") as caught:
        parse_policy(text(statement, GOOD))
    assert says in str(caught.value)


WHOLE = [
    pytest.param("", "not JSON", id="empty"),
    pytest.param("[]", "not a JSON object", id="list"),
    pytest.param('"Version"', "not a JSON object", id="string"),
    pytest.param("{'Version':'1'}", "not JSON", id="single quotes"),
    pytest.param('{"Version":"1","Statement":[NaN]}', "NaN", id="NaN"),
    pytest.param('{"Version":"1","Statement":[]}', "Statement", id="no statements"),
    pytest.param('{"Version":"1","Statement":{}}', "Statement", id="statement no list"),
    pytest.param('{"Version":"1","Statement":["x"]}', "Statement", id="statement no object"),
    pytest.param('{"Version":"1"}', "Statement", id="statement missing"),
    pytest.param('{"Statement":[{}]}', 'must be "1", not null', id="no version"),
    pytest.param('{"Version":1,"Statement":[{}]}', 'must be "1", not 1', id="version a number"),
    pytest.param('{"Version":"2016-10-17","Statement":[{}]}', '"2016-10-17"', id="version of another cloud"),
    pytest.param('{"Version":"1","Id":"x","Statement":[{}]}', "'Id'", id="unknown element"),
    pytest.param('{"Version":"1","Version":"1","Statement":[{}]}', "'Version' is given twice", id="twice"),
    pytest.param("[" * 100_000, "nested too deep", id="nested"),
]


@pytest.mark.parametrize("parse", [parse_policy, parse_trust])
@pytest.mark.parametrize(("document", "says"), WHOLE)
def test_what_is_no_policy_at_all_is_refused(parse: Any, document: str, says: str) -> None:
    with pytest.raises(GrammarError) as caught:
        parse(document)
    assert says in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(
                    ["Version", "Statement", "Effect", "Action", "Resource", "Principal", "Condition", "RAM"]
                ),
                x,
            )
        ),
    )
)
def test_any_json_is_either_a_policy_or_refused_as_malformed(value: Any) -> None:
    for document in (json.dumps(value), json.dumps({"Version": "1", "Statement": [value]})):
        for parse in (parse_policy, parse_trust):
            with contextlib.suppress(GrammarError):
                assert parse(document) == json.loads(document)


@pytest.mark.parametrize(
    "principal",
    [
        pytest.param({"Service": "ecs.aliyuncs.com"}, id="service as a string"),
        pytest.param({"Service": ["ecs.aliyuncs.com", "123@log.aliyuncs.com"]}, id="services"),
        pytest.param({"RAM": ["acs:ram::123:root", "acs:ram::123:user/a", "acs:ram::123:role/b"]}, id="RAM"),
        pytest.param({"RAM": "acs:ram::*:root", "Service": "fc.aliyuncs.com"}, id="both"),
        pytest.param({"Federated": ["acs:ram::123:saml-provider/p"]}, id="federated"),
    ],
)
def test_a_trust_policy_of_the_grammar_is_taken(principal: dict[str, Any]) -> None:
    document = text({"Principal": principal}, TRUST)
    assert parse_trust(document) == json.loads(document)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param({"Principal": None}, id="no principal"),
        pytest.param({"Principal": "*"}, id="anybody"),
        pytest.param({"Principal": {}}, id="empty principal"),
        pytest.param({"Principal": {"AWS": "123"}}, id="another cloud's principal"),
        pytest.param({"Principal": {"RAM": "123"}}, id="bare account"),
        pytest.param({"Principal": {"RAM": []}}, id="no members"),
        pytest.param({"Principal": {"Service": "ecs"}}, id="service without a domain"),
        pytest.param({"Principal": {"Service": "ecs.aliyuncs.com "}}, id="space behind a service"),
        pytest.param({"Action": None}, id="no action"),
        pytest.param({"Action": "ecs:AttachInstanceRamRole"}, id="action of another service"),
        pytest.param({"Resource": "*"}, id="resource"),
        pytest.param({"Effect": "Maybe"}, id="effect"),
        pytest.param({"Condition": {"Same": {}}}, id="condition"),
    ],
)
def test_a_trust_policy_outside_the_grammar_is_refused(statement: dict[str, Any]) -> None:
    with pytest.raises(GrammarError, match=r"Statement\[0\]"):
        parse_trust(text(statement, TRUST))


def trusting(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "1", "Statement": [{**TRUST, **statement} for statement in statements]}


@pytest.mark.parametrize(
    ("statements", "trusted"),
    [
        pytest.param([{}], True, id="as a string"),
        pytest.param([{"Principal": {"Service": ["fc.aliyuncs.com", "ecs.aliyuncs.com"]}}], True, id="in a list"),
        pytest.param([{"Principal": {"Service": "fc.aliyuncs.com"}}], False, id="another service"),
        pytest.param([{"Principal": {"Service": "1@ecs.aliyuncs.com"}}], True, id="for this account"),
        pytest.param([{"Principal": {"Service": "2@ecs.aliyuncs.com"}}], False, id="for another account"),
        pytest.param([{"Principal": {"RAM": "acs:ram::1:root"}}], False, id="the account only"),
        pytest.param([{}, {"Effect": "Deny"}], False, id="denied"),
        pytest.param([{"Action": "sts:SetSourceIdentity"}], False, id="another action"),
        pytest.param([{"Action": ["sts:*"]}], True, id="all actions"),
        pytest.param([{"Condition": {"StringEquals": {"acs:SourceAccount": "1"}}}], True, id="condition holds"),
        pytest.param([{"Condition": {"StringEquals": {"acs:SourceAccount": "2"}}}], False, id="condition fails"),
    ],
)
def test_a_service_is_trusted_as_the_trust_policy_says(statements: list[dict[str, Any]], trusted: bool) -> None:
    assert allows_service(trusting(*statements), "1", "ecs.aliyuncs.com") is trusted


ALICE, WEB = Identity("RAMUser", "1", "Alice"), Identity("AssumedRoleUser", "1", "Web", "s")


@pytest.mark.parametrize(
    ("arn", "caller", "trusted"),
    [
        pytest.param("acs:ram::1:root", ALICE, True, id="a user of the account"),
        pytest.param("acs:ram::1:root", WEB, True, id="a role of the account"),
        pytest.param("acs:ram::2:root", ALICE, False, id="another account"),
        pytest.param("acs:ram::*:root", ALICE, True, id="any account"),
        pytest.param("acs:ram::1:user/alice", ALICE, True, id="the user"),
        pytest.param("acs:ram::1:user/bob", ALICE, False, id="another user"),
        pytest.param("acs:ram::2:user/alice", ALICE, False, id="a namesake"),
        pytest.param("acs:ram::1:role/web", WEB, True, id="the role, lower-cased"),
        pytest.param("acs:ram::1:role/Web", WEB, True, id="the role"),
        pytest.param("acs:ram::1:user/Web", WEB, False, id="a user of the role's name"),
    ],
)
def test_a_caller_is_trusted_by_account_user_or_role(arn: str, caller: Identity, trusted: bool) -> None:
    document = trusting({"Principal": {"RAM": arn}})
    assert allows_identity(document, caller, "sts:AssumeRole", {}) is trusted


@pytest.mark.parametrize(
    ("operator", "value", "yes", "no"),
    [
        ("StringEquals", "A", "A", "a"),
        ("StringEqualsIgnoreCase", "A", "a", "b"),
        ("StringLike", "a*c?", "abbcd", "abbc"),
        ("StringLike", "a.c", "a.c", "abc"),
        ("NumericEquals", "10", "10.0", "11"),
        ("NumericLessThan", "10", "9", "10"),
        ("NumericLessThanEquals", "10", "10", "11"),
        ("NumericGreaterThan", "9", "10", "9"),
        ("NumericGreaterThanEquals", "10", "10", "9.5"),
        ("NumericEquals", "10", "10", "ten"),
        ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00", "2026-01-01T00:00:01Z"),
        ("DateLessThan", "2026-01-02", "2026-01-01T23:59:59Z", "2026-01-02T00:00:00Z"),
        ("DateLessThanEquals", "2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-02T00:00:01Z"),
        ("DateGreaterThan", "2026-01-02T00:00:00Z", "2026-01-02T00:00:01Z", "2026-01-02T00:00:00Z"),
        ("DateGreaterThanEquals", "2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z", "yesterday"),
        ("Bool", "true", "True", "false"),
        ("IpAddress", "10.0.0.0/8", "10.1.2.3", "11.0.0.1"),
        ("IpAddress", "10.0.0.1", "10.0.0.1", "nowhere"),
    ],
)
def test_each_operator_tells_its_values_apart(operator: str, value: str, yes: str, no: str) -> None:
    assert holds({operator: {"acs:Key": value}}, {"acs:key": yes})
    assert not holds({operator: {"acs:Key": [value]}}, {"acs:Key": no})
    assert not holds({operator: {"acs:Key": value}}, {})
    negated = {"IpAddress": "NotIpAddress"}.get(operator) or operator.replace("Equals", "NotEquals").replace(
        "Like", "NotLike"
    )
    if negated in OPERATORS and negated != operator:
        assert not holds({negated: {"acs:Key": value}}, {"acs:Key": yes})
        assert holds({negated: {"acs:Key": value}}, {"acs:Key": no})
        assert holds({negated: {"acs:Key": value}}, {})


def test_all_operators_and_keys_must_hold_and_one_value_of_each() -> None:
    condition: Any = {"StringEquals": {"a:x": ["1", "2"], "a:y": "3"}, "Bool": {"a:z": "true"}}
    assert holds(condition, {"a:x": "2", "a:y": "3", "a:z": "true"})
    for wrong in ({"a:x": "3"}, {"a:y": "1"}, {"a:z": "false"}):
        assert not holds(condition, {"a:x": "2", "a:y": "3", "a:z": "true", **wrong})
    assert holds({}, {})
