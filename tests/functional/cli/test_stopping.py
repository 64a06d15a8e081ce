"""A run on this machine that is stopped: by Ctrl-C, or as a service manager does it."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import runs
from cli.report import Report
from fakecloud.cloud import Cloud
from fakecloud.http import Request, Response
from tests.functional.cli.operator import Command, make, records
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def at_a_terminal() -> Iterator[None]:
    """Whoever runs the tests under nohup has the signal of a closed terminal ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


class Stopper:
    """Stops the run once, and comes back when it knows.

    It begins in the middle of a minute on the emulated clock: what waits for the next one waits long enough to be stopped.
    """

    def __init__(self, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
        cloud.clock.advance(30 - cloud.clock.now() % 60)
        self.followers, made = list[runs.Follower](), runs.Follower
        self._once = threading.Lock()

        def follow(report: Report | None) -> runs.Follower:
            self.followers.append(made(report))
            return self.followers[0]

        monkeypatch.setattr(runs, "Follower", follow)

    def __call__(self, stop: signal.Signals) -> None:
        (follower,) = self.followers
        with self._once:
            if not follower.stopped():
                os.kill(os.getpid(), stop)
                wait_until(lambda: self._sees(follower))

    @staticmethod
    def _sees(follower: runs.Follower) -> bool:
        """A signal that comes when the main thread is about to wait is seen when it wakes, and here it waits for this one: so
        it is woken."""
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        return follower.stopped()


@pytest.fixture
def stopper(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stopper]:
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    yield Stopper(cloud, monkeypatch)
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize(
    "stop", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=["Ctrl-C", "SIGTERM", "closed terminal"]
)
@pytest.mark.parametrize("as_json", [False, True], ids=["table", "json"])
def test_a_run_that_is_stopped_ends_what_it_began_and_accounts_for_all_that_it_saw(
    cloud: Cloud,
    rolekeeper: Command,
    monkeypatch: pytest.MonkeyPatch,
    stopper: Stopper,
    stop: signal.Signals,
    as_json: bool,
) -> None:
    """It is stopped while the first instances are without a role."""
    swapped, rest = make(cloud, 3, "web", role="worker"), make(cloud, 150, "web")
    answer = cloud.handle

    def handle(request: Request) -> Response:
        response = answer(request)
        if request.headers.get("x-acs-action") == "DetachInstanceRamRole":
            stopper(stop)
        return response

    monkeypatch.setattr(cloud, "handle", handle)
    ran = rolekeeper("remediate", "--all", "--lift-brake", "--concurrency", "3", *(["--json"] if as_json else []))
    assert ran.code == 130
    assert {i.role for i in swapped} == {"web"}
    held = Counter(i.role for i in rest)
    written = [record for record in records(cloud) if record["action"] != "run"]
    outcomes = Counter(record["outcome"] for record in written)
    assert ran.journal.count('"intent": ') == cloud.calls.actions().count("AttachInstanceRamRole") + 1, "one Detach"
    assert (outcomes["swapped"], outcomes["attached"]) == (3, held["web"])
    assert {record["reason"] for record in written if record["outcome"] == "refused"} == {"stopped"}
    assert 0 < outcomes["refused"] <= held[""]
    assert outcomes.total() == len({record["instance_id"] for record in written})
    (told,) = [record for record in records(cloud) if record["action"] == "run"]
    assert (told["run"], told["error_code"]) == ("incomplete", "Interrupted")
    if as_json:
        told_error = ran.json()["error"]
        assert "Interrupted: not asked: the run was stopped" in told_error
        assert not told_error.startswith(":")
    else:
        assert "Interrupted: not asked: the run was stopped; what had begun was brought to its end" in ran.out
    assert {signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)} == {signal.SIG_DFL}


