"""Fixture fleet: a world of many instances, in which an invocation has a time limit and others can be started."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from tests.clocks import emulated
from tests.functional.fleet.fleet import Fleet


@pytest.fixture
def fleet(
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Fleet:
    """Time passes only where somebody waits, so that a slow machine changes nothing: waiting moves the emulated clock."""
    waits = emulated(cloud, monkeypatch, frozen=True)
    made = Fleet(cloud, monkeypatch, capsys, tmp_path, waits=waits)
    made.open()
    return made
