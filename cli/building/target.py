"""The target of a build: the runtime that s.yaml names, and the machine Function Compute runs it on. Builds nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from packaging.tags import Tag, compatible_tags, cpython_tags
from yaml import YAMLError

from cli.building.spelling import unknown, unknown_around
from fakecloud.fc.s_yaml import YamlError, load_s_yaml, parse
from shared.errors import ConfigError
from shared.settings import Settings

RUNTIMES = {"python3.10": (3, 10), "python3.12": (3, 12)}
"""Runtimes of Function Compute that this code runs on (it needs 3.10) and their Python: CPython on x86_64."""
PLATFORMS = (
    "manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux2010_x86_64", "manylinux_2_12_x86_64",
    "manylinux1_x86_64", "manylinux_2_5_x86_64",
)  # fmt: skip
"""Of wheels. python3.10 runs on Debian 10, whose glibc is 2.28: 2.17 leaves room."""

CODE, LAYERS = "/code", "/opt"
"""The folders into which Function Compute puts a bundle and a layer."""
VENDORED = "python"
"""The dependencies' folder in a bundle or a layer: PYTHONPATH in s.yaml names it."""
DEPENDENCIES = (f"{CODE}/{VENDORED}", f"{LAYERS}/{VENDORED}")
TAKEN = ("functions", "shared", VENDORED)
"""Folders of the bundle that are not the mapping's."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """runtime: as in s.yaml. handlers: module.function of each function. roles_file: in the package. settings: each function's."""

    runtime: str
    handlers: tuple[str, ...]
    roles_file: str
    settings: tuple[Settings, ...] = ()

    @property
    def python(self) -> tuple[int, int]:
        return RUNTIMES[self.runtime]

    @property
    def version(self) -> str:
        return "{}.{}".format(*self.python)

    @property
    def markers(self) -> Mapping[str, str]:
        """For "; python_version < '3.11'" and the like in lock file and wheels (PEP 508)."""
        return {
            "python_version": self.version,
            "python_full_version": f"{self.version}.0",
            "sys_platform": "linux",
            "implementation_name": "cpython",
            "implementation_version": f"{self.version}.0",
            "os_name": "posix",
            "platform_machine": "x86_64",
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "platform_release": "",
            "platform_version": "",
            "extra": "",
        }

    def tags(self) -> list[Tag]:
        """Of the wheels that run there, the best first."""
        own = cpython_tags(self.python, [f"cp{self.python[0]}{self.python[1]}"], PLATFORMS)
        return [*own, *compatible_tags(self.python, f"cp{self.python[0]}{self.python[1]}", PLATFORMS)]


def target(s_yaml: Path, env: Mapping[str, str]) -> Target:
    """The deployment that s.yaml describes. env: as `s` reads it in `${env(...)}`.

    Raises ConfigError where it cannot be read, has keys that Function Compute does not know, names a runtime that is not known, or
    has settings that a function would refuse.
    """
    _spelt(s_yaml)
    try:
        resources = load_s_yaml(s_yaml, env, "")["resources"]
    except YamlError as error:
        raise ConfigError(str(error)) from None
    if not resources:
        raise ConfigError(f"{s_yaml}: there are no resources to build for")
    props = {f"{s_yaml}: resources.{key}": resource["props"] for key, resource in resources.items()}
    for where, of_one in props.items():
        for said in unknown(of_one):
            raise ConfigError(f"{where}: {said}")
    handlers = tuple(_handler(where, of_one) for where, of_one in props.items())
    runtime = _the_one(s_yaml, "runtime", (str(of_one.get("runtime") or "") for of_one in props.values()))
    if not runtime:
        raise ConfigError(f"{s_yaml}: runtime: none is named; a bundle can be built for {' and '.join(RUNTIMES)}")
    if runtime not in RUNTIMES:
        raise ConfigError(
            f"{s_yaml}: runtime: {runtime!r}: a bundle can be built for {' and '.join(RUNTIMES)}; name one of them"
        )
    settings = [_settings(where, of_one) for where, of_one in props.items()]
    roles_file = _the_one(s_yaml, "ROLEKEEPER_ROLES_FILE", (of_one.roles_file for of_one in settings))
    if not re.fullmatch(r"[\w-][\w.-]*(?:/[\w-][\w.-]*)*", roles_file) or roles_file.partition("/")[0] in TAKEN:
        raise ConfigError(
            f"{s_yaml}: ROLEKEEPER_ROLES_FILE: {roles_file!r}: has to be a place of its own in the bundle, as roles.yaml is"
        )
    for where, of_one in props.items():
        _finds_dependencies(where, of_one)
    return Target(runtime=runtime, handlers=handlers, roles_file=roles_file, settings=tuple(settings))


def _spelt(s_yaml: Path) -> None:
    """Before anything is rendered, which a misspelt `vars` would stop with the wrong words. What is no YAML is reported elsewhere."""
    try:
        document = parse(s_yaml.read_text(encoding="utf-8"))
    except (OSError, ValueError, YAMLError):
        return
    for said in unknown_around(document) if isinstance(document, dict) else ():
        raise ConfigError(f"{s_yaml}: {said}")


def _handler(where: str, props: Mapping[str, Any]) -> str:
    handler = props.get("handler")
    if not isinstance(handler, str) or not re.fullmatch(r"\w+(?:\.\w+)+", handler):
        raise ConfigError(f"{where}: handler: {handler!r} is not of the form MODULE.FUNCTION")
    return handler


def _settings(where: str, props: Mapping[str, Any]) -> Settings:
    """As the function will read them. What Function Compute says of itself is not known here, and right."""
    where, variables = f"{where}: environmentVariables", props.get("environmentVariables") or {}
    if not isinstance(variables, dict):
        raise ConfigError(f"{where}: a map is needed")
    for name, value in variables.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise ConfigError(
                f"{where}: {name}: {value!r} is no text, and Function Compute takes no other; put it in quotes"
            )
    try:
        return Settings.from_env(variables, region="cn-hangzhou", account_id="1")
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def _finds_dependencies(where: str, props: Mapping[str, Any]) -> None:
    variables = props.get("environmentVariables") or {}
    if variables and not {*variables.get("PYTHONPATH", "").split(":")} & {*DEPENDENCIES}:
        raise ConfigError(
            f"{where}: environmentVariables: PYTHONPATH: {variables.get('PYTHONPATH', '')!r} does not name {DEPENDENCIES[0]}, where "
            f"the dependencies are ({DEPENDENCIES[1]} for those of a layer)"
        )


def _the_one(s_yaml: Path, what: str, given: Iterable[str]) -> str:
    values = sorted(set(given))
    if len(values) > 1:
        raise ConfigError(f"{s_yaml}: {what}: one bundle serves all functions, and they name {', '.join(values)}")
    return values[0]
