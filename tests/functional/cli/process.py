"""A command in a process of its own, for tests of what only a process has. Asserts nothing."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.functional.cli.every import ROOT

CODE = "from cli.main import main; main()"


def process(
    *words: str, env: dict[str, str], redirect: str = "", cwd: object = ROOT, code: str = CODE
) -> subprocess.CompletedProcess[bytes]:
    """The command with the streams redirected or closed as a shell does by these words. Nothing of the locale is inherited."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    shell = ["sh", "-c", f'exec "$@" {redirect}', "sh", sys.executable, "-c", code, *words]
    given = {**plain, "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(shell, cwd=str(cwd), env=given, capture_output=True, timeout=240, check=False)
