"""Removals that are held back until their number is known, over many invocations: nobody is looked at again and again for it."""

from __future__ import annotations

from collections import Counter

from tests.functional.fleet.fleet import READS, TEN, Fleet, ecs
from tests.functional.handlers.world import timer


def test_however_many_removals_are_held_back_each_invocation_gets_on_and_all_are_done_in_the_end(fleet: Fleet) -> None:
    fleet.unjudged()
    fleet.ten()
    fleet.slow(limit=45)
    made = [*fleet.instances(1_000, role="r3"), *fleet.instances(200, "r0")]
    runs = fleet.chain("reconcile", timer())
    assert [run.error for run in runs] == [None] * len(runs)
    assert fleet.run_records()[-1]["run"] == "complete"
    assert fleet.right(made) == {"right": 1_200}
    assert Counter(r["instance_id"] for r in fleet.looks()) == {i.instance_id: 1 for i in made}
    pages, asked = 12, 24  # of 100 and of 50
    again = 10 * (2 + 1 + 2)  # each group of removals once more as it is handed on, and its tags twice
    counted = len(TEN) * len(runs)  # each invocation counts the holders: what a hand-over says of them proves nothing
    assert sum(ecs(fleet.journal)[action] for action in READS) <= (pages + asked + again) * 1.05 + counted
