"""What we use of the SDKs' private parts is there, and does what we use it for; no other module of shared/ touches any."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from aliyun.log import LogClient, LogException
from darabonba.core import DaraCore

from fakecloud.cloud import Cloud
from shared.gateways import sdk_private
from tests.contract.sdk import config, rpc

ROOT = Path(__file__).resolve().parents[3]
DOOR = "shared/gateways/sdk_private.py"
OURS = ("self", "cls", "other")
"""Names of an object of the same class."""


class Session(requests.Session):
    """Asks nobody; the error names the address that was to be asked."""

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> Any:
        raise ConnectionError(url)


def logs(made: Callable[..., Any] = LogClient) -> Any:
    client = made("http://127.0.0.1:9", "key", "secret", source="test")
    assert isinstance(sdk_private.session(client), requests.Session)
    sdk_private.use_session(client, Session())
    return client


def test_the_sdk_of_the_rpc_services_uses_the_sessions_that_it_is_given(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DaraCore, "_sessions", {})
    kept: dict[str, Any] = {}
    sdk_private.replace_pools(DaraCore, kept)
    assert sdk_private.pools(DaraCore) is kept
    rpc(config(), "ecs", "DescribeRegions")
    assert all(isinstance(session, requests.Session) for session in kept.values())
    assert kept


def test_a_log_client_asks_with_the_session_that_it_is_given() -> None:
    with pytest.raises(LogException, match="http://project.127.0.0.1:9/logstores"):
        logs().list_logstore("project")


def test_a_log_client_asks_the_host_that_it_was_given() -> None:
    client = logs()
    sdk_private.keep_host(client)
    with pytest.raises(LogException, match="http://127.0.0.1:9/logstores"):
        client.list_logstore("project")


def test_a_log_client_s_requests_are_sent_as_we_say() -> None:
    sent: list[Any] = []

    def send(client: Any, request: Callable[[], Any]) -> Any:
        sent.append(client)
        for _ in range(2):
            with pytest.raises(LogException):
                request()
        return {"logstores": [], "count": 0, "total": 0}, {}

    client = logs(sdk_private.sending(LogClient, send))
    client.list_logstore("project")
    assert sent == [client]


def touched(name: str) -> Iterator[str]:
    """Yield what a module uses of other objects' private parts."""
    for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
        private = ""
        if isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id in OURS):
            private = node.attr
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "setattr", "hasattr"):
            private = ast.unparse(node.args[1]).strip("'")
        if re.match(r"_[A-Za-z]", private) and isinstance(node, ast.expr):
            yield f"{name}:{node.lineno} {ast.unparse(node)}"


def test_only_one_module_touches_private_parts_of_others() -> None:
    files = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("shared/**/*.py"))
    assert [place for name in files if name != DOOR for place in touched(name)] == []
    assert len(list(touched(DOOR))) > 4
