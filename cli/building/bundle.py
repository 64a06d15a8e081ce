"""Makes a bundle from a project's folder: s.yaml, requirements.lock, roles.yaml and the code. Prints nothing.

Any error is a ConfigError, and leaves the former bundle where it was.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from cli.building.assemble import copy, exchange, settle, workshop, zipped
from cli.building.batches import check as check_batches
from cli.building.bytecode import compile_folder, interpreter
from cli.building.lock import Lock, deployed
from cli.building.reach import Reach
from cli.building.target import CODE, LAYERS, VENDORED, Target, target
from cli.building.unpack import Distribution, unpack
from cli.building.wheels import gather
from cli.files import text
from cli.findings import findings
from shared.app import PARSED
from shared.mapping import Mapping as RoleMapping
from shared.mapping import check, load, parsed
from shared.policies import PolicyError, check_deployment
from shared.settings import Settings


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Something in the bundle. files, size: its sources and data; compiled: its byte code. Bytes."""

    name: str
    version: str = ""
    files: int
    size: int
    compiled: int


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """The bundle as it was made. left_out: distributions of the lock file that no handler reaches. zipped: bytes.

    python: what compiled it, "" if nothing did. layer: the folder of the dependencies, where they were kept apart.
    warnings: how many `rolekeeper validate` has of the mapping and its policies.
    """

    folder: Path
    target: Target
    mapping: RoleMapping
    parts: tuple[Part, ...]
    left_out: tuple[str, ...]
    zipped: int
    python: str = ""
    layer: Path | None = None
    warnings: int = 0


def make(
    root: Path, output: Path, *, roles_file: Path, shelf: Path, layer: Path | None = None, python: str = ""
) -> Bundle:
    """Make the bundle of the project in `root`. python: what to compile with, "" = what is found, "none" = do not.

    shelf: where downloaded files are kept. layer: put the dependencies there and not into the bundle. Raises ConfigError.
    """
    aim = target(root / "s.yaml", os.environ)
    check_batches(root, os.environ)
    mapping, warnings = _validated(roles_file, aim.settings)
    wanted, lock = deployed(root / "pyproject.toml", aim.markers), Lock(root / "requirements.lock", aim.markers)
    compiler = "" if python == "none" else interpreter(aim.python, python)
    with workshop(output) as shop:
        vendored = shop / "unpacked"
        wheels = gather(wanted, lock, aim, shelf / aim.runtime, shop / "built")
        distributions = unpack(wheels, vendored)
        reached = Reach(root, vendored, distributions).follow(aim.handlers)
        own = {p.relative_to(root).as_posix(): p for p in reached if not p.is_relative_to(vendored)}
        theirs = {p.relative_to(vendored).as_posix(): p for p in reached if p.is_relative_to(vendored)}
        kept = [dist for dist in distributions if not dist.files.isdisjoint(theirs)]
        theirs |= {file: vendored / file for dist in kept for file in dist.metadata}
        finished, apart = shop / "bundle", shop / "layer"
        copy({**own, aim.roles_file: roles_file}, finished)
        (finished / (aim.roles_file + PARSED)).write_bytes(parsed(text(roles_file)))
        copy(theirs, (apart if layer else finished) / VENDORED)
        for folder, place in ((finished, CODE), (apart, LAYERS)):
            if compiler and folder.exists():
                compile_folder(folder, compiler, place)
            if folder.exists():
                settle(folder)
        parts = _parts(finished, apart if layer else finished, kept)
        bundle = Bundle(
            folder=output,
            target=aim,
            mapping=mapping,
            parts=parts,
            zipped=zipped(finished),
            python=compiler,
            layer=layer,
            left_out=tuple(dist.name for dist in distributions if dist not in kept),
            warnings=warnings,
        )
        exchange({**({layer: apart} if layer else {}), output: finished}, shop)  # never a bundle without its layer
    return bundle


def _validated(roles_file: Path, deployed: Iterable[Settings]) -> tuple[RoleMapping, int]:
    """Return the mapping, whose policies are without an error too, and the number of warnings. deployed: settings that
    functions will have, whatever this environment has. Raises ConfigError.
    """
    source, file = text(roles_file), str(roles_file)
    mapping = load(source, file=file)
    found = findings(mapping, file)
    further = (finding for settings in deployed for finding in check_deployment(mapping, settings, file=file))
    found = tuple(dict.fromkeys((*found, *further)))
    if errors := [finding for finding in found if finding.severity == "error"]:
        raise PolicyError(errors)
    return mapping, len(check(source, file=file)) + len(found)


def _parts(finished: Path, with_vendored: Path, kept: list[Distribution]) -> tuple[Part, ...]:
    ours = [path for path in finished.rglob("*") if path.is_file() and path.relative_to(finished).parts[0] != VENDORED]
    sizes = _by_owner(
        with_vendored / VENDORED, {file: dist.name for dist in kept for file in dist.files | dist.metadata}
    )
    return (
        _part("rolekeeper", "", ours),
        *(_part(dist.name, dist.version, sizes[dist.name]) for dist in kept),
    )


def _by_owner(vendored: Path, owners: Mapping[str, str]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {name: [] for name in owners.values()}
    for path in vendored.rglob("*"):
        if path.is_file():
            source = path
            if path.suffix == ".pyc":
                source = path.parent.parent / (path.name.partition(".")[0] + ".py")
            found[owners[source.relative_to(vendored).as_posix()]].append(path)
    return found


def _part(name: str, version: str, paths: list[Path]) -> Part:
    compiled = [path for path in paths if path.suffix == ".pyc"]
    size = sum(path.stat().st_size for path in paths)
    code = sum(path.stat().st_size for path in compiled)
    return Part(name=name, version=version, files=len(paths) - len(compiled), size=size - code, compiled=code)
