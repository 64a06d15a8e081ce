"""From requirements to wheels: the whole closure, each file one that the lock file has a hash of. Unpacks nothing.

Some packages are published as source only. Those are built here, and must come out as wheels for any machine.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from email.parser import HeaderParser
from pathlib import Path

import msgspec
from packaging.requirements import Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from cli.building.lock import Lock, Pin
from cli.building.pip import pip
from cli.building.target import PLATFORMS, Target
from shared.errors import ConfigError


class Wheel(msgspec.Struct, frozen=True, kw_only=True):
    """A wheel file. requires: canonical names of what it requires on the target."""

    name: str
    version: str
    path: Path
    requires: frozenset[str]


class Shelf:
    """A folder with downloaded files. A file counts only while its content has a hash that the lock file knows."""

    def __init__(self, folder: Path, target: Target) -> None:
        self.folder, self.target = folder, target
        self._ranks = {tag: rank for rank, tag in enumerate(target.tags())}

    def files(self, pins: Iterable[Pin]) -> dict[str, Path]:
        """The best file there is for each pin: a wheel that runs on the target, else the source. By name."""
        wanted = {(pin.name, pin.version): pin for pin in pins}
        found: dict[str, tuple[int, Path]] = {}
        for path in sorted(self.folder.iterdir()) if self.folder.is_dir() else []:
            about = self._about(path)
            if not about or about[:2] not in wanted:
                continue
            pin, rank = wanted[about[:2]], about[2]
            if (pin.name not in found or rank < found[pin.name][0]) and _hash(path) in pin.hashes:
                found[pin.name] = rank, path
        return {name: path for name, (_, path) in found.items()}

    def _about(self, path: Path) -> tuple[str, str, int] | None:
        """Name, version and rank, from the file's name."""
        try:
            if path.suffix == ".whl":
                name, version, _, tags = parse_wheel_filename(path.name)
                ranks = [self._ranks[tag] for tag in tags if tag in self._ranks]
                return (name, str(version), min(ranks)) if ranks else None
            name, version = parse_sdist_filename(path.name)
            return name, str(version), len(self._ranks)
        except (InvalidWheelFilename, InvalidSdistFilename):
            return None

    def fill(self, pins: Sequence[Pin]) -> None:
        """Download what is not there. Raises ConfigError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder) as new:
            lines = Path(new, "requirements.txt")
            lines.write_text("".join(pin.line() + "\n" for pin in pins), encoding="utf-8")
            names = ", ".join(pin.name for pin in pins[:3]) + (f" and {len(pins) - 3} more" if len(pins) > 3 else "")
            pip(
                [
                    "download",
                    "--quiet",
                    "--no-deps",
                    "--no-cache-dir",
                    "--require-hashes",
                    "--no-build-isolation",
                    "--use-pep517",
                    "--implementation=cp",
                    f"--python-version={self.target.version}",
                    *(f"--platform={platform}" for platform in PLATFORMS),
                    f"--dest={new}",
                    f"--requirement={lines}",
                ],
                f"downloading {names} for {self.target.runtime}",
            )
            lines.unlink()
            for path in Path(new).iterdir():
                os.replace(path, self.folder / path.name)


def gather(wanted: Sequence[Requirement], lock: Lock, target: Target, shelf: Path, built: Path) -> list[Wheel]:
    """The wheels of these requirements and of all that they require, by name. built: an empty folder for those built here.

    Raises ConfigError.
    """
    got: dict[str, Wheel] = {}
    asked = [(requirement, "pyproject.toml") for requirement in wanted]
    while True:
        pins = {pin.name: pin for pin in (lock.pin(requirement, by) for requirement, by in asked)}
        new = [pin for pin in pins.values() if pin.name not in got]
        if not new:
            return [got[name] for name in sorted(got)]
        asked = []
        for name, path in _wheel_files(new, Shelf(shelf, target), target, built / str(len(got))).items():
            requirements = list(_requirements(path, target.markers))
            asked += [(requirement, f"{name} {pins[name].version}") for requirement in requirements]
            got[name] = Wheel(
                name=name,
                version=pins[name].version,
                path=path,
                requires=frozenset(canonicalize_name(requirement.name) for requirement in requirements),
            )


def _wheel_files(pins: Sequence[Pin], shelf: Shelf, target: Target, built: Path) -> dict[str, Path]:
    files = shelf.files(pins)
    if missing := [pin for pin in pins if pin.name not in files]:
        shelf.fill(missing)
        files = shelf.files(pins)
    for pin in pins:
        if pin.name not in files:
            raise ConfigError(f"{pin.name} {pin.version}: no file for {target.runtime} with a hash of the lock file")
    sources = {name: path for name, path in files.items() if path.suffix != ".whl"}
    return files | (_built(sources, target, built) if sources else {})


def _built(sources: Mapping[str, Path], target: Target, into: Path) -> dict[str, Path]:
    """Built with this environment's own setuptools, which the lock file pins too."""
    pip(
        [
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-index",
            "--no-cache-dir",
            "--no-build-isolation",
            "--use-pep517",
            f"--wheel-dir={into}",
            *map(str, sources.values()),
        ],
        f"building what is published as source only ({', '.join(sources)})",
    )
    wheels = {parse_wheel_filename(path.name)[0]: path for path in sorted(into.glob("*.whl"))}
    for name, path in wheels.items():
        if not path.name.endswith("-none-any.whl"):
            raise ConfigError(
                f"{name}: there is no wheel for {target.runtime} on {PLATFORMS[0]}, and its source has parts to compile, "
                "which would come out for this machine; pin a version that has a wheel"
            )
    return {name: wheels[canonicalize_name(name)] for name in sources}


def _requirements(wheel: Path, markers: Mapping[str, str]) -> Iterator[Requirement]:
    """Yield what a wheel requires on the target, without its extras."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1)
        headers = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
    for text in headers.get_all("Requires-Dist") or []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(dict(markers)):
            yield requirement


def _hash(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
