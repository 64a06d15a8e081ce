"""How a build chooses and tells: the best wheel, the interpreter for the byte code, where that will lie, and the table of sizes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from cli.build import report
from cli.building.bundle import Part, make
from cli.building.bytecode import interpreter

from .project import Project

LINUX = "manylinux2014_x86_64"


def hashed(path: Path) -> str:
    """As a lock file has it."""
    return f"--hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


@pytest.mark.parametrize(
    ("best", "other"),
    [
        pytest.param(f"cp310-cp310-{LINUX}", "py3-none-any", id="for this machine, for any"),
        pytest.param(f"cp310-cp310-{LINUX}", "cp310-cp310-manylinux1_x86_64", id="a newer platform, an older one"),
        pytest.param(f"cp310-cp310-{LINUX}", f"cp310-abi3-{LINUX}", id="this Python's, one for all from it on"),
        pytest.param(f"cp38-abi3-{LINUX}", "py3-none-any", id="an older Python's for all from it on, for any"),
        pytest.param("py3-none-any", "", id="a wheel, the source"),
    ],
)
def test_of_several_files_of_a_version_the_best_for_the_target_is_taken(
    best: str, other: str, project: Project
) -> None:
    project.wheel("thing").unlink()
    good = project.wheel("thing", best, files={"thing/__init__.py": "x = 'best'\n"})
    worse = project.wheel("thing", other, files={"thing/__init__.py": "x = 'other'\n"}) if other else None
    files = [good, worse or project.source("thing")]
    pin = "thing==1.0 " + " ".join(map(hashed, files))
    project.write("requirements.lock", pin + "\n")
    shelf = project.root / "shelf" / "python3.10"
    shelf.mkdir(parents=True)
    for path in files:
        shutil.copy(path, shelf)
    project.build()
    assert (project.output / "python" / "thing" / "__init__.py").read_text() == "x = 'best'\n"


def shown_as(python: str, source: Path) -> str:
    """The file that tracebacks will name."""
    compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-310.pyc"
    code = "import marshal, sys; print(marshal.loads(open(sys.argv[1], 'rb').read()[16:]).co_filename)"
    return subprocess.check_output([python, "-c", code, compiled], text=True).strip()


@pytest.mark.slow
def test_tracebacks_name_files_where_function_compute_puts_them(project: Project, python310: str) -> None:
    layer = project.root / "layer"
    make(
        project.root,
        project.output,
        roles_file=project.root / "roles.yaml",
        shelf=project.root / "shelf",
        python=python310,
        layer=layer,
    )
    assert shown_as(python310, project.output / "functions" / "one.py") == "/code/functions/one.py"
    assert shown_as(python310, layer / "python" / "thing" / "__init__.py") == "/opt/python/thing/__init__.py"


@pytest.mark.parametrize(
    ("root", "place"),
    [
        pytest.param("pyenv", "pyenv/versions/{}.9/bin/python", id="pyenv, where its variable says"),
        pytest.param("", "home/.pyenv/versions/{}.9/bin/python", id="pyenv, where it is by default"),
        pytest.param("", "home/.local/share/uv/python/cpython-{}.9-linux-x86_64-gnu/bin/python", id="uv"),
    ],
)
def test_an_interpreter_is_found_where_version_managers_keep_it(
    root: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, real = sys.version_info[:2], Path(sys.executable).resolve()
    link = tmp_path / place.format("{}.{}".format(*version))
    link.parent.mkdir(parents=True)
    link.symlink_to(real)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / root) if root else "")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr("cli.building.bytecode.sys.executable", str(tmp_path / "absent"))
    assert interpreter(version) == str(link)


def test_the_table_of_sizes_names_what_is_large_and_sums_up_the_rest(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = (
        Part(name="rolekeeper", files=3, size=10_000, compiled=20_000),
        Part(name="large", version="1.5", files=20, size=1_000_000, compiled=2_000_000),
        Part(name="by-its-code", version="2.0", files=4, size=100_000, compiled=250_000),
        Part(name="small", version="3.0", files=5, size=100_000, compiled=150_000),
        Part(name="smaller", version="4.0", files=6, size=40_000, compiled=10_000),
    )
    report(msgspec.structs.replace(project.build(), parts=parts), project.root / "roles.yaml")
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[1:6] == [
        ["large", "1.5", "20", "1.00", "MB", "2.00", "MB"],
        ["by-its-code", "2.0", "4", "0.10", "MB", "0.25", "MB"],
        ["rolekeeper", "3", "0.01", "MB", "0.02", "MB"],
        ["2", "smaller", "ones", "11", "0.14", "MB", "0.16", "MB"],
        ["together", "38", "1.25", "MB", "2.43", "MB"],
    ]
