"""An emulated cloud that judges, two roles for instances, one instance, and a way to deploy a function. No tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT


@pytest.fixture
def judging(cloud: Cloud) -> Cloud:
    """permissions is on; the roles web and db trust ECS."""
    cloud.switches.permissions = "on"
    for name in ("web", "db"):
        cloud.ram.put_role(ACCOUNT, name)
    return cloud


@pytest.fixture
def one(judging: Cloud) -> str:
    """The id of one instance without a role, tagged team=dev."""
    return judging.ecs.make(tags={"team": "dev"})[0].instance_id


@pytest.fixture
def deploy(cloud: Cloud, tmp_path: Path) -> Callable[..., None]:
    """deploy(source, **props): the function "hello" in this process; `region` and everything else as in s.yaml."""

    def run(source: str, **props: Any) -> None:
        (tmp_path / "index.py").write_text(source)
        whole = {"functionName": "hello", "region": "cn-hangzhou", "runtime": "python3.10", "handler": "index.handler"}
        resources = {"hello": {"component": "fc3", "props": {**whole, **props}}}
        (tmp_path / "s.yaml").write_text(yaml.safe_dump({"edition": "3.0.0", "name": "t", "resources": resources}))
        cloud.fc.deploy(tmp_path / "s.yaml", code=tmp_path, account=ACCOUNT, runner="inline")

    return run
