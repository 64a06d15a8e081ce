"""Callers with policies for the tests of permissions: RAM users and sessions of roles, with real SDK clients. No tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from Tea.exceptions import TeaException

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, AccessKey, Identity
from tests.contract import sdk

HZ = f"acs:ecs:cn-hangzhou:{ACCOUNT}:instance"
ROLE = f"acs:ram:*:{ACCOUNT}:role"
TO_ECS = {"StringEquals": {"acs:Service": "ecs.aliyuncs.com"}}
Statement = dict[str, Any]


def statement(effect: str, action: str | list[str], resource: str | list[str], condition: Any = None) -> Statement:
    made = {"Effect": effect, "Action": action, "Resource": resource}
    return {**made, "Condition": condition} if condition else made


allow = partial(statement, "Allow")
deny = partial(statement, "Deny")


def document(*statements: Statement) -> dict[str, Any]:
    return {"Version": "1", "Statement": list(statements)}


@dataclass(frozen=True)
class Caller:
    """Whoever holds the key, with the SDK's clients."""

    key: AccessKey

    def config(self, endpoint: str) -> Any:
        return sdk.config(
            access_key_id=self.key.access_key_id,
            access_key_secret=self.key.secret,
            security_token=self.key.token or None,
            endpoint=endpoint,
        )

    def ecs(self, action: str, **fields: Any) -> dict[str, Any]:
        """As sdk.ecs; lists of ids become JSON."""
        if isinstance(fields.get("instance_ids"), list):
            fields["instance_ids"] = json.dumps(fields["instance_ids"])
        return sdk.ecs(self.config("ecs.cn-hangzhou.aliyuncs.com"), action, **fields)

    def rpc(self, product: str, action: str, **query: str) -> dict[str, Any]:
        """Any other RPC action: rpc("ram", "GetRole", RoleName="web")."""
        host = "ram.aliyuncs.com" if product == "ram" else f"{product}.cn-hangzhou.aliyuncs.com"
        return sdk.rpc(self.config(host), product, action, query)

    def attach(self, instance_id: str, role: str = "web") -> dict[str, Any]:
        return self.ecs("attach_instance_ram_role", instance_ids=[instance_id], ram_role_name=role)

    def detach(self, instance_id: str, role: str | None = "web") -> dict[str, Any]:
        return self.ecs("detach_instance_ram_role", instance_ids=[instance_id], ram_role_name=role)


def user(cloud: Cloud, *statements: Statement, name: str = "alice", account: str = ACCOUNT) -> Caller:
    """A RAM user with one policy of these statements (none without any), and a key of that user."""
    root = Caller(cloud.keys.permanent(Identity("Account", account)))
    root.rpc("ram", "CreateUser", UserName=name)
    if statements:
        text = json.dumps(document(*statements))
        root.rpc("ram", "CreatePolicy", PolicyName=f"of-{name}", PolicyDocument=text)
        root.rpc("ram", "AttachPolicyToUser", UserName=name, PolicyType="Custom", PolicyName=f"of-{name}")
    made = root.rpc("ram", "CreateAccessKey", UserName=name)["AccessKey"]
    found = cloud.keys.find(made["AccessKeyId"])
    assert found is not None
    return Caller(found)


def session(cloud: Cloud, *statements: Statement, name: str = "worker", narrowed: Statement | None = None) -> Caller:
    """A session of a role with these statements, as a service gets one. narrowed: the session policy's one statement."""
    policies = [document(*statements)] if statements else []
    role = cloud.ram.put_role(ACCOUNT, name, services=("fc.aliyuncs.com",), policies=policies)
    texts = (json.dumps(document(narrowed)),) if narrowed else ()
    return Caller(cloud.keys.temporary(role.identity("s-1", texts), cloud.clock.now() + 3600))


def refused(call: Any, *args: Any, **fields: Any) -> TeaException:
    """The error of a call that must be refused."""
    with pytest.raises(TeaException) as caught:
        call(*args, **fields)
    return caught.value
