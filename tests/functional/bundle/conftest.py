"""One bundle for all tests, built as `rolekeeper build` does; and small projects to build from."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from cli.building.bundle import make
from cli.building.bytecode import interpreter
from shared.errors import ConfigError

from .project import Project

ROOT = Path(__file__).resolve().parents[3]
SHELF = ROOT / "build" / "wheels"


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first test process that needs it builds it, the others wait. Skips where the package index is out of reach.

    It is this run's: one of an earlier run would be of other code.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "bundle"
    with (shared / "bundle.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            try:
                make(ROOT, folder, roles_file=ROOT / "roles.yaml", shelf=SHELF)
            except ConfigError as error:
                if "cannot be reached" in str(error):
                    pytest.skip(str(error))
                raise
    return folder


@pytest.fixture(scope="session")
def python310() -> str:
    """The runtime's Python."""
    return interpreter((3, 10)) or pytest.skip("there is no CPython 3.10 here")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "CONFIG_FILE": os.devnull,
        "NO_INDEX": "1",
        "FIND_LINKS": str(made.index),
        "INDEX_URL": "",
    }.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    return made
