"""Instances with a role, and the metadata service as they see it. Asserts nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT

Ask = Callable[..., requests.Response]
HOST = "http://100.100.100.200"


@pytest.fixture
def place(cloud: Cloud) -> Callable[..., str]:
    """An instance's id; properties as cloud.ecs.make takes them."""
    cloud.ram.put_role(ACCOUNT, "web")

    def make(role: str = "web", **properties: Any) -> str:
        return cloud.ecs.make(role=role, **properties)[0].instance_id

    return make


@pytest.fixture(params=["by path", "by proxy"])
def ask(request: pytest.FixtureRequest, cloud: Cloud) -> Ask:
    """ask(instance_id, "meta-data/instance-id", token=..., method=..., headers=...), in both forms."""

    def call(instance_id: str, path: str, method: str = "GET", **headers: str) -> requests.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if request.param == "by path":
            url = f"http://fakecloud.test/_fakecloud/instances/{instance_id}/latest/{path}"
            return requests.request(method, url, headers=sent, timeout=10)
        proxies = {"http": f"http://{instance_id}:x@127.0.0.1:1"}
        return requests.request(method, f"{HOST}/latest/{path}", headers=sent, proxies=proxies, timeout=10)

    return call
