"""A small storm by both routes, in every shape that a queue's events may have: all right at once, and few calls by the queue."""

from __future__ import annotations

from typing import get_args

import pytest

from fakecloud.eventbridge.queue_events import Shape
from tests.bench.storm import storm


@pytest.mark.slow
@pytest.mark.parametrize("shape", get_args(Shape))
def test_by_the_queue_a_launch_costs_less_than_a_call(shape: Shape) -> None:
    report = storm("buffered", instances=300, within=9, queue_event=shape)
    assert (report.right, report.refusals, report.failed_invocations, report.dead_letters) == (300, 0, 0, 0)
    assert report.calls_an_instance <= 0.7, "of batches so small that the report of one that fails is a dead letter"
    assert report.records["attached/missing"] == 300


def test_by_the_queue_a_few_launches_end_right_as_well() -> None:
    report = storm("buffered", instances=40, within=3)
    assert (report.right, report.refusals, report.failed_invocations, report.dead_letters) == (40, 0, 0, 0)


def test_directly_each_event_is_an_invocation() -> None:
    report = storm("direct", instances=20, within=2)
    assert (report.right, report.invocations, report.dead_letters) == (20, 61, 0)
