"""Runs in another account that outlast their sessions: keys are renewed before they end, and no swap begins on keys that end in it."""

from __future__ import annotations

from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from fakecloud.http import Request, Response
from tests.functional.fleet.fleet import TEN, Fleet
from tests.functional.fleet.test_fleet_several import MEMBER, spread
from tests.functional.handlers.world import remediate

EXPIRED = "InvalidSecurityToken.Expired"
HOUR = 3600.0


def elsewhere(fleet: Fleet, *, latency: float, steps: int) -> list[Instance]:
    """`steps` swaps in the member's account, none of which can share a call with another; each call takes so many seconds."""
    fleet.ten()
    spread(fleet)
    fleet.slow(limit=86_400, latency=latency)
    pairs = [(old, new) for old in TEN for new in TEN if old != new][:steps]
    return [fleet.instance(new, role=old, account=MEMBER) for old, new in pairs]


def expired(fleet: Fleet) -> list[str]:
    return [call.action for call in fleet.journal if call.code == EXPIRED]


@pytest.mark.parametrize(
    "latency", [60.0, 211.0, *(pytest.param(n, marks=pytest.mark.slow) for n in (97.0, 130.0, 280.0))]
)
def test_a_run_longer_than_a_session_ends_as_a_short_one(fleet: Fleet, latency: float) -> None:
    made = elsewhere(fleet, latency=latency, steps=15)
    began = fleet.cloud.clock.now()
    (run,) = fleet.chain("remediate", remediate(all=True, account_id=MEMBER, reason="r", operator="o"))
    assert fleet.cloud.clock.now() - began > HOUR
    assert (run.error, expired(fleet)) == (None, [])
    assert fleet.right(made) == {"right": len(made)}
    assert fleet.outcomes()["swapped"] == len(made)


def test_sessions_are_renewed_and_not_begun_for_every_call(fleet: Fleet) -> None:
    elsewhere(fleet, latency=60.0, steps=60)
    fleet.chain("remediate", remediate(all=True, account_id=MEMBER, reason="r", operator="o"))
    hours = 60 * 3 * 60.0 / HOUR
    assumed = sum(call.action == "AssumeRole" for call in fleet.journal)
    assert len(TEN) < assumed <= (len(TEN) + 1) * (hours * 2 + 1)


@pytest.mark.parametrize("passed", [HOUR * part for part in (0.4, 0.49, 0.51, 0.6, 0.9, 0.99, 1.01, 1.5)])
def test_no_swap_begins_on_keys_that_end_within_it(fleet: Fleet, passed: float) -> None:
    """The keys for all roles are fetched, then time passes, and then STS gives no more: what is begun is brought to its end."""
    fleet.ten()
    spread(fleet)
    fleet.slow(limit=86_400, latency=290.0)
    made = [fleet.instance("r1", role="r0", account=MEMBER), fleet.instance("r0", role="r1", account=MEMBER)]
    answer, waited = fleet.cloud.handle, list[float]()

    def handle(request: Request) -> Response:
        action = request.headers.get("x-acs-action", "")
        if action == "AttachInstanceRamRole" and not waited:
            reply = answer(request)
            waited.append(passed)
            fleet.cloud.clock.advance(passed)
            fleet.cloud.faults.add("5xx", service="sts", count=None)
            return reply
        return answer(request)

    fleet.env.setattr(fleet.cloud, "handle", handle)
    fleet.run("remediate", remediate(all=True, account_id=MEMBER, reason="r", operator="o"))
    assert waited
    assert "" not in [instance.role for instance in made], "one was left without a role"
    assert EXPIRED not in [call.code for call in fleet.cloud.calls]


def test_keys_end_when_sts_says_so_too(fleet: Fleet) -> None:
    """A cloud that gives shorter sessions than were asked for: the end in its answer counts."""
    made = elsewhere(fleet, latency=60.0, steps=15)
    temporary = fleet.cloud.keys.temporary
    fleet.env.setattr(fleet.cloud.keys, "temporary", lambda who, until: temporary(who, until - 1_700))
    (run,) = fleet.chain("remediate", remediate(all=True, account_id=MEMBER, reason="r", operator="o"))
    assert (run.error, expired(fleet)) == (None, [])
    assert fleet.right(made) == {"right": len(made)}


@pytest.mark.parametrize(
    "roles",
    [
        pytest.param([f"team-payments-service-number-{n:03}-role" for n in range(30)], id="30 of 37 letters"),
        pytest.param([f"{n:03}-{'x' * 60}" for n in range(60)], id="60 of 64 letters that begin otherwise"),
    ],
)
@pytest.mark.parametrize(
    "selection", [{"all": True}, {"role": "HELD"}, {"instance_ids": []}], ids=["all", "role", "ids"]
)
def test_a_removal_that_the_brake_allows_is_made_however_many_roles_are_listed(
    fleet: Fleet, roles: list[str], selection: dict[str, Any]
) -> None:
    fleet.ten(roles=roles, brake="{max_removals: 20%, at_least: 1}")
    spread(fleet)
    held = roles[-1]
    holders = [fleet.instance(held, role=held, account=MEMBER) for _ in range(9)]
    untagged = fleet.instance(role=held, account=MEMBER, tags={})
    asked = {"instance_ids": [untagged.instance_id]} if "instance_ids" in selection else selection
    asked = {"role": held} if "role" in selection else asked
    (run,) = fleet.chain("remediate", remediate(account_id=MEMBER, reason="r", operator="o", **asked))
    assert (run.error, untagged.role) == (None, "")
    assert {instance.role for instance in holders} == {held}
    assert "brake" not in run.result["runs"][0]
    assert not [call for call in fleet.journal if call.code.startswith("Forbidden")]
