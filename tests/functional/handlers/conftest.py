"""Fixture world: the functions on an emulated cloud, once with each of Function Compute's two shapes of context."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from tests.functional.handlers.world import World


@pytest.fixture(params=["python3.10", "python3.12"])
def world(
    request: pytest.FixtureRequest, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, mocker: MockerFixture,
    capsys: pytest.CaptureFixture[str], tmp_path: Path,
) -> World:  # fmt: skip
    """Waiting takes no time: it moves the emulated clock."""
    real = time.monotonic
    mocker.patch("time.sleep", side_effect=cloud.clock.advance)
    monkeypatch.setattr("time.monotonic", lambda: real() + cloud.clock.offset)
    mocker.patch("shared.clock.CLOCK.wall", cloud.clock.now)
    made = World(cloud, monkeypatch, capsys, tmp_path, request.param)
    made.open()
    return made
