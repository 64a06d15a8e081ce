"""From an event to its functions: matching, duplicates, loss, order, retries, dead letters, and the log of it all."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT

from .conftest import event, seen

ON_RUNNING = '{"source": ["acs.test"], "data": {"state": ["Running"]}}'


def test_an_event_reaches_the_function_whose_rule_it_matches(cloud: Cloud, note: Any) -> None:
    note(eventRuleFilterPattern=ON_RUNNING)
    for state in ("Stopped", "Running"):
        cloud.events.emit(event(data={"state": state}))
    cloud.settle()
    (one,) = seen(cloud)
    assert one["data"] == {"state": "Running"}
    assert cloud.fc.invocations[0].source == "eventbridge"
    (push,) = cloud.events.log.deliveries
    assert (push.rule, push.target, push.event_id, push.error) == ("note-all", "all", one["id"], "")


def test_missing_attributes_are_filled_in_and_given_ones_kept(cloud: Cloud, note: Any) -> None:
    note(triggerEnable=True)
    cloud.events.emit(event())
    cloud.events.emit(event(id="mine", time="2020-11-19T21:04:42.179PRC"))
    cloud.settle()
    filled, kept = seen(cloud)
    assert set(filled) == {
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "datacontenttype",
        "data",
        "aliyunaccountid",
        "aliyunpublishtime",
        "aliyuneventbusname",
        "aliyunregionid",
        "aliyunoriginalaccountid",
    }
    assert (filled["specversion"], filled["aliyuneventbusname"]) == ("1.0", "default")
    assert filled["datacontenttype"] == "application/json;charset=utf-8"
    assert (kept["id"], kept["time"]) == ("mine", "2020-11-19T21:04:42.179PRC")


@pytest.mark.parametrize(
    "place", [{"aliyunaccountid": "999"}, {"aliyunregionid": "cn-beijing"}], ids=["account", "region"]
)
def test_an_event_of_another_account_or_region_is_not_ours(cloud: Cloud, note: Any, place: dict[str, str]) -> None:
    note(triggerEnable=True)
    cloud.events.emit(event(**place))
    cloud.settle()
    assert not seen(cloud)


def test_without_a_rule_an_event_is_logged_and_costs_nothing_more(cloud: Cloud) -> None:
    cloud.events.bus(ACCOUNT, "cn-hangzhou")
    cloud.events.emit(event(), delay=5)
    assert cloud.clock.pending() == 0
    assert [one["source"] for one in cloud.events.log.events] == ["acs.test"]


def test_a_delayed_event_arrives_no_sooner(cloud: Cloud, note: Any) -> None:
    note(triggerEnable=True)
    cloud.events.emit(event(), delay=30)
    cloud.clock.settle(within=29)
    assert not seen(cloud)
    cloud.settle()
    assert len(seen(cloud)) == 1


def test_duplicates_carry_the_same_id_and_losses_do_not_arrive(cloud: Cloud, note: Any) -> None:
    note(triggerEnable=True)
    cloud.events.delivery.duplicate = 1.0
    cloud.events.emit(event(id="twice"))
    cloud.settle()
    assert [one["id"] for one in seen(cloud)] == ["twice", "twice"]
    cloud.events.delivery.duplicate, cloud.events.delivery.drop = 0.0, 1.0
    cloud.events.emit(event(id="lost"))
    cloud.settle()
    assert [one["id"] for one in seen(cloud)] == ["twice", "twice"]
    assert [one["id"] for one in cloud.events.log.events] == ["twice", "lost"]


def unkind(cloud: Cloud, seed: int) -> list[str]:
    cloud.fc.invocations.clear()
    delivery = cloud.events.delivery
    delivery.duplicate, delivery.drop, delivery.reorder, delivery.delay_jitter = 0.2, 0.2, 0.3, 1.0
    delivery.seed(seed)
    for number in range(40):
        cloud.events.emit(event(id=str(number)))
    cloud.settle()
    return [one["id"] for one in seen(cloud)]


def test_an_unkind_delivery_is_the_same_for_the_same_seed(cloud: Cloud, note: Any) -> None:
    note(triggerEnable=True)
    first, second, third = unkind(cloud, 7), unkind(cloud, 7), unkind(cloud, 8)
    assert sorted(first) == sorted(second)
    assert sorted(first) != sorted(third)
    assert first != sorted(first, key=int)
    assert len(set(first)) < 40 < len(first) + 40 - len(set(first)) + 1
    assert len(first) > len(set(first))


MEANINGS = [
    pytest.param("async", True, "async", id="true means async"),
    pytest.param("async", False, "sync", id="false means sync"),
    pytest.param("sync", True, "sync", id="true means sync"),
    pytest.param("sync", False, "async", id="false means async"),
]


@pytest.mark.parametrize(("switch", "given", "kind"), MEANINGS)
def test_async_invocation_type_means_what_the_switch_says(
    cloud: Cloud, note: Any, switch: Any, given: bool, kind: str
) -> None:
    cloud.switches.async_invocation_type = switch
    note(asyncInvocationType=given)
    cloud.events.emit(event())
    cloud.settle()
    assert [one.kind for one in cloud.fc.invocations] == [kind]


def test_a_synchronous_push_that_fails_is_tried_three_times_more_and_then_a_dead_letter(
    cloud: Cloud, note: Any
) -> None:
    arn = f"acs:mns:cn-hangzhou:{ACCOUNT}:/queues/dead"
    note(asyncInvocationType=False, runOptions={"deadLetterQueue": {"Arn": arn}})
    cloud.events.emit(event(id="bad", data={"fail": True}))
    cloud.settle()
    pushes = list(cloud.events.log.deliveries)
    assert [push.attempt for push in pushes] == [1, 2, 3, 4]
    gaps = [later.at - earlier.at for earlier, later in pairwise(pushes)]
    assert all(10 <= gap < 21 for gap in gaps)
    assert all("told to" in push.error for push in pushes)
    (letter,) = cloud.events.log.dead_letters
    assert (letter["arn"], letter["event"]["id"]) == (arn, "bad")


def test_exponential_decay_tries_176_times_more_within_a_day(cloud: Cloud, note: Any) -> None:
    strategy = {"retryStrategy": {"PushRetryStrategy": "EXPONENTIAL_DECAY_RETRY"}}
    note(asyncInvocationType=False, runOptions=strategy)
    cloud.events.emit(event(data={"fail": True}))
    began = cloud.clock.now()
    cloud.clock.settle(within=2 * 86_400)
    pushes = list(cloud.events.log.deliveries)
    assert len(pushes) == 177
    gaps = [round(later.at - earlier.at) for earlier, later in pairwise(pushes)]
    assert gaps[:11] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512]
    assert 86_000 < pushes[-1].at - began < 86_500
    assert len(cloud.events.log.dead_letters) == 1


def test_an_asynchronous_push_is_done_once_it_is_taken(cloud: Cloud, note: Any) -> None:
    note(asyncInvocationType=True)
    cloud.events.emit(event(data={"fail": True}))
    cloud.settle()
    assert [push.error for push in cloud.events.log.deliveries] == [""]
    assert [one.ok for one in cloud.fc.invocations] == [False]


def test_an_event_too_large_for_an_asynchronous_call_is_never_taken(cloud: Cloud, note: Any) -> None:
    note(asyncInvocationType=True)
    cloud.events.emit(event(data={"text": "x" * 128 * 1024}))
    cloud.settle()
    assert {push.error.split(":")[0] for push in cloud.events.log.deliveries} == {"EntityTooLarge"}
    assert len(cloud.events.log.dead_letters) == 1


def test_raw_data_passes_the_data_alone(cloud: Cloud, note: Any) -> None:
    note(eventSinkConfig={"deliveryOption": {"eventSchema": "RawData"}})
    cloud.events.emit(event(data={"k": "v"}))
    cloud.settle()
    assert json.loads(cloud.fc.invocations[0].payload) == {"k": "v"}


def test_the_log_is_bounded(cloud: Cloud) -> None:
    for number in range(10_005):
        cloud.events.emit({"aliyunaccountid": "1", "id": str(number)})
    assert len(cloud.events.log.events) == 10_000
    assert cloud.events.log.events[0]["id"] == "5"


def test_a_reset_forgets_rules_log_and_unkindness(cloud: Cloud, note: Any) -> None:
    note(triggerEnable=True)
    delivery = cloud.events.delivery
    delivery.drop = 1.0
    cloud.events.emit(event())
    cloud.reset()
    assert not cloud.events.log.events
    assert not cloud.events.bus(ACCOUNT, "cn-hangzhou").rules
    assert cloud.events.delivery is delivery
    assert delivery.drop == 0.0
