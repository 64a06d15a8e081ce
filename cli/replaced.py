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
def replaced(file: Path, what: str) -> Iterator[IO[bytes]]:
    """Open a file next to it, for its owner alone, which takes its place when all is written, and is removed where that fails.

    what: the command and the option, for errors. Raises ConfigError where it cannot be made or written.
    """
    number, name = _beside(file, what)
    try:
        with os.fdopen(number, "wb") as stream:
            yield stream
        os.replace(name, file)
    except OSError as error:
        raise ConfigError(f"{what}: {file}: cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            os.unlink(name)


def _beside(file: Path, what: str) -> tuple[int, str]:
    try:
        if file.exists() and not stat.S_ISREG(file.stat().st_mode):
            raise ConfigError(f"{what}: {file}: is no file, but a directory, a pipe or a device; name a file")
        return tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:100]}.")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"{what}: {file}: cannot be written: {why}") from error
