"""What the tests of Function Compute share: deploying small handlers, and clients of both versions of the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
import yaml
from alibabacloud_fc20230330.client import Client as Fc3
from alibabacloud_fc_open20210406.client import Client as Fc2
from alibabacloud_tea_openapi.models import Config

from fakecloud.cloud import Cloud
from fakecloud.fc.models import Outcome
from fakecloud.identity import ACCOUNT, ROOT_KEY

Deploy = Callable[..., list[str]]


def config(region: str = "cn-hangzhou", secret: str = ROOT_KEY[1], key: str = ROOT_KEY[0]) -> Config:
    return Config(
        access_key_id=key, access_key_secret=secret, region_id=region, endpoint=f"{ACCOUNT}.{region}.fc.aliyuncs.com"
    )


@pytest.fixture
def fc3(cloud: Cloud) -> Fc3:
    return Fc3(config())


@pytest.fixture
def fc2(cloud: Cloud) -> Fc2:
    return Fc2(config())


@pytest.fixture(params=["process", "inline"])
def runner(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def deploy(cloud: Cloud, tmp_path: Path) -> Iterator[Deploy]:
    """deploy(source, **props): one function "hello" whose handler is index.handler, or whatever props say."""

    def run(
        source: str,
        *,
        runner: str = "inline",
        env: dict[str, str] | None = None,
        code: Path = tmp_path / "code",
        **props: Any,
    ) -> list[str]:
        code.mkdir(exist_ok=True)
        (code / "index.py").write_text(dedent(source))
        whole = {"functionName": "hello", "region": "cn-hangzhou", "runtime": "python3.10", "handler": "index.handler"}
        document = {
            "edition": "3.0.0",
            "name": "t",
            "resources": {"hello": {"component": "fc3", "props": whole | props}},
        }
        (tmp_path / "s.yaml").write_text(yaml.safe_dump(document))
        return cloud.fc.deploy(tmp_path / "s.yaml", code=code, account=ACCOUNT, runner=runner, env=env or {})  # type: ignore[arg-type]

    yield run
    cloud.fc.shutdown()


def handler(body: str) -> str:
    """A module with a handler of that body."""
    return "def handler(event, context):\n" + indent(dedent(body).strip(), "    ") + "\n"


def invoke(cloud: Cloud, payload: bytes = b"{}", name: str = "hello") -> Outcome:
    return cloud.fc.invoke(cloud.fc.find(ACCOUNT, "", name), payload)
