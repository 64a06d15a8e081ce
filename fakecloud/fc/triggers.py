"""What starts functions by itself: rules on the event bus, and timers. Runs nothing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from fakecloud.errors import NotEmulated
from fakecloud.eventbridge.models import Target
from fakecloud.fc.models import Function, Trigger

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

_EVERY = re.compile(r"@every\s+(\d+)\s*([smh])")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def attach(cloud: Cloud, function: Function, trigger: Trigger) -> None:
    """Make the rule of an eventbridge trigger, named function-trigger as the console does. Raises as EventBridge does."""
    if trigger.type != "eventbridge":
        return
    config = trigger.config
    options = config.get("runOptions") or {}
    delivery = (config.get("eventSinkConfig") or {}).get("deliveryOption") or {}
    schema = delivery.get("eventSchema", "CloudEvents")
    for key, value, known in (
        ("eventSchema", schema, ("CloudEvents", "RawData")),
        ("mode", options.get("mode", "event-driven"), ("event-driven",)),
        ("errorsTolerance", options.get("errorsTolerance", "ALL"), ("ALL", "NONE")),
    ):
        if value not in known:
            raise NotEmulated(f"{key}: {value} in the trigger {trigger.name} of {function.name}")
    retry = (options.get("retryStrategy") or {}).get("PushRetryStrategy", "BACKOFF_RETRY")
    if retry not in ("BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY"):
        raise NotEmulated(f"PushRetryStrategy: {retry} in the trigger {trigger.name} of {function.name}")
    target = Target(
        id=trigger.name, endpoint=function.arn, retry=retry, tolerance=options.get("errorsTolerance", "ALL"),
        dead_letter=(options.get("deadLetterQueue") or {}).get("Arn", ""),
        async_invocation_type=bool(config.get("asyncInvocationType", False)), raw=schema == "RawData",
    )  # fmt: skip
    trigger.rule = f"{function.name.replace('$', '-')}-{trigger.name}"
    rule = cloud.events.put_rule(
        function.account, function.region, trigger.rule, config["eventRuleFilterPattern"], [target],
        enabled=bool(config.get("triggerEnable", True)),
    )  # fmt: skip
    trigger.source_arn = rule.arn


def detach(cloud: Cloud, function: Function) -> None:
    """Remove the rules that the function's triggers made."""
    for trigger in function.triggers.values():
        if trigger.rule:
            cloud.events.drop_rule(function.account, function.region, trigger.rule)


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
