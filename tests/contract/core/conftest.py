"""The two ways into the emulated cloud, for tests that must hold through both: the seam in this process, and HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from fakecloud.server import Server
from fakecloud.wire import SEAM, sender
from tests.contract import sdk


@dataclass(frozen=True)
class Way:
    """A cloud and the address it answers at."""

    cloud: Cloud
    url: str

    def config(self, **given: Any) -> Any:
        return sdk.config(**{"endpoint": self.url.removeprefix("http://"), **given})

    def ecs(self, action: str, **fields: Any) -> dict[str, Any]:
        return sdk.ecs(self.config(), action, **fields)

    def door(self, method: str, path: str, body: Any = None) -> requests.Response:
        """The side door, as a client of any language uses it."""
        return requests.request(method, f"{self.url}/_fakecloud/{path}", json=body, timeout=10)


@pytest.fixture
def directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of this machine between the test and the server."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(params=["in process", "over HTTP"])
def way(request: pytest.FixtureRequest, mocker: MockerFixture, directly: None) -> Iterator[Way]:
    cloud = Cloud()
    with contextlib.ExitStack() as stack:
        if request.param == "in process":
            mocker.patch(SEAM, autospec=True, side_effect=sender(cloud))
            yield Way(cloud, "http://fakecloud.test")
        else:
            yield Way(cloud, stack.enter_context(Server(cloud)).url)


@pytest.fixture
def served(directly: None) -> Iterator[Way]:
    """Over HTTP only."""
    cloud = Cloud()
    with Server(cloud) as server:
        yield Way(cloud, server.url)


Door = Callable[..., requests.Response]
