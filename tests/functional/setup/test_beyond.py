"""What is on a role of roles.yaml beyond the file is shown by `roles` and `provision`, and ends --strict with 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from cli import provision as command
from fakecloud.cloud import Cloud
from shared.gateways.ram import RamGateway
from tests.functional.setup.conftest import Account
from tests.functional.setup.test_provision_cli import LOGS, Operator, provision

__all__ = ["provision"]
Roles = Callable[..., str]
ECS = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": ["ecs.aliyuncs.com"]}}


def trusts(**statement: Any) -> Callable[[RamGateway], None]:
    more = {"Action": "sts:AssumeRole", "Effect": "Allow", **statement}
    return lambda ram: ram.update_role("web", trust={"Version": "1", "Statement": [ECS, more]})


def holds(kind: Any, name: str) -> Callable[[RamGateway], None]:
    def attach(ram: RamGateway) -> None:
        if kind == "Custom":
            statement = {"Effect": "Allow", "Action": "oss:*", "Resource": "*"}
            document = json.dumps({"Version": "1", "Statement": [statement]})
            ram._write("CreatePolicy", PolicyName=name, PolicyDocument=document)
        ram.attach("web", kind, name)

    return attach


MORE = [
    pytest.param(holds("System", "AdministratorAccess"), "AdministratorAccess", "policies", id="an administrator's policy"),
    pytest.param(holds("System", "AliyunOSSFullAccess"), "AliyunOSSFullAccess", "policies", id="a system policy"),
    pytest.param(holds("Custom", "theirs"), "theirs", "policies", id="a custom policy"),
    pytest.param(trusts(Principal={"RAM": ["acs:ram::42:root"]}), "RAM acs:ram::42:root", "trust", id="another account"),
    pytest.param(trusts(Principal={"RAM": "acs:ram::42:user/eve"}), "RAM acs:ram::42:user/eve", "trust", id="a user"),
    pytest.param(trusts(Principal={"Service": ["oos.aliyuncs.com"]}), "oos.aliyuncs.com", "trust", id="another service"),
    pytest.param(trusts(Principal={"Federated": ["acs:ram::42:saml-provider/idp"]}), "Federated acs:ram::42:saml-provider/idp", "trust", id="an identity provider"),
    pytest.param(trusts(Principal={"RAM": ["acs:ram::42:root"]}, Condition={"StringEquals": {"sts:ExternalId": ["x"]}}), 'RAM acs:ram::42:root if {"StringEquals":{"sts:ExternalId":["x"]}}', "trust", id="with a condition"),
]  # fmt: skip


@pytest.fixture
def ram(cloud: Cloud) -> RamGateway:
    return Account(cloud).ram


@pytest.mark.parametrize(("add", "shown", "column"), MORE)
def test_it_is_shown_and_strict_ends_with_2(
    provision: Operator,
    ram: RamGateway,
    roles: Roles,
    capsys: pytest.CaptureFixture[str],
    add: Callable[[RamGateway], None],
    shown: str,
    column: str,
) -> None:
    provision(roles(web=LOGS))
    assert provision(roles(web=LOGS), dry_run=True, strict=True)[0] == 0
    assert command.roles(provision.file, as_json=False, strict=True) == 0
    capsys.readouterr()
    add(ram)
    code, out, _ = provision(roles(web=LOGS), dry_run=True, strict=True)
    assert code == 2
    (warning,) = [line for line in out.splitlines() if line.startswith("warning: ")]
    assert warning.startswith("warning: role web")
    assert shown in warning
    assert "1 warning" in out.splitlines()[-1]
    (told,) = json.loads(provision(roles(web=LOGS), dry_run=True, as_json=True)[1])["warnings"]
    assert f"warning: {told}" == warning
    assert command.roles(provision.file, as_json=True, strict=True) == 2
    row = json.loads(capsys.readouterr().out)
    assert row["warnings"] == [told]
    assert any(shown in cell for cell in row[column])
    command.roles(provision.file, as_json=False)
    assert warning in capsys.readouterr().out


def test_a_policy_of_somebody_else_stays_and_is_told_again_after_a_run_and_its_trust_is_not(
    provision: Operator, ram: RamGateway, roles: Roles
) -> None:
    provision(roles(web=LOGS))
    holds("System", "AdministratorAccess")(ram)
    trusts(Principal={"RAM": ["acs:ram::42:root"]})(ram)
    code, out, _ = provision(roles(web=LOGS), strict=True)
    assert (code, out.splitlines()[-1]) == (2, "1 write call was made; 1 warning, see above")
    assert "AdministratorAccess (it allows every action on every resource)" in out
    assert provision(roles(web=LOGS), strict=False)[0] == 0
    code, out, _ = provision(roles(web=LOGS), strict=True, prune=True)
    assert (code, out.splitlines()[-1]) == (0, "1 write call was made")
