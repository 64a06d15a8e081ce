"""A hand-over that fails to the end is a dead letter, however many instances it names and however long the operator's texts are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functional.fleet.fleet import Fleet
from tests.functional.handlers.world import remediate, timer

MESSAGE = 65_536
ASKED: dict[str, tuple[str, Any]] = {
    "the timer": ("reconcile", timer()),
    "long words": ("remediate", remediate(all=True, reason="x" * 256, operator="y" * 256)),
    "words in Chinese": ("remediate", remediate(all=True, reason="角" * 256, operator="运" * 256)),
    "quotes": ("remediate", remediate(all=True, reason='"' * 256, operator="\\" * 256)),
}


@pytest.mark.each_value
@pytest.mark.parametrize("keys", ["", "k" * 32], ids=["no key", "sealed"])
@pytest.mark.parametrize("asked", ASKED)
def test_more_removals_wait_than_fit_and_what_is_handed_over_can_be_reported(
    fleet: Fleet, asked: str, keys: str
) -> None:
    fleet.ten()
    fleet.unjudged()
    fleet.slow(limit=100)
    fleet.env.setenv("ROLEKEEPER_PROOF_KEYS", keys)
    fleet.instances(4_000, role="r3")
    function, event = ASKED[asked]
    fleet.run(function, event)
    (payload,) = fleet.waiting()
    carried = json.loads(payload)["rolekeeper"]["cursor"]["instance_ids"]
    error = {"errorMessage": "角" * 600, "errorType": "TransientError", "stackTrace": ["x" * 120] * 15}
    report = {
        "timestamp": 1,
        "requestContext": {"requestId": "r" * 40, "functionArn": "a" * 99, "condition": "c" * 40},
        "requestPayload": payload.decode(),
        "responseContext": {"functionError": "e" * 40},
        "responsePayload": json.dumps(error),
    }
    assert len(json.dumps(report)) <= MESSAGE
    assert len(carried) >= 1_500, "and it carries as many as it can"
    left_to_others = {r["instance_id"] for r in fleet.looks() if r["outcome"] == "refused"}
    assert left_to_others.isdisjoint(carried)
