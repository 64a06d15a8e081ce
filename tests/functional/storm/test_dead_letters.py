"""What fails to the end by the buffered route is in the dead letters, whole, whatever asyncInvocationType means."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Literal, get_args

import pytest
from pytest_mock import MockerFixture

from fakecloud.cloud import Cloud
from fakecloud.eventbridge.queue_events import Shape
from fakecloud.identity import ACCOUNT
from fakecloud.mns.models import Message
from shared import events
from shared.model.trigger import Trigger

ROOT = Path(__file__).parents[3]
REGION, QUEUE = "cn-hangzhou", "rolekeeper-dead-letters"
SAMPLES = {
    "rolekeeper-launches": ROOT / "events/instance_created",
    "rolekeeper-tag-changes": ROOT / "events/tags_changed",
}


def failing(cloud: Cloud, invocation: Literal["async", "sync"], shape: Shape) -> None:
    """s.buffered.yaml as it is, and an ECS that answers nothing."""
    cloud.switches.async_invocation_type, cloud.switches.queue_event = invocation, shape
    for role in ("worker", "web-reader"):
        cloud.ram.put_role(ACCOUNT, role)
    cloud.ram.put_role(ACCOUNT, "rolekeeper-fc", services=("fc.aliyuncs.com",))
    cloud.mns.create(ACCOUNT, REGION, QUEUE)
    env = {"ROLEKEEPER_REGION": REGION, "ROLEKEEPER_ACCOUNT_ID": ACCOUNT}
    cloud.fc.deploy(ROOT / "s.buffered.yaml", code=ROOT, account=ACCOUNT, env=env, runner="inline")
    cloud.faults.add("5xx", service="ecs", count=None)


def dead(cloud: Cloud) -> list[Message]:
    return cloud.mns.queue(ACCOUNT, REGION, QUEUE).peek()


def ids_of(body: str) -> set[str]:
    return {
        name
        for item in events.read(body, account_id=ACCOUNT, region=REGION)
        if isinstance(item, Trigger)
        for name in (*item.instance_ids, *(item.progress.instance_ids if item.progress else ()))
    }


def launches(count: int) -> dict[str, str]:
    """Calls that launch 100 instances each; the event by the first of its instances."""
    sample = json.loads((SAMPLES["rolekeeper-launches"] / "run-instances-api.json").read_text(encoding="utf-8"))
    made = {}
    for number in range(count):
        names = [f"i-bp1{number:014d}{one:03d}" for one in range(100)]
        sample["data"]["responseElements"] = {"InstanceIdSets": {"InstanceIdSet": names}}
        sample["data"]["referencedResources"] = {"ACS::ECS::Instance": names}
        made[names[0]] = json.dumps(sample)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("fails", ["for ever", "once"])
@pytest.mark.parametrize("invocation", ["async", "sync"])
def test_what_is_too_large_for_a_letter_is_left_to_remediate(
    cloud: Cloud, mocker: MockerFixture, invocation: Literal["async", "sync"], fails: str
) -> None:
    mocker.patch("time.sleep")
    failing(cloud, invocation, "text")
    made = launches(20)
    place = cloud.ecs.place(ACCOUNT, REGION)
    for first in made:
        place.add(place.new(cloud.clock.now() - 3600, instance_id=first, tags={"app": "worker"}))
    for body in made.values():
        cloud.mns.queue(ACCOUNT, REGION, "rolekeeper-launches").send(body)
    if fails == "once":
        cloud.clock.later(30.0, cloud.faults.clear)
    cloud.settle()
    lost = [letter for letters in cloud.fc.destinations.values() for letter in letters if "deliveryError" in letter]
    assert lost == []
    bare = {first for first in made if not place.instances[first].role}
    assert bare == (set(made) if fails == "for ever" else set())
    assert set().union(*(ids_of(message.body) for message in dead(cloud))) >= bare


@pytest.mark.each_value
@pytest.mark.parametrize("invocation", ["async", "sync"])
@pytest.mark.parametrize("shape", get_args(Shape))
def test_no_batch_is_lost_and_each_can_be_given_back_as_it_is(
    cloud: Cloud, mocker: MockerFixture, shape: Shape, invocation: Literal["async", "sync"]
) -> None:
    mocker.patch("time.sleep")
    failing(cloud, invocation, shape)
    sent = set()
    for number in range(8):
        for queue, folder in SAMPLES.items():
            for path in sorted(folder.glob("*.json")):
                name = f"i-bp1{number:017d}"
                text = re.sub("i-bp1ecr0000000000000a", name, path.read_text(encoding="utf-8"))
                cloud.mns.queue(ACCOUNT, REGION, queue).send(json.dumps(json.loads(text), ensure_ascii=False))
                sent.add(name)
    cloud.settle()
    lost = [letter for letters in cloud.fc.destinations.values() for letter in letters if "deliveryError" in letter]
    assert lost == []
    assert set().union(*(ids_of(message.body) for message in dead(cloud))) >= sent
