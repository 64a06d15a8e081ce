"""Session policies and the role in another account: small enough, and never wider than the functions' execution role."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakecloud.ram.judge import decide
from shared.mapping import Mapping, load
from shared.policies import (
    PolicyError,
    RenderError,
    compact,
    execution_role,
    grants,
    lint,
    member_policies,
    member_trust,
    read_session,
    write_session,
)

Document = dict[str, Any]
ACCOUNT, OTHER, REGION = "1234567890123456", "1" * 16, "cn-hangzhou"
LONGEST = ("9" * 20, "cn-" + "x" * 40)
TO_ECS = {"acs:Service": "ecs.aliyuncs.com"}
ROLES = "version: 1\nroles:\n  web:\n  worker:\n  a.b:\n"
KEEPS = load(ROLES + "rules: [{name: none, then: ignore}]\n")
REPLACES = load(
    ROLES + "rules: [{name: r, role: web, foreign_roles: replace}]\nsettings: {displace: [old, legacy-*]}\n"
)
EXECUTION = {
    replaces: execution_role(mapping, account_id=ACCOUNT, region=REGION, project="rolekeeper")
    for replaces, mapping in {False: KEEPS, True: REPLACES}.items()
}

ACTIONS = st.one_of(
    st.sampled_from(
        [
            "ecs:AttachInstanceRamRole",
            "ecs:DetachInstanceRamRole",
            "ecs:DescribeInstances",
            "ecs:DescribeInstanceRamRole",
            "ecs:TagResources",
            "ecs:UntagResources",
            "ecs:DeleteInstance",
            "ecs:RunInstances",
            "ram:PassRole",
            "ram:CreateRole",
            "ram:AttachPolicyToRole",
            "sts:AssumeRole",
            "fc:InvokeFunction",
            "log:PostLogStoreLogs",
            "tag:TagResources",
        ]
    ),
    st.from_regex(r"(ecs|ram|sts|fc):[A-Za-z*]{1,12}", fullmatch=True),
)
RESOURCES = st.builds(
    "acs:{}:{}:{}:{}".format,
    st.sampled_from(["ecs", "ram", "fc", "*"]),
    st.sampled_from([REGION, "cn-beijing", "", "*"]),
    st.sampled_from([ACCOUNT, OTHER, "*"]),
    st.sampled_from(
        [
            "instance/*",
            "instance/i-1",
            "role/web",
            "role/worker",
            "role/a.b",
            "role/admin",
            "role/old",
            "role/legacy-1",
            "role/*",
            "user/x",
            "disk/d-1",
            "functions/rolekeeper-reconcile",
            "*",
        ]
    ),
)
CONTEXTS = st.sampled_from([TO_ECS, {}, {"acs:Service": "fc.aliyuncs.com"}])


WRITTEN = [("web", False), ("a.b", False), ("web", True), ("worker", True), ("old", True), ("legacy-1", True)]
"""A role that a session is for, and whether foreign roles are replaced."""


def sessions(role: str, replaces: bool) -> tuple[Document, Document]:
    """One to read with, one to write with."""
    write = write_session(ACCOUNT, REGION, [role], tags=replaces and role in KEEPS.roles)
    return json.loads(read_session(ACCOUNT, REGION, KEEPS.roles)), json.loads(write)


@given(st.sampled_from(WRITTEN), ACTIONS, RESOURCES, CONTEXTS)
def test_a_session_is_no_wider_than_the_execution_role(
    written: tuple[str, bool], action: str, resource: str, context: dict[str, str]
) -> None:
    execution = decide([EXECUTION[written[1]]], action, resource, context)
    allowed = [decide([session], action, resource, context) for session in sessions(*written)]

    assert execution == "Allow" or "Allow" not in allowed


@pytest.mark.parametrize("written", WRITTEN)
def test_whatever_a_session_grants_the_execution_role_grants(written: tuple[str, bool]) -> None:
    for session in sessions(*written):
        for _, action, resource, condition in grants(session):
            context = TO_ECS if condition else {}
            assert decide([EXECUTION[written[1]]], action, resource.replace("*", "x"), context) == "Allow", action


@pytest.mark.parametrize(
    ("action", "resource", "context", "read", "write"),
    [
        ("ecs:DescribeInstances", f"acs:ecs:{REGION}:{ACCOUNT}:instance/*", {}, True, False),
        ("ecs:DescribeInstanceRamRole", f"acs:ecs:{REGION}:{ACCOUNT}:instance/i-1", {}, True, False),
        ("ecs:DescribeInstanceRamRole", f"acs:ram:{REGION}:{ACCOUNT}:role/web", {}, True, False),
        ("ecs:DescribeInstanceRamRole", f"acs:ram:{REGION}:{ACCOUNT}:role/worker", {}, False, False),
        ("ecs:AttachInstanceRamRole", f"acs:ecs:{REGION}:{ACCOUNT}:instance/i-1", {}, False, True),
        ("ecs:DetachInstanceRamRole", f"acs:ecs:{REGION}:{ACCOUNT}:instance/i-1", {}, False, True),
        ("ecs:AttachInstanceRamRole", f"acs:ram::{ACCOUNT}:role/web", {}, False, True),
        ("ram:PassRole", f"acs:ram::{ACCOUNT}:role/web", TO_ECS, False, True),
        ("ecs:TagResources", f"acs:ecs:{REGION}:{ACCOUNT}:instance/i-1", {}, False, True),
        ("ecs:UntagResources", f"acs:ecs:{REGION}:{ACCOUNT}:instance/i-1", {}, False, True),
        ("ram:PassRole", f"acs:ram::{ACCOUNT}:role/web", {}, False, False),
        ("ram:PassRole", f"acs:ram::{ACCOUNT}:role/worker", TO_ECS, False, False),
        ("ecs:AttachInstanceRamRole", f"acs:ram::{ACCOUNT}:role/worker", {}, False, False),
        ("ecs:DescribeInstances", f"acs:ecs:cn-beijing:{ACCOUNT}:instance/*", {}, False, False),
        ("ecs:AttachInstanceRamRole", f"acs:ecs:{REGION}:{OTHER}:instance/i-1", {}, False, False),
        ("ecs:DeleteInstance", f"acs:ecs:{REGION}:{ACCOUNT}:instance/i-1", {}, False, False),
    ],
)
def test_what_a_session_may_do(action: str, resource: str, context: dict[str, str], read: bool, write: bool) -> None:
    def may(session: str) -> bool:
        return decide([json.loads(session)], action, resource, context) == "Allow"

    assert may(read_session(ACCOUNT, REGION, ["web"])) is read
    assert may(write_session(ACCOUNT, REGION, ["web"])) is write
    untagged = write_session(ACCOUNT, REGION, ["web"], tags=False)
    assert may(untagged) is (write and "tag" not in action.lower())


def names(count: int) -> list[str]:
    return [f"{number:x<64}" for number in range(count)]


def test_a_session_policy_fits_for_the_longest_names() -> None:
    assert len(read_session(*LONGEST)) <= 2048
    assert 1800 < len(write_session(*LONGEST, names(7))) <= 2048


MANY = [
    pytest.param(names(5), 5, id="they fit"),
    pytest.param([f"team-payments-service-number-{n:03}-role" for n in range(30)], 3, id="30 of 37 letters"),
    pytest.param([f"role-{n:04}-{'x' * 54}" for n in range(1000)], 1, id="1,000 of 64 letters, one beginning"),
    pytest.param([f"{n:04}-{'x' * 59}" for n in range(1000)], 1, id="1,000 that begin otherwise"),
    pytest.param([f"{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(600)], 1, id="600 of two letters"),
    pytest.param([*(f"web-{n}" for n in range(300)), "w", "web", "web-", "a.b"], 2, id="one the beginning of another"),
]


@pytest.mark.parametrize(("roles", "patterns"), MANY)
@pytest.mark.parametrize("where", [(ACCOUNT, REGION), LONGEST], ids=["usual", "longest"])
def test_a_session_to_read_may_ask_who_holds_each_listed_role(
    where: tuple[str, str], roles: list[str], patterns: int
) -> None:
    """However many there are: by name where they fit, else by what they begin with, and nothing but roles and instances."""
    account, region = where
    text = read_session(account, region, roles)
    assert len(text.encode()) <= 2048
    asked = [f"acs:ram::{account}:role/{role}" for role in roles]
    assert {decide([json.loads(text)], "ecs:DescribeInstanceRamRole", role, {}) for role in asked} == {"Allow"}
    resources = {resource for _, _, resource, _ in grants(json.loads(text))}
    assert len(resources) > patterns, "as many names as fit"
    assert {resource.split(":")[3] for resource in resources} == {account}
    assert {action for _, action, _, _ in grants(json.loads(text))} == {
        "ecs:DescribeInstances",
        "ecs:DescribeInstanceRamRole",
    }


def test_names_are_cut_no_shorter_than_they_must_be() -> None:
    listed = [f"{team}-service-{n:03}" for team in ("payments", "search") for n in range(60)]
    session = json.loads(read_session(ACCOUNT, REGION, listed))
    for role in ("admin", "payments-admin", "search-servicE-1", "p", "billing-service-001"):
        assert decide([session], "ecs:DescribeInstanceRamRole", f"acs:ram::{ACCOUNT}:role/{role}", {}) != "Allow", role


def test_more_roles_than_fit_are_an_error_not_a_cut_policy() -> None:
    with pytest.raises(PolicyError, match="session policy for 8 roles: .* over the 2048"):
        write_session(*LONGEST, names(8))


@pytest.mark.parametrize("roles", [[], ["*"], ["Web"], ["web*"], ['a","b']])
def test_a_session_is_for_named_roles(roles: list[str]) -> None:
    with pytest.raises(RenderError, match=f"session in account {ACCOUNT}: .*variable 'roles'"):
        write_session(ACCOUNT, REGION, roles)


@pytest.mark.parametrize("where", [("*", REGION), (ACCOUNT, "Peking")])
def test_a_session_is_for_one_account_and_region(where: tuple[str, str]) -> None:
    with pytest.raises(RenderError):
        read_session(*where)


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        pytest.param("rules: [{name: none, then: ignore}]", [], id="foreign roles are kept"),
        pytest.param("rules: [{name: a, role: web, foreign_roles: replace}]", [], id="replaced, and none is named"),
        pytest.param("rules: [{name: a, role: web}]\nsettings: {displace: [old]}", [], id="named, and kept"),
        pytest.param(
            "rules: [{name: a, role: web}]\nsettings: {foreign_roles: replace, displace: [old, legacy-*]}",
            ["old", "legacy-1"],
            id="all rules replace",
        ),
        pytest.param(
            "rules: [{name: a, when: {zone: z}, role: web, foreign_roles: replace}]\nsettings: {displace: [old]}",
            ["old"],
            id="one rule replaces",
        ),
    ],
)
def test_the_role_of_another_account_may_what_its_sessions_may(text: str, foreign: list[str]) -> None:
    mapping = load(f"version: 1\nroles:\n  web:\n{text}\n")
    documents = member_policies(mapping, account_id=ACCOUNT, regions=[REGION, "us-west-1"])

    for role in ("web", *foreign):
        write = write_session(ACCOUNT, REGION, [role], tags=bool(foreign) and role == "web")
        for session in (write, read_session(ACCOUNT, REGION, ["web"])):
            for _, action, resource, condition in grants(json.loads(session)):
                context = TO_ECS if condition else {}
                assert decide(list(documents), action, resource.replace("*", "x"), context) == "Allow", action
    tagging = {action for d in documents for _, action, _, _ in grants(d) if "tag" in action.lower()}
    assert tagging == ({"ecs:TagResources", "ecs:UntagResources"} if foreign else set())
    findings = [finding for document in documents for finding in lint(document, kind="pass-role")]
    assert {finding.code for finding in findings} <= {"RK112"}, "a warning where roles are named by a pattern"


def test_many_roles_make_several_policies_of_the_member(mapping_of: Callable[[str], Mapping]) -> None:
    many = mapping_of("".join(f"  role-{number:03}-{'x' * 40}:\n" for number in range(150)))
    documents = member_policies(many, account_id=ACCOUNT, regions=[REGION])

    assert max(len(compact(document)) for document in documents) <= 6144
    passed = [resource for d in documents for _, action, resource, _ in grants(d) if action == "ram:PassRole"]
    assert sorted(passed) == sorted(f"acs:ram:*:{ACCOUNT}:role/{role}" for role in many.roles)


def test_the_member_trusts_one_role_of_one_account() -> None:
    document = member_trust(account_id="42", execution_role="keeper", external_id="abc")

    assert document["Statement"][0]["Principal"] == {"RAM": ["acs:ram::42:role/keeper"]}
    with pytest.raises(RenderError, match="'external_id' = ''"):
        member_trust(account_id="42", execution_role="keeper", external_id="")
