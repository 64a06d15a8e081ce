"""What a run hands on to the next invocation is taken as it was written, or refused with the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared.events import read
from shared.events.own import handed_over
from shared.model.decision import Outcome, Reason
from shared.model.ignored import Ignored
from shared.model.trigger import Trigger
from shared.proof import Key
from tests.unit.events.builders import one

KEY, OTHER = Key("k" * 32), Key("o" * 32)
TIMES = "its event_at is not its event_time"
IDS = "its instance_ids are not ids, each once"
PLACE = "its region or its account_id is not one"
COUNTS = "its counts are not of outcomes and reasons"
UNCLEAN = "its texts are not clean"
ENDS = [f"{outcome.value}/{reason.value}" for outcome in Outcome for reason in Reason]
WRITTEN: dict[str, Any] = {
    "kind": "remediate", "source": "manual", "region": "cn-hangzhou", "account_id": "1234567890123456", "event_time": "2026-11-23T08:00:00Z",
    "event_at": "2026-11-23T08:00:00Z", "remedy": {"tags": {str(number): "x" * 256 for number in range(20)}, "operator": " alice"},
    "cursor": {"run_id": "run-1", "link": 500, "instance_ids": ["i-1", "i-2"], "stopped": "canary", "used": {"at": 1796040000, "apis": {"DescribeInstances": [0, [12, 40]]}}, "counts": dict.fromkeys(ENDS, 1)},
}  # fmt: skip
PLAIN = {"kind": "reconcile", "source": "timer", "cursor": {}}


@pytest.mark.parametrize("whole", [WRITTEN, PLAIN], ids=["with everything", "with nothing"])
@pytest.mark.parametrize("keys", [(), (KEY,), (KEY, OTHER)], ids=["no key", "a key", "two keys"])
def test_what_is_handed_over_is_taken_as_it_was(whole: dict[str, Any], keys: tuple[Key, ...]) -> None:
    trigger = one({"rolekeeper": whole}, region="cn-hangzhou")
    assert isinstance(trigger, Trigger)
    body = handed_over(trigger, keys)
    assert read(body, proof_keys=keys[::-1]) == (trigger,)
    assert ("seal" in json.loads(body)) == bool(keys)
    assert all(isinstance(found, Ignored) for found in read(body, proof_keys=(Key("x" * 32),)))


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        pytest.param({**WRITTEN, "kind": "changed"}, "changed is never handed over", id="an event"),
        pytest.param({**PLAIN, "attributes": ["name"]}, "a change of attributes is never handed over", id="a change"),
        pytest.param({**WRITTEN, "cursor": None}, "without a cursor nothing is handed over", id="no cursor"),
        pytest.param(
            {**WRITTEN, "remedy": None},
            "a remediation without what the operator asked for is never handed over",
            id="no remedy",
        ),
        pytest.param({**PLAIN, "cursor": {"instance_ids": ["i-1", "i-1"]}}, IDS, id="an id twice"),
        pytest.param({**PLAIN, "cursor": {"instance_ids": ["web-1"]}}, IDS, id="no id"),
        pytest.param({**PLAIN, "instance_ids": ["web-1"]}, IDS, id="no id beside the cursor"),
        pytest.param({**PLAIN, "region": "evil.example/?"}, PLACE, id="no region"),
        pytest.param({**PLAIN, "account_id": "me"}, PLACE, id="no account"),
        pytest.param({**PLAIN, "account_id": "١٢"}, PLACE, id="digits of another script"),
        pytest.param({**PLAIN, "cursor": {"counts": {"x/y": 1}}}, COUNTS, id="a count of nothing"),
        pytest.param(
            {**PLAIN, "cursor": {"used": {"at": 1, "apis": {"RunInstances": [0, []]}}}},
            "what it has used of the rate is not of APIs that a run calls",
            id="a call that is no run's",
        ),
        pytest.param(
            {**PLAIN, "cursor": {"stopped": "brake"}},
            "a run that was stopped by brake is never handed over",
            id="stopped by the brake",
        ),
        pytest.param({**PLAIN, "event_time": "2026-11-23T08:00:00Z"}, TIMES, id="one time"),
        pytest.param(
            {**WRITTEN, "remedy": {"tags": {str(number): "" for number in range(21)}}},
            "it selects by more than 20 tags",
            id="21 tags",
        ),
        pytest.param({**WRITTEN, "remedy": {"tags": {"a\nb": ""}}}, UNCLEAN, id="a tag's key"),
        pytest.param({**WRITTEN, "remedy": {"reason": "x" * 257}}, UNCLEAN, id="a long reason"),
        pytest.param({**PLAIN, "actor": "a\nb"}, UNCLEAN, id="an actor of two lines"),
        pytest.param({**WRITTEN, "actor": "a\nb"}, UNCLEAN, id="an actor of two lines, beside a clean remedy"),
        pytest.param({**PLAIN, "x": 1}, "Object contains unknown field `x`", id="an unknown key"),
    ],
)
def test_what_is_never_handed_over_is_refused(whole: dict[str, Any], said: str) -> None:
    detail = f"a hand-over that is not taken: {said}"
    assert one({"rolekeeper": whole}, region="cn-hangzhou") == Ignored(
        reason="bad-payload", detail=detail, source="own", region="cn-hangzhou"
    )


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        pytest.param({}, "it has no seal, as those have that are written with the keys", id="no seal"),
        pytest.param(
            {"seal": "x"},
            "its seal is of none of the keys in ROLEKEEPER_PROOF_KEYS; the next run",
            id="no seal of ours",
        ),
        pytest.param({"seal": 1}, "its seal is of none of the keys", id="a number"),
        pytest.param({"b": 1, "a\n": 2}, "it has other keys beside `rolekeeper`: a , b", id="other keys"),
    ],
)
def test_what_is_not_sealed_is_refused_where_there_are_keys(beside: dict[str, Any], said: str) -> None:
    found = one({"rolekeeper": PLAIN, **beside}, proof_keys=(KEY,))
    assert isinstance(found, Ignored)
    assert found.detail.startswith(f"a hand-over that is not taken: {said}")
    assert len(found.detail) <= 240
