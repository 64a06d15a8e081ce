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
from typing import Any

offset = 0.0
"""Seconds ahead of this machine."""
_real, _real_ns = time.time, time.time_ns
_gmtime, _localtime, _strftime = time.gmtime, time.localtime, time.strftime


def now() -> float:
    return _real() + offset


def install() -> None:
    """From now on, everything in this process that asks for the time gets the shifted one."""
    time.time = now
    time.time_ns = lambda: _real_ns() + int(offset * 1e9)
    time.gmtime = lambda seconds=None: _gmtime(now() if seconds is None else seconds)
    time.localtime = lambda seconds=None: _localtime(now() if seconds is None else seconds)
    time.strftime = lambda form, at=None: _strftime(form, time.localtime() if at is None else at)
    utc = datetime.timezone.utc
    _replace(
        datetime.datetime,
        now=classmethod(lambda cls, tz=None: cls.fromtimestamp(now(), tz)),
        today=classmethod(lambda cls: cls.fromtimestamp(now())),
        utcnow=classmethod(lambda cls: cls.fromtimestamp(now(), utc).replace(tzinfo=None)),
    )
    _replace(datetime.date, today=classmethod(lambda cls: cls.fromtimestamp(now())))


def _replace(type_: type, **methods: Any) -> None:
    (names,) = (found for found in gc.get_referents(type_.__dict__) if isinstance(found, dict))
    names.update(methods)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(type_))
