"""The functions and the commands on an emulated cloud, for input of any kind: what is asserted of each that they take."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from cProfile import Profile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from requests.adapters import HTTPAdapter

from cli.main import main
from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from fakecloud.wire import SEAM, installed
from shared import events
from shared.errors import TransientError
from shared.model.trigger import Trigger
from shared.proof import Key
from tests.functional.handlers.world import (
    ATTRIBUTE_RULES,
    EXECUTION_ROLE,
    LISTED,
    NOTE,
    PROOF_KEY,
    REGION,
    WRITES,
    World,
)

CALLS = 40
WORK, WORK_A_BYTE, WORK_A_CALL = 100_000, 300, 10_000
"""Functions of Python that may run for an input: always, for each of its bytes, and for each call to the cloud."""
AS_IT_WAS = {SEAM: HTTPAdapter.send, "time.sleep": time.sleep, "time.monotonic": time.monotonic}
RUNS = ("reconcile", "remediate")
CHANGES = {*WRITES, "TagResources", "UntagResources"}
SECRET, TOKEN = "fuzz/secret+of=the/functions+keys", "fuzz/token+of=the/functions+keys=="
SECRETS = (SECRET, TOKEN, PROOF_KEY)
FLEET: tuple[tuple[str, dict[str, str], str, tuple[str, ...]], ...] = (
    ("i-bp1ecr0000000000000a", {"app": "web"}, "", ("", "web")),
    ("i-bp1ecr0000000000000b", {"ram-role": "${tags.app}*"}, "foreign", ("foreign",)),
    ("i-bp1ecr0000000000000c", {"app": "web"}, "worker", ("worker", "web")),
    ("i-1", {}, "web", ("web", "")),
    ("i-2", {"rolekeeper": "off", "app": "web"}, "worker", ("worker",)),
    ("i-3", {"app": "ours", NOTE: "foreign"}, "foreign", ("foreign", "web")),
    ("AY121018033933eae8689", {"app": "trial"}, "batch", ("batch",)),
)  # fmt: skip
"""Instances: id, tags, role, and which roles each may ever hold, whatever is asked."""


class Captured:
    """Standard output and standard error, as World reads them."""

    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()

    def readouterr(self) -> SimpleNamespace:
        told = SimpleNamespace(out=self.out.getvalue(), err=self.err.getvalue())
        for stream in (self.out, self.err):
            stream.seek(0)
            stream.truncate()
        return told


class Ground:
    """One emulated cloud at a time, with instances of which it is known what they may hold. body: what was given last."""

    def __init__(self, world: World, captured: Captured) -> None:
        self.world, self._captured = world, captured
        self._profile = Profile(builtins=False, subcalls=False)
        self.body: bytes | str = b""

    def begin(self) -> None:
        """Make the cloud anew."""
        world = self.world
        world.cloud.reset()
        world.open()
        world.map(ATTRIBUTE_RULES, brake="10%, at_least: 1")
        given = world.cloud.sts.assume_for_service(ACCOUNT, EXECUTION_ROLE, "fc.aliyuncs.com", "functions", 6 * 3600)
        world.give_keys(world.cloud.keys.add(replace(given, secret=SECRET, token=TOKEN)))
        for one in FLEET:
            self._place(*one[:3])

    def _place(self, name: str, tags: dict[str, str], role: str) -> None:
        place = self.world.cloud.ecs.place(ACCOUNT, REGION)
        if before := place.instances.get(name):
            place.remove(before)
        now = self.world.cloud.clock.now()
        place.add(place.new(now - 86_400, instance_id=name, tags=dict(tags), role=role, role_since=now - 86_400))

    def invoke(self, function: str, body: bytes | str) -> str:
        """Give it to a function; what became of it."""
        self.body, world = body, self.world
        keys = (Key(PROOF_KEY),) if os.environ["ROLEKEEPER_PROOF_KEYS"] else ()
        read = events.read(body, account_id=ACCOUNT, own_role=EXECUTION_ROLE, region=REGION, proof_keys=keys)
        asked = [one for one in read if isinstance(one, Trigger)]
        logged = len(world.records())
        with self.counted() as work:
            run = world.run(function, body)
        out = world.printed[-2:]
        world.printed.clear()
        assert run.error is None or type(run.error) is TransientError, f"raised: {run.error!r}"
        told = "".join(out) + json.dumps(run.result) + str(run.error) + json.dumps(world.records()[logged:])
        check_text(told)
        assert len(str(run.error)) <= 700, "an error that no report holds"
        assert sum(len(one.instance_ids) for one in asked) <= len(body) // 3
        assert len(run.calls) <= CALLS + len(body) // 8, f"{len(run.calls)} calls for {len(body)} bytes"
        bound = WORK + WORK_A_BYTE * len(body) + WORK_A_CALL * len(run.calls)
        assert work[0] <= bound, f"{work[0]} steps for {len(body)} bytes and {len(run.calls)} calls"
        assert asked or not run.calls, "calls for no event"
        changes = {*run.calls} & CHANGES
        if all(one.request and one.request.dry_run for one in asked):
            assert not changes, f"a dry run made {changes}"
        braked = all(one.kind in RUNS and not (one.request and one.request.lift_brake) for one in asked)
        for name, tags, role, may in FLEET:
            held = world.role(name)
            assert held in may, f"{name} holds {held!r}"
            assert held == role or role not in LISTED or not braked, f"the brake let {name} lose {role}"
            if changes:
                self._place(name, tags, role)
        return "raised" if run.error else "done" if run.calls else "ignored"

    @contextlib.contextmanager
    def counted(self) -> Iterator[list[int]]:
        """How many functions of Python run meanwhile in this thread."""
        count = [0]
        self._profile.clear()
        self._profile.enable()
        try:
            yield count
        finally:
            self._profile.disable()
            count[0] = sum(entry.callcount for entry in self._profile.getstats())

    def file(self, name: str, body: bytes | str) -> None:
        """Write it to a file that a command can be given."""
        self.body = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        (self.world.folder / name).write_bytes(self.body)

    def command(self, *words: str) -> str:
        """Run it in this process; its exit code in words. A cloud of its own is reached over a socket, in time that passes."""
        self._captured.readouterr()
        with pytest.MonkeyPatch.context() as env:
            env.setattr(sys, "argv", ["rolekeeper", *words])
            if words[0] == "replay":
                for place, was in AS_IT_WAS.items():
                    env.setattr(place, was)
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        told = self._captured.readouterr()
        check_text(told.out + told.err)
        assert code in (0, 1), f"exit code {code}"
        assert "Traceback" not in told.err, told.err[-1500:]
        if "--json" in words:
            for line in told.out.splitlines():
                assert json.loads(line).get("error_type", "TransientError") == "TransientError", line
        return f"exit code {code}"


def check_text(told: str) -> None:
    """Of everything that was printed, returned, raised and recorded."""
    assert not any(secret in told for secret in SECRETS), "a key is shown"
    told.encode()


@contextlib.contextmanager
def ground() -> Iterator[Ground]:
    """Waiting takes no time: it moves the emulated clock. Of this process's environment nothing is taken."""
    cloud, captured, real = Cloud(), Captured(), time.monotonic
    with pytest.MonkeyPatch.context() as env, tempfile.TemporaryDirectory() as folder, installed(cloud):
        env.setattr("time.sleep", cloud.clock.advance)
        env.setattr("time.monotonic", lambda: real() + cloud.clock.offset)
        env.chdir(folder)
        for name in [name for name in os.environ if name.startswith(("ROLEKEEPER_", "ALIBABA_CLOUD_", "FC_"))]:
            env.delenv(name)
        env.setenv("NO_COLOR", "1")
        env.setenv("ROLEKEEPER_EXECUTION_ROLE", EXECUTION_ROLE)
        world = World(cloud, env, captured, Path(folder))  # type: ignore[arg-type]
        with contextlib.redirect_stdout(captured.out), contextlib.redirect_stderr(captured.err):
            yield Ground(world, captured)
        cloud.fc.shutdown()
