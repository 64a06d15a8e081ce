"""Fixture world: the functions on an emulated cloud, with the context of Function Compute's python3.12; see world.both_shapes."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from tests.clocks import emulated
from tests.functional.handlers.world import World


@pytest.fixture
def world(
    request: pytest.FixtureRequest,
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> World:
    """Waiting takes no time: it moves the emulated clock."""
    waits = emulated(cloud, monkeypatch)
    runtime = getattr(request, "param", "python3.12")
    made = World(cloud, monkeypatch, capsys, tmp_path, runtime, waits=waits)
    made.open()
    return made
