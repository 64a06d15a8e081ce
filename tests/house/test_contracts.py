"""The import contracts name folders: a module that was not there when they were written breaks them like any other."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tomli

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
FORBIDDEN = {contract["name"].split()[0]: contract for contract in CONTRACTS if contract["type"] == "forbidden"}
FOLDERS = sorted(path.parent.name for path in ROOT.glob("shared/*/__init__.py"))
PURE = [name for name in ("model", "planning", "events", "mapping", "policies") if name in FOLDERS]
RUN = "import sys; from importlinter.cli import lint_imports_command as lint; sys.argv[1:] = ['--no-cache']; lint()"
NEW = '"""A module that is new."""\n\nimport time\n\nfrom aliyun.log import LogClient\n'
ADDED = "\n\ndef late() -> None:\n    from alibabacloud_fc20230330.client import Client\n"


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report on a copy in which shared/ and each of its folders have a module more, and shared/lines.py an import more."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in ("functions", "shared", "fakecloud", "cli"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("", *FOLDERS):
        (copy / "shared" / folder / "newcomer.py").write_text(NEW, encoding="utf-8")
    with (copy / "shared" / "lines.py").open("a", encoding="utf-8") as file:
        file.write(ADDED)
    env = {**os.environ, "COLUMNS": "240"}
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=copy, env=env, capture_output=True, encoding="utf-8", check=False
    )
    return done.stdout.partition("Broken contracts")[2]


def section(report: str, first: str) -> str:
    """What the report says of the contract whose name begins with that word."""
    return re.split(rf"\n{first}\b.*\n-+\n", report)[1].partition("\n---")[0]


@pytest.mark.parametrize("folder", ["", *(name for name in FOLDERS if name != "gateways")])
def test_an_sdk_is_refused_in_a_new_module(broken: str, folder: str) -> None:
    module = ".".join(filter(None, ("shared", folder, "newcomer")))
    assert f"{module} -> aliyun" in section(broken, "One")


def test_an_sdk_is_refused_in_a_module_that_had_none(broken: str) -> None:
    assert "shared.lines -> alibabacloud_fc20230330" in section(broken, "One")


def test_a_new_gateway_may_import_one(broken: str) -> None:
    assert "gateways" not in section(broken, "One")


@pytest.mark.parametrize("folder", PURE)
def test_the_clock_is_refused_in_a_new_module_of_a_pure_folder(broken: str, folder: str) -> None:
    assert f"shared.{folder}.newcomer -> time" in section(broken, "Pure")


def test_a_new_module_beside_the_folders_needs_a_layer(broken: str) -> None:
    assert "shared.newcomer" in section(broken, "Higher")


def test_the_pure_folders_are_named_as_such() -> None:
    assert {f"shared.{name}" for name in PURE} <= set(FORBIDDEN["Pure"]["source_modules"])


@pytest.mark.parametrize("contract", ["One", "Pure"])
def test_every_installed_sdk_is_forbidden_by_name(contract: str) -> None:
    installed = {
        package
        for package, distributions in importlib.metadata.packages_distributions().items()
        if any(re.match("alibabacloud|aliyun|darabonba", name, re.IGNORECASE) for name in distributions)
    }
    assert installed <= set(FORBIDDEN[contract]["forbidden_modules"])
