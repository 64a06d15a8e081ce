"""The line that says how far a command is: on a terminal alone, gone before anything else is printed; and the question before --all."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections import Counter

import pytest

from cli import confirm, output, progress
from cli.view.run_progress import RunProgress, duration
from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from tests.functional.cli.operator import Command, make, written
from tests.waiting import wait_until


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A standard error on which the line is drawn at once. Not a fixture: pytest puts its own streams there before the test begins."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setattr(progress, "DELAY", 0.0)
    monkeypatch.setattr(progress, "TICK", 0.005)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    return made


STATES = {
    "nothing known": (RunProgress(0.0), 0.5, 1, "listing instances, 1 call"),
    "listing": (RunProgress(0.0), 5.0, 12, "listing instances, 12 calls"),
    "few are done": (RunProgress(0.0, 3, 2000), 5.0, 40, "3 of 2,000 instances, 40 calls"),
    "half": (RunProgress(0.0, 1000, 2000), 60.0, 1214, "1,000 of 2,000 instances, 1,214 calls, about 60 s left"),
    "long": (RunProgress(0.0, 100, 2000), 60.0, 9, "100 of 2,000 instances, 9 calls, about 19 min left"),
    "more than were announced": (RunProgress(0.0, 2003, 2000), 60.0, 9, "2,003 of 2,003 instances, 9 calls"),
    "all": (RunProgress(0.0, 2000, 2000), 60.0, 9, "2,000 of 2,000 instances, 9 calls"),
    "waiting": (
        RunProgress(0.0, 50, 2000, 101.0), 60.0, 9, "50 of 2,000 instances, 9 calls, waiting 41 s for ECS's next minute",
    ),
    "waited": (RunProgress(0.0, 50, 100, 59.0), 60.0, 9, "50 of 100 instances, 9 calls, about 60 s left"),
}  # fmt: skip


@pytest.mark.parametrize(("state", "now", "calls", "text"), STATES.values(), ids=list(STATES))
def test_a_run_s_line(state: RunProgress, now: float, calls: int, text: str) -> None:
    assert state.text(now, calls) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "1 s"), (89, "89 s"), (91, "2 min"), (5300, "88 min"), (7500, "2 h 5 min")]
)
def test_a_time_is_said_shortly(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_line_is_drawn_and_taken_away_before_anything_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    with progress.line(lambda: "half of it \x1b[31m"):
        wait_until(lambda: "half of it" in stream.getvalue())
        monkeypatch.setattr(progress, "DELAY", 1000.0)
        output.say("a line", err=True)
        drawn = stream.getvalue()
    assert "\\x1b[31m" in drawn, "no order to the terminal"
    assert drawn.endswith("\r\x1b[1A\x1b[2Ka line\n"), "the line is erased, and stays away for a while"
    assert stream.getvalue() == drawn


def test_a_part_of_the_command_that_knows_more_says_so_as_long_as_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = terminal(monkeypatch)
    with progress.line(lambda: "the whole"):
        with progress.saying(lambda: "a part"):
            wait_until(lambda: "a part" in stream.getvalue())
        wait_until(lambda: stream.getvalue().rfind("the whole") > stream.getvalue().rfind("a part"))
    assert "progress" not in [thread.name for thread in threading.enumerate()]


def test_no_line_is_drawn_over_an_answer_that_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, clock, looks = terminal(monkeypatch), time.monotonic, Counter[str]()

    def counted() -> float:
        looks[threading.current_thread().name] += 1
        return clock()

    with progress.line(lambda: "the whole"):
        wait_until(lambda: "the whole" in stream.getvalue())
        with progress.asking():
            asked = stream.getvalue()
            monkeypatch.setattr(time, "monotonic", counted)
            wait_until(lambda: looks["progress"] > 3)
            assert stream.getvalue() == asked
        wait_until(lambda: "the whole" in stream.getvalue()[len(asked) :])


def test_there_is_none_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "DELAY", 0.0)
    with progress.line(lambda: pytest.fail("asked for")), progress.saying(lambda: pytest.fail("asked for")):
        assert not [thread for thread in threading.enumerate() if thread.name == "progress"]
    assert stream.getvalue() == ""


def test_a_run_says_how_far_it_is(cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked at each call, as the thread that draws the line asks it."""
    drawn: list[str] = []
    made = make(cloud, 120, "web")
    handle = cloud.handle

    def slow(request: object) -> object:
        line = progress._line
        if line is not None:
            drawn.append(line.text())
        return handle(request)  # type: ignore[arg-type]

    monkeypatch.setattr(cloud, "handle", slow)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert rolekeeper("remediate", "--all", "--yes").code == 0
    assert {instance.role for instance in made} == {"web"}
    assert drawn[0].startswith("remediate: ")
    assert any(line.startswith("listing instances, ") for line in drawn)
    assert any(line.startswith("0 of 120 instances, ") for line in drawn)
    assert any(line.startswith("120 of 120 instances, ") for line in drawn), "when the records go out"


ANSWERS = {
    "yes": ("y\n", 0, "web"),
    "in full": (" Yes\n", 0, "web"),
    "no": ("n\n", 1, ""),
    "enter": ("\n", 1, ""),
    "end": ("", 1, ""),
}


@pytest.mark.parametrize(("answer", "code", "role"), ANSWERS.values(), ids=list(ANSWERS))
def test_all_asks_first_on_a_terminal(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, role: str
) -> None:
    (made,) = make(cloud, 1, "web")
    monkeypatch.setattr(confirm, "somebody_answers", lambda: True)
    ran = rolekeeper("remediate", "--all", stdin=answer)
    assert (ran.code, made.role, bool(written(cloud))) == (code, role, code == 0)
    assert f"on every instance of cn-hangzhou\nin account {ACCOUNT}, by" in ran.err
    assert ("remediate --all: not confirmed; nothing was done" in ran.err) is (code == 1)


ASKED_NOTHING = {
    "--yes": (["remediate", "--all", "--yes"], True),
    "a dry run": (["remediate", "--all", "--dry-run"], True),
    "a selection": (["remediate", "--tag", "app=web"], True),
    "a pipe": (["remediate", "--all"], False),
}


@pytest.mark.parametrize(("words", "is_terminal"), ASKED_NOTHING.values(), ids=list(ASKED_NOTHING))
def test_nobody_is_asked_where_it_is_said_or_where_nobody_could_answer(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, words: list[str], is_terminal: bool
) -> None:
    make(cloud, 1, "web")
    monkeypatch.setattr(confirm, "somebody_answers", lambda: is_terminal)
    ran = rolekeeper(*words, stdin="n\n")
    assert ran.code in (0, 2)
    assert "Go on?" not in ran.err
