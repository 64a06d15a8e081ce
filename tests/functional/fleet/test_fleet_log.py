"""A run whose log cannot be written any more."""

from __future__ import annotations

import errno
import io
import sys

import pytest

from fakecloud.identity import ACCOUNT
from tests.functional.fleet.fleet import Fleet
from tests.functional.handlers.world import timer


class Full(io.StringIO):
    """A log that has room for so many more lines."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def flush(self) -> None:
        self.room -= 1
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("room", range(13))
def test_a_log_that_is_full_leaves_no_instance_without_a_role(fleet: Fleet, room: int) -> None:
    """What cannot be announced is not begun, and what has begun is ended; the records are in SLS."""
    fleet.ten(more=", foreign_roles: replace, displace: [alien]")
    fleet.cloud.ram.put_role(ACCOUNT, "alien")
    made = [
        *fleet.instances(2, "r0", role="r1"),
        *fleet.instances(2, "r2", role="alien"),
        *fleet.instances(2, "r3"),
        *fleet.instances(2, role="r4"),
    ]
    before = [i.role for i in made]
    fleet.env.setattr(sys, "stdout", Full(room))
    run = fleet.run("reconcile", timer())
    assert run.error is None
    assert all(i.role in (i.tags.get("app", ""), was) for i, was in zip(made, before, strict=True))
    by_id = {r["instance_id"]: r for r in fleet.looks()}
    assert len(by_id) == len(fleet.looks()) == len(made)
    for instance in made:
        right = instance.role == instance.tags.get("app", "")
        record = by_id[instance.instance_id]
        assert right or (record["outcome"], record["error_code"]) == ("failed", "IntentNotWritten")
        assert (record["outcome"] in ("swapped", "attached", "detached")) == right
    assert room < 9 or all(record["outcome"] != "failed" for record in by_id.values())
