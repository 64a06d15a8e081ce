"""Fixture world: the functions on an emulated cloud, once with each of Function Compute's two shapes of context."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from tests.clocks import emulated
from tests.functional.handlers.world import World


@pytest.fixture(params=["python3.10", "python3.12"])
def world(
    request: pytest.FixtureRequest, cloud: Cloud, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], tmp_path: Path,
) -> World:  # fmt: skip
    """Waiting takes no time: it moves the emulated clock."""
    waits = emulated(cloud, monkeypatch)
    made = World(cloud, monkeypatch, capsys, tmp_path, request.param, waits=waits)
    made.open()
    return made
