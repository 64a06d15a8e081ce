"""Standard streams that the shell has closed: each command does and ends as it does with the null device in their place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.server import Server
from tests.functional.cli import every
from tests.functional.cli.operator import RULES, make
from tests.functional.cli.process import process

CLOSED = [">&-", "2>&-", "<&-", "<&- >&- 2>&-"]
HOME = {"ROLEKEEPER_ACCOUNT_ID": ACCOUNT, "ROLEKEEPER_REGION": "cn-hangzhou"}


def is_closed(stream: str, closed: str) -> bool:
    return stream in closed.split()


@pytest.mark.each_value
@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize(
    "row",
    [
        *("read", "validate"),
        *(
            pytest.param(row, marks=pytest.mark.slow)
            for row in ("read --json", "read, no file", "policy list", "an option that is none", "--help")
        ),
    ],
)
def test_a_command_that_calls_no_cloud(tmp_path: Path, row: str, closed: str) -> None:
    words = every.words(every.OFFLINE[row], tmp_path, "x")
    whole, ran = process(*words, env=HOME), process(*words, env=HOME, redirect=closed)
    assert ran.returncode == whole.returncode
    assert ran.stdout == (b"" if is_closed(">&-", closed) else whole.stdout)
    assert ran.stderr == (b"" if is_closed("2>&-", closed) else whole.stderr)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Cloud, dict[str, str]]]:
    """An emulator, and the environment of a command that works on it without a logstore."""
    (tmp_path / "roles.yaml").write_text(RULES)
    cloud = Cloud()
    for name in ("web", "worker"):
        cloud.ram.put_role(ACCOUNT, name)
    with Server(cloud, runs_clock=False) as server:
        keys = dict(zip(("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"), ROOT_KEY, strict=True))
        yield cloud, {**HOME, **keys, "ROLEKEEPER_ENDPOINT": server.url}


@pytest.mark.each_value
@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize(
    "words", [["remediate", "--all"], ["reconcile"], ["remediate", "--all", "--json"]], ids=" ".join
)
def test_a_run_does_its_work_and_says_where_its_records_are(
    served: tuple[Cloud, dict[str, str]], tmp_path: Path, words: list[str], closed: str
) -> None:
    cloud, env = served
    made = make(cloud, 3, "web")
    ran = process(*words, "--records", "-", env=env, redirect=closed, cwd=tmp_path)
    assert (ran.returncode, [instance.role for instance in made]) == (0, ["web"] * 3)
    out = ran.stdout.decode()
    assert bool(out) is not is_closed(">&-", closed)
    if out:
        told = (
            "nowhere: standard error is closed, and" if is_closed("2>&-", closed) else "standard error, as JSON lines:"
        )
        assert f"{told} ROLEKEEPER_SLS_PROJECT is not set" in out
    assert (b'"intent"' in ran.stderr) is not is_closed("2>&-", closed)


@pytest.mark.each_value
@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize(
    ("words", "code"), [(["provision", "--dry-run"], 1), (["roles"], 2)], ids=["provision", "roles"]
)
def test_a_command_of_ram_ends_as_it_always_does(
    served: tuple[Cloud, dict[str, str]], tmp_path: Path, words: list[str], code: int, closed: str
) -> None:
    _, env = served
    ran = process(*words, env=env, redirect=closed, cwd=tmp_path)
    assert ran.returncode == code, ran.stderr
    assert b"Traceback" not in ran.stdout + ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize("closed", CLOSED)
def test_a_dry_run_keeps_its_exit_code(served: tuple[Cloud, dict[str, str]], tmp_path: Path, closed: str) -> None:
    cloud, env = served
    make(cloud, 1, "web")
    assert process("remediate", "--all", "--dry-run", env=env, redirect=closed, cwd=tmp_path).returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize("closed", CLOSED)
def test_ids_from_a_closed_standard_input_are_none(
    served: tuple[Cloud, dict[str, str]], tmp_path: Path, closed: str
) -> None:
    _, env = served
    ran = process("remediate", "--id", "-", env=env, redirect=f"{closed} <&-", cwd=tmp_path)
    assert ran.returncode == 1
    assert b"Traceback" not in ran.stderr


@pytest.mark.each_value
@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize("words", [["nothing"], ["serve", "--port", "TAKEN"]], ids=["a mistake", "a taken port"])
def test_so_does_the_emulator_s_own_command(
    served: tuple[Cloud, dict[str, str]], words: list[str], closed: str
) -> None:
    _, env = served
    port = env["ROLEKEEPER_ENDPOINT"].rpartition(":")[2]
    code = "import sys; from fakecloud.__main__ import main; sys.exit(main())"
    given = [word.replace("TAKEN", port) for word in words]
    ran = process(*given, env={}, redirect=closed, code=code)
    assert ran.returncode == (2 if words == ["nothing"] else 1)
    assert ran.stdout == b"", "an error is not for standard output, wherever standard error is"
    assert bool(ran.stderr) is not is_closed("2>&-", closed)


@pytest.mark.slow
@pytest.mark.parametrize(("dry", "code"), [(True, 2), (False, 1)], ids=["dry run", "a run"])
def test_a_full_disk_under_standard_error(
    served: tuple[Cloud, dict[str, str]], tmp_path: Path, dry: bool, code: int
) -> None:
    """A write that could not be announced is not made; the exit code is that of the run, and not Python's for a lost stream."""
    cloud, env = served
    (made,) = make(cloud, 1, "web")
    ran = process(
        "remediate",
        "--all",
        "--records",
        "-",
        *(["--dry-run"] if dry else []),
        env=env,
        redirect="2>/dev/full",
        cwd=tmp_path,
    )
    assert (ran.returncode, made.role) == (code, "")
    assert b"0 of 2 are in standard error, as JSON lines, the others nowhere: No space left on device" in ran.stdout


@pytest.mark.slow
@pytest.mark.parametrize("closed", CLOSED)
def test_a_replay(tmp_path: Path, closed: str) -> None:
    words = every.words(every.STAGED["replay"], tmp_path, "x")
    ran = process(*words, env={}, redirect=closed)
    assert ran.returncode == 0
    assert (b"i-bp1ecr0000000000000b" in ran.stdout) is not is_closed(">&-", closed)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [["remediate", "--all"], ["reconcile"], ["roles"], ["provision", "--dry-run"], ["validate"]], ids=" ".join
)
def test_a_pipe_that_nobody_reads_ends_the_command_without_a_word(
    served: tuple[Cloud, dict[str, str]], tmp_path: Path, words: list[str]
) -> None:
    ran = process(*words, env=served[1], redirect="| true", cwd=tmp_path)
    assert (b"Traceback" in ran.stderr, b"Errno" in ran.stderr) == (False, False)
