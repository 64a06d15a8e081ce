"""Keys of a role in another account: who gets them, what they may do, and what is said where they are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.http import Response
from fakecloud.identity import ACCOUNT
from shared.errors import CloudCallError, PermanentError, Throttled, TransientError
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.gateways.sts import StsGateway
from shared.policies import member_trust, read_session, write_session

from .conftest import REGION, settings

MEMBER, ROLE, EXTERNAL = "2222222222222222", "rolekeeper-member", "s3cret/of=both"
READ = read_session(MEMBER, REGION)


def policy(action: str, resource: str) -> dict[str, Any]:
    return {"Version": "1", "Statement": [{"Effect": "Allow", "Action": [action], "Resource": [resource]}]}


ALL = policy("*", "*")
ASSUMES = policy("sts:AssumeRole", f"acs:ram::{MEMBER}:role/{ROLE}")


@pytest.fixture(autouse=True)
def member(cloud: Cloud) -> None:
    """The other account's role: it may do anything, and trusts our execution role with the external id."""
    made = cloud.ram.put_role(MEMBER, ROLE, policies=(ALL,))
    made.trust_text = json.dumps(member_trust(account_id=ACCOUNT, execution_role="rolekeeper-fc", external_id=EXTERNAL))
    made.trust = cloud.ram.trust_document("AssumeRolePolicyDocument", made.trust_text)
    for role in ("web", "worker"):
        cloud.ram.put_role(MEMBER, role)
    cloud.switches.permissions = "on"


@pytest.fixture
def sts(keys_of: Callable[..., Credentials]) -> StsGateway:
    return StsGateway(settings(), keys_of(ASSUMES))


def assume(sts: StsGateway, **given: Any) -> Credentials:
    usual = {"session_policy": READ, "external_id": EXTERNAL, "session_name": "rolekeeper"}
    return sts.assume(given.pop("account_id", MEMBER), given.pop("role", ROLE), **{**usual, **given})


def test_the_keys_are_the_roles_for_an_hour(cloud: Cloud, sts: StsGateway) -> None:
    keys = assume(sts)
    held = cloud.keys.find(keys.access_key_id)
    assert held is not None
    assert (held.secret, held.token) == (keys.access_key_secret, keys.security_token)
    assert held.identity.arn == f"acs:ram::{MEMBER}:assumed-role/{ROLE}/rolekeeper"
    assert held.identity.session_policies == (READ,)
    assert held.expires == pytest.approx(cloud.clock.now() + 3600, abs=60)


def test_a_session_that_looks_sees_the_accounts_instances_and_changes_nothing(cloud: Cloud, sts: StsGateway) -> None:
    (instance,) = cloud.ecs.make(1, account=MEMBER, role="web")
    ecs = EcsGateway(settings(), assume(sts), REGION)
    assert [found.instance_id for found in ecs.instances([instance.instance_id])] == [instance.instance_id]
    assert ecs.roles([instance.instance_id]) == {instance.instance_id: "web"}
    with pytest.raises(PermanentError, match=r"Forbidden\.RAM"):
        ecs.detach("web", [instance.instance_id])
    assert instance.role == "web"


def test_a_session_writes_its_one_role(cloud: Cloud, sts: StsGateway) -> None:
    (instance,) = cloud.ecs.make(1, account=MEMBER)
    ecs = EcsGateway(settings(), assume(sts, session_policy=write_session(MEMBER, REGION, ["web"])), REGION)
    with pytest.raises(PermanentError, match=r"Forbidden\.RAM|PassRole"):
        ecs.attach("worker", [instance.instance_id])
    assert ecs.attach("web", [instance.instance_id]).done == {instance.instance_id}
    with pytest.raises(PermanentError, match=r"Forbidden\.RAM"):
        ecs.roles([instance.instance_id])  # that is for the session that looks
    assert ecs.detach("web", [instance.instance_id]).done == {instance.instance_id}