def stop_while_it_waits(stopper: Stopper, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The run is stopped when it first waits; how long it waited, in seconds."""
    sleep, waits = time.sleep, list[float]()

    def wait(seconds: float) -> None:
        sleep(seconds)
        if stopper.followers and seconds >= runs.NAP:  # else it is somebody else
            waits.append(seconds)
            stopper(signal.SIGTERM)

    monkeypatch.setattr(time, "sleep", wait)
    return waits


@pytest.mark.parametrize("action", ["DescribeInstances", "DescribeInstanceRamRole", "AttachInstanceRamRole"])
def test_a_call_that_waits_for_the_next_minute_is_not_made_after_a_stop(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, stopper: Stopper, action: str
) -> None:
    rest = make(cloud, 3, "web")
    cloud.faults.add("throttle", action=action, count=None)
    waits = stop_while_it_waits(stopper, monkeypatch)
    ran = rolekeeper("remediate", "--all")
    assert ran.code == 130
    assert sum(waits) < 1
    assert cloud.calls.actions().count(action) == 1
    assert {i.role for i in rest} == {""}
    (told,) = [record for record in records(cloud) if record["action"] == "run"]
    assert (told["run"], told["error_code"]) == ("incomplete", "Interrupted")
    assert json.loads(told["calls"])[action] == 1
    looks = [(record["outcome"], record["reason"]) for record in records(cloud) if record["action"] != "run"]
    assert set(looks) <= {("refused", "stopped")}
    if action == "AttachInstanceRamRole":
        assert len(looks) == 3
        assert cloud.calls.actions()[-2:] == [action, "PutLogs"], "nothing was begun, so nothing has to be looked at"


@pytest.mark.parametrize("role", ["worker", ""], ids=["swap", "attach"])
def test_a_change_that_waits_for_its_turn_is_not_begun_after_a_stop(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, stopper: Stopper, role: str
) -> None:
    """The run's second change waits a minute for its turn."""
    made = make(cloud, 3, "web", role=role)
    monkeypatch.setenv("ROLEKEEPER_CALLS_PER_MINUTE", "100,AttachInstanceRamRole=1")
    waits = stop_while_it_waits(stopper, monkeypatch)
    ran = rolekeeper("remediate", "--all", "--lift-brake", "--canary", "1")
    assert ran.code == 130
    assert sum(waits) < 1
    assert sorted(i.role for i in made) == sorted(["web", role, role])
    changes = ["DetachInstanceRamRole", "AttachInstanceRamRole"] if role else ["AttachInstanceRamRole"]
    assert [action for action in cloud.calls.actions() if action in changes] == changes
    if role:
        assert ran.journal.count('"intent": ') == len(changes), (
            "a swap has its turns before it says what it is about to do"
        )


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGHUP], ids=["service manager", "closed terminal"])
def test_a_provision_that_is_stopped_tells_what_was_done(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, stop: signal.Signals
) -> None:
    answer = cloud.handle

    def handle(request: Request) -> Response:
        if request.headers.get("x-acs-action") == "CreatePolicy":
            signal.raise_signal(stop)
        return answer(request)

    monkeypatch.setattr(cloud, "handle", handle)
    Path("roles.yaml").write_text(
        "version: 1\nroles: {web2: {description: w, policies: [{template: oss-read-only, with: {bucket: one}}]}}\n"
        "rules: [{name: all, when: {tags: {app: web2}}, role: web2}]\n"
    )
    ran = rolekeeper("provision")
    assert ran.code == 130
    assert "perhaps carried out: CreatePolicy: role web2" in ran.err
    assert "carried out before: CreateRole: role web2" in ran.err
    assert signal.getsignal(stop) == signal.SIG_DFL


@pytest.mark.parametrize(("ignored", "code"), [(True, 0), (False, 130)], ids=["nohup", "the shell passes it on too"])
def test_a_terminal_that_closes_stops_a_run_once_and_no_run_under_nohup(
    cloud: Cloud, rolekeeper: Command, monkeypatch: pytest.MonkeyPatch, ignored: bool, code: int
) -> None:
    """The signal comes twice while instances are without a role: from the terminal and from its shell."""
    swapped, rest = make(cloud, 3, "web", role="worker"), make(cloud, 3, "web")
    answer = cloud.handle

    def handle(request: Request) -> Response:
        response = answer(request)
        if request.headers.get("x-acs-action") == "DetachInstanceRamRole":
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGHUP)
        return response

    monkeypatch.setattr(cloud, "handle", handle)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        ran = rolekeeper("remediate", "--all", "--lift-brake", "--canary", "3")
    finally:
        signal.signal(signal.SIGHUP, before)
    assert ran.code == code
    assert {instance.role for instance in swapped} == {"web"}
    assert {instance.role for instance in rest} == ({"web"} if ignored else {""})
