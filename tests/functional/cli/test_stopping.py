"""A run on this machine that is stopped: by Ctrl-C, or as a service manager does it."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter

import pytest

from fakecloud.cloud import Cloud
from fakecloud.http import Request, Response
from tests.functional.cli.operator import Command, make, records


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("as_json", [False, True], ids=["table", "json"])
def test_a_run_that_is_stopped_ends_what_it_began_and_accounts_for_all_that_it_saw(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, stop: signal.Signals, as_json: bool
) -> None:
    """It is stopped while the first instances are without a role."""
    swapped, rest = make(cloud, 3, "web", role="worker"), make(cloud, 150, "web")
    answer, stopped = cloud.handle, threading.Event()

    def handle(request: Request) -> Response:
        if request.headers.get("x-acs-action") == "DetachInstanceRamRole" and not stopped.is_set():
            response = answer(request)
            stopped.set()
            os.kill(os.getpid(), stop)
            return response
        return answer(request)

    monkeypatch.setattr(cloud, "handle", handle)
    ran = rolekeeper("remediate", "--all", "--lift-brake", "--concurrency", "3", *(["--json"] if as_json else []))
    assert stopped.is_set()
    assert ran.code == 130
    assert {i.role for i in swapped} == {"web"}
    held = Counter(i.role for i in rest)
    written = [record for record in records(cloud) if record["action"] != "run"]
    outcomes = Counter(record["outcome"] for record in written)
    assert (outcomes["swapped"], outcomes["attached"]) == (3, held["web"])
    assert 0 < outcomes["failed"] <= held[""]
    assert outcomes.total() == len({record["instance_id"] for record in written})
    (told,) = [record for record in records(cloud) if record["action"] == "run"]
    assert (told["run"], told["error_code"]) == ("incomplete", "Interrupted")
    if as_json:
        told_error = ran.json()["error"]
        assert "Interrupted: not asked: the run was stopped" in told_error
        assert not told_error.startswith(":")
    else:
        assert "Interrupted: not asked: the run was stopped; what had begun was brought to its end" in ran.out
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
