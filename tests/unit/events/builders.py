"""Small events for tests, shaped as the samples under events/. Builds only; asserts nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shared.events import read
from shared.model.ignored import Ignored
from shared.model.trigger import Trigger

SAMPLES = Path(__file__).parents[3] / "events"
ACCOUNT = "1234567890123456"
A, B, C = "i-bp1ecr0000000000000a", "i-bp1ecr0000000000000b", "i-bp1ecr0000000000000c"

Json = dict[str, Any]


def one(event: object, **asked: Any) -> Trigger | Ignored:
    """The only outcome of reading `event`, a JSON value."""
    outcomes = read(json.dumps(event), **asked)
    assert len(outcomes) == 1
    return outcomes[0]


def trigger(event: object, **asked: Any) -> Trigger:
    outcome = one(event, **asked)
    assert isinstance(outcome, Trigger), outcome
    return outcome


def ignored(event: object, **asked: Any) -> Ignored:
    outcome = one(event, **asked)
    assert isinstance(outcome, Ignored), outcome
    return outcome


def envelope(kind: str, data: object, **attributes: object) -> Json:
    """A CloudEvents envelope; an attribute given as None is left out."""
    event = {
        "specversion": "1.0",
        "id": "event-1",
        "source": "acs." + kind.partition(":")[0],
        "type": kind,
        "time": "2026-11-23T08:00:00Z",
        "aliyunaccountid": ACCOUNT,
        "aliyunregionid": "cn-hangzhou",
        "data": data,
        **attributes,
    }
    return {key: value for key, value in event.items() if value is not None}


def state(**data: object) -> Json:
    """A change of state; Created of instance A unless `data` says otherwise."""
    return envelope("ecs:Instance:StateChange", {"resourceId": A, "state": "Created", **data})


def call(name: str, request: object = None, service: str = "Ecs", **record: object) -> Json:
    """A bare ActionTrail record."""
    return {
        "eventId": "record-1",
        "eventName": name,
        "eventTime": "2026-11-23T08:00:00Z",
        "serviceName": service,
        "acsRegion": "cn-hangzhou",
        "recipientAccountId": ACCOUNT,
        "requestParameters": request,
        **record,
    }


def tag_event(**content: object) -> Json:
    """A CloudMonitor tag event in its guessed envelope."""
    data = {"product": "ecs", "resourceType": "instance", "resourceId": A, "changedTagKeys": ["app"], "tags": {}}
    return envelope("tag:CloudMonitor:Tag[ChangeOnResource]", {**data, **content})
