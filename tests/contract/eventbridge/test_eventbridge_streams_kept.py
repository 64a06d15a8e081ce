"""Event streams that are set up wrongly are refused; those that are set up lose no event, whatever the function does."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakecloud.cloud import Cloud
from fakecloud.errors import CloudError, NotEmulated

from .streams import DEAD, Stream, batches, deploy

WRONG = [
    pytest.param({"count": 0}, CloudError, "CountBasedWindow: 0", id="no events"),
    pytest.param({"count": 10_001}, CloudError, "10001", id="too many events"),
    pytest.param({"seconds": 16}, CloudError, "TimeBasedWindow: 16", id="too many seconds"),
    pytest.param({"options": {"batchWindow": {}}}, CloudError, "CountBasedWindow: None", id="no window"),
    pytest.param({"source": {"QueueName": "none"}}, CloudError, "QueueNotExist", id="no such queue"),
    pytest.param({"source": {"RegionId": "cn-beijing"}}, CloudError, "region", id="a queue elsewhere"),
    pytest.param({"source": {"Colour": 1}}, NotEmulated, "Colour", id="an unknown parameter"),
    pytest.param({"options": {"maximumTasks": 2}}, NotEmulated, "maximumTasks", id="an unknown option"),
    pytest.param({"options": {"mode": "event-driven"}}, NotEmulated, "event-driven", id="one event a call"),
]


@pytest.mark.parametrize(("given", "error", "words"), WRONG)
def test_what_is_wrong_is_refused_at_deployment(
    cloud: Cloud, stream: Stream, given: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        stream(**given)
    assert cloud.events.streams == {}


@settings(max_examples=25, deadline=None)
@given(
    bodies=st.lists(st.sampled_from(["bad", "good"]), max_size=30),
    pauses=st.lists(st.sampled_from([0.0, 1.0, 6.0]), max_size=30),
    count=st.integers(1, 7),
    synchronous=st.booleans(),
)
def test_no_event_is_lost(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[str], pauses: list[float], count: int, synchronous: bool
) -> None:
    cloud = Cloud()
    queue = deploy(cloud, tmp_path_factory.mktemp("f"), count=count, synchronous=synchronous)
    names = [f"{body}-{number}" for number, body in enumerate(bodies)]
    for name, pause in zip(names, pauses + [0.0] * 30, strict=False):
        queue.send(name)
        cloud.clock.settle(within=pause)
    cloud.settle()
    done = Counter(
        body for one, batch in zip(cloud.fc.invocations, batches(cloud), strict=True) if one.ok for body in batch
    )
    dead = Counter[str]()
    for letter in (json.loads(m.body) for m in cloud.mns.at(DEAD).receive(1000)):
        members = [letter] if synchronous else json.loads(letter["requestPayload"])
        dead.update(member["data"]["messageBody"] for member in members)
    assert done + dead == Counter(names)
    assert (queue.active(), queue.hidden()) == (0, 0)
