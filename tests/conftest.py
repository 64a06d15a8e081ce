"""Fixtures that every test may use: an empty emulated cloud at the wire, under real SDK clients."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from fakecloud.cloud import Cloud
from fakecloud.wire import installed
from tests.secrecy import pytest_runtest_makereport

__all__ = ["pytest_runtest_makereport"]  # a hook: pytest finds it here

# A loaded machine draws and runs slowly: that is no failure of what is tested.
# CI draws more of them (--hypothesis-profile=many).
settings.register_profile("many", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("some", settings.get_profile("many"), max_examples=40)
settings.load_profile("some")

# Nor do an operator's own settings and keys reach a test: who tried the commands has them in the same shell.
for name in [name for name in os.environ if name.startswith(("ROLEKEEPER_", "ALIBABA_CLOUD_", "FC_"))]:
    del os.environ[name]


@pytest.fixture(scope="session", autouse=True)
def _state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The files of runs are not made in the home of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--few", action="store_true", help="each test with no more than two of its sets of parameters")


@pytest.hookimpl(tryfirst=True)  # before `-m "not slow"` is applied
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """each_value: see there. --few: the first and the last set, for another Python where all have been run on one."""
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        tests.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for sets in tests.values():
        if sets[0].get_closest_marker("each_value"):
            for item in combinations([item for item in sets if not item.get_closest_marker("slow")]):
                item.add_marker("slow")
        if config.getoption("--few"):
            sets[:] = [item for item in sets if not item.get_closest_marker("slow")] or sets
    if config.getoption("--few"):
        items[:] = [sets[place] for sets in tests.values() for place in sorted({0, len(sets) - 1})]


def combinations(sets: list[pytest.Item]) -> list[pytest.Item]:
    """Those of a test's sets of parameters that can be left out, and each value of each parameter is still tried."""
    values = [{*enumerate(map(id, item.callspec.params.values()))} for item in sets if hasattr(item, "callspec")]
    unseen, left = set().union(*values), dict(enumerate(values))
    while unseen:
        best = max(left, key=lambda number: len(left[number] & unseen))
        unseen -= left.pop(best)
    return [sets[number] for number in left]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a change of the tests costs shows, however loaded the machine is."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(usage.ru_utime + usage.ru_stime for usage in used)
    terminalreporter.write_line(f"{seconds:.0f} CPU seconds, those of all its processes")


@pytest.fixture
def cloud(request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """An empty cloud; every HTTP request of this process ends in it.

    A call that is not emulated fails the test, unless the test is marked not_emulated.
    """
    emulated = Cloud()
    with installed(emulated):
        yield emulated
        emulated.fc.shutdown()
    unknown = [f"{c.service} {c.action}" for c in emulated.calls if c.code == "Fakecloud.NotEmulated"]
    assert not unknown or request.node.get_closest_marker("not_emulated"), f"not emulated: {unknown}"
