"""The real credentials provider (EcsRamRole), unchanged, over the emulated metadata service on a socket."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from fakecloud.server import Server
from tests.contract import sdk

http = pytest.importorskip("alibabacloud_credentials.http")
ecs_ram_role = pytest.importorskip("alibabacloud_credentials.provider.ecs_ram_role")


@dataclass(frozen=True)
class Served:
    cloud: Cloud
    url: str

    def provider(self, instance_id: str, **options: Any) -> Any:
        proxy = f"http://{instance_id}:x@{self.url.removeprefix('http://')}"
        options = {"http_options": http.HttpOptions(proxy=proxy), "async_update_enabled": False, **options}
        return ecs_ram_role.EcsRamRoleCredentialsProvider(**options)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    logging.getLogger("credentials").setLevel(logging.CRITICAL)
    cloud = Cloud()
    cloud.ram.put_role(ACCOUNT, "web")
    with Server(cloud) as server:
        yield Served(cloud, server.url)


@pytest.mark.parametrize("properties", [{}, {"http_tokens": "required"}], ids=["normal", "hardened"])
@pytest.mark.parametrize("named", ["web", None], ids=["role named", "role looked up"])
def test_the_provider_gets_a_token_that_signs(served: Served, properties: dict[str, Any], named: str | None) -> None:
    made = served.cloud.ecs.make(role="web", **properties)[0].instance_id
    given = served.provider(made, role_name=named).get_credentials()
    cfg = sdk.config(
        access_key_id=given.get_access_key_id(),
        access_key_secret=given.get_access_key_secret(),
        security_token=given.get_security_token(),
        endpoint=served.url.removeprefix("http://"),
    )
    assert sdk.ecs(cfg, "describe_regions")["Regions"]["Region"]
    assert sdk.rpc(cfg, "sts", "GetCallerIdentity")["Arn"] == f"acs:ram::{ACCOUNT}:assumed-role/web/{made}"
    asked = [c.action.split("/latest/")[0] for c in served.cloud.calls if c.service == "metadata"]
    assert asked == ["PUT ", "GET "] * (1 if named else 2)


def test_the_provider_falls_back_when_its_token_is_refused(served: Served) -> None:
    made = served.cloud.ecs.make(role="web")[0].instance_id
    served.cloud.faults.add("error", service="metadata", action="PUT /latest/api/token", status=404, count=None)
    assert served.provider(made, role_name="web").get_credentials().get_access_key_id().startswith("STS.")
    with pytest.raises(Exception, match="token"):
        served.provider(made, role_name="web", disable_imds_v1=True).get_credentials()


@pytest.mark.parametrize(
    "properties",
    [{"role": ""}, {"role": "web", "http_endpoint": "disabled"}],
    ids=["no role", "service off"],
)
def test_the_provider_fails_where_there_is_nothing_to_get(served: Served, properties: dict[str, Any]) -> None:
    made = served.cloud.ecs.make(**properties)[0].instance_id
    with pytest.raises(Exception, match="metadata"):
        served.provider(made).get_credentials()


def test_both_forms_of_address_work_over_a_socket(served: Served) -> None:
    made = served.cloud.ecs.make(role="web")[0].instance_id
    by_path = requests.get(f"{served.url}/_fakecloud/instances/{made}/latest/meta-data/instance-id", timeout=10)
    proxies = {"http": served.url.replace("http://", f"http://{made}:x@")}
    by_proxy = requests.get("http://100.100.100.200/latest/meta-data/instance-id", proxies=proxies, timeout=10)
    assert (by_path.text, by_proxy.text) == (made, made)
