"""The functions' own role, the roles that they assume and service-linked roles are never made, adopted, rewritten or deleted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.identity import ACCOUNT
from shared.settings import Settings
from shared.setup import ProvisionError, protected
from tests.functional.setup.conftest import Account

Roles = Callable[..., str]
LOGS = "{system: AliyunLogReadOnlyAccess}"
ELSEWHERE = "111122223333"


def settings(**given: Any) -> Settings:
    return Settings(region="cn-hangzhou", account_id=ACCOUNT, **given)


LISTED = [
    pytest.param("my-functions", {"execution_role": "my-functions"}, "ROLEKEEPER_EXECUTION_ROLE", id="the execution role"),
    pytest.param("my-functions", {"execution_role": "My-Functions"}, "ROLEKEEPER_EXECUTION_ROLE", id="in another case"),
    pytest.param("rolekeeper-fc", {}, "the functions' own role", id="by its usual name"),
    pytest.param("keeper", {"accounts": {ELSEWHERE: "keeper"}}, ELSEWHERE, id="a member role"),
    pytest.param("aliyunserviceroleforfc", {}, "service-linked", id="a service-linked role"),
]  # fmt: skip


@pytest.mark.parametrize("there", [True, False], ids=["there", "not there"])
@pytest.mark.parametrize("adopt", [True, False], ids=["adopt", "plain"])
@pytest.mark.parametrize(("name", "given", "why"), LISTED)
def test_one_that_is_listed_stops_it_before_any_write(
    account: Account, roles: Roles, name: str, given: dict[str, Any], why: str, adopt: bool, there: bool
) -> None:
    if there:
        account.cloud.ram.put_role(ACCOUNT, name)
        account.ram.claim("role", name)
    before = account.holds()
    with pytest.raises(ProvisionError, match=f"role '{name}': it is .*{why}"):
        account.provision(
            roles(**{name: LOGS, "web": LOGS}), adopt=[name] if adopt else [], protected=protected(settings(**given))
        )
    assert (account.writes(), account.holds()) == ([], before)


def trusting(**principal: Any) -> dict[str, Any]:
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": principal}
    return {"Statement": [statement], "Version": "1"}


FOREIGN = [
    pytest.param(trusting(Service=["fc.aliyuncs.com"]), "functions may take it", id="functions"),
    pytest.param(trusting(Service=["fc.aliyuncs.com", "ecs.aliyuncs.com"]), "functions may take it", id="functions and ECS"),
    pytest.param(trusting(RAM=[f"acs:ram::{ELSEWHERE}:role/rolekeeper-fc"]), "a role of another account", id="a role elsewhere"),
]  # fmt: skip


@pytest.mark.parametrize(("trust", "why"), FOREIGN)
def test_a_role_that_others_work_in_is_not_taken_over(
    account: Account, roles: Roles, trust: dict[str, Any], why: str
) -> None:
    account.ram._write("CreateRole", RoleName="web", AssumeRolePolicyDocument=json.dumps(trust))
    before = account.holds()
    with pytest.raises(ProvisionError, match=f"role 'web' .*{why}.*rename it"):
        account.provision(roles(web=LOGS), adopt=["web"])
    assert (account.writes(), account.holds()) == ([], before)


PEOPLE = [
    pytest.param(trusting(RAM=[f"acs:ram::{ACCOUNT}:user/eve"], Service=["ecs.aliyuncs.com"]), "others than instances", id="a user"),
    pytest.param(trusting(Federated=[f"acs:ram::{ACCOUNT}:saml-provider/idp"]), "others than instances", id="an identity provider"),
    pytest.param(trusting(Service=["oos.aliyuncs.com"]), "others than instances", id="another service"),
]  # fmt: skip


@pytest.mark.parametrize(("trust", "why"), [*FOREIGN, *PEOPLE])
def test_an_orphan_that_others_work_in_is_not_pruned(
    account: Account, roles: Roles, trust: dict[str, Any], why: str
) -> None:
    account.provision(roles(web=LOGS, worker=LOGS))
    account.ram.update_role("worker", trust=trust)
    before = account.holds()
    ended = account.provision(roles(web=LOGS), prune=True)
    assert (account.writes(), account.holds()) == ([], before)
    assert ended.plan.kept[0].startswith(f"role worker: {why}")


@pytest.mark.parametrize(("name", "given", "why"), LISTED)
def test_one_that_an_earlier_mistake_made_ours_is_not_pruned(
    account: Account, roles: Roles, name: str, given: dict[str, Any], why: str
) -> None:
    account.cloud.ram.put_role(ACCOUNT, name, policies=["AliyunECSFullAccess"])
    account.ram.claim("role", name)
    before = account.holds()[name]
    ended = account.provision(roles(web=LOGS), prune=True, protected=protected(settings(**given)))
    assert account.holds()[name] == before
    assert why in ended.plan.kept[0]


def test_a_role_that_differs_in_case_only_is_in_the_way(account: Account, roles: Roles) -> None:
    account.cloud.ram.put_role(ACCOUNT, "Web")
    with pytest.raises(ProvisionError, match="role 'web': RAM has the role 'Web', which differs in case only"):
        account.provision(roles(worker=LOGS, web=LOGS), adopt=["web"])
    assert account.writes() == []
