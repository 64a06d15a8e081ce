"""The triggers, which start functions by themselves: rules on the event bus, event streams from queues, timers. Runs nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fakecloud.errors import NotEmulated
from fakecloud.eventbridge.models import Target
from fakecloud.fc import exceptions
from fakecloud.fc.models import Function, Trigger

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

_EVERY = re.compile(r"@every\s+(\d+)\s*([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def attach(cloud: Cloud, function: Function, trigger: Trigger) -> None:
    """Make what an eventbridge trigger stands for, named function-trigger as the console does: a rule on the default bus,
    or an event stream from a queue. Raises as EventBridge does, QueueNotFound, NotEmulated."""
    if trigger.type != "eventbridge":
        return
    config = trigger.config
    options = config.get("runOptions") or {}
    delivery = (config.get("eventSinkConfig") or {}).get("deliveryOption") or {}
    source = config["eventSourceConfig"]["eventSourceType"]
    schema = delivery.get("eventSchema", "CloudEvents")
    mode = "event-streaming" if source == "MNS" else "event-driven"
    # RunOptions says NONE is the default; the rules of Default triggers go by CreateRule's, which is ALL.
    tolerance = options.get("errorsTolerance", "NONE" if source == "MNS" else "ALL")
    strategy = options.get("retryStrategy") or {}
    retry = strategy.get("PushRetryStrategy", "BACKOFF_RETRY")
    for key, value, known in (
        ("eventSchema", schema, ("CloudEvents", "RawData")),
        ("mode", options.get("mode", "event-driven"), (mode,)),
        ("errorsTolerance", tolerance, ("ALL", "NONE")),
        ("PushRetryStrategy", retry, ("BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY")),
    ):
        if value not in known:
            raise NotEmulated(f"{key}: {value} in the trigger {trigger.name} of {function.name}")
    target = Target(
        id=trigger.name,
        endpoint=function.arn,
        retry=retry,
        tolerance=tolerance,
        dead_letter=(options.get("deadLetterQueue") or {}).get("Arn", ""),
        async_invocation_type=bool(config.get("asyncInvocationType", False)),
        raw=schema == "RawData",
    )
    trigger.rule = f"{function.name.replace('$', '-')}-{trigger.name}"
    if source == "MNS":
        _stream(cloud, function, trigger, target, options)
        return
    rule = cloud.events.put_rule(
        function.account,
        function.region,
        trigger.rule,
        config["eventRuleFilterPattern"],
        [target],
        enabled=bool(config.get("triggerEnable", True)),
    )
    trigger.source_arn = rule.arn


def _stream(cloud: Cloud, function: Function, trigger: Trigger, target: Target, options: Mapping[str, Any]) -> None:
    where = f"the trigger {trigger.name} of {function.name}"
    given = trigger.config["eventSourceConfig"].get("eventSourceParameters", {}).get("sourceMNSParameters", {})
    window = options.get("batchWindow") or {}
    known = {"mode", "errorsTolerance", "retryStrategy", "deadLetterQueue", "batchWindow"}
    for unknown in (*(set(options) - known), *(set(given) - {"QueueName", "RegionId", "IsBase64Decode"})):
        raise NotEmulated(f"{unknown} in {where}")
    if given.get("RegionId", function.region) != function.region:
        raise exceptions.InvalidArgument(f"{where}: the queue must be in the function's region, {function.region}")
    queue = cloud.mns.queue(function.account, function.region, given.get("QueueName", ""))
    count = _within(window, "CountBasedWindow", 1, 10_000, where)
    seconds = _within(window, "TimeBasedWindow", 0, 15, where)
    if trigger.config.get("triggerEnable", True):
        trigger.source_arn = cloud.events.open_stream(
            trigger.rule,
            queue,
            target,
            trigger.config["eventRuleFilterPattern"],
            count=count,
            seconds=seconds,
            decode=bool(given.get("IsBase64Decode", True)),
        )


def _within(window: Mapping[str, Any], key: str, low: int, high: int, where: str) -> int:
    """Bounds: page "Advanced trigger features"."""
    value = window.get(key)
    if type(value) is not int or not low <= value <= high:
        raise exceptions.InvalidArgument(
            f"{where}: batchWindow.{key}: {value!r} is not an integer from {low} to {high}"
        )
    return value


def detach(cloud: Cloud, function: Function) -> None:
    """Remove the rules and streams that the function's triggers made."""
    for trigger in function.triggers.values():
        if trigger.rule:
            cloud.events.drop_rule(function.account, function.region, trigger.rule)
            cloud.events.close_stream(function.account, function.region, trigger.rule)


def timer_event(cloud: Cloud, trigger: Trigger) -> bytes:
    """The event of a timer: its payload is whatever text was configured (page "Time trigger")."""
    event = {
        "triggerTime": cloud.clock.stamp(),
        "triggerName": trigger.name,
        "payload": trigger.config.get("payload", ""),
    }
    return json.dumps(event).encode()


def interval(trigger: Trigger) -> float:
    """Seconds between the ticks of an "@every" timer. Raises NotEmulated for a cron expression."""
    found = _EVERY.fullmatch(trigger.config["cronExpression"].strip())
    if not found:
        raise NotEmulated(f"a schedule for {trigger.config['cronExpression']!r}; call fire_timer instead")
    return float(int(found[1]) * _SECONDS[found[2]])


def start_timer(cloud: Cloud, function: Function, trigger: Trigger) -> None:
    """Tick from now on, as long as this very function is deployed."""
    pause = interval(trigger)

    def tick() -> None:
        if cloud.fc.deployed(function) and trigger.config.get("enable", True):
            cloud.fc.enqueue(function, timer_event(cloud, trigger), source="timer")
            cloud.clock.later(pause, tick)

    cloud.clock.later(pause, tick)
