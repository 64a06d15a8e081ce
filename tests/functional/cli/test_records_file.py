"""The file of --records: its owner's alone, no other file by way of a link; and what an operator is told where the disk is full."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from tests.functional.cli.operator import Command, Ran, make, written


def other_file(folder: Path) -> Path:
    (folder / "other").write_text("of somebody else\n")
    return folder / "other"


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a symbolic link": (lambda file: file.symlink_to(other_file(file.parent)), "is a symbolic link"),
    "a link to nothing": (lambda file: file.symlink_to(file.parent / "none"), "is a symbolic link"),
    "a hard link": (lambda file: os.link(other_file(file.parent), file), "has another name too (a hard link)"),
    "a directory": (lambda file: file.mkdir(), "is a directory"),
    "a pipe": (lambda file: os.mkfifo(file), "is no file, but a pipe"),
}


@pytest.mark.parametrize(("put", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_file_of_one_s_own_is_refused_before_anything_is_done(
    cloud: Cloud, rolekeeper: Command, tmp_path: Path, put: Callable[[Path], object], told: str
) -> None:
    put(tmp_path / "records.jsonl")
    (made,) = make(cloud, 1, "web")
    ran = rolekeeper("remediate", "--all", "--records", "records.jsonl")
    assert (ran.code, ran.out, made.role, len(cloud.calls)) == (1, "", "", 0)
    assert f"rolekeeper: --records: records.jsonl: {told}" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "none").exists()
    assert not (tmp_path / "other").exists() or (tmp_path / "other").read_text() == "of somebody else\n"


@pytest.mark.parametrize(
    "path", ["/dev/stdout", "/dev/stderr", "/dev/fd/1", "no/such/folder/f", "/proc/self/fd/1", "."]
)
def test_nor_is_a_stream_or_a_place_that_is_not_there(cloud: Cloud, rolekeeper: Command, path: str) -> None:
    ran = rolekeeper("remediate", "--all", "--records", path)
    assert (ran.code, ran.out, len(cloud.calls)) == (1, "", 0)
    assert f"rolekeeper: --records: {path}: " in ran.err


def test_a_file_of_another_user_is_refused(
    cloud: Cloud, rolekeeper: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "records.jsonl").write_text("")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    ran = rolekeeper("remediate", "--all", "--records", "records.jsonl")
    assert (ran.code, len(cloud.calls)) == (1, 0)
    assert "records.jsonl: belongs to another user" in ran.err


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_a_new_file_is_its_owner_s_alone(rolekeeper: Command, tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        ran = rolekeeper("remediate", "--all", "--records", "records.jsonl")
    finally:
        os.umask(before)
    assert (ran.code, ran.err) == (0, "")
    assert stat.S_IMODE((tmp_path / "records.jsonl").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o644, 0o666, 0o640, 0o604, 0o755, 0o400])
def test_so_is_one_that_was_there_and_it_keeps_what_it_has(
    cloud: Cloud, rolekeeper: Command, tmp_path: Path, mode: int
) -> None:
    file = tmp_path / "records.jsonl"
    file.write_text('{"earlier": 1}\n')
    file.chmod(mode)
    make(cloud, 1, "web")
    ran = rolekeeper("remediate", "--all", "--records", "records.jsonl")
    assert ran.code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines[0] == {"earlier": 1}
    assert any("intent" in line for line in lines)
    assert ("others could read or write it" in ran.err) is bool(mode & 0o077)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """A disk that takes so many lines, then so many bytes of the next, then none."""

    def limit(lines: int, part: int) -> None:
        write, left = os.write, [lines, part]

        def limited(number: int, data: bytes) -> int:
            if not data.startswith((b"{", b"\n{")) and not data.endswith(b"}\n"):
                return write(number, data)
            if left[0] > 0:
                left[0] -= 1
                return write(number, data)
            if left[1] > 0:
                left[1], taken = 0, left[1]
                return write(number, data[:taken])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "write", limited)

    return limit


def ran_on_a_full_disk(cloud: Cloud, rolekeeper: Command, *words: str, count: int = 3) -> Ran:
    make(cloud, count, "web")
    return rolekeeper(*words, "--records", "records.jsonl")


@pytest.mark.parametrize("device", [False, True], ids=["a file", "/dev/full"])
def test_a_dry_run_that_found_work_ends_with_2_whatever_the_disk_takes(
    cloud: Cloud, rolekeeper: Command, full: Callable[[int, int], None], device: bool
) -> None:
    """Every record is in SLS, and that is what is said."""
    make(cloud, 3, "web")
    full(0, 0)
    ran = rolekeeper("remediate", "--all", "--dry-run", "--records", "/dev/full" if device else "records.jsonl")
    assert ran.code == 2
    assert "standard output" not in ran.err
    assert 'records: SLS, rolekeeper/rolekeeper-records: run_id: "run-' in ran.out
    assert "complete: 3 instances seen" in ran.out


def test_a_run_that_is_stopped_ends_with_130(
    cloud: Cloud, rolekeeper: Command, full: Callable[[int, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    make(cloud, 250, "web")
    full(0, 0)
    handle = cloud.handle

    def stopping(request: object) -> object:
        signal.raise_signal(signal.SIGTERM)
        monkeypatch.setattr(cloud, "handle", handle)
        return handle(request)  # type: ignore[arg-type]

    monkeypatch.setattr(cloud, "handle", stopping)
    ran = rolekeeper("remediate", "--all", "--records", "records.jsonl")
    assert ran.code == 130, ran
    assert written(cloud) == 0
    assert "standard output" not in ran.err


def test_without_an_intent_no_write_is_made_and_each_failure_says_why(
    cloud: Cloud, rolekeeper: Command, full: Callable[[int, int], None]
) -> None:
    full(0, 0)
    ran = ran_on_a_full_disk(cloud, rolekeeper, "remediate", "--all")
    assert (ran.code, written(cloud)) == (1, 0)
    assert "the intent could not be written" in " ".join(ran.out.split())
    assert "before a write could not be written to records.jsonl: No space left on device" in ran.out
    assert "records: SLS, " in ran.out


@pytest.mark.parametrize(("lines", "kept"), [(0, 0), (1, 0), (3, 2)])
@pytest.mark.parametrize("json_", [False, True], ids=["for people", "json"])
def test_without_sls_the_records_that_are_nowhere_are_counted(
    cloud: Cloud,
    rolekeeper: Command,
    full: Callable[[int, int], None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    lines: int,
    kept: int,
    json_: bool,
) -> None:
    """A dry run over three: its estimate, then a record each, its bill, and the record of the run."""
    monkeypatch.delenv("ROLEKEEPER_SLS_PROJECT")
    full(lines, 0)
    words = ["remediate", "--all", "--dry-run", *(["--json"] if json_ else [])]
    ran = ran_on_a_full_disk(cloud, rolekeeper, *words)
    assert ran.code == 2
    told = ran.json()["records"] if json_ else ran.out.splitlines()[-1]
    found = (tmp_path / "records.jsonl").read_text().count('"record"')
    assert f"{found} of 4 are in records.jsonl, as JSON lines, the others nowhere: No space left on device" in told


def test_a_run_with_nothing_to_do_whose_records_are_nowhere_has_not_gone_well(
    cloud: Cloud, rolekeeper: Command, full: Callable[[int, int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ROLEKEEPER_SLS_PROJECT")
    full(0, 0)
    assert rolekeeper("remediate", "--all", "--records", "records.jsonl").code == 1


def test_half_a_line_spoils_no_other(
    cloud: Cloud, rolekeeper: Command, full: Callable[[int, int], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The disk is full in the midst of a line; room is made, and the next run adds its lines."""
    monkeypatch.delenv("ROLEKEEPER_SLS_PROJECT")
    make(cloud, 1, "web")
    room = os.write
    full(1, 9)
    rolekeeper("remediate", "--all", "--dry-run", "--records", "records.jsonl")
    monkeypatch.setattr(os, "write", room)
    rolekeeper("remediate", "--all", "--dry-run", "--records", "records.jsonl")
    good = 0
    for line in (tmp_path / "records.jsonl").read_text().splitlines():
        with suppress(ValueError):
            good += "record" in json.loads(line)
    assert good == 2, "of the second run: one of the instance, one of the run"
