"""Session policies and the role in another account: small enough, and never wider than the functions' execution role."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakecloud.ram.judge import decide
from shared.mapping import Mapping, load
from shared.policies import (
    PolicyError,
    RenderError,
    compact,
    execution_policies,
    execution_role,
    grants,
    lint,
    member_policies,
    member_trust,
    read_session,
    write_session,
)

ACCOUNT, OTHER, REGION = "1234567890123456", "1" * 16, "cn-hangzhou"
LONGEST = ("9" * 20, "cn-" + "x" * 40)
TO_ECS = {"acs:Service": "ecs.aliyuncs.com"}
MAPPING = load("version: 1\nroles:\n  web:\n  worker:\n  a.b:\nrules: [{name: none, then: ignore}]\n")
EXECUTION = execution_role(MAPPING, account_id=ACCOUNT, region=REGION, project="rolekeeper")
REPLACING = load(
    "version: 1\nroles:\n  web:\n  worker:\n  a.b:\nrules: [{name: a, when: {zone: z}, role: web}, {name: b, role: worker}]\n"
    "settings: {foreign_roles: replace, displace: [legacy]}\n"
)
NOTES = execution_policies(REPLACING, account_id=ACCOUNT, region=REGION, project="rolekeeper")[-1]
"""What noting a replaced role needs beside EXECUTION."""

ACTIONS = st.one_of(
    st.sampled_from([
        "ecs:AttachInstanceRamRole", "ecs:DetachInstanceRamRole", "ecs:DescribeInstances", "ecs:DescribeInstanceRamRole",
        "ecs:TagResources", "ecs:UntagResources", "ecs:DeleteInstance", "ecs:RunInstances", "ram:PassRole", "ram:CreateRole",
        "ram:AttachPolicyToRole", "sts:AssumeRole", "fc:InvokeFunction", "log:PostLogStoreLogs", "tag:TagResources",
    ]),
    st.from_regex(r"(ecs|ram|sts|fc):[A-Za-z*]{1,12}", fullmatch=True),
)  # fmt: skip
RESOURCES = st.builds(
    "acs:{}:{}:{}:{}".format,
    st.sampled_from(["ecs", "ram", "fc", "*"]),
    st.sampled_from([REGION, "cn-beijing", "", "*"]),
    st.sampled_from([ACCOUNT, OTHER, "*"]),
    st.sampled_from(["instance/*", "instance/i-1", "role/web", "role/worker", "role/a.b", "role/admin", "role/*", "user/x",
                     "disk/d-1", "functions/rolekeeper-reconcile", "*"]),
)  # fmt: skip
CONTEXTS = st.sampled_from([TO_ECS, {}, {"acs:Service": "fc.aliyuncs.com"}])


@given(st.lists(st.sampled_from(["web", "worker", "a.b"]), min_size=1, max_size=2), st.booleans(), ACTIONS, RESOURCES, CONTEXTS)  # fmt: skip
def test_a_session_is_no_wider_than_the_execution_role(
    roles: list[str], tags: bool, action: str, resource: str, context: dict[str, str]
) -> None:
    wide = decide([EXECUTION, *([NOTES] if tags else [])], action, resource, context)
    write = decide([json.loads(write_session(ACCOUNT, REGION, roles, tags=tags))], action, resource, context)
    read = decide([json.loads(read_session(ACCOUNT, REGION))], action, resource, context)

    assert wide == "Allow" or write != "Allow"
    assert write == "Allow" or read != "Allow"


@pytest.mark.parametrize(
    ("action", "resource", "context", "read", "write"),
    [
        ("ecs:DescribeInstances", f"acs:ecs:{REGION}:{ACCOUNT}:instance/*", {}, True, True),
        ("ecs:DescribeInstanceRamRole", f"acs:ecs:{REGION}:{ACCOUNT}:instance/i-1", {}, True, True),
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

    assert may(read_session(ACCOUNT, REGION)) is read
    assert may(write_session(ACCOUNT, REGION, ["web"])) is write
    untagged = write_session(ACCOUNT, REGION, ["web"], tags=False)
    assert may(untagged) is (write and "tag" not in action.lower())


def names(count: int) -> list[str]:
    return [f"{number:x<64}" for number in range(count)]


def test_a_session_policy_fits_for_the_longest_names() -> None:
    assert len(read_session(*LONGEST)) <= 2048
    assert 1800 < len(write_session(*LONGEST, names(6))) <= 2048


def test_more_roles_than_fit_are_an_error_not_a_cut_policy() -> None:
    with pytest.raises(PolicyError, match="session policy for 7 roles: .* over the 2048"):
        write_session(*LONGEST, names(7))


@pytest.mark.parametrize("roles", [[], ["*"], ["Web"], ["web*"], ['a","b']])
def test_a_session_is_for_named_roles(roles: list[str]) -> None:
    with pytest.raises(RenderError, match=f"session in account {ACCOUNT}: .*variable 'roles'"):
        write_session(ACCOUNT, REGION, roles)


@pytest.mark.parametrize("where", [("*", REGION), (ACCOUNT, "Peking")])
def test_a_session_is_for_one_account_and_region(where: tuple[str, str]) -> None:
    with pytest.raises(RenderError):
        read_session(*where)


@pytest.mark.parametrize(
    ("text", "tagging"),
    [
        pytest.param("rules: [{name: none, then: ignore}]", False, id="foreign roles are kept"),
        pytest.param(
            "rules: [{name: a, when: {zone: z}, role: web}]\nsettings: {foreign_roles: replace, displace: [legacy]}",
            True,
            id="all replaced",
        ),
        pytest.param(
            "rules: [{name: a, when: {zone: z}, role: web, foreign_roles: replace}]\nsettings: {displace: [legacy]}",
            True,
            id="one rule replaces",
        ),
    ],
)
def test_the_role_of_another_account_may_what_its_sessions_may_and_tags_where_roles_are_replaced(
    text: str, tagging: bool
) -> None:
    mapping = load(f"version: 1\nroles:\n  web:\n{text}\n")
    documents = member_policies(mapping, account_id=ACCOUNT, regions=[REGION, "us-west-1"])

    granted = {grant for document in documents for grant in grants(document)}
    assert set(grants(json.loads(write_session(ACCOUNT, REGION, ["web"], tags=tagging)))) < granted
    assert {action for _, action, _, _ in granted if "tag" in action.lower()} == (
        {"ecs:TagResources", "ecs:UntagResources"} if tagging else set()
    )
    assert [lint(document, kind="pass-role") for document in documents] == [()] * len(documents)


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
