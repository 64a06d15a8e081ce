"""Imports SDKs without those parts of them that no function uses: these are loaded if they are used after all.

Most invocations are cold starts, and importing is most of a cold start. Patches no SDK, and imports no SDK by itself.
"""

from __future__ import annotations

import functools
import gc
import importlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, TypeVar

DEFERRED: Mapping[str, str] = {
    "aiohttp": "the SDKs' asynchronous calls",
    "asyncio": "the same",
    "apscheduler": "renews, in the background, keys that the SDK takes from an ECS instance's metadata",
    "cryptography": "signatures with RSA keys",
    "websocket": "actions that stream",
    "google.protobuf.internal.python_message": "protobuf's messages in Python, where its C ones cannot be loaded",
    "aliyun.log.logclient_operator": "copies and transforms whole projects",
    "dateutil": "reads times as people write them",
}
"""Modules that the SDKs import at their top and only use in some function, with what they use them for."""

T = TypeVar("T")


def is_deferred(module: str) -> bool:
    return any(module == name or module.startswith(name + ".") for name in DEFERRED)


def lean(importing: Callable[[], T]) -> Callable[[], T]:
    """Decorates a function that imports from an SDK and returns what it needs of it; the function runs once.

    What is in DEFERRED is loaded when first used. Where that does not go well, because an SDK was changed, everything
    is forgotten and the function runs again with plain imports.
    """

    found: list[T] = []

    @functools.wraps(importing)
    def imported() -> T:
        if not found:
            with _lock:  # who waited here must not run it again: the other may be using the SDK already, undeferred
                found.extend([] if found else [_imported(importing)])
        return found[0]

    return imported


def _imported(importing: Callable[[], T]) -> T:
    before = set(sys.modules)
    with _uncollected():
        try:
            with _deferring():
                return importing()
        except Exception:
            for name in set(sys.modules) - before:
                if name.partition(".")[0] not in sys.stdlib_module_names:
                    sys.modules.pop(name, None)
            return importing()


_lock = threading.RLock()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep what importing makes for good: the garbage collector would go through it for nothing, now and later."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


@contextmanager
def _deferring() -> Iterator[None]:
    """Afterwards sys.modules knows no deferred module, so that whoever imports one elsewhere gets it as it is."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for module in finder.made:
            module.__dict__["_is_taken_from"] = False
            if sys.modules.get(module.__name__) is module:
                del sys.modules[module.__name__]


class _Finder(MetaPathFinder, Loader):
    def __init__(self) -> None:
        self.made: list[_Module] = []

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if is_deferred(name):
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        self.made.append(_Module(spec.name))
        return self.made[-1]

    def exec_module(self, module: ModuleType) -> None:
        """It is empty until used."""


class _Module(ModuleType):
    """Stands for a module that is loaded when something of it is used. `from it import name` is not yet a use."""

    _is_taken_from = True

    def __getattr__(self, name: str) -> Any:
        if self._is_taken_from and name != "__all__":
            if name.startswith("__"):
                raise AttributeError(name)
            return _Name(self.__name__, name)
        return getattr(importlib.import_module(self.__name__), name)


class _Name:
    """Stands for what was taken from such a module: a function to call, a class to call, to derive from or to ask about."""

    def __init__(self, module: str, name: str) -> None:
        self.__dict__["_from"] = module, name

    def _real(self) -> Any:
        module, name = self._from
        found = importlib.import_module(module)
        return getattr(found, name) if hasattr(found, name) else importlib.import_module(f"{module}.{name}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real(), name)

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._real()(*args, **options)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._real(),)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._real())

    def __subclasscheck__(self, kind: type) -> bool:
        return issubclass(kind, self._real())
