"""The rate of calls is kept over the invocations of one run: they share their minutes."""

from __future__ import annotations

from tests.functional.fleet.fleet import Fleet, ecs, per_minute
from tests.functional.handlers.world import timer

RATE = 20


def over_hand_overs(fleet: Fleet, *, quota: bool) -> None:
    """A run whose rate is too low for one invocation."""
    fleet.unjudged()
    fleet.ten()
    fleet.slow(limit=60, latency=0.1)
    fleet.env.setenv("ROLEKEEPER_CALLS_PER_MINUTE", str(RATE))
    if quota:
        fleet.cloud.quotas.set(RATE, service="ecs")
    made = [
        *fleet.instances(1_900, "r0", role="r0"),
        *fleet.instances(300, "r1"),
        *fleet.instances(100, "r2", role="r3"),
    ]
    runs = fleet.chain("reconcile", timer())
    assert len(runs) > 2
    assert fleet.right(made) == {"right": 2_300}


def test_no_minute_has_more_calls_than_the_rate_also_over_a_hand_over(fleet: Fleet) -> None:
    over_hand_overs(fleet, quota=False)
    most = {action: per_minute(fleet.journal, action) for action in ecs(fleet.journal)}
    assert max(most.values()) == RATE, "and it is made use of"


def test_what_keeps_to_its_rate_is_not_refused_where_the_quota_is_no_higher(fleet: Fleet) -> None:
    over_hand_overs(fleet, quota=True)
    assert [call.code for call in fleet.journal if call.code] == []
