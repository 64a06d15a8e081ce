"""What could not be deployed is known before the first call: rolekeeper's own roles in the list, more roles than policies hold."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.functional.cli.operator import Command


def write(*roles: str, settings: str = "") -> None:
    listed = "".join(f"  {role}: {{}}\n" for role in roles)
    rules = "rules:\n  - {name: any, when: {vpc: vpc-1}, role: '${tags.role}'}\n"
    Path("roles.yaml").write_text(f"version: 1\nroles:\n{listed}{rules}{settings}")


def numbered(count: int, form: str = "app-service-{:04}-prod") -> list[str]:
    return [form.format(number) for number in range(count)]


MEMBER = {"ROLEKEEPER_ACCOUNTS": "2222=rolekeeper-member,3333=Reader".replace("Reader", "reader")}


@pytest.mark.parametrize(
    ("role", "env", "said"),
    [
        pytest.param(
            "rolekeeper-fc", {}, "the functions' own role, by its usual name", id="the execution role as s.yaml has it"
        ),
        pytest.param(
            "keeper",
            {"ROLEKEEPER_EXECUTION_ROLE": "keeper"},
            "the functions' own role (ROLEKEEPER_EXECUTION_ROLE)",
            id="the execution role of the settings",
        ),
        pytest.param(
            "keeper",
            {"ROLEKEEPER_EXECUTION_ROLE": "Keeper"},
            "the functions' own role (ROLEKEEPER_EXECUTION_ROLE)",
            id="written in upper case there",
        ),
        pytest.param(
            "keeper",
            {"ROLEKEEPER_EXECUTION_ROLE": "acs:ram::1:role/keeper"},
            "the functions' own role (ROLEKEEPER_EXECUTION_ROLE)",
            id="written as an ARN there",
        ),
        pytest.param(
            "rolekeeper-member",
            MEMBER,
            "the role that the functions assume in account 2222",
            id="a member role",
        ),
        pytest.param("reader", MEMBER, "the role that the functions assume in account 3333", id="another member role"),
        pytest.param(
            "aliyunserviceroleforoos", {}, "a service-linked role of Alibaba Cloud", id="a service-linked role"
        ),
    ],
)
@pytest.mark.parametrize("command", ["validate", "policy lint"])
def test_a_role_of_rolekeeper_s_own_cannot_be_listed(
    rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, role: str, env: dict[str, str], said: str, command: str
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    write("web", role)
    ran = rolekeeper(*command.split())
    assert ran.code == 1
    assert f"roles.yaml:4: error RK308 (own-role): role '{role}': is {said}" in re.sub(r"\s+", " ", ran.out)


@pytest.mark.parametrize(
    ("settings", "role"),
    [
        pytest.param("{foreign_roles: replace, displace: [rolekeeper-fc]}", "rolekeeper-fc", id="displaced by name"),
        pytest.param(
            "{foreign_roles: replace, displace: [old, rolekeeper-*]}", "rolekeeper-fc", id="displaced by a glob"
        ),
        pytest.param("{foreign_roles: replace, displace: ['*-member']}", "rolekeeper-member", id="a member role"),
        pytest.param("{role_patterns: [web*, role*]}", "rolekeeper-fc", id="by a pattern"),
    ],
)
def test_nor_may_the_functions_pass_such_a_role_by_a_glob(
    rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, settings: str, role: str
) -> None:
    for name, value in MEMBER.items():
        monkeypatch.setenv(name, value)
    write("web", settings=f"settings:\n  {settings[1:-1].replace(', displace', chr(10) + '  displace')}\n")
    ran = rolekeeper("validate")
    text = re.sub(r"\s+", " ", ran.out)
    assert ran.code == 1
    assert re.search(
        rf"roles\.yaml:(7|8): error RK308 \(own-role\): settings\.\w+: '[^']*' lets the functions pass '{role}'", text
    )


def test_other_roles_are_none_of_rolekeeper_s_own(rolekeeper: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in MEMBER.items():
        monkeypatch.setenv(name, value)
    write("web", "rolekeeper-fc2", "member")
    assert rolekeeper("validate").code == 0


ELSEWHERE = {
    "ROLEKEEPER_ACCOUNTS": "2222=rolekeeper-member",
    "ROLEKEEPER_REGIONS": ",".join(f"ap-southeast-{number}" for number in range(12)),
}


@pytest.mark.parametrize(
    ("count", "env", "whose"),
    [
        pytest.param(300, {}, "", id="300 roles"),
        pytest.param(500, {}, "the functions' role would need", id="500 roles"),
        pytest.param(1000, {}, "the functions' role would need", id="1,000 roles"),
        pytest.param(
            900,
            ELSEWHERE,
            "the role that the functions assume in account 2222 would need",
            id="900 roles elsewhere, in 12 regions",
        ),
    ],
)
@pytest.mark.parametrize("command", ["validate", "policy lint"])
def test_more_roles_than_ten_policies_hold_are_an_error(
    rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, count: int, env: dict[str, str], whose: str, command: str
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    write(*numbered(count))
    ran = rolekeeper(*command.split())
    text = re.sub(r"\s+", " ", ran.out)
    assert ran.code == bool(whose)
    assert ("error RK309 (too-many-roles)" in text) is bool(whose)
    assert whose in text
    if whose:
        assert f"for these {count} roles, and RAM takes 10" in text
        assert "settings.role_patterns: [NAME-*]" in text
        assert "fewer regions" in text


@pytest.mark.parametrize(
    "words", [["execution-role"], ["member-role", "2222", "--external-id", "abc"]], ids=lambda w: w[0]
)
def test_nor_are_such_policies_printed(rolekeeper: Command, words: list[str]) -> None:
    write(*numbered(700))
    ran = rolekeeper("policy", *words)
    assert (ran.code, ran.out) == (1, "")
    assert "policies for these 700 roles, and RAM takes 10" in re.sub(r"\s+", " ", ran.err)


@pytest.mark.parametrize(
    "words", [["execution-role"], ["member-role", "2222", "--external-id", "abc"]], ids=lambda w: w[0]
)
def test_a_pattern_stands_for_the_roles_that_it_covers(rolekeeper: Command, words: list[str]) -> None:
    write(*numbered(500), "other", settings="settings: {role_patterns: [app-service-*]}\n")
    assert rolekeeper("validate").code == 0
    ran = rolekeeper("policy", *words)
    printed = ran.out if words[0] == "member-role" else f"[{','.join(ran.out.splitlines())}]"
    named = set(re.findall(r":role/([^\"]*)", json.dumps(json.loads(printed))))
    assert {"app-service-*", "other"} <= named <= {"app-service-*", "other", "rolekeeper-fc"}
