"""The lint of a whole mapping, and what `allow` lets pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.mapping import Allow, InlinePolicy, Mapping, MappingSettings, RoleSpec
from shared.policies import Finding, check

ALL = '{Version: "1", Statement: [{Effect: Allow, Action: "ram:*", Resource: "*"}]}'


def codes(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in findings]


def role(policy: str, more: str = "") -> str:
    return f"  web:\n    policies:\n      - {policy}\n{more}"


@pytest.mark.parametrize(
    ("roles", "found"),
    [
        pytest.param(role(f"document: {ALL}"), [("RK102", "error")], id="not allowed"),
        pytest.param(
            role(f"{{document: {ALL}, allow: [{{code: RK102, reason: break glass}}]}}"), [], id="by the policy"
        ),
        pytest.param(role(f"document: {ALL}", "    allow: [{code: RK102, reason: break glass}]"), [], id="by the role"),
        pytest.param(
            role(f"{{document: {ALL}, allow: [{{code: RK101, reason: x}}]}}"),
            [("RK102", "error"), ("RK306", "warning")],
            id="another code",
        ),
        pytest.param(
            role(f"{{document: {ALL}, allow: [{{code: RK102, reason: x}}]}}", "    allow: [{code: RK102, reason: y}]"),
            [("RK306", "warning")],
            id="the policy's own comes first",
        ),
        pytest.param(
            role("{system: AdministratorAccess, allow: [{code: RK101, reason: the break-glass machine}]}"),
            [],
            id="system",
        ),
        pytest.param(
            role("{template: cms-put-metrics, allow: [{code: RK101, reason: x}]}"),
            [("RK306", "warning")],
            id="nothing to allow",
        ),
        pytest.param(
            role('{document: {Version: "2"}, allow: [{code: RK002, reason: x}]}'),
            [("RK002", "error"), ("RK003", "error"), ("RK306", "warning")],
            id="what RAM refuses stays",
        ),
        pytest.param(
            role(f"{{document: {ALL}, allow: [{{code: RK999, reason: x}}]}}"),
            [("RK102", "error"), ("RK307", "error")],
            id="no such code",
        ),
    ],
)
def test_what_allow_lets_pass(roles: str, found: list[tuple[str, str]], mapping_of: Callable[[str], Mapping]) -> None:
    assert codes(check(mapping_of(roles), account_id="1")) == found


def test_an_allow_without_a_reason_lets_nothing_pass() -> None:
    document = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ram:*", "Resource": "*"}]}
    spec = RoleSpec(policies=(InlinePolicy(document=document, allow=(Allow(code="RK102", reason=" "),)),))

    findings = check(Mapping({"web": spec}, (), MappingSettings(), "0" * 12), account_id="1")
    assert codes(findings) == [("RK102", "error"), ("RK307", "error")]
    assert "no reason is given" in str(findings[1])


def test_one_allow_of_a_role_serves_all_of_its_policies(mapping_of: Callable[[str], Mapping]) -> None:
    mapping = mapping_of(f"""\
  web:
    policies:
      - document: {ALL}
      - {{name: other, document: {ALL.replace("ram", "ims")}}}
    allow:
      - {{code: RK102, reason: it administers people}}
  worker:
    policies: [document: {ALL}]
""")

    (finding,) = check(mapping, account_id="1")
    assert (finding.role, finding.code) == ("worker", "RK102")


def test_an_unused_allow_is_found_on_its_line(mapping_of: Callable[[str], Mapping]) -> None:
    mapping = mapping_of("""\
  web:
    policies:
      - template: cms-put-metrics
        allow:
          - {code: RK101, reason: x}
    allow:
      - {code: RK102, reason: y}
""")

    findings = check(mapping, account_id="1", file="r.yaml")
    assert [(finding.line, finding.policy, finding.file) for finding in findings] == [
        (7, "cms-put-metrics", "r.yaml"),
        (9, "", "r.yaml"),
    ]


@pytest.mark.parametrize(
    ("system", "found"),
    [
        ("AdministratorAccess", [("RK101", "error")]),
        ("PowerUserAccess", [("RK101", "error")]),
        ("AliyunRAMFullAccess", [("RK102", "error")]),
        ("AliyunSTSAssumeRoleAccess", [("RK106", "error")]),
        ("AliyunOSSFullAccess", [("RK111", "warning")]),
        ("AliyunECSFullAccess", [("RK114", "error"), ("RK116", "error"), ("RK111", "warning")]),
        ("AliyunECSAssistantFullAccess", [("RK116", "error"), ("RK111", "warning")]),
        ("AliyunFCInvocationAccess", [("RK115", "error")]),
        ("AliyunOOSFullAccess", [("RK116", "error"), ("RK111", "warning")]),
        ("AliyunTagManagerAccess", [("RK114", "error")]),
        ("AliyunOSSReadonlyAccess", [("RK117", "warning")]),
        ("SomeNewFullAccess", [("RK111", "warning"), ("RK117", "warning")]),
        ("AliyunOSSReadOnlyAccess", []),
    ],
)
def test_a_system_policy_is_judged_by_what_it_is_known_to_grant(
    system: str, found: list[tuple[str, str]], mapping_of: Callable[[str], Mapping]
) -> None:
    assert codes(check(mapping_of(role(f"system: {system}")), account_id="1")) == found


@pytest.mark.parametrize(
    ("system", "said"),
    [
        pytest.param(
            "AliyunOSSReadonlyAccess", "checked at provision only; did you mean 'AliyunOSSReadOnlyAccess'?", id="case"
        ),
        pytest.param("AliyunLogReadAccess", "did you mean 'AliyunLogReadOnlyAccess'?", id="a word left out"),
        pytest.param("Xyz", "is none of the names known here, and is checked at provision only;", id="like none"),
    ],
)
def test_a_system_policy_whose_name_is_not_known_is_a_warning(
    system: str, said: str, mapping_of: Callable[[str], Mapping]
) -> None:
    (finding,) = check(mapping_of(role(f"system: {system}")), account_id="1")
    assert (finding.code, finding.severity, finding.line) == ("RK117", "warning", 5)
    assert said in str(finding)
    excused = f"{{system: {system}, allow: [{{code: RK117, reason: it is in the console}}]}}"
    assert check(mapping_of(role(excused)), account_id="1") == ()


def test_findings_come_with_role_policy_and_file(mapping_of: Callable[[str], Mapping]) -> None:
    (finding,) = check(mapping_of(role(f"{{name: own, document: {ALL}}}")), account_id="1", file="team/roles.yaml")

    assert (finding.role, finding.policy, finding.file) == ("web", "own", "team/roles.yaml")
    assert finding.fix


def test_a_finding_is_one_line_whatever_the_document_holds() -> None:
    document = {
        "Version": "1\n\x1b[31m",
        "Statement": [{"Effect": "Al\nlow", "Action": "a\n:B", "Resource": "\u202e*"}],
    }
    spec = RoleSpec(policies=(InlinePolicy(document=document),))

    findings = check(Mapping({"web": spec}, (), MappingSettings(), "0" * 12), account_id="1")
    assert len(findings) == 4
    assert all(str(finding).isprintable() for finding in findings)
