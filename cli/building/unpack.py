"""Wheels unpacked beside each other, and what is known of their files. Judges nothing, runs nothing."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from cli.building.wheels import Wheel

COMPILED = ".so"


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """One unpacked wheel. files: relative to the folder that it was unpacked into, without its metadata."""

    name: str
    version: str
    requires: frozenset[str]
    files: frozenset[str]
    metadata: frozenset[str]

    @property
    def is_compiled(self) -> bool:
        return any(file.endswith(COMPILED) for file in self.files)


def unpack(wheels: Iterable[Wheel], folder: Path) -> list[Distribution]:
    """Each wheel into the folder. Scripts stay out, and of the metadata all but what packages ask for at run time."""
    return [_unpacked(wheel, folder) for wheel in wheels]


def _unpacked(wheel: Wheel, folder: Path) -> Distribution:
    files, metadata = set(), set()
    with zipfile.ZipFile(wheel.path) as archive:
        for entry in archive.infolist():
            top, _, rest = entry.filename.partition("/")
            place = entry.filename
            if top.endswith(".data"):
                kind, _, place = rest.partition("/")
                if kind not in ("purelib", "platlib"):
                    continue
            elif top.endswith(".dist-info"):
                # importlib.metadata: a package's own version, and the plug-ins that it looks for
                if not re.fullmatch(r"METADATA|entry_points\.txt", rest):
                    continue
                metadata.add(place)
            if entry.is_dir() or ".." in place.split("/") or place.startswith("/"):
                continue
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.read(entry))
            if place not in metadata:
                files.add(place)
    return Distribution(
        name=wheel.name,
        version=wheel.version,
        requires=wheel.requires,
        files=frozenset(files),
        metadata=frozenset(metadata),
    )
