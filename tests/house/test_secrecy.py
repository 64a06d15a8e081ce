"""The search for keys after each test can fail: for each place where one may show, a test that shows it, run by itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
import pytest
from fakecloud.cloud import Cloud
from fakecloud.identity import Identity
from tests.secrecy import pytest_runtest_makereport

@pytest.fixture
def key():
    made = Cloud()
    yield made.keys.temporary(Identity("Account", "1"), 1e12)

@pytest.fixture
def cloud():
    return Cloud()
"""
SHOWN = {
    "printed": "print(key.secret)",
    "printed to standard error": "import sys; sys.stderr.write(key.token)",
    "printed and read by the test": "print('a' + key.secret + 'b'); capsys.readouterr()",
    "logged": "import logging; logging.getLogger('x').warning(f'with {key.token}')",
    "in another process": "import subprocess, sys; subprocess.run([sys.executable, '-c', f'print({key.secret!r})'], capture_output=True)",
    "recorded in SLS": "from tests.functional.handlers.world import World; World.add_logstore(w(cloud)); "
    "cloud.sls.put('rolekeeper', 'rolekeeper-records', [{'a': key.secret}])",
    "in a queue": "cloud.mns.create('1', 'cn-hangzhou', 'q').send(key.secret)",
    "in a function's log": "from fakecloud.fc.models import LogEntry; cloud.fc.logs.append(LogEntry('f', 'r', 0.0, key.secret))",
    "a key that the product was given": "from shared.gateways.clients import Credentials; "
    "Credentials(access_key_id='someid12', access_key_secret='sosecret'); print('sosecret')",
    "a proof key": "from shared.proof import Key; Key('0123456789abcdef' * 2); print('0123456789abcdef' * 2)",
}
CLEAN = {"nothing": "print('nothing')", "another cloud's key": "print('CAISx')"}


@pytest.mark.parametrize(
    "options", [["-p", "no:xdist"], pytest.param(["-n", "1"], marks=pytest.mark.slow)], ids=["here", "xdist"]
)
def test_a_key_that_shows_fails_the_test_that_shows_it(tmp_path: Path, options: list[str]) -> None:
    lines = ["import pytest", "from types import SimpleNamespace", "def w(cloud): return SimpleNamespace(cloud=cloud)"]
    for number, code in enumerate([*SHOWN.values(), *CLEAN.values()]):
        lines += [f"def test_{number}(key, cloud, capsys):", *(f"    {part}" for part in code.split("; "))]
    lines += ["@pytest.mark.shows_keys", "def test_on_purpose(key, cloud, capsys):", "    print(key.secret)"]
    (tmp_path / "test_it.py").write_text("\n".join(lines))
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\nmarkers = shows_keys: on purpose\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rE", "-rA", *options, str(tmp_path)]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    found = set(re.findall(r"^ERROR test_it.py::test_(\w+)", ran.stdout, re.M))
    names = [*SHOWN, *CLEAN]
    assert {names[int(number)] for number in found} == set(SHOWN), ran.stdout[-3000:]
    assert len(re.findall("^PASSED", ran.stdout, re.M)) == len(names) + 1, ran.stdout[-3000:]
