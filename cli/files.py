"""Reading the files an operator names, the mapping among them. Errors are one line with the file's name."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from shared.errors import ConfigError
from shared.mapping import decoded
from shared.settings import variable

RolesFile = Annotated[Path, typer.Option("--roles-file", envvar=variable("roles_file"), help="the mapping")]
"""Of every command that has it: the file that the functions' own setting names, where the option is not given."""
ROLES = Path("roles.yaml")


def payloads(files: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file; "-" is standard input. Raises ConfigError for one that cannot be read."""
    for file in files:
        if str(file) == "-":
            yield "-", sys.stdin.buffer.read()
        else:
            yield str(file), content(file)


def content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error


def text(file: Path) -> str:
    try:
        return decoded(content(file))
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file}: is not UTF-8 text: {error.reason} at byte {error.start}; save it as UTF-8"
        ) from error


def lines(file: Path) -> Iterator[bytes]:
    """The lines of a file, one after the other, each with its end. Raises ConfigError."""
    try:
        with file.open("rb") as opened:
            yield from opened
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
