"""The confines of a function inside its process: writing into its code, and more memory than it has.

Loaded by bootstrap.py; imports nothing of fakecloud. Python code that would write into the code's folder gets the error of a
read-only file system at once, by an audit hook. What the hook cannot see to its end (other processes, C code by ctypes,
sqlite) it lets pass, and from then on the folder is compared after each piece of work: `changes` says what was written.
C code of an extension module that writes by itself is not seen. Until something unseen may have happened nothing is compared:
a warm invocation costs no more, and whoever edits the code meanwhile is not taken for the function.

The limit is on private writable memory (RLIMIT_DATA: heap and thread stacks, reserved or touched), as near as a process comes
to what an instance has; shared libraries and the runtime's own share are not in it. Anonymous shared maps, which are not in it
either, have the same limit once more. Beyond it a MemoryError is raised, where Function Compute ends the instance. A child
process has the limit for itself, and what it has is not added; files that are mapped do not count (/dev/shm is one).
"""

from __future__ import annotations

import _posixsubprocess
import errno
import functools
import os
import resource
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NAMES: Mapping[str, Mapping[int, int | None]] = {
    "os.link": {0: 2, 1: 3}, "os.mkdir": {0: 2}, "os.mkfifo": {0: 1}, "os.mknod": {0: 1}, "os.remove": {0: 1},
    "os.rename": {0: 2, 1: 3}, "os.rmdir": {0: 1}, "os.symlink": {1: 2}, "socket.bind": {1: None},
}  # fmt: skip
"""Audit events of changes to names in a folder: which arguments are paths, and which the folder (a descriptor, -1 for none)
that a relative one starts from (docs.python.org, "Audit events table"). os.mkfifo and os.mknod are ours. A second name for a
file of the code's folder would be a way to write it, and a read-only file system has none outside."""
_FILES: Mapping[str, Mapping[int, int | None]] = {
    "os.chmod": {0: 2}, "os.chown": {0: 3}, "os.removexattr": {0: None}, "os.setxattr": {0: None},
    "os.truncate": {0: None}, "os.utime": {0: 3},
}  # fmt: skip
"""The same of changes to what a name stands for: through links, or an open file itself by its descriptor."""
_UNSEEN = (
    "ctypes.dlsym", "ctypes.dlsym/handle", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system",
    "pty.spawn", "subprocess.Popen",
)  # fmt: skip
"""Audit events after which something may write that raises none. An `import ctypes` alone is not among them."""

_SHOWN = 5
_State = dict[str, tuple[int, ...]]


class Watch:
    """The state of the code's folder, from the first moment that something unseen may change it."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._before: _State | None = None

    def begin(self, arguments: object = None) -> None:
        if self._before is None:
            self._before = _state(self.root)

    def changes(self) -> str:
        """Return what changed since it was asked last, as a text for the user; "" for nothing, or if nothing was to be feared."""
        if self._before is None:
            return ""
        before, now = self._before, _state(self.root)
        self._before = now
        found = [f"new {path}" for path in now if path not in before]
        found += [f"changed {path}" for path in now if path in before and now[path] != before[path]]
        found += [f"removed {path}" for path in before if path not in now]
        more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        return ", ".join([*sorted(found)[:_SHOWN], *more])


def install(code: str, memory: int) -> Watch:
    """code: the folder. memory: MB."""
    limit = memory << 20
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    except (ValueError, OSError):
        print("emulator: this system sets no limit on a function's memory", file=sys.stderr)
    watch = Watch(os.path.realpath(code))
    for name in ("mkfifo", "mknod"):
        if hasattr(os, name):
            _audit(name)
    start = _posixsubprocess.fork_exec

    def fork_exec(*arguments: Any) -> int:
        watch.begin()
        return start(*arguments)

    _posixsubprocess.fork_exec = fork_exec  # multiprocessing starts processes by it, without an event
    checks: dict[str, Callable[[tuple[Any, ...]], None]] = {
        **{event: functools.partial(_check, watch.root, places, False) for event, places in _NAMES.items()},
        **{event: functools.partial(_check, watch.root, places, True) for event, places in _FILES.items()},
        **dict.fromkeys(_UNSEEN, watch.begin),
        "open": functools.partial(_opened, watch),
        "sqlite3.connect": functools.partial(_connected, watch),
        "mmap.__new__": functools.partial(_mapped, limit),
    }

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        found = checks.get(event)
        if found is not None:
            found(arguments)

    sys.addaudithook(check)
    return watch


def peak_memory() -> float:
    """MB that this process has had at most. Not getrusage's figure, in which a child begins with its parent's."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _check(root: str, places: Mapping[int, int | None], follow: bool, arguments: tuple[Any, ...]) -> None:
    """Raises OSError if a path is in root. follow: what a link at its end points to counts, not the link."""
    for place, folder in places.items():
        path, start = arguments[place], -1 if folder is None else arguments[folder]
        if follow and isinstance(path, int):
            path = _of_descriptor(path)
        if isinstance(path, (str, bytes, os.PathLike)) and _is_in(os.fsdecode(path), start, root, follow):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), os.fsdecode(path))


