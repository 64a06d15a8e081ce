"""The bundle has all that the handlers reach, little else, and the same bytes wherever it is built."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.building.assemble import zipped
from cli.building.reach import NEVER
from fakecloud.cloud import Cloud
from fakecloud.fc.s_yaml import load_s_yaml
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.people import Person
from fakecloud.server import Server

from .conftest import ROOT, SHELF

pytestmark = pytest.mark.slow  # they need the whole bundle

PROPS = {key: r["props"] for key, r in load_s_yaml(ROOT / "s.yaml", {}, ACCOUNT)["resources"].items()}
LAUNCHED = "i-bp1ecr0000000000000a"
EVENTS = {
    "instance_created": "events/instance_created/state-running.json",
    "tags_changed": "events/tags_changed/ecs-tag-resources.json",
    "reconcile": "events/reconcile/timer.json",
    "remediate": "events/remediate/instance-ids.json",
}
RUN = """
import json, os, sys
sys.path[1:1] = {path!r}
sys.path[:] = [entry for entry in sys.path if "site-packages" not in entry]
os.environ.clear()
os.environ.update({env!r})
class Context:
    request_id, region, account_id = "1-a", "cn-hangzhou", {account!r}
{code}
"""


def alone(python: str, bundle: Path, code: str, env: dict[str, str] | None = None) -> str:
    """What a process prints that sees the bundle and the standard library, and nothing else."""
    path = [str(bundle), str(bundle / "python")]
    source = RUN.format(path=path, env=env or {}, account=ACCOUNT, code=code)
    ran = subprocess.run([python, "-I", "-S", "-c", source], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def imports(folder: Path) -> Iterator[str]:
    """Every import statement of a folder's code, wherever it stands."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module != "__future__"):
                yield ast.unparse(node)


def test_every_import_of_our_own_code_can_be_carried_out(bundle: Path, python310: str) -> None:
    """Plainly, without what shared/gateways/sdk.py puts off: what is put off is in the bundle too."""
    ours = sorted({statement for room in ("functions", "shared") for statement in imports(bundle / room)})
    assert any("aliyun" in statement for statement in ours)
    assert alone(python310, bundle, "\n".join([*ours, "print('ok')"])) == "ok\n"


@pytest.mark.parametrize("name", PROPS)
def test_a_handler_runs_an_event_from_the_bundle_alone(name: str, bundle: Path, python310: str) -> None:
    cloud = Cloud()
    with Server(cloud) as server:
        Person(server.url).launch("web-1", {"team": "none"})
        env = {
            **PROPS[name]["environmentVariables"],
            "ROLEKEEPER_ENDPOINT": server.url,
            "ROLEKEEPER_ACCOUNT_ID": ACCOUNT,
            "ROLEKEEPER_LOOK_AGAIN_SECONDS": "0",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": ROOT_KEY[0],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ROOT_KEY[1],
        }
        code = (
            f"from functions.{name} import handler\n"
            f"print(json.dumps(handler({(ROOT / EVENTS[name]).read_bytes()!r}, Context)))"
        )
        said = json.loads(alone(python310, bundle, code, env).splitlines()[-1])
    assert said["function"] == name
    asked = {call.action for call in cloud.calls}
    assert "DescribeInstances" in asked
    assert said["outcomes"], said


def test_what_no_handler_reaches_is_left_out(bundle: Path) -> None:
    files = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    assert {file.partition("/")[0] for file in files} == {
        "functions",
        "shared",
        "python",
        "roles.yaml",
        "roles.yaml.parsed",
    }
    assert not {
        file for file in files if "/tests/" in file or "/test/" in file or file.endswith((".pyi", ".c", ".pyx"))
    }
    ours = {file for file in files if file.startswith("shared/")}
    assert not {file for file in ours if "/provision/" in file or "gateways/ram" in file or "sls_admin" in file}
    for package in ("alibabacloud_ram20150501", "pytest", "werkzeug", "typer", "elasticsearch", "pip", "setuptools"):
        assert not {file for file in files if file.startswith(f"python/{package}/")}, package


def test_what_is_never_needed_is_not_imported_at_the_top_of_anything_kept(bundle: Path) -> None:
    """Inside functions that no handler calls it may be: the rest of the bundle can be imported without it."""
    for path in (bundle / "python").rglob("*.py"):
        tree = ast.parse(path.read_bytes())
        for node in tree.body:
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in named:
                assert not any(name == never or name.startswith(never + ".") for never in NEVER), (path, name)


def test_it_is_smaller_than_a_plain_install(bundle: Path) -> None:
    assert zipped(bundle) < 16_400_000


def test_byte_code_is_valid_whatever_a_deployment_does_to_the_times_of_files(bundle: Path, python310: str) -> None:
    for source in bundle.rglob("*.py"):
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-310.pyc"
        magic, flags = compiled.read_bytes()[:4], compiled.read_bytes()[4:8]
        assert magic == _magic(python310)
        assert flags == b"\x01\x00\x00\x00", "by hash, and not checked against the source (PEP 552)"


def _magic(python: str, known: dict[str, bytes] = {}) -> bytes:  # noqa: B006 - a cache
    if python not in known:
        asked = "import importlib.util; print(importlib.util.MAGIC_NUMBER.hex())"
        known[python] = bytes.fromhex(subprocess.check_output([python, "-c", asked], text=True).strip())
    return known[python]


def fingerprint(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Content, mode and time of every file."""
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mode,
            path.stat().st_mtime,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in folder.rglob("*")
    }


def test_two_builds_are_the_same_to_the_byte(bundle: Path, tmp_path: Path) -> None:
    """The second by another process, elsewhere, with other habits, and nothing left over from before but its downloads."""
    again = tmp_path / "deep" / "bundle"
    code = f"""
import os, sys
from pathlib import Path
os.umask(0o077)
sys.path.insert(0, {str(ROOT)!r})
from cli.building.bundle import make
make(Path({str(ROOT)!r}), Path({str(again)!r}), roles_file=Path({str(ROOT / "roles.yaml")!r}), shelf=Path({str(SHELF)!r}))
"""
    env = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LC_ALL": "C", "HOME": str(tmp_path)}
    env.setdefault("PYENV_ROOT", str(Path("~/.pyenv").expanduser()))
    ran = subprocess.run([sys.executable, "-c", code], cwd="/", env=env, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    assert fingerprint(again) == fingerprint(bundle)
