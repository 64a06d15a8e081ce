"""What a newcomer asks the command line itself: its version, its help, completion, no colour; and what it says of slips."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.functional.cli.operator import Command

ROOT = Path(__file__).parents[3]
COMMANDS = [[], ["demo"], ["read"], ["validate"], ["compare"], ["adopt"], ["replay"], ["provision"], ["build"], ["roles"], ["reconcile"], ["remediate"],
            ["schema"], ["policy"], ["policy", "lint"], ["policy", "member-role"]]  # fmt: skip


def test_the_version_is_the_packages(rolekeeper: Command) -> None:
    ran = rolekeeper("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"rolekeeper {version('rolekeeper')}\n", "")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_has_a_short_form_everywhere(rolekeeper: Command, words: list[str]) -> None:
    short, long = rolekeeper(*words, "-h"), rolekeeper(*words, "--help")
    assert short == long
    assert (short.code, short.err) == (0, "")
    assert " ".join(["Usage: rolekeeper", *words]) in short.out


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("rolekeeper re", {"read", "replay", "reconcile", "remediate"}),
        ("rolekeeper remediate --dr", {"--drift", "--dry-run"}),
        ("rolekeeper policy mem", {"member-role"}),
    ],
)
def test_a_shell_is_told_what_can_follow(typed: str, found: set[str]) -> None:
    asked = {"_ROLEKEEPER_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    ran = run("from cli.main import main; main()", **asked)
    assert (set(ran.stdout.split()), ran.stderr) == (found, "")


def run(script: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    plain = {
        name: value for name, value in os.environ.items() if not name.startswith(("ROLEKEEPER_", "ALIBABA_CLOUD_"))
    }
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *words],
        cwd=ROOT,
        env={**plain, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=120,
    )


ON_A_TERMINAL = """
    import os, pty, sys
    child, terminal = pty.fork()
    if not child:
        from cli.main import main
        sys.argv[0] = "rolekeeper"
        main()
    shown = b""
    try:
        while part := os.read(terminal, 65536):
            shown += part
    except OSError:
        pass
    os.waitpid(child, 0)
    sys.stdout.write(shown.decode())
"""


@pytest.mark.each_value
@pytest.mark.parametrize(
    "words", [["--help"], ["remediate", "--help"], ["--nope"], ["validate"], ["policy", "list"]], ids=" ".join
)
@pytest.mark.parametrize("no_color", ["1", ""], ids=["NO_COLOR", "empty"])
def test_no_color_means_no_escape_codes_at_all(words: list[str], no_color: str) -> None:
    """Bold ones neither; set to nothing it says nothing."""
    shown = run(ON_A_TERMINAL, *words, NO_COLOR=no_color, TERM="xterm-256color").stdout
    assert len(shown) > 50
    assert ("\x1b[" in shown) == (not no_color and words != ["validate"])


SLIPS = [
    ("remediate --all --max-calls x", "--max-calls: write a number"),
    ("remediate --all --canary x", "--canary: write a number"),
    ("remediate --id web-1", "--id: 'web-1' is not an instance id"),
    ("remediate --id i-bp1 --id web-1", "--id: 'web-1' is not an instance id"),
    ("remediate --rule nope", "--rule: the mapping has no rule 'nope'"),
    ("remediate --role nope", "--role: the mapping does not list the role 'nope'"),
    ("remediate --all --account 12a", "--account: '12a' is not an account id: digits alone"),
    ("reconcile --account 12a", "--account: '12a' is not an account id: digits alone"),
    ("remediate --all --region Peking", "--region: 'Peking' is not a region"),
    ("remediate --drift nope", "--drift: 'nope' is no drift"),
    ("remediate --tag web", "--tag 'web': write KEY=VALUE"),
    ("policy member-role 12a --external-id s3cret", "member-role: '12a' is not the digits of an account's id"),
    ("policy member-role 1234567890123456 --external-id s3cret", "the functions' own account"),
    ("policy member-role 22 --external-id s", "--external-id: it is not 2 to 1224 letters"),
    (
        "policy member-role 22 --external-id s3cret --account 12a",
        "--account: '12a' is not the digits of an account's id",
    ),
    ("policy execution-role --account 12a", "--account: '12a' is not the digits of an account's id"),
    ("policy execution-role --region *", "--region: '*' is not a region"),
    ("policy pass-role --account 12a", "--account: '12a' is not the digits of an account's id"),
    ("policy provisioner --account 12a", "--account: '12a' is not the digits of an account's id"),
    ("read --account 12a nope.json", "--account: '12a' is not the digits of an account's id"),
    ("read --region Peking nope.json", "--region: 'Peking' is not a region"),
]


@pytest.mark.parametrize(("typed", "said"), SLIPS, ids=[typed for typed, _ in SLIPS])
def test_an_error_points_at_the_option(rolekeeper: Command, typed: str, said: str) -> None:
    ran = rolekeeper(*typed.split())
    assert ran.code == 1
    assert said in ran.err


@pytest.mark.parametrize(
    ("name", "said"), [("REGION", "export ROLEKEEPER_REGION=cn-"), ("ACCOUNT_ID", "export ROLEKEEPER_ACCOUNT_ID=")]
)
@pytest.mark.parametrize("words", [["remediate", "--all"], ["reconcile"], ["roles"], ["provision"]], ids=" ".join)
def test_a_setting_that_is_not_there_is_asked_for_in_the_words_of_the_place(
    rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, words: list[str], name: str, said: str
) -> None:
    """On a laptop nothing of Function Compute; in a function where it would have said it."""
    monkeypatch.delenv(f"ROLEKEEPER_{name}")
    ran = rolekeeper(*words)
    assert ran.code == 1
    assert f"ROLEKEEPER_{name} is not set" in ran.err
    assert said in ran.err
    assert "Function Compute" not in ran.err
    monkeypatch.setenv("FC_FUNCTION_NAME", "rolekeeper-reconcile")
    assert "nor does Function Compute say it" in rolekeeper(*words).err


WITHOUT_POSIX = """
    import subprocess, sys
    for name in ("fcntl", "resource", "termios", "tty", "pwd", "grp", "_posixsubprocess", "readline"):
        sys.modules[name] = None
    sys.argv[0] = "rolekeeper"
    import cli.main, cli.replay, cli.provision, cli.runs, cli.build, fakecloud.__main__, fakecloud.server
    cli.main.main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("words", [["validate"], ["policy", "list"], ["--version"], ["schema"]], ids=" ".join)
def test_the_commands_need_no_module_that_windows_lacks(words: list[str]) -> None:
    ran = run(WITHOUT_POSIX, *words)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_make_help_shows_every_target_wherever_make_is() -> None:
    """By awk alone: macOS's sed writes a t for a tab."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"(?m)^([a-z]+):.*## (.*)$", text)
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, env=env, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert [tuple(re.split(r" +", line, maxsplit=1)) for line in shown.splitlines()] == targets
    (recipe,) = re.findall(r"(?m)^help:.*\n\t(.*)$", text)
    assert not re.search(r"\bsed\b|\bexpand\b|grep -\w*P", recipe)
