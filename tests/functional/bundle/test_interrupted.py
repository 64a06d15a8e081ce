"""Builds that were killed, that run side by side, and interpreters that are found through a shim."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from cli.building import assemble
from cli.building.bytecode import interpreter

from .project import Project


@pytest.mark.slow
def test_what_killed_builds_left_is_gone_after_the_next(project: Project) -> None:
    left = project.output.parent / ".making-x" / "unpacked"
    left.mkdir(parents=True)
    (left / "large.py").write_text("x")
    project.build()
    assert list(project.output.parent.iterdir()) == [project.output]


@pytest.mark.slow
def test_a_former_bundle_that_a_killed_build_had_taken_away_is_put_back_first(
    project: Project, mocker: MockerFixture
) -> None:
    former = project.output.parent / ".making-x" / "former-bundle"
    former.mkdir(parents=True)
    (former / "former.txt").write_text("the former bundle")
    mocker.patch("cli.building.bundle.unpack", side_effect=KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        project.build()
    assert project.files() == {"former.txt"}
    assert list(project.output.parent.iterdir()) == [project.output]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("bundle", "former-bundle", id="when the former is away"),
        pytest.param("bundle", "bundle", id="when the new is there"),
    ],
)
def test_an_interrupt_in_the_exchange_loses_no_bundle(
    old: str, new: str, project: Project, mocker: MockerFixture
) -> None:
    project.output.mkdir(parents=True)
    (project.output / "former.txt").write_text("the former bundle")
    rename = os.rename

    def interrupted(source: Path, place: Path) -> None:
        rename(source, place)
        if (source.name, place.name) == (old, new):
            raise KeyboardInterrupt

    mocker.patch("cli.building.assemble.os.rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        project.build()
    assert ("former.txt" in project.files()) is (new == "former-bundle")
    assert list(project.output.parent.iterdir()) == [project.output]


@pytest.mark.each_value
@pytest.mark.parametrize("at", [0, 3, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))])
@pytest.mark.parametrize("killed", [False, True], ids=["interrupted", "killed"])
def test_a_bundle_and_its_layer_are_exchanged_together(
    at: int, killed: bool, project: Project, mocker: MockerFixture
) -> None:
    layer = project.output.parent / "layer"
    project.build(layer)
    (project.output / "former.txt").touch()
    (layer / "former.txt").touch()
    rename, renamed = os.rename, list[Path]()

    def interrupted(source: Path, place: Path) -> None:
        rename(source, place)
        renamed.append(place)
        if len(renamed) == at + 1:
            if killed:  # then nobody cleans up
                shutil.copytree(project.output.parent, project.root / "left", symlinks=True)
            raise KeyboardInterrupt

    mocker.patch("cli.building.assemble.os.rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        project.build(layer)
    mocker.stopall()
    if killed:
        shutil.rmtree(project.output.parent)
        shutil.move(project.root / "left", project.output.parent)
        with assemble.workshop(project.output):
            pass
    former = {place.name for place in (project.output, layer) if (place / "former.txt").exists()}
    assert former == ({"bundle", "layer"} if at < 3 else set())
    assert (project.output / "functions" / "one.py").exists()
    assert (layer / "python" / "thing" / "__init__.py").exists()
    assert {path.name for path in project.output.parent.iterdir()} == {"bundle", "layer"}


def test_a_bundle_that_is_there_is_not_exchanged_for_one_that_was_left(project: Project) -> None:
    project.output.mkdir(parents=True)
    (project.output / "newer.txt").write_text("made since")
    (project.output.parent / ".making-x" / "former-bundle").mkdir(parents=True)
    with assemble.workshop(project.output):
        assert project.files() == {"newer.txt"}


def test_of_two_builds_at_once_the_second_waits(tmp_path: Path) -> None:
    begun, order = threading.Event(), []

    def second() -> None:
        begun.set()
        with assemble.workshop(tmp_path / "bundle"):
            order.append("second")

    other = threading.Thread(target=second)
    with assemble.workshop(tmp_path / "bundle") as first:
        other.start()
        begun.wait(10)
        other.join(0.2)
        order.append("first")
        assert first.is_dir(), "the second did not take it for one that was left"
    other.join(10)
    assert order == ["first", "second"]


def test_a_shim_is_asked_for_the_program_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    version = (sys.version_info[0], sys.version_info[1])
    shim = tmp_path / "python{}.{}".format(*version)
    shim.write_text(f'#!/bin/sh\ntest -n "$SHIMMED" || exit 1\nexec "{sys.executable}" "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("SHIMMED", "1")
    assert os.path.samefile(interpreter(version, str(shim)), sys.executable)
