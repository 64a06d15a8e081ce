"""Which host each service is asked at, by the real SDK clients; and the map of hosts against those that others publish."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_ecs20140526.client import Client as Ecs
from alibabacloud_fc20230330.client import Client as Fc3
from alibabacloud_fc_open20210406.client import Client as Fc2
from alibabacloud_ram20150501.client import Client as Ram
from alibabacloud_tea_openapi.utils_models import Config

from fakecloud.cloud import Cloud
from fakecloud.http import Request, Response
from fakecloud.identity import ACCOUNT
from shared.errors import CloudCallError
from shared.events.values import region_id
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.gateways.endpoints import host
from shared.gateways.fc import functions_gateway
from shared.gateways.ram import RamGateway
from shared.gateways.sls import KEPT, SlsGateway
from shared.gateways.sts import StsGateway
from shared.policies import template, template_names
from shared.settings import Service, Settings

from .conftest import settings

PUBLISHED = Path(__file__).parents[3].parent / "shared" / "openapi"
KEYS = Credentials(access_key_id="LTAIexample", access_key_secret="secret-of-it")
VPC = {"ecs": "ecs-vpc.{region}.aliyuncs.com", "sts": "sts-vpc.cn-beijing.aliyuncs.com", "ram": "ram-vpc.example:8443",
       "log": "{region}-intranet.log.aliyuncs.com", "fc": f"{ACCOUNT}.cn-beijing-internal.fc.aliyuncs.com"}  # fmt: skip
CALLS: dict[str, Callable[[Settings, str], Any]] = {
    "ecs": lambda s, region: EcsGateway(s, KEYS, region).instances(["i-1"]),
    "sts": lambda s, region: StsGateway(s, KEYS).account(),
    "ram": lambda s, region: RamGateway(s, KEYS).roles(),
    "fc": lambda s, region: functions_gateway(s, KEYS, "f").start(b"{}", "t"),
    "log": lambda s, region: SlsGateway(s, KEYS).send([{"a": "b"}]),
}


@pytest.mark.parametrize("of_service", CALLS)
@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        pytest.param(
            {"region": "cn-beijing"},
            {
                "ecs": "ecs.cn-beijing.aliyuncs.com",
                "sts": "sts.cn-beijing.aliyuncs.com",
                "ram": "ram.aliyuncs.com",
                "fc": "fcv3.cn-beijing.aliyuncs.com",
                "log": "p.cn-beijing.log.aliyuncs.com",
            },
            id="a region as most",
        ),
        pytest.param(
            {"region": "cn-hangzhou-finance"},
            {
                "ecs": "ecs.aliyuncs.com",
                "sts": "sts.aliyuncs.com",
                "ram": "ram.aliyuncs.com",
                "fc": f"{ACCOUNT}.cn-hangzhou-finance.fc.aliyuncs.com",
                "log": "p.cn-hangzhou-finance.log.aliyuncs.com",
            },
            id="finance",
        ),
        pytest.param(
            {"region": "cn-shenzhen-finance-1", "sls_region": "cn-shenzhen"},
            {
                "ecs": "ecs-cn-hangzhou.aliyuncs.com",
                "sts": "sts.aliyuncs.com",
                "ram": "ram.aliyuncs.com",
                "fc": f"{ACCOUNT}.cn-shenzhen-finance-1.fc.aliyuncs.com",
                "log": "p.cn-shenzhen.log.aliyuncs.com",
            },
            id="finance, SLS elsewhere",
        ),
        pytest.param(
            {"region": "rus-west-1"},
            {
                "ecs": "ecs.rus-west-1.aliyuncs.com",
                "sts": "sts.rus-west-1.aliyuncs.com",
                "ram": "ram.aliyuncs.com",
                "fc": f"{ACCOUNT}.rus-west-1.fc.aliyuncs.com",
                "log": "p.rus-west-1.log.aliyuncs.com",
            },
            id="one that no map knows",
        ),
        pytest.param(
            {"region": "cn-beijing", "endpoints": VPC},
            {
                "ecs": "ecs-vpc.cn-beijing.aliyuncs.com",
                "sts": "sts-vpc.cn-beijing.aliyuncs.com",
                "ram": "ram-vpc.example:8443",
                "fc": f"{ACCOUNT}.cn-beijing-internal.fc.aliyuncs.com",
                "log": "p.cn-beijing-intranet.log.aliyuncs.com",
            },
            id="named",
        ),
        pytest.param(
            {"region": "cn-hangzhou", "fc_edition": "2.0", "fc_service": "s"},
            {
                "ecs": "ecs-cn-hangzhou.aliyuncs.com",
                "sts": "sts.cn-hangzhou.aliyuncs.com",
                "ram": "ram.aliyuncs.com",
                "fc": f"{ACCOUNT}.cn-hangzhou.fc.aliyuncs.com",
                "log": "p.cn-hangzhou.log.aliyuncs.com",
            },
            id="FC 2.0",
        ),
    ],
)
def test_a_service_is_asked_at_its_host(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, of_service: str, given: dict[str, Any], hosts: dict[str, str]
) -> None:
    asked: list[str] = []

    def handle(request: Request) -> Response:
        asked.append(request.host)
        return Response.json({"Code": "No", "Message": "no", "errorCode": "No", "errorMessage": "no"}, 400)

    monkeypatch.setattr(cloud, "handle", handle)
    KEPT.clear()
    with suppress(CloudCallError):
        CALLS[of_service](settings(sls_project="p", **given), given["region"])
    assert asked == [hosts[of_service]]


@pytest.mark.parametrize(
    ("named", "region", "expected"),
    [
        ({"ecs": "vpc.example"}, "cn-hangzhou", "vpc.example"),
        ({"ecs": "vpc.example"}, "cn-beijing", "ecs.cn-beijing.aliyuncs.com"),
        ({"ecs": "vpc.{region}.example"}, "cn-beijing", "vpc.cn-beijing.example"),
        ({"ecs.cn-beijing": "there.example", "ecs": "here.example"}, "cn-beijing", "there.example"),
        ({"ecs.cn-beijing": "there.example", "ecs": "here.example"}, "cn-hangzhou", "here.example"),
    ],
)
def test_a_host_without_its_region_is_of_the_deployments_region_alone(
    named: dict[str, str], region: str, expected: str
) -> None:
    """A VPC endpoint of one region has nothing of another."""
    assert host(settings(region="cn-hangzhou", endpoints=named), "ecs", region) == expected


@pytest.mark.parametrize("sdk", [Ecs, Ram, Fc3, Fc2], ids=lambda client: client.__module__.partition(".")[0])
def test_the_map_is_the_sdks_own_where_that_knows_the_region(sdk: Any) -> None:
    made = sdk(Config(region_id="cn-hangzhou", access_key_id="k", access_key_secret="s"))
    edition = {"fc_edition": "2.0", "fc_service": "s"} if sdk is Fc2 else {}
    service: Service = "ecs" if sdk is Ecs else "ram" if sdk is Ram else "fc"
    for region, theirs in made._endpoint_map.items():
        ours = host(settings(region=region, **edition), service, region)
        with_account = re.sub(rf"^{re.escape(region)}\.fc", f"{ACCOUNT}.{region}.fc", theirs.strip())
        assert ours == with_account.replace("account-id", ACCOUNT)


@pytest.mark.parametrize(
    ("service", "product"), [("ecs", "ecs"), ("sts", "sts"), ("ram", "ram"), ("fc", "fc"), ("log", "sls")]
)
def test_the_map_is_the_published_one(service: Service, product: str) -> None:
    path = PUBLISHED / product / "_endpoints.json"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    differ = {("ecs", "cn-hangzhou"), ("ecs", "cn-shanghai-finance-1")}  # there the SDK's map goes first
    for row in json.loads(path.read_text())["endpoints"]:
        region, theirs = row["regionId"], row["endpoint"].strip()
        if service == "fc":
            theirs = re.sub(rf"^{re.escape(region)}\.fc", f"{ACCOUNT}.{region}.fc", theirs)
        assert (service, region) in differ or host(settings(region=region), service, region) == theirs


@pytest.mark.parametrize(
    "region", ["cn-hangzhou", "rus-west-1", "cn-hangzhou-finance", "cn-north-2-gov-1", "me-central-1"]
)
def test_a_region_may_have_a_long_prefix_wherever_one_is_named(region: str) -> None:
    home = {"ROLEKEEPER_REGION": region, "ROLEKEEPER_ACCOUNT_ID": ACCOUNT, "ROLEKEEPER_REGIONS": region}
    read = Settings.from_env({**home, "ROLEKEEPER_SLS_REGION": region})
    assert (read.region, read.regions, read.sls_region, region_id(region)) == (region, (region,), region, region)
    patterns = {
        (name, key): spec.pattern
        for name in template_names()
        for key, spec in template(name).variables.items()
        if key in ("region", "regions", "other_regions", "log_region")
    }
    assert len(patterns) > 10
    assert [key for key, pattern in patterns.items() if not re.fullmatch(pattern, region)] == []
