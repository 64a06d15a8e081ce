"""Fixtures that every test may use: an empty emulated cloud at the wire, under real SDK clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from fakecloud.wire import SEAM, sender

# A loaded machine draws and runs slowly: that is no failure of what is tested.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture
def cloud(mocker: MockerFixture, request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """An empty cloud; every HTTP request of this process ends in it.

    A call that is not emulated fails the test, unless the test is marked not_emulated.
    """
    emulated = Cloud()
    mocker.patch(SEAM, autospec=True, side_effect=sender(emulated))
    yield emulated
    emulated.fc.shutdown()
    unknown = [f"{c.service} {c.action}" for c in emulated.calls if c.code == "Fakecloud.NotEmulated"]
    assert not unknown or request.node.get_closest_marker("not_emulated"), f"not emulated: {unknown}"
