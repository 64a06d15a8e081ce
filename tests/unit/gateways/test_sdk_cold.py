"""Importing the SDKs in a process that just began: once for all threads, out of the garbage collector's sight, and little of them."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.server import Server
from fakecloud.sls.models import Project
from shared.gateways.sdk import lean

ROOT = Path(__file__).resolve().parents[3]
PROJECT, LOGSTORE, REGION = "rolekeeper", "rolekeeper-records", "cn-hangzhou"


def printed(source: str) -> list[str]:
    """By a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", source], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def test_threads_that_import_at_once_import_once() -> None:
    """Whoever imported it again would get modules in the midst of the other's deferring."""
    both, ran = threading.Barrier(2), []

    @lean
    def importing() -> object:
        ran.append(threading.get_ident())
        with suppress(threading.BrokenBarrierError):
            both.wait(0.2)  # the other has every chance to come in
        return object()

    with ThreadPoolExecutor(2) as threads:
        first, second = [one.result(10) for one in [threads.submit(importing), threads.submit(importing)]]
    assert len(ran) == 1
    assert first is second


def test_what_importing_made_is_no_longer_gone_through_by_the_collector() -> None:
    """What was frozen before is the interpreter's own."""
    before, after, tracked = printed(
        "import gc\nfrom shared.gateways.sdk import lean\nmade = [[]]\n@lean\ndef get(): return made\n"
        "before = gc.get_freeze_count()\nget()\n"
        "print(before, gc.get_freeze_count(), any(one is made for one in gc.get_objects()))"
    )
    assert int(before) < int(after)
    assert tracked == "False"


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules of a process that asked ECS for an instance and sent one record to SLS."""
    cloud = Cloud()
    project = Project(PROJECT, REGION, ACCOUNT, "", 0, 0)
    cloud.sls.state.add(project)
    project.create_logstore(LOGSTORE, {"ttl": 30}, 0, 200)
    with Server(cloud) as server:
        modules = printed(
            "import sys\nfrom shared.gateways.clients import Credentials\nfrom shared.gateways.ecs import EcsGateway\n"
            "from shared.gateways.sls import SlsGateway\nfrom shared.settings import Settings\n"
            f"keys = Credentials(access_key_id={ROOT_KEY[0]!r}, access_key_secret={ROOT_KEY[1]!r})\n"
            f"here = Settings(region={REGION!r}, account_id={ACCOUNT!r}, endpoint={server.url!r}, sls_project={PROJECT!r})\n"
            f"assert EcsGateway(here, keys, {REGION!r}).instances(['i-1']) == []\n"
            "assert SlsGateway(here, keys).send([{'name': 'one'}])\nprint(*sys.modules)"
        )
    assert [log["name"] for log in cloud.sls.logs(PROJECT, LOGSTORE)] == ["one"]
    return set(modules)


@pytest.mark.parametrize(
    "module",
    [
        "aiohttp",
        "apscheduler",
        "asyncio",
        "cryptography",
        "dateutil",
        "websocket",
        "aliyun.log.logclient_operator",
        "google.protobuf.internal.python_message",
    ],
)
def test_a_record_is_sent_without(module: str, loaded: set[str]) -> None:
    assert "aliyun.log" in loaded
    assert module not in loaded
