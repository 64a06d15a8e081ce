"""The real RAM client over the emulated cloud, and short ways to call it. Asserts nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_ram20150501 import models
from alibabacloud_ram20150501.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from Tea.exceptions import TeaException

from fakecloud.cloud import Cloud
from fakecloud.identity import ROOT_KEY

Ask = Callable[..., Any]


@pytest.fixture
def ram(cloud: Cloud) -> Client:
    return Client(
        Config(
            access_key_id=ROOT_KEY[0],
            access_key_secret=ROOT_KEY[1],
            region_id="cn-hangzhou",
            endpoint="ram.aliyuncs.com",
        )
    )


@pytest.fixture
def ask(ram: Client) -> Ask:
    """ask("get_role", role_name="web"): the answer's body as the wire had it; "tag" may be a dict."""

    def call(action: str, **fields: Any) -> Any:
        camel = "".join(part.capitalize() for part in action.split("_"))
        if isinstance(fields.get("tag"), dict):
            item = getattr(models, f"{camel}RequestTag")
            fields["tag"] = [item(key=key, value=value) for key, value in fields["tag"].items()]
        return getattr(ram, action)(getattr(models, f"{camel}Request")(**fields)).body.to_map()

    return call


@pytest.fixture
def refused(ask: Ask) -> Ask:
    """As ask, for a call that must be refused: (HTTP status, code)."""

    def call(action: str, **fields: Any) -> tuple[int, str]:
        with pytest.raises(TeaException) as caught:
            ask(action, **fields)
        return caught.value.statusCode, caught.value.code

    return call


def trust(**principal: Any) -> str:
    who = principal or {"Service": ["ecs.aliyuncs.com"]}
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": who}
    return json.dumps({"Statement": [statement], "Version": "1"})


def document(action: str = "oss:GetObject") -> str:
    statement = {"Effect": "Allow", "Action": [action], "Resource": ["*"]}
    return json.dumps({"Version": "1", "Statement": [statement]})


@pytest.fixture
def role(ask: Ask) -> Callable[..., Any]:
    def make(name: str = "web", **fields: Any) -> Any:
        return ask("create_role", **{"role_name": name, "assume_role_policy_document": trust(), **fields})["Role"]

    return make


@pytest.fixture
def policy(ask: Ask) -> Callable[..., Any]:
    def make(name: str = "reader", **fields: Any) -> Any:
        return ask("create_policy", **{"policy_name": name, "policy_document": document(), **fields})["Policy"]

    return make


@pytest.fixture
def trust_text() -> Callable[..., str]:
    return trust


@pytest.fixture
def document_text() -> Callable[..., str]:
    return document
