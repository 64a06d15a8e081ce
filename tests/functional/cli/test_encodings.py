"""Standard streams that lack characters: no command ends in a traceback, and no summary is lost."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from cli import asked, output
from cli.main import main
from fakecloud.cloud import Cloud
from tests.functional.cli import every
from tests.functional.cli.operator import Command
from tests.functional.cli.process import process

TEXT = "支付 ✔ → … “é” 😀 \xa0 ☃"
ENCODINGS = ["gbk", "cp936", "ascii"]


@pytest.mark.each_value
@pytest.mark.parametrize("row", [*every.OFFLINE, *every.CLOUD])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_command_says_in_any_encoding_what_it_says_in_utf_8(
    cloud: Cloud, rolekeeper: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str, encoding: str
) -> None:
    """Here in this process, with streams of that encoding."""
    every.estate(cloud, TEXT)
    words = every.words({**every.OFFLINE, **every.CLOUD}[row], tmp_path, TEXT)
    (mapping,) = every.words(["ROLES"], tmp_path, TEXT)
    monkeypatch.setenv("ROLEKEEPER_ROLES_FILE", mapping)
    monkeypatch.chdir(every.ROOT if row in every.OFFLINE else tmp_path)
    raw = {name: io.BytesIO() for name in ("stdout", "stderr")}
    for name, stream in raw.items():
        monkeypatch.setattr(sys, name, io.TextIOWrapper(stream, encoding=encoding, errors="strict"))
    monkeypatch.setattr(sys, "argv", ["rolekeeper", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    sys.stdout.flush()
    sys.stderr.flush()
    out, err = (stream.getvalue().decode(encoding) for stream in raw.values())
    assert "Traceback" not in err
    assert out + err
    assert ended.value.code in (0, 1, 2, None)
    if row in ("remediate", "reconcile", "remediate --dry-run"):
        assert "complete: 4 instances seen in cn-hangzhou" in out
        assert "records: SLS" in out
    if row == "read, no file":
        assert "cannot be read: No such file or directory" in err


PLAIN = {
    "ascii": "支付 ✔ → … 😀|\\u652f\\u4ed8 ok -> ... \\U0001f600",
    "gbk": "支付 ✔ → … 😀|支付 ok → … \\U0001f600",
    "utf-8": "支付 ✔ → … 😀|支付 ✔ → … 😀",
    "latin-1": "é ✘ “a”|é no \"a\"",
}  # fmt: skip


@pytest.mark.parametrize("encoding", PLAIN)
def test_what_an_encoding_lacks_has_a_plain_form(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    text, plain = PLAIN[encoding].split("|")
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    output.ready()
    output.say(text)
    shown = output.table("a")
    shown.add(text)
    output.print_table(shown)
    lines = raw.getvalue().decode(encoding).splitlines()
    assert lines[0] == plain
    assert lines[2].strip() == plain
    sys.stdout.close()


ENVIRONMENTS = {
    "PYTHONIOENCODING=gbk": {"PYTHONIOENCODING": "gbk"},
    "PYTHONIOENCODING=ascii": {"PYTHONIOENCODING": "ascii"},
    "LC_ALL=C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.mark.parametrize(
    "row", [pytest.param(row, marks=[pytest.mark.slow] if row != "replay" else []) for row in every.STAGED]
)
@pytest.mark.parametrize(
    "env", [*list(ENVIRONMENTS)[:1], *(pytest.param(n, marks=pytest.mark.slow) for n in list(ENVIRONMENTS)[1:])]
)
def test_so_do_those_that_run_the_emulator(tmp_path: Path, row: str, env: str) -> None:
    words = every.words(every.STAGED[row], tmp_path, "支付✔")
    ran = process(*words, env=ENVIRONMENTS[env])
    assert b"Traceback" not in ran.stdout + ran.stderr
    last = {"demo": b"no account was needed.", "replay": b"i-bp1ecr0000000000000b", "replay --json": b'"not-json"'}[row]
    assert last in ran.stdout
    assert (ran.returncode, ran.stderr) == (1 if row == "replay --json" else 0, b"")


def test_words_that_were_typed_where_the_locale_knows_no_such_letters_are_what_they_were() -> None:
    typed = {
        word: word.encode().decode("ascii", "surrogateescape") for word in ("应用=支付", "支付", "李")
    }  # as Python has it
    tags = asked.tags([typed["应用=支付"]])
    body = asked.payload("remediate", {"tags": tags, "reason": typed["支付"], "operator": typed["李"]})
    remedy = asked.trigger("remediate", body, region="cn-hangzhou").request
    assert remedy
    assert (dict(remedy.tags), remedy.reason, remedy.operator) == ({"应用": "支付"}, "支付", "李")
