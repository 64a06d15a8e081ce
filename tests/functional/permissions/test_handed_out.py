"""What is handed out with a role: who may attach it, and what its token on an instance may do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from aliyun.log import LogClient, LogException, LogItem, PutLogsRequest
from Tea.exceptions import TeaException

from fakecloud.admission import METADATA as HOST
from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from fakecloud.sls.models import Project
from shared.mapping import load
from shared.policies import pass_role, render
from tests.contract.permissions import callers

MAPPING = load((Path(__file__).parents[3] / "roles.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def operator(cloud: Cloud) -> Any:
    """A RAM user with the policy that `rolekeeper policy pass-role` renders."""
    for role in (*MAPPING.roles, "admin"):
        cloud.ram.put_role(ACCOUNT, role)
    made = callers.user(cloud, *pass_role(MAPPING, account_id=ACCOUNT)["Statement"])
    cloud.switches.permissions = "on"
    return made


@pytest.mark.parametrize("role", MAPPING.roles)
def test_the_operator_may_attach_and_detach_each_listed_role(cloud: Cloud, operator: Any, role: str) -> None:
    (instance,) = cloud.ecs.make(1)
    operator.attach(instance.instance_id, role)
    assert instance.role == role
    operator.ecs("detach_instance_ram_role", instance_ids=[instance.instance_id], ram_role_name=role)
    assert instance.role == ""


def test_the_operator_may_attach_no_other_role(cloud: Cloud, operator: Any) -> None:
    (instance,) = cloud.ecs.make(1)
    with pytest.raises(TeaException, match=r"Forbidden\.RAM|PassRoleForbidden"):
        operator.attach(instance.instance_id, "admin")
    assert instance.role == ""


def test_the_operator_may_do_nothing_else(cloud: Cloud, operator: Any) -> None:
    for action, values in {"CreateRole": {"RoleName": "x", "AssumeRolePolicyDocument": "{}"}, "ListRoles": {}}.items():
        with pytest.raises(TeaException, match=r"NoPermission|Malformed"):
            operator.rpc("ram", action, **values)
    assert cloud.ram.role(ACCOUNT, "x") is None


@pytest.fixture
def token(cloud: Cloud) -> dict[str, str]:
    """What a program on an instance with the role log-shipper reads from the metadata service."""
    values = {"project": "prod-logs", "logstore": "hosts", "account": ACCOUNT}
    cloud.ram.put_role(ACCOUNT, "log-shipper", policies=(render("log-write", values),))
    project = Project("prod-logs", "cn-hangzhou", ACCOUNT, "", 0, 0)
    cloud.sls.state.add(project)
    for store in ("hosts", "secrets"):
        project.create_logstore(store, {"ttl": 30}, 0, 200)
    (instance,) = cloud.ecs.make(1, role="log-shipper")
    cloud.switches.permissions = "on"
    path = f"http://{HOST}/latest/meta-data/ram/security-credentials/log-shipper"
    through = {"http": f"http://{instance.instance_id}:x@127.0.0.1:1"}
    keys: dict[str, str] = requests.get(path, proxies=through, timeout=5).json()
    return keys


def put(keys: dict[str, str], logstore: str) -> None:
    client: Any = LogClient(
        "cn-hangzhou.log.aliyuncs.com", keys["AccessKeyId"], keys["AccessKeySecret"], keys["SecurityToken"], source="i"
    )
    client.put_logs(PutLogsRequest("prod-logs", logstore, "", "i", [LogItem(contents=[("a", "b")])]))


def test_a_token_may_do_what_its_roles_template_grants(cloud: Cloud, token: dict[str, str]) -> None:
    put(token, "hosts")
    assert [log["a"] for log in cloud.sls.logs("prod-logs", "hosts")] == ["b"]


def test_a_token_may_do_nothing_else(cloud: Cloud, token: dict[str, str]) -> None:
    with pytest.raises(LogException) as refused:
        put(token, "secrets")
    assert refused.value.get_error_code() == "Unauthorized"
    assert cloud.sls.logs("prod-logs", "secrets") == []
    key = cloud.keys.find(token["AccessKeyId"])
    assert key is not None
    holder = callers.Caller(key)
    with pytest.raises(TeaException, match=r"Forbidden\.RAM"):
        holder.attach(cloud.ecs.make(1)[0].instance_id, "log-shipper")
