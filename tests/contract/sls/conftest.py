"""An SLS client over the emulated cloud, and a project with a logstore. No tests."""

from __future__ import annotations

from typing import Any

import pytest

from fakecloud.cloud import Cloud
from tests.contract.sls.toolbox import INDEX, PROJECT, STORE, Config, Logs, client


@pytest.fixture
def sls(cloud: Cloud) -> Any:
    """A client of the root account in an empty SLS."""
    return client()


@pytest.fixture
def logs(sls: Any) -> Logs:
    """A logstore with INDEX."""
    sls.create_project(PROJECT, "records of rolekeeper")
    sls.create_logstore(PROJECT, STORE, ttl=30, shard_count=1)
    sls.create_index(PROJECT, STORE, Config(INDEX))
    return Logs(sls)
