"""The files that the handlers reach: every import statement that can be got to from them counts. Runs none of the code.

Two rules, so that nothing is listed by hand and an SDK's update needs no change here:
a package in Python is kept module by module, as its import statements say, those inside functions too, and as its entry points do;
a distribution with compiled parts is kept whole, with those that it requires, since nothing tells what its C code imports.
A module that is imported by a name which is put together when it runs is not seen: an `import` that names it has to stand somewhere.
A wheel's data files are kept where a package that is kept has them; of what is next to our own code, only the JSON that it names.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from configparser import ConfigParser
from pathlib import Path, PurePosixPath
from typing import TypeGuard

from cli.building.unpack import COMPILED, Distribution
from shared.errors import ConfigError

NEVER: Mapping[str, str] = {
    "aliyun.log.es_migration": "moves the data of an Elasticsearch to SLS",
    "elasticsearch": "the same",
    "elastic_transport": "the same",
    "dateparser": "reads times as people write them, for commands that query logs",
}
"""Modules that an import statement inside a function could lead to, and no call of a handler does."""
USELESS = re.compile(
    r"(?:^|/)(?:tests?|testing|__pycache__)/|\.(?:pyi|pyx|pxd|pxi|c|cc|cpp|h|hpp|md|rst|pyc|typed|proto|f2p|html)$|\.hash/"
)
"""Files that nothing opens at run time: tests, sources of compiled parts, type stubs, texts for people."""


class Reach:
    """folders: where modules are looked for, in order. distributions: what is in the last of them."""

    def __init__(self, own: Path, vendored: Path, distributions: Iterable[Distribution]) -> None:
        self.own, self.vendored = own, vendored
        self._by_name = {dist.name: dist for dist in distributions}
        self._owner = {file: dist for dist in self._by_name.values() for file in dist.files}
        self.files: set[Path] = set()
        self._modules: set[str] = set()

    def follow(self, handlers: Iterable[str]) -> set[Path]:
        """All files that these handlers need, the vendored ones and our own. handlers: MODULE.FUNCTION.

        Raises ConfigError for a handler that is not there, and for what our own code imports and is nowhere.
        """
        waiting = []
        for module, _, function in (handler.rpartition(".") for handler in handlers):
            path = self._find(module)
            if path is None or path.is_dir():
                raise ConfigError(f"{module}.{function}, a handler in s.yaml: there is no such module")
            if path.suffix == ".py" and function not in _names(_parsed(path)):
                raise ConfigError(f"{path}: there is no {function}, which s.yaml names as a handler")
            waiting.append(module)
        while waiting:
            module = waiting.pop()
            if module in self._modules or _is_never(module):
                continue
            self._modules.add(module)
            if (path := self._find(module)) is None:
                continue
            waiting += self._parents(module)
            if path.is_dir():
                continue
            waiting += self._keep(path)
            if path.suffix == ".py":
                waiting += self._imports(module, path)
        vendored = {path for path in self.files if path.is_relative_to(self.vendored)}
        data = {data for path in vendored for data in self._data(path)}
        return self.files | data | set(_named(self.files - vendored))

    def _keep(self, path: Path) -> list[str]:
        """Also says which modules come along: all of a compiled distribution and of those it requires."""
        self.files.add(path)
        if not path.is_relative_to(self.vendored):
            return []
        dist = self._owner[path.relative_to(self.vendored).as_posix()]
        if dist.is_compiled:
            return self._whole(dist)
        return list(self._plugged_in(dist)) if self._by_name.pop(dist.name, None) else []

    def _plugged_in(self, dist: Distribution) -> Iterator[str]:
        """Modules that a distribution finds by its entry points. Those of scripts are for people."""
        for file in dist.metadata:
            if file.endswith("/entry_points.txt"):
                read = ConfigParser(delimiters=("=",), strict=False, interpolation=None)
                read.read_string((self.vendored / file).read_text(encoding="utf-8"))
                for group in {*read.sections()} - {"console_scripts", "gui_scripts"}:
                    yield from (re.split(r"[:\[]", value)[0].strip() for value in read[group].values())

    def _whole(self, dist: Distribution) -> list[str]:
        if self._by_name.pop(dist.name, None) is None:
            return []
        self.files |= {self.vendored / file for file in dist.files if not USELESS.search(file)}
        names = [module for file in sorted(dist.files) if not USELESS.search(file) and (module := _module(file))]
        for name in dist.requires:
            if name in self._by_name:
                names += self._whole(self._by_name[name])
        return names

    def _find(self, module: str) -> Path | None:
        """Its file, or for a namespace package its folder."""
        place = PurePosixPath(*module.split("."))
        for folder in (self.own, self.vendored):
            for candidate in (folder / place / "__init__.py", folder / place.with_suffix(".py")):
                if candidate.is_file():
                    return candidate
            for compiled in (f"{place.name}.*{COMPILED}", f"{place.name}{COMPILED}"):
                if found := sorted((folder / place).parent.glob(compiled)):
                    return found[0]
        return next((folder / place for folder in (self.own, self.vendored) if (folder / place).is_dir()), None)

    @staticmethod
    def _parents(module: str) -> Iterator[str]:
        while module := module.rpartition(".")[0]:
            yield module

    def _imports(self, module: str, path: Path) -> Iterator[str]:
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        for node in _statements(_parsed(path)):
            names = list[str]()
            if isinstance(node, ast.Import):
                bases = [alias.name for alias in node.names]
            elif isinstance(node, ast.Call):
                bases = [_called_for(node, package)]
            else:
                bases = [_absolute(node.module, node.level, package)]
                names = [f"{bases[0]}.{alias.name}" for alias in node.names if alias.name != "*"]
                if len(names) < len(node.names):
                    names += [f"{bases[0]}.{name}" for name in self._all_of(bases[0])]
            if not path.is_relative_to(self.vendored):
                self._are_there((*bases, *self._not_defined(bases[0], names)), f"{path}:{node.lineno}")
            yield from (*bases, *names)

    def _all_of(self, module: str) -> Iterator[str]:
        """Yield what `from MODULE import *` takes by name: modules may be among it."""
        path = self._find(module)
        for node in _parsed(path).body if path and path.suffix == ".py" else ():
            if isinstance(node, (ast.Assign, ast.AugAssign)) and "__all__" in ast.dump(node):
                yield from (
                    text.value
                    for text in ast.walk(node.value)
                    if isinstance(text, ast.Constant) and isinstance(text.value, str)
                )

    def _are_there(self, modules: Iterable[str], place: str) -> None:
        """SDKs import what they can do without; our own code does not."""
        for module in modules:
            known = module.partition(".")[0] in sys.stdlib_module_names or _is_never(module)
            if not known and self._find(module) is None:
                raise ConfigError(
                    f"{place}: imports {module}, which is neither ours nor a dependency; list it in pyproject.toml's "
                    "dependencies and run `make lock`"
                )

    def _not_defined(self, module: str, names: list[str]) -> list[str]:
        """Of what is imported from a module of ours, what it does not have at its top: that has to be a module."""
        path = self._find(module) if names else None
        if path is None or path.is_relative_to(self.vendored):
            return []
        has = set(_names(_parsed(path))) if path.is_file() else set[str]()
        return [name for name in names if name.rpartition(".")[2] not in has]

    def _data(self, path: Path) -> Iterator[Path]:
        """Yield what is in a wheel's package beside its modules, and in folders in it that are no packages themselves."""
        if path.name != "__init__.py":
            return
        waiting = [path.parent]
        while waiting:
            for child in sorted(waiting.pop().iterdir()):
                name = child.relative_to(self.vendored).as_posix()
                if USELESS.search(name + "/" * child.is_dir()):
                    continue
                if child.is_dir():
                    waiting += [] if any(child.glob("*.py")) else [child]
                elif child.suffix not in (".py", COMPILED):
                    yield child


