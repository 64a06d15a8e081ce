"""The lines of a run on this machine: intents before each write, and records that SLS has not. Knows what was lost of them.

They go to a file of the run's own, whose name the operator is told, unless he names one: a terminal is for what people read.
"""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from cli.output import counted, is_closed, say
from shared.errors import ConfigError
from shared.settings import Settings

RECORD = '{"record"'
"""The head of a record's line."""
STANDARD_ERROR = "standard error"
STREAM = Path("-")
"""The file's name for standard error."""
OWNER_ONLY = 0o600


class Journal(io.TextIOBase):
    """Takes the functions' lines in place of standard output. Each is where it belongs when write() returns, or counted as lost.

    name: where they go, for the operator. lost: lines; lost_records: those of them that are records. why: what the system said.
    """

    def __init__(self, name: str, put: Callable[[bytes], int], *, is_nowhere: bool = False, torn: bool = False) -> None:
        """torn: what is there already ends within a line."""
        self.name, self._put, self.is_nowhere = name, put, is_nowhere
        self.records = self.lost = self.lost_records = 0
        self.why = ""
        self._torn = torn

    def write(self, text: str) -> int:
        """Raises OSError where it is lost."""
        is_record = text.startswith(RECORD)
        self.records += is_record
        rest = (b"\n" if self._torn else b"") + text.encode("utf-8", "backslashreplace")
        try:
            while rest:
                done = self._put(rest)
                self._torn, rest = done < len(rest), rest[done:]
        except OSError as error:
            self.lost += 1
            self.lost_records += is_record
            self.why = error.strerror or str(error)
            raise
        return len(text)


def where(settings: Settings, run_id: str, *, in_sls: bool, lines: Journal) -> str:
    """Return where all records of the run are, and what is nowhere. lines: what SLS has not."""
    lost = lines.lost - lines.lost_records
    intents = (
        f"; {counted(lost, 'line')} before a write could not be written to {lines.name}: {lines.why}" if lost else ""
    )
    if in_sls:
        if lines.name != STANDARD_ERROR and not lines.is_nowhere:
            intents = f"; the lines before each write: {lines.name}{intents}"
        return f'SLS, {settings.sls_project}/{settings.sls_logstore}: run_id: "{run_id}"{intents}'
    why = (
        "SLS did not take them; the reason is there too"
        if settings.sls_project
        else "ROLEKEEPER_SLS_PROJECT is not set"
    )
    if lines.is_nowhere:
        return f"nowhere: {lines.name}, and {why}; --records FILE keeps them"
    if lines.lost_records:
        kept = lines.records - lines.lost_records
        return (
            f"{kept} of {lines.records} are in {lines.name}, as JSON lines, the others nowhere: {lines.why}; "
            f"and {why}{intents}"
        )
    elsewhere = "; --records FILE puts them into a file" if lines.name == STANDARD_ERROR else ""
    return f"{lines.name}, as JSON lines: {why}{elsewhere}{intents}"


@contextmanager
def journal(file: Path | None, kind: str) -> Iterator[Journal]:
    """Of that file, which is only added to; of standard error where it is "-"; None: of a new file in the state folder, or of standard
    error where none can be made. Raises ConfigError."""
    made = None if file else _new_file(kind)
    if file == STREAM or not (file or made):
        with _standard_error() as lines:
            yield lines
        return
    file, number = made or (file or STREAM, _opened(file or STREAM))
    try:
        yield Journal(str(file), lambda data: os.write(number, data), torn=_is_torn(number))
    except BaseException:
        if made and os.fstat(number).st_size:
            say(f"rolekeeper: what was begun until then is in {file}, as JSON lines", err=True)
        raise
    finally:
        if made and not os.fstat(number).st_size:
            with suppress(OSError):
                file.unlink()
        with suppress(OSError):
            os.close(number)


def state_folder() -> Path:
    """Return the folder in which files of runs are made: in XDG_STATE_HOME, as the XDG base directory specification has it. Raises
    RuntimeError where nobody has a home."""
    named = os.environ.get("XDG_STATE_HOME", "")
    return (Path(named) if Path(named).is_absolute() else Path.home() / ".local" / "state") / "rolekeeper"


def _new_file(kind: str) -> tuple[Path, int] | None:
    """Make the file of this run, and return its name and a handle that adds to it; None where the folder cannot be had."""
    try:
        folder = state_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"{kind}-{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.jsonl"
        return file, _opened(file)
    except (OSError, RuntimeError, ConfigError):
        return None


@contextmanager
def _standard_error() -> Iterator[Journal]:
    """Past Python's buffer, which would go on trying to write what was lost."""
    if is_closed("stderr"):
        yield Journal("standard error is closed", len, is_nowhere=True)
        return
    try:
        number = os.dup(sys.stderr.fileno())
    except (OSError, ValueError):  # no file, as in a test
        yield Journal(STANDARD_ERROR, lambda data: sys.stderr.write(data.decode()) and len(data))
        return
    try:
        sys.stderr.flush()
        yield Journal(STANDARD_ERROR, lambda data: os.write(number, data))
    finally:
        os.close(number)


def _opened(file: Path) -> int:
    """A handle that adds to the file, which nobody but its owner can read or has put in the way of another. Raises ConfigError."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY"):  # not every system has all
        flags |= getattr(os, name, 0)
    with suppress(OSError):
        _check(file, os.lstat(file))  # before opening does anything to what is no file
    try:
        number = os.open(file, flags, OWNER_ONLY)
    except OSError as error:
        why = "is a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise ConfigError(f"--records: {file}: {why}") from None
    try:
        found = os.fstat(number)
        _check(file, found)
        mode = stat.S_IMODE(found.st_mode)
        if stat.S_ISREG(found.st_mode) and os.name == "posix" and mode != OWNER_ONLY:
            os.chmod(number, OWNER_ONLY)
            if mode & 0o077:
                say(
                    f"rolekeeper: --records: {file}: others could read or write it ({mode:04o}); now its owner alone can",
                    err=True,
                )
    except BaseException:
        os.close(number)
        raise
    return number


def _is_torn(number: int) -> bool:
    """Return whether an earlier run filled the disk within a line."""
    end = os.fstat(number).st_size if hasattr(os, "pread") else 0
    return end > 0 and os.pread(number, 1, end - 1) != b"\n"


def _check(file: Path, found: os.stat_result) -> None:
    mode, wrong = found.st_mode, ""
    if stat.S_ISLNK(mode):
        wrong = "is a symbolic link, which is not followed"
    elif stat.S_ISDIR(mode):
        wrong = "is a directory"
    elif not stat.S_ISREG(mode) and not stat.S_ISCHR(mode):
        wrong = "is no file, but a pipe, a socket or a disk"
    elif stat.S_ISREG(mode) and found.st_nlink > 1:
        wrong = "has another name too (a hard link), under which others may have it"
    elif stat.S_ISREG(mode) and os.name == "posix" and found.st_uid != os.geteuid():
        wrong = f"belongs to another user ({found.st_uid}), who could read and change what is added"
    if wrong:
        raise ConfigError(f"--records: {file}: {wrong}; name a file of your own, or one that is not there yet")
