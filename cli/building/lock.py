"""requirements.lock and pyproject.toml read for one target: which versions, with which hashes. Fetches nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import tomli
from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from shared.errors import ConfigError

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)(?:\s*;\s*(?P<marker>.*))?$")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """One package of the lock file. hashes: "sha256:..." of the files that may be used, never none."""

    name: str
    version: str
    hashes: frozenset[str]

    def line(self) -> str:
        """As pip reads it."""
        return f"{self.name}=={self.version} " + " ".join(f"--hash={value}" for value in sorted(self.hashes))


class Lock:
    """The pins that count for a target."""

    def __init__(self, file: Path, markers: Mapping[str, str]) -> None:
        """Raises ConfigError for what cannot be read, and for a package without a hash."""
        self.file, self.markers = file, markers
        self.pins = {pin.name: pin for pin in self._read()}

    def _read(self) -> list[Pin]:
        found = []
        for line in re.sub(r"\\\n", " ", _text(self.file)).splitlines():
            head, *_ = re.split(r"\s+--hash|\s+#|^#", line, maxsplit=1)
            if not head.strip():
                continue
            given, hashes = _PIN.match(head.strip()), frozenset(_HASH.findall(line))
            if not given or not hashes:
                raise ConfigError(
                    f"{self.file}: {head.strip()!r} is not a version with its hashes; `make lock` writes them"
                )
            if self._counts(given["marker"]):
                found.append(Pin(name=canonicalize_name(given["name"]), version=given["version"], hashes=hashes))
        return found

    def _counts(self, marker: str | None) -> bool:
        try:
            return not marker or Marker(marker).evaluate(dict(self.markers))
        except InvalidMarker as error:
            raise ConfigError(f"{self.file}: {marker!r}: {' '.join(str(error).split())}") from None

    def pin(self, wanted: Requirement, by: str) -> Pin:
        """Return what the lock file has for a requirement. by: who asks. Raises ConfigError where it has nothing that fits.

        Nor is what a lock file cannot tell of passed over: which packages an extra brings, and what a URL serves.
        """
        if wanted.extras or wanted.url:
            raise ConfigError(
                f"{by} asks for {wanted}: a build takes neither extras nor URLs; name the packages themselves, by version"
            )
        pin = self.pins.get(canonicalize_name(wanted.name))
        has = f"has {pin.name} {pin.version}" if pin else f"has no {wanted.name}"
        if pin is None or not wanted.specifier.contains(pin.version, prereleases=True):
            raise ConfigError(f"{self.file} is out of step: {by} asks for {wanted}, and it {has}; run `make lock`")
        return pin


def deployed(pyproject: Path, markers: Mapping[str, str]) -> list[Requirement]:
    """The dependencies that are deployed: [project] dependencies that count for a target, and none of the extras.

    Raises ConfigError.
    """
    try:
        project = tomli.loads(_text(pyproject)).get("project") or {}
        wanted = [Requirement(text) for text in msgspec.convert(project.get("dependencies") or [], list[str])]
    except (tomli.TOMLDecodeError, InvalidRequirement, AttributeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{pyproject}: dependencies: {' '.join(str(error).split())}") from None
    if not wanted:
        raise ConfigError(f"{pyproject}: [project] has no dependencies to deploy")
    return [one for one in wanted if one.marker is None or one.marker.evaluate(dict(markers))]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from None
