"""Short ways to call the real SDK clients in contract tests. Asserts nothing about any service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_ecs20140526 import models
from alibabacloud_ecs20140526.client import Client
from alibabacloud_tea_openapi.client import Client as AnyClient
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions
from Tea.exceptions import TeaException

from fakecloud.identity import ROOT_KEY

VERSIONS = {
    "ecs": "2014-05-26",
    "tag": "2018-08-28",
    "sts": "2015-04-01",
    "ram": "2015-05-01",
    "resourcemanager": "2020-03-31",
}


def config(**given: Any) -> Config:
    """The root key and cn-hangzhou, unless something else is given."""
    usual = {
        "access_key_id": ROOT_KEY[0],
        "access_key_secret": ROOT_KEY[1],
        "region_id": "cn-hangzhou",
        "endpoint": "ecs.cn-hangzhou.aliyuncs.com",
        "protocol": "http",
    }
    return Config(**{**usual, **given})


def ecs(cfg: Config, action: str, **fields: Any) -> dict[str, Any]:
    """ecs(cfg, "describe_instances", max_results=10, tag={"app": "web"}): the answer's body as the wire had it.

    region_id is cn-hangzhou unless given; None leaves it out. tag and filter may be maps.
    """
    camel = "".join(part.capitalize() for part in action.split("_"))
    request = getattr(models, f"{camel}Request")
    for name in ("tag", "filter"):
        if isinstance(fields.get(name), dict):
            member = getattr(models, f"{camel}Request{name.capitalize()}")
            fields[name] = [member(key=key, value=value) for key, value in fields[name].items()]
    if hasattr(request(), "region_id"):
        fields.setdefault("region_id", "cn-hangzhou")
    body: dict[str, Any] = getattr(Client(cfg), action)(request(**fields)).body.to_map()
    return body


def rpc(cfg: Config, product: str, action: str, query: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Any RPC action through the generic client. more: method, body (a form)."""
    form = more.get("body")
    params = Params(
        action=action,
        version=VERSIONS.get(product, product),
        protocol=cfg.protocol.upper(),
        pathname="/",
        method=more.get("method", "POST"),
        auth_type="AK",
        style="RPC",
        req_body_type="formData",
        body_type="json",
    )
    request = OpenApiRequest(query=query or {}, body=form) if form else OpenApiRequest(query=query or {})
    answer: dict[str, Any] = AnyClient(cfg).call_api(params, request, RuntimeOptions())["body"]
    return answer


def refusal(call: Callable[..., Any], *args: Any, **fields: Any) -> tuple[int, str]:
    """(HTTP status, code) of a call that must be refused."""
    with pytest.raises(TeaException) as caught:
        call(*args, **fields)
    return caught.value.statusCode, caught.value.code


def ids(body: dict[str, Any]) -> list[str]:
    """The instance ids of a DescribeInstances answer."""
    return [i["InstanceId"] for i in body["Instances"]["Instance"]]
