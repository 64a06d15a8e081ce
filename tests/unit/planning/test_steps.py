"""steps() and Batcher: every change in exactly one call, as few calls as can be."""

from __future__ import annotations

from collections import Counter
from math import ceil

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model.decision import Outcome
from shared.model.plan import Action, Change
from shared.planning.steps import BATCH, Batcher, steps
from tests.unit.planning import changes as made


def change(number: int, action: Action, held: str, wanted: str, region: str, planned: bool) -> Change:
    held, wanted = ("" if action == "attach" else held), ("" if action == "detach" else wanted)
    outcome = Outcome.UNCHANGED if action == "none" else Outcome.PLANNED if planned else None
    after, displaced = (held, wanted) if action == "untag" else (wanted, "")
    return made.change(
        f"i-{number}",
        action,
        region=region,
        role=wanted,
        role_before=held,
        role_after=after,
        outcome=outcome,
        displaced=displaced,
    )


@st.composite
def many(draw: st.DrawFn) -> list[Change]:
    kinds = st.tuples(
        st.sampled_from(["attach", "detach", "swap", "untag", "none"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["x", "y"]),
        st.sampled_from(["r1", "r2"]),
        st.booleans(),
        st.integers(1, 130),
    )
    runs = draw(st.lists(kinds, max_size=6))
    flat = [kind[:5] for kind in runs for _ in range(kind[5])]
    return [change(number, *kind) for number, kind in enumerate(flat)]


def to_do(changes: list[Change]) -> list[Change]:
    return [d for d in changes if d.action != "none" and d.outcome is None]


@settings(max_examples=40)
@given(many())
def test_every_change_to_carry_out_is_in_exactly_one_step(todo: list[Change]) -> None:
    in_steps = Counter(d.instance_id for step in steps(todo) for d in step.changes)
    assert in_steps == {d.instance_id: 1 for d in to_do(todo)}


@settings(max_examples=40)
@given(many())
def test_a_step_holds_up_to_a_hundred_that_share_what_its_calls_say(todo: list[Change]) -> None:
    for step in steps(todo):
        assert 1 <= len(step.changes) <= BATCH
        for d in step.changes:
            assert (d.action, d.region) == (step.action, step.region)
            assert step.detach == ("" if step.action == "attach" else d.role_before)
            assert step.attach == ("" if step.action == "detach" else d.role)


@settings(max_examples=40)
@given(many())
def test_there_are_no_more_steps_than_there_must_be(todo: list[Change]) -> None:
    groups = Counter((d.action, d.region, d.role_before, d.role) for d in to_do(todo))
    assert len(steps(todo)) == sum(ceil(count / BATCH) for count in groups.values())


@settings(max_examples=40)
@given(many())
def test_of_what_was_not_filled_attaches_go_first_and_what_only_tags_last(todo: list[Change]) -> None:
    batcher = Batcher()
    for d in todo:
        batcher.add(d)
    order = [("attach", "swap", "detach", "untag").index(step.action) for step in batcher.rest()]
    assert order == sorted(order)


@settings(max_examples=40)
@given(many())
def test_no_more_is_kept_than_one_open_batch_for_each_call(todo: list[Change]) -> None:
    """Memory does not grow with the run: a batch leaves the moment it is full."""
    batcher = Batcher()
    kept = 0
    for d in todo:
        full = batcher.add(d)
        kept += len(to_do([d])) - (len(full.changes) if full else 0)
        assert full is None or len(full.changes) == BATCH
        assert kept <= (BATCH - 1) * 24
    assert sum(len(step.changes) for step in batcher.rest()) == kept
    assert list(batcher.rest()) == []
