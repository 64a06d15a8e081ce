"""A command in this process, as in one of its own but for the time that takes to start. Asserts nothing.

What only a process has (its exit, closed streams, signals, a terminal) is tested by process.py.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import partialmethod
from pathlib import Path
from types import MappingProxyType
from unittest import mock

from cli.main import main
from fakecloud.fc.api import FunctionCompute
from tests.functional.cli.every import ROOT
from tests.secrecy import TEXTS

KEPT = ("PATH", "HOME", "TMPDIR", "XDG_STATE_HOME", "PYTEST_CURRENT_TEST")


def inside(
    *words: str, stdin: bytes = b"", env: Mapping[str, str] = MappingProxyType({}), cwd: Path = ROOT
) -> subprocess.CompletedProcess[bytes]:
    """What the command printed and ended with, in that environment alone. Functions of an emulator that it runs are in here too."""
    read, out, err = (io.TextIOWrapper(io.BytesIO(given), encoding="utf-8") for given in (stdin, b"", b""))
    kept, before, code = {name: os.environ[name] for name in KEPT if name in os.environ}, Path.cwd(), 0
    inline = partialmethod(FunctionCompute.deploy, runner="inline")
    try:
        os.chdir(cwd)
        with (
            mock.patch.dict(os.environ, {**kept, **env}, clear=True),
            mock.patch.multiple(sys, argv=["rolekeeper", *words], stdin=read, stdout=out, stderr=err),
            mock.patch.object(FunctionCompute, "deploy", inline),
        ):
            main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        os.chdir(before)
    told = []
    for stream in (out, err):
        stream.flush()
        told.append(stream.detach().getvalue())
        TEXTS.append(("a command in this process", told[-1].decode(errors="replace")))
    return subprocess.CompletedProcess(words, code, *told)
