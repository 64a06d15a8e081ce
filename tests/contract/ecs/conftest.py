"""The real ECS client over the emulated cloud. Asserts nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.contract import sdk

Ask = Callable[..., Any]


@pytest.fixture
def ask(cloud: Cloud) -> Ask:
    """ask("describe_instances", max_results=10): the body, as sdk.ecs gives it; lists of ids become JSON."""

    def call(action: str, **fields: Any) -> Any:
        if isinstance(fields.get("instance_ids"), list):
            fields["instance_ids"] = json.dumps(fields["instance_ids"])
        return sdk.ecs(sdk.config(), action, **fields)

    return call


@pytest.fixture
def refused(ask: Ask) -> Ask:
    """As ask, for a call that must be refused: (HTTP status, code)."""
    return partial(sdk.refusal, ask)


@pytest.fixture
def roles(cloud: Cloud) -> None:
    """Roles web and db trust ECS, fc only Function Compute."""
    for name, service in (("web", "ecs"), ("db", "ecs"), ("fc", "fc")):
        cloud.ram.put_role(ACCOUNT, name, services=(f"{service}.aliyuncs.com",))


@pytest.fixture
def one(cloud: Cloud, roles: None) -> str:
    """The id of one instance, Running in the VPC, without a role."""
    return cloud.ecs.make()[0].instance_id


@pytest.fixture
def held(cloud: Cloud) -> Callable[[str], str]:
    """The role an instance holds."""

    def role(instance_id: str) -> str:
        instance = cloud.ecs.instance(instance_id)
        assert instance is not None
        return instance.role

    return role
