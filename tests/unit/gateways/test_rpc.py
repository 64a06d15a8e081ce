"""The SDK's generic call: one connection pool a process, and answers that are none."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from darabonba.core import DaraCore

from fakecloud.cloud import Cloud
from fakecloud.http import Response
from fakecloud.identity import ACCOUNT, ROOT_KEY
from shared.errors import TransientError
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.settings import Settings


def gateway() -> EcsGateway:
    keys = Credentials(access_key_id=ROOT_KEY[0], access_key_secret=ROOT_KEY[1])
    return EcsGateway(Settings(region="cn-hangzhou", account_id=ACCOUNT), keys, "cn-hangzhou")


def test_two_first_calls_at_once_make_one_pool(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DaraCore, "_sessions", {})
    real, made, ready = DaraCore.get_adapter, [0], threading.Barrier(2)

    def counted(*args: Any, **options: Any) -> Any:
        made[0] += 1
        threading.Event().wait(0.05)  # the other has every chance to come in between
        return real(*args, **options)

    monkeypatch.setattr(DaraCore, "get_adapter", staticmethod(counted))

    def first() -> list[str]:
        ready.wait(5)
        return gateway().regions()

    with ThreadPoolExecutor(2) as pool:
        found = [one.result(10) for one in [pool.submit(first), pool.submit(first)]]
    assert found[0] == found[1] != []
    assert made == [1]


def test_an_sdk_that_keeps_its_pools_elsewhere_is_not_waited_for(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(DaraCore, "_sessions")
    monkeypatch.setattr(
        DaraCore, "_get_session", staticmethod(lambda *args, **options: __import__("requests").Session())
    )
    assert gateway().regions()


@pytest.mark.parametrize(
    "body", [{}, [], None, {"Instances": {}}], ids=["empty", "a list", "null", "without RequestId"]
)
def test_an_answer_that_is_none_is_transient(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, body: Any) -> None:
    monkeypatch.setattr(cloud, "handle", lambda request: Response.json(body))
    with pytest.raises(TransientError, match="no usable answer"):
        gateway().instances(["i-1"])
