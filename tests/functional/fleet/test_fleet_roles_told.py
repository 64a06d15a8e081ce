"""The role that a record names was read: also in a run of many pages, which need not ask each instance for its role."""

from __future__ import annotations

import pytest

from tests.functional.fleet.fleet import Fleet
from tests.functional.handlers.world import timer

TOLD = {
    "": ("unchanged", "foreign-role"),
    "unlisted": ("refused", "role-not-listed"),
    "r0": ("skipped", "foreign-role"),
}
"""By the tag of an instance that holds a foreign role: no rule, a role that is not listed, and a rule."""


@pytest.mark.parametrize(
    ("app", "number"),
    [(app, number) for number in (92, 112) for app in TOLD],
)
def test_a_foreign_role_is_told_however_many_instances_there_are(fleet: Fleet, app: str, number: int) -> None:
    fleet.ten(roles=("r0",), shown=True)
    fleet.cloud.ram.put_role("1234567890123456", "legacy-a")
    foreign = fleet.instances(2, app, role="legacy-a")
    fleet.instances(number - 2, "r0", role="r0")
    assert fleet.run("reconcile", timer()).error is None
    for instance in foreign:
        record = fleet.record(instance.instance_id)
        assert (record["outcome"], record["reason"], record.get("role_before", "")) == (*TOLD[app], "legacy-a")
        assert record.get("role_after", "") == "legacy-a"
