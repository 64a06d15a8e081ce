"""steps() and Batches: every decision in exactly one call, as few calls as can be."""

from __future__ import annotations

from collections import Counter
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from shared.model.decision import Outcome, Reason
from shared.model.instance import Desired, Instance
from shared.plan import BATCH, Batches, Decision, Verb, steps


def decision(number: int, verb: Verb, held: str, wanted: str, region: str, planned: bool) -> Decision:
    held, wanted = ("" if verb == "attach" else held), ("" if verb == "detach" else wanted)
    outcome = Outcome.UNCHANGED if verb == "none" else Outcome.PLANNED if planned else None
    return Decision(
        instance=Instance(instance_id=f"i-{number}", region=region, role=held),
        desired=Desired(verdict="role" if wanted else "none", role=wanted), verb=verb, reason=Reason.MISSING,
        outcome=outcome,
    )  # fmt: skip


@st.composite
def many(draw: st.DrawFn) -> list[Decision]:
    kinds = st.tuples(
        st.sampled_from(["attach", "detach", "swap", "none"]), st.sampled_from(["a", "b"]),
        st.sampled_from(["x", "y"]), st.sampled_from(["r1", "r2"]), st.booleans(), st.integers(1, 130),
    )  # fmt: skip
    runs = draw(st.lists(kinds, max_size=6))
    flat = [kind[:5] for kind in runs for _ in range(kind[5])]
    return [decision(number, *kind) for number, kind in enumerate(flat)]


def to_do(decisions: list[Decision]) -> list[Decision]:
    return [d for d in decisions if d.verb != "none" and d.outcome is None]


@given(many())
def test_every_decision_to_carry_out_is_in_exactly_one_step(decisions: list[Decision]) -> None:
    told = Counter(d.instance.instance_id for step in steps(decisions) for d in step.decisions)
    assert told == {d.instance.instance_id: 1 for d in to_do(decisions)}


@given(many())
def test_a_step_holds_up_to_a_hundred_that_share_what_its_calls_say(decisions: list[Decision]) -> None:
    for step in steps(decisions):
        assert 1 <= len(step.decisions) <= BATCH
        for d in step.decisions:
            assert (d.verb, d.instance.region) == (step.verb, step.region)
            assert step.detach == ("" if step.verb == "attach" else d.instance.role)
            assert step.attach == ("" if step.verb == "detach" else d.desired.role)


@given(many())
def test_there_are_no_more_steps_than_there_must_be(decisions: list[Decision]) -> None:
    groups = Counter((d.verb, d.instance.region, d.instance.role, d.desired.role) for d in to_do(decisions))
    assert len(steps(decisions)) == sum(ceil(count / BATCH) for count in groups.values())


@given(many())
def test_of_what_was_not_filled_attaches_go_first_and_detaches_last(decisions: list[Decision]) -> None:
    batches = Batches()
    for d in decisions:
        batches.add(d)
    order = [("attach", "swap", "detach").index(step.verb) for step in batches.rest()]
    assert order == sorted(order)


@given(many())
def test_no_more_is_kept_than_one_open_batch_for_each_call(decisions: list[Decision]) -> None:
    """Memory does not grow with the run: a batch leaves the moment it is full."""
    batches = Batches()
    kept = 0
    for d in decisions:
        full = batches.add(d)
        kept += len(to_do([d])) - (len(full.decisions) if full else 0)
        assert full is None or len(full.decisions) == BATCH
        assert kept <= (BATCH - 1) * 24
    assert sum(len(step.decisions) for step in batches.rest()) == kept
    assert list(batches.rest()) == []
