"""`rolekeeper build`: makes build/bundle, and prints what is in it and how large."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from cli.building.bundle import Bundle, Part, make
from cli.example import refuse_example
from cli.files import text
from cli.output import Grid, counted, print_table, say, table
from cli.stage import HOME
from fakecloud.fc.s_yaml import YamlError, load_s_yaml
from shared.errors import ConfigError
from shared.mapping import load

SHOWN = 300_000
"""Bytes: smaller parts are summed up."""
EXAMPLE = "1234567890123456"
"""The account of s.yaml and of the documents, and the emulator's."""


def run(*, roles_file: Path | None, layer: bool, python: str, deploying: bool) -> int:
    """Into build/bundle of this project, and the dependencies into build/layer if they are to be a layer.

    deploying: `s deploy` asks, and goes on with what is there afterwards. Raises ConfigError, also for the example's
    mapping, which a deployment never gets.
    """
    place, mapping = HOME / "build", roles_file or HOME / "roles.yaml"
    if deploying:
        say(f"deploying to {destination(HOME / 's.yaml')}")
        refuse_example(load(text(mapping), file=str(mapping)), mapping, "build for a deployment")
    try:
        bundle = make(
            HOME,
            place / "bundle",
            roles_file=mapping,
            shelf=place / "wheels",
            python=python,
            layer=place / "layer" if layer else None,
        )
    except KeyboardInterrupt:
        say("rolekeeper: build: stopped; build/bundle is whole: the former one, unless the new one was done", err=True)
        return 130
    if not layer:
        shutil.rmtree(place / "layer", ignore_errors=True)  # it would not go with this bundle
    report(bundle, mapping)
    return 0


def destination(s_yaml: Path) -> str:
    """Return where s.yaml says that functions go, in this environment. Raises ConfigError where it is nobody's account."""
    try:
        said = load_s_yaml(s_yaml, os.environ, "")["vars"]
    except YamlError as error:
        raise ConfigError(str(error)) from None
    account = said.get("accountId", "")
    if account == EXAMPLE:
        raise ConfigError(
            f"the account {EXAMPLE} is the example's; set ROLEKEEPER_ACCOUNT_ID to your own, and ROLEKEEPER_REGION"
        )
    return f"region {said.get('region', '')} of account {account}"


def report(bundle: Bundle, mapping: Path) -> None:
    """Print what is in it, how large, and what the byte code is for."""
    print_table(_table(bundle))
    where = f"; dependencies apart in {_short(bundle.layer)}" if bundle.layer else ""
    warned = f", {counted(bundle.warnings, 'warning')} (`rolekeeper validate`)" if bundle.warnings else ""
    say(
        f"{_short(bundle.folder)}: {_mb(bundle.zipped)} zipped{where}; mapping {_short(mapping)}, hash {bundle.mapping.hash}{warned}"
    )
    say(
        f"left out, for no handler reaches it (ECS and STS are called by the SDK's generic client): {', '.join(bundle.left_out) or 'nothing'}"
    )
    if bundle.python:
        say(f"byte code: for Python {bundle.target.version}, by {bundle.python}; `s deploy` cannot make it stale")
    else:
        say(
            "byte code: none. Each cold start will compile what it imports: seconds instead of tenths of one, and twice the"
        )
        say(
            f"memory. A CPython {bundle.target.version} makes it: on the PATH, in pyenv or uv, or named by --python PATH"
        )


def _table(bundle: Bundle) -> Grid:
    made = table(
        "part", "version", "files", "size", "byte code", whole=("part", "version", "files", "size", "byte code")
    )
    for column in made.columns[2:]:
        column.justify = "right"
    parts = sorted(bundle.parts, key=lambda part: -part.size - part.compiled)
    large = [part for part in parts if part.size + part.compiled >= SHOWN or part.name == "rolekeeper"]
    small = [part for part in parts if part not in large]
    rows = [*large, _sum(f"{len(small)} smaller ones", small), _sum("together", parts)]
    for part in rows:
        made.add(part.name, part.version, str(part.files), _mb(part.size), _mb(part.compiled))
    return made


def _sum(name: str, parts: list[Part]) -> Part:
    return Part(
        name=name,
        files=sum(p.files for p in parts),
        size=sum(p.size for p in parts),
        compiled=sum(p.compiled for p in parts),
    )


def _mb(size: int) -> str:
    return f"{size / 1e6:.2f} MB"


def _short(path: Path | None) -> str:
    return "" if path is None else path.relative_to(HOME).as_posix() if path.is_relative_to(HOME) else str(path)
