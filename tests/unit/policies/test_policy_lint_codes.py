"""Each code of the lint: a document that has it, and a like one that has not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakecloud.ram.conditions import OPERATORS
from fakecloud.ram.grammar import GrammarError, parse_policy
from fakecloud.ram.trust import parse_trust
from shared.policies import RULES, forms, lint, lint_text
from tests.unit.policies.choosing import CHOOSING
from tests.unit.policies.documents import ECS, INSTANCE, ROLE, SAFE, a, policy, raw, trust

GOOD = policy()
LONG = ["acs:oss:*:*:b/" + "x" * 900] * 7
CASES: list[Any] = [
    ("RK002", {**GOOD, "Version": "2016-10-17"}, GOOD),
    ("RK002", {**GOOD, "Version": 1}, GOOD),
    ("RK002", {"Statement": GOOD["Statement"]}, GOOD),
    ("RK003", {"Version": "1", "Statement": []}, GOOD),
    ("RK003", {"Version": "1"}, GOOD),
    ("RK003", {"Version": "1", "Statement": GOOD["Statement"][0]}, GOOD),
    ("RK004", policy("allow"), policy("Allow")),
    ("RK004", raw(Action=SAFE[1], Resource=SAFE[2]), policy("Deny")),
    ("RK005", [], GOOD),
    ("RK005", {**GOOD, "Id": "x"}, GOOD),
    ("RK005", raw(), GOOD),
    ("RK005", {"Version": "1", "Statement": ["x"]}, GOOD),
    ("RK005", raw(Effect="Allow", Action="oss:GetObject"), GOOD),
    ("RK005", raw(Effect="Allow", Resource="*"), GOOD),
    ("RK005", raw(Effect="Allow", Action="a:B", NotAction="a:C", Resource="*"), GOOD),
    ("RK005", {"Version": "1", "Statement": [{**GOOD["Statement"][0], "Sid": "x"}]}, GOOD),
    ("RK005", policy(action=[]), GOOD),
    ("RK005", policy(action=[1]), GOOD),
    ("RK005", policy(resource={}), GOOD),
    ("RK006", a("ecs: AttachInstanceRamRole", INSTANCE), a("ecs:AttachInstanceRamRole", INSTANCE)),
    ("RK006", a("GetObject", SAFE[2]), GOOD),
    ("RK006", a("oss:GetObject ", SAFE[2]), GOOD),
    ("RK007", a("oss:GetObject", "b/*"), GOOD),
    ("RK007", a("oss:GetObject", "acs:oss:*:*: b/*"), a("oss:GetObject", "acs:oss:*:*:b/my files/*")),
    ("RK007", a("oss:GetObject", "arn:aws:s3:::b"), GOOD),
    ("RK007", a("oss:GetObject", "acs:oss:*:b/*"), a("oss:GetObject", "acs:oss:*")),
    ("RK007", a("oss:GetObject", "acs:oss:b/*"), a("oss:GetObject", "acs:oss:cn-*")),
    ("RK007", a("oss:GetObject", "acs:oss:*:*"[:-1] + "b*"), a("oss:GetObject", "acs:oss:*:12*")),
    ("RK007", a("oss:GetObject", "**"), a("oss:GetObject", "*")),
    ("RK007", a("oss:GetObject", "${bucket}"), GOOD),
    ("RK008", policy(condition={"IpAddressIncludeBorder": {"acs:SourceIp": "10.0.0.0/8"}}), policy(condition={"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}})),
    ("RK008", policy(condition={"ForAnyValue:StringEquals": {"acs:Service": "x"}}), GOOD),
    ("RK008", policy(condition={"StringEquals": {"cost center": "x"}}), policy(condition={"StringEquals": {"acs:ResourceTag/cost center": "x"}})),
    ("RK008", policy(condition={"StringIs": {"acs:Service": "x"}}), policy(condition=ECS)),
    ("RK008", policy(condition={"Bool": {"acs:SecureTransport": True}}), policy(condition={"Bool": {"acs:SecureTransport": "true"}})),
    ("RK008", policy(condition=[]), GOOD),
    ("RK008", policy(condition={"Bool": "x"}), policy(condition={"Bool": {"acs:SecureTransport": "true"}})),
    ("RK101", a("*", "*"), policy("Deny", "*", "*")),
    ("RK101", a(["a:B", "*"], ["acs:x:y:z:w", "*"]), a(["a:B"], ["acs:x:y:z:w", "*"])),
    ("RK101", a("*:*", "*"), a("oss:GetObject", "*")),
    ("RK101", a("*", "acs:*:*:*:*"), a("oss:*", SAFE[2])),
    ("RK101", raw(Effect="Allow", Action="*", NotResource="acs:oss:*:*:b"), GOOD),
    ("RK102", a("ram:*", "*"), a("ram:Get*", "*")),
    ("RK102", a("RAM:*", ROLE), policy("Deny", "ram:*", ROLE)),
    ("RK102", a("ims:*", "*"), a("ims:ListUsers", "*")),
    ("RK103", a("*:Get*", "*"), a("oss:Get*", SAFE[2])),
    ("RK103", a("*", SAFE[2]), a("oss:*", SAFE[2])),
    ("RK103", a("r?m:GetRole", ROLE), a("ram:GetRole", ROLE)),
    ("RK103", a("o*:GetObject", SAFE[2]), GOOD),
    ("RK104", raw(Effect="Allow", NotAction="ram:*", Resource="*"), GOOD),
    ("RK105", raw(Effect="Allow", Action="oss:GetObject", NotResource="acs:oss:*:*:b"), GOOD),
    ("RK106", a("sts:AssumeRole", "*"), a("sts:AssumeRole", ROLE)),
    ("RK106", a("sts:*", "acs:ram:*:1:role/*"), a("sts:GetCallerIdentity", "*")),
    ("RK106", a("sts:Assume*", "acs:ram:*:*:*"), a("sts:Assume*", ROLE)),
    ("RK106", a("sts:assumerole", "acs:*"), a("sts:AssumeRole", [ROLE, INSTANCE])),
    ("RK107", a("ram:PassRole", "*", ECS), a("ram:PassRole", ROLE, ECS)),
    ("RK107", a("ram:Pass*", "acs:ram:*:1:role/*", ECS), a("ram:PassRole", [ROLE, INSTANCE], ECS)),
    ("RK107", a("ram:passrole", "acs:ram*", ECS), a("ram:PassRole", "acs:ram::1:role/web", ECS)),
    ("RK107", a("ram:PassRole", [ROLE, "acs:*:*:1:ro*"], ECS), a("ram:PassRole", [ROLE, "acs:ram:*:1:user/*"], ECS)),
    ("RK107", raw(Effect="Allow", Action="ram:PassRole", NotResource=ROLE, Condition=ECS), a("ram:PassRole", ROLE, ECS)),
    ("RK108", a("ram:PassRole", ROLE), a("ram:PassRole", ROLE, ECS)),
    ("RK108", a("ram:P*", ROLE), a("ram:PassRole", ROLE, {"StringLike": {"acs:service": ["ecs.aliyuncs.com"]}})),
    ("RK108", a("ram:PassRole", ROLE, {"StringLike": {"acs:Service": "*.aliyuncs.com"}}), a("ram:PassRole", ROLE, ECS)),
    ("RK108", a("ram:PassRole", ROLE, {"StringNotEquals": ECS["StringEquals"]}), a("ram:PassRole", ROLE, ECS)),
    ("RK108", a("ram:PassRole", ROLE, {"Bool": {"acs:MFAPresent": "true"}}), a("ram:PassRole", ROLE, ECS)),
    *[
        ("RK109", a(action, "*"), a("ram:ListPoliciesForRole", "*"))
        for action in ("ram:AttachPolicyToRole", "ram:AttachPolicyToUser", "ram:AttachPolicyToGroup", "ram:AttachPolicyTo*", "ram:Att*", "resourcemanager:AttachPolicy", "ims:AttachPolicyToRole", "IMS:Attach*")
    ],
    *[
        ("RK110", a(action, "acs:ram:*:1:*"), a("ram:GetPolicyVersion", "*"))
        for action in (
            "ram:CreatePolicyVersion", "ram:SetDefaultPolicyVersion", "ram:CreateRole", "ram:UpdateRole", "ram:createaccesskey",
            "ram:Update*", "ram:?reateRole", "ram:DetachPolicyFromRole", "ram:AddUserToGroup", "resourcemanager:CreateRole",
            "ims:CreateAccessKey", "ims:CreateRole",
        )
    ],
    ("RK110", a("ram:*Role", ROLE), a("ram:CreateServiceLinkedRole", "*")),
    ("RK111", a("oss:*", "*"), a("oss:*", SAFE[2])),
    ("RK111", a("oss:*", "acs:oss:*:*:*"), a("oss:*", "acs:oss:cn-hangzhou:*:*")),
    ("RK111", a("OSS:*", ["acs:oss:*:*:b", "acs:oss:*"]), a("oss:*", "acs:log:*:*:*")),
    ("RK112", a("ram:PassRole", "acs:ram:*:1:role/web-*", ECS), a("ram:PassRole", ROLE, ECS)),
    ("RK112", a("sts:AssumeRole", "acs:ram::*:role/web"), a("sts:AssumeRole", ROLE)),
    ("RK113", a("ram:PassRole", "acs:ram:*:1:role/Web", ECS), a("ram:GetRole", "acs:ram:*:1:role/Web")),
    ("RK113", a("ecs:AttachInstanceRamRole", [INSTANCE, "acs:ram:*:1:role/Web"]), a("ecs:AttachInstanceRamRole", [INSTANCE, ROLE])),
    *CHOOSING,
    ("RK302", a("oss:GetObject", LONG), a("oss:GetObject", LONG[:6])),
]  # fmt: skip

ECS_TRUST = trust({"Service": ["ecs.aliyuncs.com"]})
TRUSTS: list[Any] = [
    ("RK201", trust({"Service": ["fc.aliyuncs.com"]}), ECS_TRUST),
    ("RK201", trust({"Service": ["ecs.aliyuncs.com", "fc.aliyuncs.com"]}), trust({"Service": "ecs.aliyuncs.com"})),
    ("RK201", trust({"Service": ["ecs.aliyuncs.com"], "RAM": ["acs:ram::1:root"]}), ECS_TRUST),
    ("RK201", trust({"Service": ["ecs.aliyuncs.com"], "Federated": ["acs:ram::1:saml-provider/x"]}), ECS_TRUST),
    ("RK201", trust({"Service": ["2@ecs.aliyuncs.com"]}), ECS_TRUST),
    ("RK201", trust("*"), ECS_TRUST),
    ("RK201", trust({}), ECS_TRUST),
    (
        "RK201",
        trust({"Service": ["ecs.aliyuncs.com"]}, "sts:SetSourceIdentity"),
        trust({"Service": ["ecs.aliyuncs.com"]}, ["sts:AssumeRole", "sts:SetSourceIdentity"]),
    ),
    (
        "RK201",
        {"Version": "1", "Statement": [*ECS_TRUST["Statement"], {**ECS_TRUST["Statement"][0], "Effect": "Deny"}]},
        {
            "Version": "1",
            "Statement": [
                *ECS_TRUST["Statement"],
                {**ECS_TRUST["Statement"][0], "Effect": "Deny", "Principal": {"RAM": ["acs:ram::1:root"]}},
            ],
        },
    ),
    ("RK202", trust(ECS_TRUST["Statement"][0]["Principal"], "*"), ECS_TRUST),
    ("RK202", trust(ECS_TRUST["Statement"][0]["Principal"], ["sts:AssumeRole", "ram:PassRole"]), ECS_TRUST),
    ("RK005", trust({"Service": "ecs.aliyuncs.com"}, Resource="*"), ECS_TRUST),
    ("RK005", raw(Effect="Allow", Action="sts:AssumeRole"), ECS_TRUST),
    ("RK002", {**ECS_TRUST, "Version": "2012-10-17"}, ECS_TRUST),
]


def _ids(cases: list[Any]) -> list[Any]:
    return [pytest.param(*case, id=f"{case[0]}-{number}") for number, case in enumerate(cases)]


@pytest.mark.parametrize(("code", "bad", "good"), _ids(CASES))
def test_a_policy_with_and_without_the_finding(code: str, bad: Any, good: Any) -> None:
    assert code in {finding.code for finding in lint(bad)}
    assert [finding for finding in lint(good) if finding.severity == "error"] == []
    assert code not in {finding.code for finding in lint(good)}


@pytest.mark.parametrize(("code", "bad", "good"), _ids(TRUSTS))
def test_a_trust_policy_with_and_without_the_finding(code: str, bad: Any, good: Any) -> None:
    assert code in {finding.code for finding in lint(bad, kind="trust")}
    assert lint(good, kind="trust") == ()


@pytest.mark.parametrize(("code", "bad", "good"), _ids([*CASES, *TRUSTS]))
def test_ram_as_emulated_takes_what_passes_and_refuses_what_is_of_no_form(code: str, bad: Any, good: Any) -> None:
    parse = parse_trust if any(bad is case[1] for case in TRUSTS) else parse_policy
    parse(json.dumps(good))
    if code in ("RK002", "RK003", "RK004", "RK008"):  # of the rest the lint asks for more than RAM
        with pytest.raises(GrammarError):
            parse(json.dumps(bad))


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param({}, id="no operator"),
        pytest.param(None, id="nothing"),
        pytest.param({"StringEquals": {}}, id="an operator without a key"),
        pytest.param({"StringEquals": None}, id="an operator with nothing"),
        pytest.param({**ECS, "Bool": {}}, id="one of two operators without a key"),
        pytest.param({"StringEquals": {"acs:Service": []}}, id="a key without a value"),
    ],
)
def test_an_emptied_condition_is_never_read_as_none(condition: Any) -> None:
    """RAM may take it, for a grant without that condition."""
    document = raw(Effect="Allow", Action="oss:GetObject", Resource=SAFE[2], Condition=condition)
    assert {(finding.code, finding.severity) for finding in lint(document)} == {("RK008", "error")}


def test_the_lint_knows_the_emulators_operators() -> None:
    assert frozenset(OPERATORS) == forms.OPERATORS


def test_every_code_of_the_lint_is_in_a_table() -> None:
    elsewhere = {
        "RK001",
        "RK301",
        "RK303",
        "RK304",
        "RK305",
        "RK306",
        "RK307",
        "RK117",
        "RK308",
        "RK309",
    }  # of texts, and of a whole mapping
    assert {case[0] for case in [*CASES, *TRUSTS]} == set(RULES) - elsewhere


def test_to_hand_roles_to_instances_is_to_pass_them_to_ecs_alone() -> None:
    to_fc = a("ram:PassRole", ROLE, {"StringEquals": {"acs:Service": ["ecs.aliyuncs.com", "fc.aliyuncs.com"]}})

    assert lint(to_fc) == ()
    (finding,) = lint(to_fc, kind="pass-role")
    assert (finding.code, finding.message) == ("RK108", "ram:PassRole to fc.aliyuncs.com, which is not ECS")


def test_what_a_trust_policy_needs_is_in_its_mend() -> None:
    (finding, *_) = lint(trust({"Service": "ecs.aliyuncs.com"}, Resource="*"), kind="trust")
    assert "in a trust policy Principal" in finding.fix


def test_an_action_of_ims_is_judged_and_told_as_of_ram() -> None:
    (finding,) = lint(a("ims:AttachPolicyTo*", ROLE))
    assert "allows ims:AttachPolicyToRole, ims:AttachPolicyToUser, ims:AttachPolicyToGroup" in finding.message


@pytest.mark.parametrize("action", ["ecs:TagResources", "fc:InvokeFunction", "ecs:RunCommand"])
def test_an_operator_may_do_what_a_listed_role_may_not(action: str) -> None:
    assert lint(a(action, "*"), kind="pass-role") == ()


def test_a_deny_is_never_dangerous_and_one_by_exception_is_only_warned_of() -> None:
    assert lint(policy("Deny", ["*", "ram:*", "*:Get*"], "*")) == ()
    (finding,) = lint(raw(Effect="Deny", NotAction="oss:*", Resource="*"))
    assert (finding.code, finding.severity) == ("RK104", "warning")


def test_the_old_published_example_is_told_both_of_its_mistakes() -> None:
    old = {
        "Version": "2016-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["ecs: AttachInstanceRamRole"], "Resource": "*"}],
    }

    assert [(finding.code, finding.path) for finding in lint(old)] == [
        ("RK002", "Version"),
        ("RK006", "Statement[0].Action[0]"),
    ]


@pytest.mark.parametrize(
    "text", ["", "{", "[1,]", "nul", '{"a": NaN}', "[" * 100_000, '{"Version": "1"} x', "\ufeff{}"], ids=range(8)
)
def test_a_text_that_is_no_json(text: str) -> None:
    (finding,) = lint_text(text)
    assert finding.code == "RK001"


def test_an_unknown_kind_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="kind is policy, trust or pass-role"):
        lint(GOOD, kind="polizy")  # type: ignore[arg-type]
