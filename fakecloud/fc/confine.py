"""What Function Compute keeps a function from, inside its process: writing into its code, and more memory than it has.

Loaded by bootstrap.py; imports nothing of fakecloud. The code's folder is read-only to Python code, not to C code. The
limit is on private writable memory (RLIMIT_DATA: heap and thread stacks, reserved or touched), as near as a process comes
to what an instance has; shared libraries and the runtime's own share are not in it. Beyond it a MemoryError is raised,
where Function Compute ends the instance.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES: Mapping[str, Mapping[int, int | None]] = {
    "os.chmod": {0: 2}, "os.chown": {0: 3}, "os.link": {1: 3}, "os.mkdir": {0: 2}, "os.remove": {0: 1},
    "os.rename": {0: 2, 1: 3}, "os.rmdir": {0: 1}, "os.symlink": {1: 2}, "os.truncate": {0: None}, "os.utime": {0: 3},
}  # fmt: skip
"""Audit events of changes to files: which arguments are paths, and which the folder (a descriptor, -1 for none) that a
relative one starts from (docs.python.org, "Audit events table")."""


def install(code: str, memory: int) -> None:
    """code: the folder. memory: MB."""
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (memory << 20, memory << 20))
    except (ValueError, OSError):
        print("emulator: this system sets no limit on a function's memory", file=sys.stderr)
    root = os.path.realpath(code)

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            changed: Mapping[int, int | None] = (
                {0: None} if isinstance(arguments[2], int) and arguments[2] & _WRITES else {}
            )
        else:
            changed = _CHANGES.get(event, {})
        for place, folder in changed.items():
            path, start = arguments[place], -1 if folder is None else arguments[folder]
            if isinstance(path, (str, bytes)) and _is_in(_absolute(os.fsdecode(path), start), root):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), os.fsdecode(path))

    sys.addaudithook(check)


def peak_memory() -> float:
    """MB that this process has had at most. Not getrusage's figure, in which a child begins with its parent's."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _absolute(path: str, folder: int) -> str:
    return os.path.join(os.readlink(f"/proc/self/fd/{folder}"), path) if folder >= 0 else os.path.abspath(path)


def _is_in(path: str, root: str) -> bool:
    # Not realpath of the whole: a link in the code's folder is in it, whatever it points to.
    place = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    return place == root or place.startswith(root + os.sep)
