"""Rules of the repository itself: small files that say what they are for, honest locks, docs that follow the code."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
from pathlib import Path

import msgspec
import pytest

from fakecloud.cloud import Cloud
from fakecloud.faults import KINDS, Fault
from fakecloud.sidedoor import SideDoor
from fakecloud.switches import Switches
from shared.model.decision import Outcome, Reason
from shared.model.record import Record
from shared.settings import Settings, variable

ROOT = Path(__file__).resolve().parents[2]
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
PYTHON = [name for name in TRACKED if name.endswith(".py") and (ROOT / name).exists()]
CODE = [name for name in PYTHON if name.startswith(("shared/", "functions/", "fakecloud/", "cli/"))]
MARKDOWN = [name for name in TRACKED if name.endswith(".md") and (ROOT / name).exists()]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PYTHON)
def test_a_module_says_what_it_is_for_and_stays_small(name: str) -> None:
    text = read(name)
    assert len(text.splitlines()) <= 300 or name.startswith("tests/")
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "the first line says what the file is for"
        assert text.startswith('"""')


def test_most_modules_are_small() -> None:
    sizes = sorted(len(read(name).splitlines()) for name in CODE if read(name).strip())
    assert sizes[len(sizes) // 2] < 110


def test_the_lock_file_pins_with_hashes_and_names_no_address() -> None:
    lock = read("requirements.lock")
    assert "://" not in lock
    assert "--index" not in lock
    assert "--find-links" not in lock
    pinned = re.findall(r"^([a-z0-9._-]+)==", lock, re.M)
    declared = re.findall(r'^    "([A-Za-z0-9._-]+)[<>=].*', read("pyproject.toml"), re.M)
    assert {name.lower().replace("_", "-") for name in declared} <= set(pinned)
    blocks = re.split(r"\n(?=\S)", lock.strip())
    assert all("--hash=sha256:" in block for block in blocks)


@pytest.mark.parametrize("name", MARKDOWN)
def test_links_between_the_documents_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", read(name)):
        if "://" not in target:
            assert (ROOT / name).parent.joinpath(target).exists(), target


def test_fidelity_names_every_switch_and_no_other() -> None:
    table = read("docs/fidelity.md").split("## The open questions")[1].split("\n## ")[0]
    named = {
        word
        for row in table.splitlines()
        for word in re.findall(r"`([a-z_]+)`", row.split("|")[2] if row.count("|") > 3 else "")
    }
    assert named == set(Switches.__slots__)


def test_operations_names_every_setting() -> None:
    named = set(re.findall(r"^\| `(ROLEKEEPER_[A-Z_]+)`", read("docs/operations.md"), re.M))
    assert named == {variable(field.name) for field in msgspec.structs.fields(Settings)}


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_has_every_field_of_a_record(name: str) -> None:
    named = set(re.findall(r"^\| `([a-z_]+)` \|", read(name), re.M))
    assert named == set(Record.__struct_fields__)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_has_every_outcome(name: str) -> None:
    text = read(name)
    assert all(f"`{outcome.value}`" in text for outcome in Outcome)


def test_the_mapping_page_explains_every_reason() -> None:
    text = read("docs/mapping.md")
    assert all(f"`{reason.value}`" in text for reason in Reason)


def test_the_emulator_s_page_names_every_route_and_every_fault() -> None:
    page = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(GET|POST|DELETE) ([a-z]+)`", page))
    assert named == set(SideDoor(Cloud()).routes)
    words = set(re.findall(r"`([a-z0-9_]+)`", page))
    fields = {field.name for field in dataclasses.fields(Fault)} - {"seen", "hit"}
    assert {*KINDS, *fields} - words == set()


PAGES = ("docs/architecture.md", "docs/architecture.svg", "docs/torture.md", "CONTRIBUTING.md")


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_a_page_on_the_code_names_exists(name: str) -> None:
    named = set(re.findall(r"(?<![\w<*])[\w/.-]*\w\.(?:py|md|yaml|svg|json)\b", read(name)))
    known = {f"/{path}" for path in TRACKED}
    assert (
        sorted(word for word in named if "NAME" not in word and not any(path.endswith(f"/{word}") for path in known))
        == []
    )


@pytest.mark.parametrize("name", PAGES)
def test_every_name_in_a_file_that_a_page_on_the_code_gives_exists(name: str) -> None:
    for path, dotted in re.findall(r"\b((?:shared|tests)/[\w/]+\.py):(\w+(?:\.\w+)*)", read(name)):
        known = {node.name for node in ast.walk(ast.parse(read(path))) if hasattr(node, "name")}
        known |= {node.id for node in ast.walk(ast.parse(read(path))) if isinstance(node, ast.Name)}
        assert set(dotted.split(".")) <= known, f"{path}:{dotted}"


def test_the_page_on_the_house_names_every_module_of_the_layers_that_decide_and_act() -> None:
    named = set(re.findall(r"\w+\.py\b", read("docs/architecture.md")))
    layers = ("shared/model/", "shared/planning/", "shared/engine/", "shared/gateways/")
    modules = [
        path for path in CODE if path.startswith(layers) or (path.startswith("shared/") and path.count("/") == 1)
    ]
    assert [path for path in modules if not path.endswith("__init__.py") and Path(path).name not in named] == []
