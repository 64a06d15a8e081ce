"""Files that a command writes whole: what was there before stays until the new content is complete."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from shared.errors import ConfigError


@contextmanager
def replaced(file: Path, what: str, begins: bytes) -> Iterator[IO[bytes]]:
    """Open a file next to it, for its owner alone, which takes its place when all is written, and is removed where that fails.

    what: the command and the option, for errors. begins: what every such file begins with; a file that is there and begins otherwise
    stays, for it may be somebody's mapping. Raises ConfigError where it cannot be made or written.
    """
    number, name = _beside(file, what, begins)
    try:
        with os.fdopen(number, "wb") as stream:
            yield stream
        os.replace(name, file)
    except OSError as error:
        raise ConfigError(f"{what}: {file}: cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            os.unlink(name)


def _beside(file: Path, what: str, begins: bytes) -> tuple[int, str]:
    if str(file) == "-":
        raise ConfigError(f"{what}: '-' is no file; name one")
    try:
        if file.exists() and not stat.S_ISREG(file.stat().st_mode):
            raise ConfigError(f"{what}: {file}: is no file, but a directory, a pipe or a device; name a file")
        if file.exists():
            with file.open("rb") as there:
                head = there.read(len(begins))
            if head not in (b"", begins):
                raise ConfigError(
                    f"{what}: {file}: is there already, and is no file of this kind; it stays: name another"
                )
        return tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:100]}.")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{what}: {file}: cannot be written: {why}") from error
