"""A bundle for Function Compute's python3.12 runs there: its wheels and its byte code are that Python's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.building.bundle import make
from cli.building.bytecode import interpreter
from fakecloud.cloud import Cloud
from fakecloud.fc.s_yaml import load_s_yaml
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.people import Person
from fakecloud.server import Server
from shared.errors import ConfigError

from .conftest import ROOT, SHELF
from .test_bundle import alone

pytestmark = pytest.mark.slow  # they need the whole bundle


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """This project, but for the runtime that s.yaml names."""
    for name in ("functions", "shared", "pyproject.toml", "requirements.lock", "roles.yaml"):
        (tmp_path / name).symlink_to(ROOT / name)
    said = (ROOT / "s.yaml").read_text(encoding="utf-8")
    (tmp_path / "s.yaml").write_text(said.replace("runtime: python3.10", "runtime: python3.12"), encoding="utf-8")
    return tmp_path


def test_a_bundle_for_python_3_12_runs_an_event(root: Path, tmp_path: Path) -> None:
    python = interpreter((3, 12)) or pytest.skip("there is no CPython 3.12 here")
    try:
        bundle = make(root, tmp_path / "out" / "bundle", roles_file=ROOT / "roles.yaml", shelf=SHELF, python=python)
    except ConfigError as error:
        if "cannot be reached" in str(error):
            pytest.skip(str(error))
        raise
    assert bundle.target.runtime == "python3.12"
    assert {path.name.split(".")[1] for path in bundle.folder.rglob("*.pyc")} == {"cpython-312"}
    assert not [path for path in bundle.folder.rglob("*.so") if "cpython-310" in path.name]
    cloud = Cloud()
    with Server(cloud) as server:
        Person(server.url).launch("web-1", {"team": "none"})
        props = load_s_yaml(ROOT / "s.yaml", {}, ACCOUNT)["resources"]["tags_changed"]["props"]
        env = {
            **props["environmentVariables"],
            "ROLEKEEPER_ENDPOINT": server.url,
            "ROLEKEEPER_ACCOUNT_ID": ACCOUNT,
            "ROLEKEEPER_LOOK_AGAIN_SECONDS": "0",
            "ALIBABA_CLOUD_ACCESS_KEY_ID": ROOT_KEY[0],
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": ROOT_KEY[1],
        }
        event = (ROOT / "events" / "tags_changed" / "ecs-tag-resources.json").read_bytes()
        code = (
            f"from functions.tags_changed import handler\nprint(json.dumps(handler({event!r}, Context)))\n"
            "print(sys.version_info[:2])"
        )
        *_, said, version = alone(python, bundle.folder, code, env).splitlines()
    assert version == "(3, 12)"
    assert json.loads(said)["outcomes"]
    assert "DescribeInstances" in {call.action for call in cloud.calls}
