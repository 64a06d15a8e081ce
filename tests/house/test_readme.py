"""What both READMEs tell a newcomer to type is the same, and runs as it stands: quietly, and to its end."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("README.md", "README.zh-CN.md")


def commands(name: str) -> list[str]:
    """Each block of commands, without its comments."""
    blocks = re.findall(r"(?ms)^```sh\n(.*?)^```", (ROOT / name).read_text(encoding="utf-8"))
    return [re.sub(r"(?m) +# .*$", "", block) for block in blocks]


def test_both_readmes_say_to_type_the_same() -> None:
    assert commands(NAMES[0]) == commands(NAMES[1])


@pytest.mark.shows_keys  # fakecloud serve prints the key of its account
def test_the_block_for_the_emulated_account_runs_as_it_stands(tmp_path: Path) -> None:
    """But for the port, which may be taken here, and the virtual environment, which may be another."""
    if not shutil.which("curl"):
        pytest.skip("there is no curl here")
    (block,) = (block for block in commands("README.md") if "fakecloud serve" in block)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    shutil.copy(ROOT / "roles.yaml", tmp_path)
    for name in ("fakecloud.__main__", "cli.main"):
        command = tmp_path / ("fakecloud" if name.startswith("fakecloud") else "rolekeeper")
        command.write_text(f"#!{sys.executable}\nimport sys\nfrom {name} import main\nsys.exit(main())\n")
        command.chmod(0o755)
    env = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    env["XDG_STATE_HOME"] = str(tmp_path / "state")
    script = block.replace("source .venv/bin/activate", "").replace("8080", port)
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout + ran.stderr
    assert "3 to attach" in ran.stdout
    assert re.search(r"attached +missing +3", ran.stdout)
