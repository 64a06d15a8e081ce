"""Fixture fleet: a world of many instances, in which an invocation has a time limit and others can be started."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from tests.functional.fleet.fleet import Fleet


@pytest.fixture
def fleet(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, mocker: MockerFixture, capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Fleet:  # fmt: skip
    """Time passes only where somebody waits, so that a slow machine changes nothing: waiting moves the emulated clock."""
    import time

    began, uptime = cloud.clock.now() - cloud.clock.offset, time.monotonic()
    mocker.patch("time.sleep", cloud.clock.advance)
    monkeypatch.setattr("time.monotonic", lambda: uptime + cloud.clock.offset)
    monkeypatch.setattr(cloud.clock, "now", lambda: began + cloud.clock.offset)
    mocker.patch("shared.clock.CLOCK.wall", cloud.clock.now)
    made = Fleet(cloud, monkeypatch, capsys, tmp_path)
    made.open()
    return made
