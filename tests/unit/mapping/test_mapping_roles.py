"""The listed roles and their policies; the settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.mapping import (
    Allow,
    Brake,
    InlinePolicy,
    Located,
    MappingSettings,
    RoleSpec,
    SystemPolicy,
    TemplatePolicy,
    check,
    load,
)

RULES = "rules: [{name: a, role: web}]\n"


def test_a_role_has_a_description_and_policies_of_three_kinds() -> None:
    mapping = load(
        """\
version: 1
roles:
  web:
    description: Web tier
    policies:
      - {template: oss-read-only, with: {bucket: assets, prefixes: [a, b]}}
      - template: plain
      - system: AliyunLogReadOnlyAccess
      - name: own
        document: {Version: "1", Statement: [{Effect: Allow, Action: "oss:*", Resource: ["*"], n: [1, -2.5, true, ~]}]}
  bare:
"""
        + RULES
    )

    statement = {"Effect": "Allow", "Action": "oss:*", "Resource": ["*"], "n": [1, -2.5, True, None]}
    assert mapping.roles == {
        "web": RoleSpec(
            description="Web tier",
            policies=(
                TemplatePolicy(name="oss-read-only", variables={"bucket": "assets", "prefixes": ("a", "b")}, line=6),
                TemplatePolicy(name="plain", line=7),
                SystemPolicy(name="AliyunLogReadOnlyAccess", line=8),
                InlinePolicy(name="own", document={"Version": "1", "Statement": [statement]}, line=9),
            ),
        ),
        "bare": RoleSpec(),
    }


def test_a_policy_and_a_role_allow_findings_with_a_reason() -> None:
    mapping = load(
        """\
version: 1
roles:
  web:
    policies:
      - {template: t, allow: [{code: RK111, reason: a}]}
      - {system: S, allow: [{code: RK101, reason: b}]}
      - document: {Version: "1"}
        allow:
          - code: RK102
            reason: c
    allow: [{code: RK112, reason: d}]
