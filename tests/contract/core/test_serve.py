"""The server as a process: its address, its port, how it stops; and what only a real socket shows."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from fakecloud.cloud import Cloud
from fakecloud.server import Server
from tests.contract import sdk
from tests.contract.core.conftest import Way
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]


@contextmanager
def serve(*options: str, out: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "fakecloud", "serve", *options]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=out, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_it_tells_its_address_answers_and_stops_when_told(directly: None, stop: signal.Signals) -> None:
    with serve("--port", "0") as process:
        assert process.stdout is not None
        found = re.fullmatch(r"fakecloud serves (http://127\.0\.0\.1:\d+)\n", process.stdout.readline())
        assert found
        told = process.stdout.readline().split()
        key, secret = told[told.index("key") + 1], told[told.index("secret") + 1]
        assert requests.get(f"{found[1]}/_fakecloud/state", timeout=10).json()["instances"]["count"] == 0
        cfg = sdk.config(endpoint=found[1].removeprefix("http://"), access_key_id=key, access_key_secret=secret)
        assert sdk.ecs(cfg, "describe_regions")["Regions"]["Region"]
        process.send_signal(stop)
        _, complaints = process.communicate(timeout=20)
    assert (process.returncode, complaints) == (0, "")


def test_it_serves_where_it_cannot_say_so(directly: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Path("/dev/full").open("w") as full, serve("--port", str(port), out=full.fileno()) as process:
        wait_until(lambda: process.poll() is not None or is_open(port))
        process.send_signal(signal.SIGTERM)
        _, complaints = process.communicate(timeout=20)
    assert (process.returncode, complaints) == (0, "")


def is_open(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_a_taken_port_is_named(directly: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serve("--port", str(port)) as process:
            out, complaints = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "")
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in complaints
    assert "Traceback" not in complaints


@pytest.mark.parametrize("options", [("--port", "70000"), ("--port", "x"), ("--host", "0.0.0.0")], ids=" ".join)
def test_options_that_make_no_sense_are_refused(options: tuple[str, ...]) -> None:
    with serve(*options) as process:
        _, complaints = process.communicate(timeout=20)
    assert process.returncode == 2
    assert options[1] in complaints


def test_only_this_machine_can_reach_it(served: Way) -> None:
    port = int(served.url.rsplit(":", 1)[1])
    inodes = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [row[1] for row in inodes if row[3] == "0A" and int(row[1].split(":")[1], 16) == port]
    assert listening == [f"0100007F:{port:04X}"]


def test_time_passes_in_a_served_cloud_by_itself(served: Way) -> None:
    served.cloud.switches.boot_seconds = 0.05
    served.ecs("run_instances")
    wait_until(lambda: served.ecs("describe_instances", status="Running")["TotalCount"])
    assert served.cloud.clock.pending() == 0


def test_a_task_that_fails_does_not_stop_the_clock(served: Way, capfd: pytest.CaptureFixture[str]) -> None:
    def failing() -> None:
        raise RuntimeError("a bad task")

    served.cloud.clock.later(0, failing)
    served.cloud.switches.boot_seconds = 0.05
    served.ecs("run_instances")
    wait_until(lambda: served.ecs("describe_instances", status="Running")["TotalCount"])
    assert "a bad task" in capfd.readouterr().err


def test_a_bug_of_the_emulator_is_called_one(
    served: Way, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(served.cloud.ecs, "place", lambda *_: 1 / 0)
    assert sdk.refusal(served.ecs, "describe_instances") == (500, "Fakecloud.Bug")
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_taken_port_is_an_error_of_the_system(directly: None) -> None:
    with Server(Cloud()) as server, pytest.raises(OSError, match="in use"):
        Server(Cloud(), int(server.url.rsplit(":", 1)[1]))


def test_a_server_that_stops_lets_go_of_those_who_wait(directly: None) -> None:
    cloud = Cloud()
    with Server(cloud) as server:
        cloud.faults.add("timeout", seconds=3600)
        port = int(server.url.rsplit(":", 1)[1])
        waiting = socket.create_connection(("127.0.0.1", port))
        waiting.sendall(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nx-acs-version: 2014-05-26\r\nx-acs-action: DescribeRegions\r\n\r\n"
        )
        wait_until(lambda: len(cloud.calls))
    with waiting:
        waiting.settimeout(10)
        assert waiting.recv(100) == b""
