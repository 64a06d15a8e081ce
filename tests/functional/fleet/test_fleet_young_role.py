"""Roles that were made just now, and that ECS finds a while later: as long as nobody knows whether it may be so."""

from __future__ import annotations

import pytest

from fakecloud.identity import ACCOUNT
from tests.functional.fleet.fleet import TEN, Fleet, ecs
from tests.functional.handlers.world import timer


@pytest.mark.each_value
@pytest.mark.parametrize("swapped", [False, True], ids=["attached", "swapped"])
@pytest.mark.parametrize("seconds", [2.0, 30.0, 90.0])
def test_a_first_run_right_after_the_roles_were_made(fleet: Fleet, seconds: float, swapped: bool) -> None:
    fleet.ten()
    fleet.cloud.ram.account(ACCOUNT).roles["web"].created = "2026-01-01T00:00:00Z"
    fleet.cloud.switches.ecs_finds_role_after = seconds
    made = [one for app in TEN[:3] for one in fleet.instances(120, app, role="web" if swapped else "")]
    if swapped:
        fleet.map(fleet.roles_yaml.replace("roles: {", "roles: {web: {}, "))
    runs = [fleet.run("reconcile", timer())]
    while runs[-1].error and len(runs) < 5:
        assert "failed" not in fleet.outcomes()
        assert all(i.role in ("web" if swapped else "", i.tags["app"]) for i in made)
        fleet.cloud.clock.advance(60)
        runs.append(fleet.run("reconcile", timer()))
    assert fleet.right(made) == {"right": 360}
    assert (len(runs) == 1) == (seconds == 2 and not swapped)
    # Of a role both steps may begin before the first is refused; then none does for a while.
    assert ecs(fleet.journal)["DetachInstanceRamRole"] <= (6 * len(runs) if swapped else 0)