"""
        + RULES
    )

    web = mapping.roles["web"]
    assert [policy.allow for policy in web.policies] == [
        (Allow(code="RK111", reason="a", line=5),),
        (Allow(code="RK101", reason="b", line=6),),
        (Allow(code="RK102", reason="c", line=9),),
    ]
    assert web.allow == (Allow(code="RK112", reason="d", line=11),)


def test_a_document_remembers_its_lines() -> None:
    mapping = load(
        "version: 1\nroles:\n  web:\n    policies:\n      - document:\n          a: [1,\n            2]\n" + RULES
    )

    (policy,) = mapping.roles["web"].policies
    assert isinstance(policy, InlinePolicy)
    assert isinstance(policy.document, Located)
    assert policy.document.lines == {(): 6, ("a",): 6, ("a", 0): 6, ("a", 1): 7}


def test_the_listed_roles_cannot_be_changed_afterwards() -> None:
    roles: Any = load("version: 1\nroles: {web: }\n" + RULES).roles

    with pytest.raises(TypeError):
        roles["admin"] = RoleSpec()


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        pytest.param("{}", "exactly one of template, system, document, found none", id="nothing"),
        pytest.param("{template: a, system: B}", "found template and system", id="two kinds"),
        pytest.param("{system: A, with: {b: c}}", "with: goes with template, not with system", id="with system"),
        pytest.param("{template: a, name: b}", "name: goes with document, not with template", id="name of a template"),
        pytest.param("{template: A_b}", "'A_b' is not a template name", id="template name"),
        pytest.param("{template: a, with: {b: 1}}", "with.b: '1' is read as a number", id="number for a variable"),
        pytest.param("{template: a, with: {b: []}}", "with.b: an empty list of texts", id="empty variable"),
        pytest.param("{template: a, with: {B: c}}", "'B' is not a variable name", id="variable name"),
        pytest.param("{template: a, with: {}}", "with: empty; write the template's variables", id="no variables"),
        pytest.param("{system: 'a b'}", "'a b' is not a policy name", id="policy name"),
        pytest.param("{sytem: A}", "unknown key; did you mean 'system'?", id="unknown kind"),
        pytest.param("{system: A, allow: [{code: RK101}]}", "reason: missing: why it is right", id="allow, no reason"),
        pytest.param(
            "{system: A, allow: [{code: RK101, reason: ''}]}", "say why it is right", id="allow, empty reason"
        ),
        pytest.param("{system: A, allow: [{code: RK1, reason: a}]}", "'RK1' is not a code", id="allow, no code"),
        pytest.param("{system: A, allow: [RK101]}", "must be a mapping", id="allow, a code alone"),
        pytest.param("{document: {Version: 1}}", "document.Version: '1' is read as a number", id="version 1"),
        pytest.param("{document: {}}", "must be a policy document", id="empty document"),
        pytest.param("{document: {a: 2026-01-01}}", "document.a: '2026-01-01' is read as a date", id="date"),
        pytest.param("{document: {a: .inf}}", "document.a: '.inf' is read as a number", id="infinity"),
        pytest.param("{document: {a: {b: c, b: d}}}", "document.a.b: written twice", id="double key"),
    ],
)
def test_a_policy_with_a_mistake(policy: str, message: str) -> None:
    problems = check("version: 1\nroles: {web: {policies: [" + policy + "]}}\n" + RULES)

    assert message in str(problems[0])
    assert problems[0].key.startswith("roles.web.policies[0]")


def settings(text: str) -> MappingSettings:
    return load("version: 1\nroles: {web: }\n" + RULES + text).settings


def test_settings_have_defaults() -> None:
    assert settings("") == settings("settings: {}") == settings("settings: {brake: {}}")
    assert settings("") == MappingSettings(
        mode="enforce",
        foreign_roles="keep",
        launch_grace=timedelta(minutes=10),
        brake=Brake(max_removals=0.2, at_least=10),
        record_unchanged=False,
    )


def test_settings_are_read() -> None:
    text = "settings: {mode: audit, foreign_roles: replace, launch_grace: 90s, record_unchanged: true, "

    assert settings(text + "brake: {max_removals: 12.5%, at_least: 3}}") == MappingSettings(
        mode="audit",
        foreign_roles="replace",
        launch_grace=timedelta(seconds=90),
        brake=Brake(max_removals=0.125, at_least=3),
        record_unchanged=True,
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("10m", 600), ("90s", 90), ("1h", 3600), ("0", 0), ('"0"', 0), ("0s", 0), ("1h30m", 5400)]
)
def test_launch_grace_is_a_duration(text: str, seconds: int) -> None:
    assert settings(f"settings: {{launch_grace: {text}}}").launch_grace == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        *[
            (f"{{launch_grace: {bad}}}", "launch_grace")
            for bad in ("90", "10 m", "-5m", "1d", "''", "1.5h", "5m1h", "~")
        ],
        *[
            (f"{{brake: {{max_removals: {bad}}}}}", "brake.max_removals")
            for bad in ("0.2", "20", "101%", "-1%", "a%", "~")
        ],
        *[(f"{{brake: {{at_least: {bad}}}}}", "brake.at_least") for bad in ("-1", "1.5", "'10'", "010", "1_0", "yes")],
        *[(f"{{record_unchanged: {bad}}}", "record_unchanged") for bad in ("1", "'yes'", "~", "[]")],
        ("{brake: 20%}", "brake"),
        ("{launch_grase: 1m}", "launch_grase"),
        ("~", ""),
    ],
)
def test_settings_with_a_mistake(text: str, key: str) -> None:
    (problem,) = check("version: 1\nroles: {web: }\n" + RULES + f"settings: {text}\n")

    assert (problem.key, problem.line) == (f"settings.{key}".rstrip("."), 4)
