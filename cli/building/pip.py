"""Runs this interpreter's pip, and says in one line what went wrong. Knows nothing of bundles.

pip takes the index from the user's own configuration; nothing here names one.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from shared.clean import cleaned
from shared.errors import ConfigError

_UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectionError|ConnectTimeout|ReadTimeout|Read timed out|ProxyError|NameResolutionError|"
    r"Max retries exceeded|Connection (?:refused|reset|broken)|Temporary failure in name resolution"
)


def pip(arguments: Sequence[str], doing: str) -> None:
    """Run it, away from the current directory, with this environment's build tools. doing: for the error.

    Raises ConfigError.
    """
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--retries=2", *arguments]
    env = {**os.environ, "PIP_REQUIRE_HASHES": "0"}  # what has to be checked says so; what is built here has no hash
    with tempfile.TemporaryDirectory() as elsewhere:
        ran = subprocess.run(command, cwd=elsewhere, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - pip
    if ran.returncode:
        raise ConfigError(f"{doing}: {cleaned(_reason(ran.stdout + ran.stderr))}")  # an index may have a password


def _reason(output: str) -> str:
    if "No module named pip" in output:
        return f"{sys.executable} has no pip; `{sys.executable} -m ensurepip` puts it there"
    if "DO NOT MATCH THE HASHES" in output:
        name = re.search(r"^\s+(\S.*?) from ", output, re.M)
        return f"{name[1] if name else 'a package'}: what the index serves is not what requirements.lock has hashes of"
    missing = re.findall(r"ERROR: No matching distribution found for (\S+)", output)
    if _UNREACHABLE.search(output):
        return "the package index cannot be reached (pip's own configuration names it); the network may be down"
    if missing:
        return f"the index has no file of {missing[0]} that runs there (or refuses: `pip download -v` tells its answer)"
    errors = re.findall(r"(?m)^\s*(?:ERROR|error): (.+)$", output)
    return errors[-1] if errors else (output.strip().splitlines() or ["pip failed without a word"])[-1]
