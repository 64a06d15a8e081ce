"""A small project with a package index of its own, for tests of builds through the real pip: asserts nothing."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from cli.building.bundle import Bundle, make

S_YAML = """
edition: 3.0.0
name: t
resources:
  one:
    component: fc3
    props: {functionName: one, region: cn-hangzhou, runtime: python3.10, handler: functions.one.handler}
  two:
    component: fc3
    props: {functionName: two, region: cn-hangzhou, runtime: python3.10, handler: functions.one.handler}
"""
ROLES = """
version: 1
roles: {reader: {description: reads, policies: [{system: AliyunOSSReadOnlyAccess}]}}
rules: [{name: all, when: {tags: {app: web}}, role: reader}]
"""
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{more}"


class Project:
    """A folder with a function that needs the package `thing`, and a folder that serves as the package index."""

    def __init__(self, folder: Path) -> None:
        self.root, self.index, self.output = folder / "project", folder / "index", folder / "out" / "bundle"
        (self.root / "functions").mkdir(parents=True)
        self.index.mkdir()
        self.write("s.yaml", S_YAML)
        self.write("roles.yaml", ROLES)
        self.write("pyproject.toml", '[project]\ndependencies = [\n    "thing>=1,<2",\n]\n')
        self.write("functions/__init__.py", "")
        self.write("functions/one.py", '"""One."""\nimport thing\n\n\ndef handler(event, context): ...\n')
        self.lock(self.wheel("thing"))

    def lock_only(self, make: Callable[[], Path]) -> None:
        """The index has what is made here, and nothing else."""
        for path in self.index.iterdir():
            path.unlink()
        self.lock(make())

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)

    def lock(self, *files: Path, version: str = "1.0", marker: str = "") -> None:
        lines = [
            f"{path.name.split('-')[0]}=={version}{marker} \\\n"
            f"    --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"
            for path in files
        ]
        self.write("requirements.lock", "".join(lines))

    def wheel(self, name: str, tags: str = "py3-none-any", more: str = "", files: dict[str, str] | None = None) -> Path:
        path = self.index / f"{name}-1.0-{tags}.whl"
        about = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(path, "w") as archive:
            for place, text in (files or {f"{name}/__init__.py": "x = 1\n"}).items():
                archive.writestr(place, text)
            archive.writestr(f"{about}/METADATA", METADATA.format(name=name, more=more))
            archive.writestr(
                f"{about}/WHEEL", f"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: {tags}\n"
            )
            archive.writestr(f"{about}/RECORD", "")
        return path

    def source(self, name: str, more: str = "") -> Path:
        path = self.index / f"{name}-1.0.tar.gz"
        setup = f"from setuptools import setup\n{more}\nsetup(name={name!r}, version='1.0', packages=[{name!r}])\n"
        if more:
            setup = setup.replace(f"[{name!r}])", f"[{name!r}], distclass=Compiled)")
        with tarfile.open(path, "w:gz") as archive:
            for place, text in {
                "setup.py": setup,
                f"{name}/__init__.py": "x = 1\n",
                "PKG-INFO": METADATA.format(name=name, more=""),
            }.items():
                entry = tarfile.TarInfo(f"{name}-1.0/{place}")
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        return path

    def build(self, layer: Path | None = None) -> Bundle:
        shelf = self.root / "shelf"
        return make(
            self.root, self.output, roles_file=self.root / "roles.yaml", shelf=shelf, python="none", layer=layer
        )

    def files(self) -> set[str]:
        return {p.relative_to(self.output).as_posix() for p in self.output.rglob("*") if p.is_file()}