def _opened(watch: Watch, arguments: tuple[Any, ...]) -> None:
    path, mode, flags = arguments
    if not isinstance(flags, int) or not flags & _WRITES or isinstance(path, int):
        return
    _check(watch.root, {0: None}, True, arguments)
    if mode is None and not os.path.isabs(os.fsdecode(path)):
        watch.begin()  # os.open, perhaps with a folder to start from, which the event does not tell


def _connected(watch: Watch, arguments: tuple[Any, ...]) -> None:
    """A database in the code's folder may be read, and there is no telling from a connection; but a new one is a write."""
    text = os.fsdecode(arguments[0])
    path = text[len("file:") :].partition("?")[0] if text.startswith("file:") else text
    if path and not path.startswith(":") and not os.path.exists(path):
        _check(watch.root, {0: None}, True, (path,))
    watch.begin()  # also for ATTACH


def _mapped(limit: int, arguments: tuple[Any, ...]) -> None:
    """Of anonymous maps only: those are shared ones by default, and others have their limit from the system."""
    if arguments[0] == -1 and _shared() + arguments[1] > limit:
        raise MemoryError


def _shared() -> int:
    """Bytes of this process's anonymous shared maps, which the system shows as a deleted /dev/zero."""
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    bounds = [line.split(" ", 1)[0].split("-") for line in lines if line.endswith("/dev/zero (deleted)")]
    return sum(int(end, 16) - int(start, 16) for start, end in bounds)


def _audit(name: str) -> None:
    """Let a call of os raise an audit event, which Python does not."""
    call = getattr(os, name)

    @functools.wraps(call)
    def audited(path: Any, *arguments: Any, dir_fd: int | None = None, **named: Any) -> None:
        sys.audit(f"os.{name}", path, -1 if dir_fd is None else dir_fd)
        call(path, *arguments, dir_fd=dir_fd, **named)

    setattr(os, name, audited)
    os.supports_dir_fd.add(audited)


def _of_descriptor(descriptor: int) -> str | None:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return None


def _is_in(path: str, folder: int, root: str, follow: bool) -> bool:
    if folder >= 0:
        path = os.path.join(_of_descriptor(folder) or "", path)
    if follow:
        place = os.path.realpath(path)
    else:  # A link in the code's folder is in it, whatever it points to.
        path = os.path.abspath(path)
        place = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    return place == root or place.startswith(root + os.sep)


def _state(root: str) -> _State:
    """Everything in the folder by its path in it, with what tells a change of it; less byte code, which is written by any
    Python where it can be and missed nowhere, and what is in folders of tools (.git, .venv)."""
    state: _State = {}
    left = [root]
    while left:
        folder = left.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    about = entry.stat(follow_symlinks=False)
                    is_folder = stat.S_ISDIR(about.st_mode)
                    if is_folder and entry.name == "__pycache__":
                        continue
                    state[entry.path[len(root) + 1 :]] = (
                        (about.st_mode,) if is_folder else (about.st_mode, about.st_size, about.st_ctime_ns)
                    )
                    if is_folder and not entry.name.startswith("."):
                        left.append(entry.path)
        except OSError:
            continue  # went away meanwhile
    return state
