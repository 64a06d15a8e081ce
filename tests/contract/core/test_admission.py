"""Which requests the server takes: those of clients on this machine, none that a web page makes a browser send."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from tests.contract.core.conftest import Way

RESET = ("POST", "/_fakecloud/reset")
TARGETS = [
    pytest.param(*RESET, id="side door"),
    pytest.param("GET", "/_fakecloud/state", id="side door, reading"),
    pytest.param("POST", "/?Action=DescribeRegions&Version=2014-05-26", id="a service"),
    pytest.param("GET", "/2023-03-30/functions", id="Function Compute"),
    pytest.param("GET", "/_fakecloud/instances/i-1/latest/meta-data/", id="metadata"),
    pytest.param("OPTIONS", "/_fakecloud/reset", id="preflight"),
]
TAKEN = [
    "127.0.0.1", "127.0.0.1:{port}", "127.0.0.1:1", "127.8.9.10", "localhost", "LOCALHOST:{port}", "localhost.", "Localhost.:80",
    "project.localhost", "project.127.0.0.1:{port}", "[::1]", "[::1]:{port}", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
    "ecs.cn-hangzhou.aliyuncs.com", "ECS-cn-hangzhou.AliyunCS.com.", "p.cn-hangzhou.log.aliyuncs.com:443",
    "1234.cn-hangzhou.fc.aliyuncs.com", "100.100.100.200", "http://127.0.0.1:{port}", "https://localhost",
]  # fmt: skip
REFUSED = [
    "evil.test", "evil.test:{port}", "127.0.0.1.evil.test", "localhost.evil.test", "evil-localhost", "127.0.0.1.nip.io",
    "aliyuncs.com.evil.test", "evilaliyuncs.com", "ecs.cn-hangzhou.aliyuncs.com.evil.test", "aliyuncs.com", "10.0.0.1",
    "0.0.0.0", "0", "127.1", "2130706433", "0x7f000001", "127.0.0.01", "192.168.0.1:{port}", "[::]", "[::2]", "[fe80::1]",
    "[::ffff:10.0.0.1]", "[::1", "::1", "127.0.0.1@evil.test", "evil.test@127.0.0.1", "127.0.0.1,evil.test", "127.0.0.1 evil.test",
    "evil.test, localhost", "localhost:x", "localhost:1:2", "localhost/evil.test", "evil.100.100.100.200", "a.b.127.0.0.1",
    "lоcalhost", "http://evil.test", "http://http://localhost",
]  # fmt: skip
BROWSERS: list[Any] = [
    pytest.param({"Origin": "http://evil.test"}, id="a page elsewhere"),
    pytest.param({"Origin": "null"}, id="a page without an origin"),
    pytest.param({"Origin": "http://127.0.0.1:{port}"}, id="its own origin"),
    pytest.param({"Origin": ""}, id="an empty origin"),
    pytest.param({"oRiGiN": "http://localhost"}, id="any case"),
    pytest.param({"Sec-Fetch-Site": "cross-site"}, id="cross-site"),
    pytest.param({"Sec-Fetch-Site": "Cross-Site"}, id="cross-site, any case"),
    pytest.param({"Sec-Fetch-Site": "same-site"}, id="another port of this machine"),
]


def ask(
    served: Way, method: str, target: str, host: str, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """(status, body, headers) of a request sent just so; {port} is the server's."""
    port = served.url.rsplit(":", 1)[1]
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *(f"{n}: {v}" for n, v in (headers or {}).items())]
    sent = "\r\n".join([*lines, "Connection: close", "Content-Length: 0", "", ""]).replace("{port}", port)
    with socket.create_connection(("127.0.0.1", int(port)), timeout=10) as connection:
        connection.sendall(sent.encode())
        raw = b""
        while part := connection.recv(65_536):
            raw += part
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    shown = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    return (
        int(first.split()[1]),
        json.loads(body) if shown["content-type"].startswith("application/json") else {},
        shown,
    )


@pytest.mark.parametrize("host", TAKEN)
def test_clients_on_this_machine_and_names_of_the_cloud_are_taken(served: Way, host: str) -> None:
    assert ask(served, "GET", "/_fakecloud/state", host)[0] in (200, 404)  # 404: the metadata service's own


@pytest.mark.parametrize("host", REFUSED)
def test_a_name_that_somebody_else_points_at_this_machine_is_refused(served: Way, host: str) -> None:
    served.cloud.ecs.make()
    status, body, _ = ask(served, *RESET, host)
    assert (status, body["Code"]) == (403, "Fakecloud.Refused")
    assert len(served.cloud.ecs.regions()[0].instances) == 1


@pytest.mark.parametrize(("method", "target"), TARGETS)
@pytest.mark.parametrize("headers", BROWSERS)
def test_what_a_web_page_sends_is_refused(served: Way, headers: dict[str, str], method: str, target: str) -> None:
    served.cloud.ecs.make()
    status, body, shown = ask(served, method, target, "127.0.0.1:{port}", headers)
    assert (status, body["Code"]) == (403, "Fakecloud.Refused")
    assert not [name for name in shown if name.startswith("access-control-")]
    assert len(served.cloud.ecs.regions()[0].instances) == 1
    assert not len(served.cloud.calls)


@pytest.mark.parametrize(("method", "target"), TARGETS)
def test_every_service_refuses_a_strangers_name(served: Way, method: str, target: str) -> None:
    assert ask(served, method, target, "evil.test")[:2][0] == 403
    assert not len(served.cloud.calls)


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_an_address_typed_into_a_browser_is_answered(served: Way, site: str) -> None:
    assert ask(served, "GET", "/_fakecloud/state", "localhost:{port}", {"Sec-Fetch-Site": site})[0] == 200


@pytest.mark.parametrize(
    ("target", "host", "status"),
    [
        pytest.param("http://127.0.0.1:{port}/_fakecloud/state", "127.0.0.1:{port}", 200, id="as a proxy gets it"),
        pytest.param("HTTP://LocalHost/_fakecloud/state", "localhost:80", 200, id="another spelling of one host"),
        pytest.param("http://evil.test/_fakecloud/state", "evil.test", 403, id="a stranger's name"),
        pytest.param("http://evil.test/_fakecloud/state", "127.0.0.1", 400, id="two hosts"),
        pytest.param("http://127.0.0.1/_fakecloud/state", "evil.test", 400, id="two hosts, the other way"),
        pytest.param("//evil.test/_fakecloud/state", "127.0.0.1", 501, id="a path of two slashes names no host"),
    ],
)
def test_a_target_may_name_its_host(served: Way, target: str, host: str, status: int) -> None:
    assert ask(served, "GET", target, host)[0] == status
