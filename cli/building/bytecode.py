"""Compiles a folder for the runtime's Python, so that Function Compute need not. Runs none of the code.

`s deploy` gives every file one time of change, which makes ordinary byte code stale: it would be compiled again on each
cold start, since the code's folder is read-only. Byte code that is not checked against its source stays valid.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from shared.errors import ConfigError


def interpreter(version: tuple[int, int], named: str = "") -> str:
    """A CPython of that version on this machine, "" where there is none. named: ask this one and no other.

    What is found may be a shim, which needs an environment: the program itself is told, which needs none.
    Raises ConfigError where the one that is named is of another version.
    """
    if named:
        found = _program(named, version)
        if not found:
            what = "is not" if shutil.which(named) else "is no program, so not"
            raise ConfigError(
                f"{named}: it {what} the CPython {version[0]}.{version[1]} that the byte code has to be made by; "
                "`none` in its place (--python, BUILD_PYTHON) makes a bundle without"
            )
        return found
    return next(filter(None, (_program(python, version) for python in _candidates("{}.{}".format(*version)))), "")


def _candidates(version: str) -> Iterator[str]:
    yield sys.executable
    if found := shutil.which(f"python{version}"):
        yield found
    homes = (os.environ.get("PYENV_ROOT") or "~/.pyenv", "~/.local/share/uv/python")
    for home, pattern in zip(
        homes, (f"versions/{version}.*/bin/python", f"cpython-{version}.*/bin/python"), strict=True
    ):
        yield from sorted(map(str, Path(home).expanduser().glob(pattern)))


def _program(python: str, version: tuple[int, int]) -> str:
    """Return where the interpreter that this starts really is, "" if it is of another version or none."""
    asked = "import sys; print(sys.implementation.name, *sys.version_info[:2]); print(sys.executable)"
    try:
        ran = subprocess.run(  # noqa: S603 - an interpreter
            [python, "-I", "-S", "-c", asked], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    about, _, program = ran.stdout.strip().partition("\n")
    return program if ran.returncode == 0 and about.split() == ["cpython", *map(str, version)] else ""


def compile_folder(folder: Path, python: str, shown_as: str) -> None:
    """shown_as: where the folder will lie, for tracebacks. The same sources give the same bytes. Raises ConfigError."""
    ran = subprocess.run(  # noqa: S603 - an interpreter
        [
            python,
            "-S",
            "-m",
            "compileall",
            "-q",
            "--invalidation-mode",
            "unchecked-hash",
            "-s",
            str(folder),
            "-p",
            shown_as,
            str(folder),
        ],
        cwd=folder,
        env={"PYTHONHASHSEED": "0", "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        said = (ran.stdout + ran.stderr).strip().splitlines()
        raise ConfigError(f"byte code: {python} cannot compile the bundle: {said[-1] if said else 'no word why'}")
