"""Fixture estate: one deployment for two regions of three accounts; waiting takes no time. Its param: env, trusted, rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from tests.functional.permissions.estate import ENV, RULES, Estate


@pytest.fixture
def estate(cloud: Cloud, tmp_path: Path, request: pytest.FixtureRequest, mocker: MockerFixture) -> Estate:
    mocker.patch("time.sleep", side_effect=cloud.clock.advance)
    given: dict[str, Any] = getattr(request, "param", {})
    return Estate(cloud, tmp_path, given.get("env", ENV), given.get("trusted", "s3cret"), given.get("rules", RULES))
