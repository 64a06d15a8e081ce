"""An event that is ignored costs a process that just began as little as can be: no mapping, no SDK."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CODE = """
import json, os, sys
os.environ["ROLEKEEPER_ROLES_FILE"] = "absent.yaml"
class Context:
    request_id, region, account_id = "1-a", "cn-hangzhou", "1234567890123456"
from functions.tags_changed import handler
said = handler({event!r}, Context)
print(json.dumps([said, list(sys.modules)]))
"""


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        pytest.param("disk-tags", "not-an-instance", id="of another kind of resource"),
        pytest.param("cloudmonitor-own-tag", "own-tag", id="our own doing"),
        pytest.param("cloud-config", "not-for-us", id="of another product"),
    ],
)
def test_an_ignored_event_reads_no_mapping_and_imports_no_sdk(sample: str, reason: str) -> None:
    """The file with the mapping is not even there."""
    event = (ROOT / "events" / "ignored" / f"{sample}.json").read_bytes()
    ran = subprocess.run(
        [sys.executable, "-c", CODE.format(event=event)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    said, modules = json.loads(ran.stdout.splitlines()[-1])
    assert said["outcomes"] == {}
    assert [ignored["reason"] for ignored in said["ignored"]] == [reason]
    assert not {"shared.mapping", "shared.engine.invocation", "requests", "aliyun", "darabonba"} & set(modules)
