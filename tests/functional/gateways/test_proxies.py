"""Proxies: one rule for the clients of every service, and errors that name the proxy's variable and not its password."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.server import Server
from shared.errors import CloudCallError, PermanentError
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.gateways.fc import functions_gateway
from shared.gateways.ram import RamGateway
from shared.gateways.sls import KEPT
from shared.gateways.sls_admin import SlsAdmin
from shared.gateways.sts import StsGateway
from shared.gateways.transport import VARIABLES, way
from shared.settings import Settings

KEYS = Credentials(access_key_id=ROOT_KEY[0], access_key_secret=ROOT_KEY[1])
CALLS: dict[str, Callable[[Settings], Any]] = {
    "ECS": lambda s: EcsGateway(s, KEYS, s.region).instances(["i-1"]),
    "STS": lambda s: StsGateway(s, KEYS).account(),
    "RAM": lambda s: RamGateway(s, KEYS).roles(),
    "FC": lambda s: functions_gateway(s, KEYS, "f").start(b"{}", "t"),
    "FC 2.0": lambda s: functions_gateway(s, KEYS, "f").start(b"{}", "t"),
    "SLS": lambda s: SlsAdmin(s, KEYS).query("*", 0, 1),
}
DEAD = "http://someone:hunter2-secret@127.0.0.1:9"
"""Nobody listens there."""


@pytest.fixture
def at() -> Iterator[str]:
    """The emulator's URL, reached over a socket."""
    with Server(Cloud(), runs_clock=False) as server:
        yield server.url


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    KEPT.clear()
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def call(service: str, url: str) -> None:
    """One call. What the cloud itself refuses is an answer."""
    edition: dict[str, Any] = {"fc_edition": "2.0", "fc_service": "s"} if service == "FC 2.0" else {}
    made = Settings(
        region="cn-hangzhou", account_id=ACCOUNT, endpoint=url, sls_project="p-one", timeout_seconds=2, **edition
    )
    try:
        CALLS[service](made)
    except PermanentError as error:
        assert error.code.endswith(("NotFound", "NotExist")), error


@pytest.mark.each_value
@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize("value", ["127.0.0.1", "*", "example.com, 127.0.0.1 ,", "127.0.0.1:PORT", "127.0.0.0/8"])
def test_a_host_in_no_proxy_is_reached_directly(
    at: str, monkeypatch: pytest.MonkeyPatch, service: str, name: str, value: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", DEAD)
    monkeypatch.setenv(name, value.replace("PORT", at.rpartition(":")[2]))
    call(service, at)


@pytest.mark.each_value
@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("no_proxy", ["", "example.com", "127.0.0.1:1", "27.0.0.1", "10.0.0.0/8"])
def test_a_proxy_that_fails_is_named_by_its_variable(
    at: str, monkeypatch: pytest.MonkeyPatch, service: str, variable: str, no_proxy: str
) -> None:
    monkeypatch.setenv(variable, DEAD)
    monkeypatch.setenv("NO_PROXY", no_proxy)
    with pytest.raises(CloudCallError) as caught:
        call(service, at)
    said = str(caught.value)
    assert f"through the proxy that {variable} names, 127.0.0.1:9: [Errno 111] Connection refused" in said
    assert "hunter2" not in said
    assert "someone" not in said
    assert "cannot be reached" not in said


@pytest.mark.parametrize("service", [service for service in CALLS if service != "SLS"])
def test_a_proxy_is_used(at: str, monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    """The emulator takes what is meant for a proxy, too; but for SLS, whose Host header names the project."""
    monkeypatch.setenv("HTTP_PROXY", at)
    call(service, "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("env", "url", "proxied"),
    [
        ({"https_proxy": "p:1"}, "https://ecs.cn-hangzhou.aliyuncs.com/", True),
        ({"https_proxy": "p:1"}, "http://ecs.cn-hangzhou.aliyuncs.com/", False),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": ".aliyuncs.com"}, "https://ecs.cn-hangzhou.aliyuncs.com/", False),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": "aliyuncs.com"}, "https://ecs.cn-hangzhou.aliyuncs.com/", False),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": "*.aliyuncs.com"}, "https://ecs.cn-hangzhou.aliyuncs.com/", False),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": "ALIYUNCS.com"}, "https://ecs.cn-hangzhou.aliyuncs.com/", False),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": "yuncs.com"}, "https://ecs.cn-hangzhou.aliyuncs.com/", True),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": "aliyuncs.com:443"}, "https://ecs.cn-hangzhou.aliyuncs.com/", False),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": "aliyuncs.com:8443"}, "https://ecs.cn-hangzhou.aliyuncs.com/", True),
        (
            {"HTTPS_PROXY": "p:1", "NO_PROXY": "ecs.cn-hangzhou.aliyuncs.com"},
            "https://sts.cn-hangzhou.aliyuncs.com/",
            True,
        ),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": "a b, * c"}, "https://ecs.cn-hangzhou.aliyuncs.com/", False),
        ({"HTTPS_PROXY": "p:1", "no_proxy": "a", "NO_PROXY": "aliyuncs.com"}, "https://ecs.aliyuncs.com/", True),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": "aliyuncs.com."}, "https://ecs.aliyuncs.com/", False),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": "::1"}, "https://[::1]:1/", False),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": "[::1]:2"}, "https://[::1]:1/", True),
        ({"HTTPS_PROXY": " p:1\n"}, "https://ecs.aliyuncs.com/", True),
        ({"ALL_PROXY": "p:1"}, "https://ecs.aliyuncs.com/", True),
        ({"NO_PROXY": "x"}, "https://ecs.aliyuncs.com/", False),
    ],
)
def test_the_rule(monkeypatch: pytest.MonkeyPatch, env: dict[str, str], url: str, proxied: bool) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert way(url).proxies == ({"http": "http://p:1", "https": "http://p:1"} if proxied else {})


@pytest.mark.each_value
@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://someone:hunter2/secret@127.0.0.1:9", id="a password with /"),
        pytest.param("http://someone:hunter2#secret@127.0.0.1:9", id="a password with #"),
        pytest.param("someone:hunter2?secret@127.0.0.1:9", id="a password with ?"),
        pytest.param("http://someone:hunter2@127.0.0.1:x", id="a port that is no number"),
        pytest.param("http://someone:hunter2@[127.0.0.1:9", id="half an address"),
        pytest.param("ftp://someone:hunter2@127.0.0.1:9", id="another scheme"),
        pytest.param("http://", id="no host"),
    ],
)
def test_what_is_no_url_of_a_proxy_is_said_without_showing_it(
    at: str, monkeypatch: pytest.MonkeyPatch, service: str, url: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", url)
    with pytest.raises(CloudCallError) as caught:
        call(service, at)
    assert "through the proxy that HTTP_PROXY names, which is no URL of one" in str(caught.value)
    assert caught.value.advice.startswith("; write http://HOST:PORT")
    assert "hunter2" not in str(caught.value)
    assert "someone" not in str(caught.value)
