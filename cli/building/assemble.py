"""The files of a bundle put in place, the same bytes each time, and the finished folder exchanged for the former one."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from shared.errors import ConfigError

MOMENT = 1_698_796_800
"""The time of change of every file, seconds: 2023-11-01, as `s deploy` sets it."""
MAKING, FORMER = ".making-", "former-"


def copy(files: dict[str, Path], folder: Path) -> None:
    """files: where in the folder -> from where."""
    for place, source in sorted(files.items()):
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(source.read_bytes())


def settle(folder: Path) -> None:
    """Modes and times that depend neither on this machine nor on the day. Everybody may read, as the runtime's user must."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (MOMENT, MOMENT))
    folder.chmod(0o755)
    os.utime(folder, (MOMENT, MOMENT))


def zipped(folder: Path) -> int:
    """Bytes of the zip that a deployment sends."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(folder))
        return file.tell()


@contextmanager
def workshop(output: Path) -> Iterator[Path]:
    """A folder beside the output, on the same disk; gone afterwards, whatever happens. One build at a time: others wait.

    What a build that was killed left is put right first. Raises ConfigError for what the disk refuses meanwhile.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with _alone_in(output.parent):
            for left in output.parent.glob(f"{MAKING}*"):
                _put_back(left)
            with tempfile.TemporaryDirectory(prefix=MAKING, dir=output.parent) as folder:
                yield Path(folder)
    except OSError as error:
        raise ConfigError(f"{output}: cannot be made: {error}") from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    if os.name != "posix":
        raise ConfigError("a bundle is made on Linux or macOS; on Windows, run the build in WSL")
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _put_back(left: Path) -> None:
    """Killed in the middle of an exchange, it had taken former ones away and not put all new ones there."""
    formers = {left.parent / former.name.removeprefix(FORMER): former for former in left.glob(f"{FORMER}*")}
    if not all(output.exists() for output in formers):
        for output, former in formers.items():
            shutil.rmtree(output, ignore_errors=True)
            os.rename(former, output)
    shutil.rmtree(left, ignore_errors=True)


def exchange(finished: Mapping[Path, Path], workshop: Path) -> None:
    """The finished folders take the places of the former ones, which all stay where that fails or is interrupted.

    finished: by the place. They go together: a bundle and the layer that it was made with.
    """
    formers = {output: workshop / (FORMER + output.name) for output in finished if output.exists()}
    try:
        for output, former in formers.items():
            os.rename(output, former)
        for output, folder in finished.items():
            os.rename(folder, output)
    except BaseException:
        if any(folder.exists() for folder in finished.values()):  # else it is done
            for output, folder in finished.items():
                if not folder.exists():
                    os.rename(output, folder)
            for output, former in formers.items():
                if former.exists():
                    os.rename(former, output)
        raise
    for former in formers.values():
        shutil.rmtree(former, ignore_errors=True)
