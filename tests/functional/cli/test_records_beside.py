"""Where the lines of a run on this machine go: intents, and records that SLS has not; and what an operator is told besides."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.functional.cli.operator import Command, make

LAST = "as JSON lines: ROLEKEEPER_SLS_PROJECT is not set"


def test_without_sls_the_records_are_in_a_file_of_the_run_whose_name_is_said(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ROLEKEEPER_SLS_PROJECT")
    (made,) = make(cloud, 1, "web")
    ran = rolekeeper("remediate", "--id", made.instance_id)
    assert (ran.code, ran.err, made.role) == (0, "", "web")
    (file,) = (tmp_path / "state" / "rolekeeper").iterdir()
    assert (file.name.startswith("remediate-"), stat.S_IMODE(file.stat().st_mode)) == (True, 0o600)
    assert ran.out.splitlines()[-1] == f"records: {file}, {LAST}"
    assert [line["record"].get("instance_id") for line in ran.lines("record")] == [made.instance_id, None]
    assert [line["intent"] for line in ran.lines("intent")] == ["AttachInstanceRamRole"]
    assert rolekeeper("reconcile", "--json").json()["records"].endswith(LAST)
    assert len(list((tmp_path / "state" / "rolekeeper").iterdir())) == 2, "each run has its own"


def test_with_sls_the_lines_before_each_write_are_in_such_a_file(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 1, "web")
    ran = rolekeeper("remediate", "--all")
    assert (ran.err, ran.lines("record")) == ("", [])
    assert [line["intent"] for line in ran.lines("intent")] == ["AttachInstanceRamRole"]
    assert "; the lines before each write: " in ran.out.splitlines()[-1]


def test_they_are_on_standard_error_where_that_is_asked_for(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ROLEKEEPER_SLS_PROJECT")
    (made,) = make(cloud, 1, "web")
    ran = rolekeeper("remediate", "--id", made.instance_id, "--records", "-")
    assert ran.out.splitlines()[-1].startswith(f"records: standard error, {LAST}")
    told = [line["record"].get("instance_id") for line in map(json.loads, ran.err.splitlines()) if "record" in line]
    assert told == [made.instance_id, None]
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("where", ["a file", "no home"])
def test_and_where_no_file_can_be_made(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    (tmp_path / "in the way").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "in the way") if where == "a file" else "")
    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.delenv("ROLEKEEPER_SLS_PROJECT")
    (made,) = make(cloud, 1, "web")
    ran = rolekeeper("remediate", "--all")
    assert (ran.code, made.role) == (0, "web")
    last = f"records: standard error, {LAST}; --records FILE puts them into a file"
    assert ran.out.splitlines()[-1] == last
    assert '"intent"' in ran.err


def test_a_run_that_breaks_off_says_where_its_lines_are(
    cloud: Cloud,
    rolekeeper: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """As it does where Ctrl-C ends it at once."""
    make(cloud, 1, "web")

    def broken(*_: object, **__: object) -> None:
        raise OSError("the report")

    monkeypatch.setattr("cli.report.Report.ended", broken)
    with pytest.raises(OSError, match="the report"):
        rolekeeper("remediate", "--all")
    (file,) = (tmp_path / "state" / "rolekeeper").iterdir()
    assert capsys.readouterr().err == f"rolekeeper: what was begun until then is in {file}, as JSON lines\n"


def test_the_lines_go_to_a_file_of_the_operators_and_errors_stay_where_he_sees_them(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ROLEKEEPER_SLS_PROJECT")
    (made,) = make(cloud, 1, "web")
    runs = [rolekeeper("remediate", "--all", "--records", "records.jsonl") for _ in range(2)]
    assert [(ran.code, ran.err) for ran in runs] == [(0, "")] * 2
    assert runs[0].out.splitlines()[-1] == "records: records.jsonl, as JSON lines: ROLEKEEPER_SLS_PROJECT is not set"
    lines = [json.loads(line) for line in (tmp_path / "records.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["intent"] for line in lines if "intent" in line] == ["AttachInstanceRamRole"]
    told = [line["record"].get("outcome", "run") for line in lines if "record" in line]
    assert told == ["attached", "run", "unchanged", "run"], "the second run's stand below the first's"
    cloud.faults.add("error", action="GetCallerIdentity", code="NoPermission", status=403)
    ran = rolekeeper("remediate", "--all", "--records", "records.jsonl")
    assert (ran.code, ran.out, "NoPermission" in ran.err) == (1, "", True)
    assert made.role == "web"


def test_a_role_that_is_not_there_is_told_of_with_the_command_that_makes_it(cloud: Cloud, rolekeeper: Command) -> None:
    make(cloud, 1, "web")
    cloud.ram.account(ACCOUNT).roles.clear()
    ran = rolekeeper("remediate", "--all")
    assert ran.code == 1
    said = " ".join(ran.out.split())
    assert "InvalidRamRole.NotFound" in said
    assert "`rolekeeper provision` makes the role" in said


@pytest.mark.parametrize(("tag", "told"), [("app=web", False), ("App=web", True), ("app=wbe", True)])
def test_tags_that_no_instance_carries_are_told_of(cloud: Cloud, rolekeeper: Command, tag: str, told: bool) -> None:
    make(cloud, 1, "web")
    ran = rolekeeper("remediate", "--tag", tag)
    assert ran.code == 0
    assert ("no instance there carries these tags (here the case of a key counts)" in ran.out) is told