def test_a_session_reaches_no_other_region(cloud: Cloud, sts: StsGateway) -> None:
    cloud.ecs.make(1, account=MEMBER, region="cn-beijing")
    elsewhere = EcsGateway(settings(), assume(sts), "cn-beijing")
    assert elsewhere.page().instances == ()  # ECS shows an empty list to who may not look


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param({"external_id": ""}, "NoPermission", id="no external id"),
        pytest.param({"external_id": EXTERNAL.upper()}, "NoPermission", id="another external id"),
        pytest.param({"external_id": "x"}, "InvalidParameter.ExternalId", id="external id too short"),
        pytest.param({"role": "web"}, "NoPermission", id="a role that we may not assume"),
        pytest.param({"session_policy": "{}"}, "InvalidParameter.PolicyGrammar", id="no policy"),
        pytest.param({"session_policy": READ + " " * 2048}, "InvalidParameter.PolicySize", id="long policy"),
        pytest.param({"session_name": "a b"}, "InvalidParameter.RoleSessionName", id="bad session name"),
    ],
)
def test_what_sts_refuses_is_permanent(cloud: Cloud, sts: StsGateway, given: dict[str, Any], code: str) -> None:
    with pytest.raises(PermanentError) as caught:
        assume(sts, **given)
    assert (caught.value.call, caught.value.code) == ("AssumeRole", code)
    assert len(cloud.calls) == 1


def test_a_role_that_is_not_there_is_permanent(keys_of: Callable[..., Credentials]) -> None:
    with pytest.raises(PermanentError, match=r"AssumeRole: EntityNotExist\.Role"):
        assume(StsGateway(settings(), keys_of(ALL)), role="absent")


def test_an_execution_role_that_may_not_assume_is_refused(cloud: Cloud, keys_of: Callable[..., Credentials]) -> None:
    with pytest.raises(PermanentError, match="NoPermission"):
        assume(StsGateway(settings(), keys_of()))


def test_another_role_of_our_account_is_not_trusted(cloud: Cloud) -> None:
    cloud.ram.put_role(ACCOUNT, "intruder", services=("fc.aliyuncs.com",), policies=(ALL,))
    key = cloud.sts.assume_for_service(ACCOUNT, "intruder", "fc.aliyuncs.com", "s1", 3600)
    keys = Credentials(access_key_id=key.access_key_id, access_key_secret=key.secret, security_token=key.token)
    with pytest.raises(PermanentError, match="NoPermission"):
        assume(StsGateway(settings(), keys))


def test_whose_keys_ours_are_needs_no_permission(cloud: Cloud, keys_of: Callable[..., Credentials]) -> None:
    assert StsGateway(settings(account_id=MEMBER), keys_of()).account() == ACCOUNT
    assert [call.action for call in cloud.calls] == ["GetCallerIdentity"]


@pytest.mark.parametrize(
    ("fault", "kind", "tries"),
    [
        pytest.param({"kind": "throttle"}, Throttled, 1, id="throttle"),
        pytest.param({"kind": "5xx"}, TransientError, 2, id="5xx"),
        pytest.param({"kind": "reset"}, TransientError, 2, id="broken connection"),
        pytest.param({"kind": "empty"}, TransientError, 1, id="empty answer"),
        pytest.param({"kind": "html"}, TransientError, 1, id="a proxy's page"),
    ],
)
def test_a_fault_is_told_by_its_kind_and_shows_no_key(
    cloud: Cloud, sts: StsGateway, fault: dict[str, Any], kind: type[Exception], tries: int
) -> None:
    cloud.faults.add(**fault, action="AssumeRole", count=None)
    with pytest.raises(CloudCallError) as caught:
        assume(sts)
    assert type(caught.value) is kind
    assert len(cloud.calls) == tries
    assert not any(secret in str(caught.value) for secret in ("Secret", "CAIS", "STS."))


def test_a_lost_answer_is_asked_for_again(cloud: Cloud, sts: StsGateway) -> None:
    cloud.faults.add("reset", action="AssumeRole", lost_answer=True)
    assert cloud.keys.find(assume(sts).access_key_id) is not None


@pytest.mark.parametrize("body", [{}, {"Credentials": None}, {"Credentials": {"AccessKeyId": "STS.1"}}])
def test_an_answer_without_keys_is_transient(
    cloud: Cloud, sts: StsGateway, monkeypatch: pytest.MonkeyPatch, body: dict[str, Any]
) -> None:
    monkeypatch.setattr(cloud, "handle", lambda request: Response.json({"RequestId": "1", **body}))
    with pytest.raises(TransientError, match="AssumeRole: no code: no usable answer"):
        assume(sts)
