"""The emulated cloud's time inside a function's process: what time and datetime say is moved by an offset.

Loaded by bootstrap.py; imports nothing of fakecloud. Monotonic clocks and sleeping are left alone. The types stay the same
(a subclass of datetime would not be one to C extensions), so the methods of the C type are replaced, which CPython allows
to those who know where its dict is.
"""

from __future__ import annotations

import ctypes
import datetime
import gc
import time
from collections.abc import Callable
from typing import Any

offset = 0.0
"""Seconds ahead of this machine."""
_real = time.time
_gmtime, _localtime, _strftime = time.gmtime, time.localtime, time.strftime


def now() -> float:
    return _real() + offset


def install(clock: Callable[[], float] = now) -> Callable[[], None]:
    """From now on, everything in this process that asks for the time gets the shifted one; call what this returns to undo it.

    clock: says the time, in seconds since the epoch.
    """
    utc = datetime.timezone.utc
    undo = [
        _replace_in(
            time.__dict__,
            time=clock,
            time_ns=lambda: int(clock() * 1e9),
            gmtime=lambda seconds=None: _gmtime(clock() if seconds is None else seconds),
            localtime=lambda seconds=None: _localtime(clock() if seconds is None else seconds),
            strftime=lambda form, at=None: _strftime(form, time.localtime() if at is None else at),
        ),
        _replace(
            datetime.datetime,
            now=classmethod(lambda cls, tz=None: cls.fromtimestamp(clock(), tz)),
            today=classmethod(lambda cls: cls.fromtimestamp(clock())),
            utcnow=classmethod(lambda cls: cls.fromtimestamp(clock(), utc).replace(tzinfo=None)),
        ),
        _replace(datetime.date, today=classmethod(lambda cls: cls.fromtimestamp(clock()))),
    ]

    def restored() -> None:
        for restore in undo:
            restore()

    return restored


def _replace(type_: type, **methods: Any) -> Callable[[], None]:
    (names,) = (found for found in gc.get_referents(type_.__dict__) if isinstance(found, dict))
    restore = _replace_in(names, **methods)

    def undo() -> None:
        restore()
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(type_))

    ctypes.pythonapi.PyType_Modified(ctypes.py_object(type_))
    return undo


def _replace_in(names: dict[str, Any], **values: Any) -> Callable[[], None]:
    before = {name: names[name] for name in values if name in names}
    names.update(values)

    def restore() -> None:
        for name in values:
            names.pop(name)
        names.update(before)

    return restore
