"""Every emulated action says what it needs; one that does not is refused loudly, never let through."""

from __future__ import annotations

from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.ecs import permissions as ecs
from fakecloud.eventbridge import permissions as eventbridge
from fakecloud.fc import routes as fc_routes
from fakecloud.fc.api import RAM_ACTIONS
from fakecloud.http import Request
from fakecloud.identity import ACCOUNT, Identity
from fakecloud.ims import permissions as ims
from fakecloud.permissions import RULES
from fakecloud.ram import permissions as ram
from fakecloud.resourcemanager import permissions as resourcemanager
from fakecloud.rpc import RpcService
from fakecloud.service import Call
from fakecloud.sls import routes as sls_routes
from fakecloud.sts import permissions as sts
from fakecloud.tag import permissions as tag
from tests.contract.permissions.callers import allow, refused, user

DECLARED: dict[str, Any] = {
    "ecs": ecs.NEEDS, "ram": ram.RESOURCES, "sts": sts.NEEDS, "tag": tag.ACTIONS, "eventbridge": eventbridge.RESOURCES,
    "ims": ims.ACTIONS, "resourcemanager": resourcemanager.ACTIONS,
}  # fmt: skip


def test_every_service_with_callers_has_rules(cloud: Cloud) -> None:
    assert {service.name for service in cloud.services} == {*RULES, "metadata"}


def test_every_action_of_an_rpc_service_declares_its_needs_and_no_other_does(cloud: Cloud) -> None:
    services = [service for service in cloud.services if isinstance(service, RpcService)]
    assert {service.name for service in services} == set(DECLARED)
    for service in services:
        assert set(DECLARED[service.name]) == set(service.actions), service.name


def _call(cloud: Cloud, service: str, method: str, host: str, path: str, query: str = "") -> Call:
    request = Request.of(method, f"https://{host}{path}{query}", {}, b"")
    return Call(cloud, service, "?", request, Identity("RAMUser", ACCOUNT, "alice"))


@pytest.mark.parametrize("route", sls_routes.ROUTES, ids=lambda route: f"{route.method} {route.path.pattern}")
def test_every_route_of_sls_needs_an_action_on_its_project(cloud: Cloud, route: sls_routes.Route) -> None:
    path = route.path.pattern.replace("(?P<logstore>[^/]+)", "s").replace("(?P<name>[^/]+)", "n")
    host = "p.cn-hangzhou.log.aliyuncs.com" if route.project else "cn-hangzhou.log.aliyuncs.com"
    kind = f"?type={route.kind}" if route.kind else ""
    call = _call(cloud, "sls", route.method, host, path.replace("(?:lb|route)", "lb"), kind)
    (need,) = RULES["sls"].needs(call)
    project = f"acs:log:cn-hangzhou:{ACCOUNT}:project/{'p' if route.project else '*'}"
    assert need.action == route.ram_action
    assert need.resource.startswith(project)
    assert need.resource.endswith(("/logstore/s", "/savedsearch/n")) == (
        "s" in path.split("/") or "n" in path.split("/")
    )


@pytest.mark.parametrize(
    ("method", "path", "action", "resource"),
    [
        pytest.param("POST", "/2023-03-30/functions/f/invocations", "fc:InvokeFunction", "functions/f", id="invoke"),
        pytest.param("GET", "/2023-03-30/functions", "fc:ListFunctions", "functions/*", id="list"),
        pytest.param(
            "GET", "/2023-03-30/functions/f/triggers/t", "fc:GetTrigger", "functions/f/triggers/t", id="trigger"
        ),
        pytest.param(
            "POST",
            "/2021-04-06/services/s/functions/f/invocations",
            "fc:InvokeFunction",
            "services/s/functions/f",
            id="invoke in FC 2.0",
        ),
    ],
)
def test_a_route_of_fc_needs_its_action_on_the_function(
    cloud: Cloud, method: str, path: str, action: str, resource: str
) -> None:
    (need,) = RULES["fc"].needs(_call(cloud, "fc", method, f"{ACCOUNT}.cn-hangzhou.fc.aliyuncs.com", path))
    assert (need.action, need.resource) == (action, f"acs:fc:cn-hangzhou:{ACCOUNT}:{resource}")


def test_every_action_of_fc_has_needs(cloud: Cloud) -> None:
    paths = {
        "ListFunctions": "",
        "GetFunction": "/f",
        "InvokeFunction": "/f/invocations",
        "ListTriggers": "/f/triggers",
        "GetTrigger": "/f/triggers/t",
        "GetAsyncInvokeConfig": "/f/async-invoke-config",
    }
    assert {action for _, _, action in fc_routes._TAILS} == set(paths)
    for action, path in paths.items():
        method = "POST" if action == "InvokeFunction" else "GET"
        call = _call(cloud, "fc", method, "fc", f"/2023-03-30/functions{path}")
        assert RULES["fc"].needs(call)[0].action == f"fc:{RAM_ACTIONS.get(action, action)}"


@pytest.mark.not_emulated
@pytest.mark.parametrize(
    ("product", "action", "table", "query"),
    [
        pytest.param("ram", "GetRole", ram.RESOURCES, {"RoleName": "web"}, id="RAM"),
        pytest.param("sts", "GetCallerIdentity", sts.NEEDS, {}, id="STS"),
        pytest.param("ecs", "DescribeRegions", ecs.NEEDS, {}, id="ECS"),
    ],
)
def test_an_action_without_a_declaration_is_refused_loudly_even_to_an_administrator(
    judging: Cloud, monkeypatch: pytest.MonkeyPatch, product: str, action: str, table: Any, query: dict[str, str]
) -> None:
    admin = user(judging, allow("*", "*"))
    admin.rpc(product, action, **query)
    monkeypatch.delitem(table, action)
    assert refused(admin.rpc, product, action, **query).code == "Fakecloud.NotEmulated"


@pytest.mark.not_emulated
def test_a_service_without_rules_is_refused_loudly(judging: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = user(judging, allow("*", "*"))
    monkeypatch.delitem(RULES, "ram")
    assert refused(admin.rpc, "ram", "GetRole", RoleName="web").code == "Fakecloud.NotEmulated"