def _named(modules: Iterable[Path]) -> Iterator[Path]:
    """The JSON files beside our own modules of which a text in these modules is the name, or the name of their folder.

    A working copy has more: keys, notes, an editor's copies. Those are never deployed.
    """
    texts = {node.value for path in modules for node in ast.walk(_parsed(path)) if isinstance(node, ast.Constant)}
    for folder in {path.parent for path in modules}:
        yield from (path for path in folder.glob("*.json") if path.name in texts)
        yield from (path for path in folder.glob("*/[!.]*.json") if path.parent.name in texts)


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except SyntaxError as error:
        raise ConfigError(f"{path}:{error.lineno}: {error.msg}") from None


def _names(tree: ast.Module) -> Iterator[str]:
    """The names at the top of a module."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        else:
            waiting += ast.iter_child_nodes(node)


def _is_never(module: str) -> bool:
    return any(module == name or module.startswith(name + ".") for name in NEVER)


def _module(file: str) -> str:
    """The module that a file of a distribution is, or "" for data."""
    path = PurePosixPath(file)
    if path.suffix == ".py":
        parts = path.with_suffix("").parts
    elif path.suffix == COMPILED:
        parts = (*path.parent.parts, path.name.partition(".")[0])
    else:
        return ""
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _absolute(module: str | None, level: int, package: str) -> str:
    if not level:
        return module or ""
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - level + 1])
    return f"{base}.{module}" if module else base


def _called_for(call: ast.Call, package: str) -> str:
    """The module that `import_module("...")` names."""
    name = str(call.args[0].value)  # type: ignore[attr-defined]
    level = len(name) - len(name.lstrip("."))
    return _absolute(name[level:] or None, level, package)


def _statements(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom | ast.Call]:
    """Every import, but for those that only a type checker sees; calls that import what they name in plain text too."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)) or _is_importing(node):
            yield node
        elif isinstance(node, ast.If) and _word(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _is_importing(node: ast.AST) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and _word(node.func) in ("import_module", "__import__")
        and len(node.args) > 0
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
        and bool(node.args[0].value.strip("."))
    )


def _word(node: ast.AST) -> str:
    """The last word of `a.b.word`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
