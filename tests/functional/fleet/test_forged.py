"""Payloads that look like a hand-over of ours, written by somebody who may invoke the function: none of them lifts the brake."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakecloud.ecs.models import Instance
from fakecloud.identity import ACCOUNT
from shared.events.own import handed_over
from shared.model.progress import Progress
from shared.model.trigger import Trigger
from tests.functional.fleet.fleet import CHANGES, Fleet
from tests.functional.handlers.world import REGION, remediate

ATTACH, DETACH = CHANGES
KEY, OTHER = "k" * 32, "o" * 32
HUGE = 999_999_999
WRONG = 30

# What a forger writes into the cursor. Some of it is refused as never handed over, the rest held against what is counted.
CURSORS: dict[str, dict[str, Any]] = {
    "managed: huge": {"managed": HUGE},
    "managed: more than can be": {"managed": 1_000_000_000},
    "managed: of 100 digits": {"managed": 10**100},
    "managed: a float": {"managed": 1e9},
    "managed: text": {"managed": "1000000000"},
    "managed: true": {"managed": True},
    "managed: negative": {"managed": -1},
    "managed: a list": {"managed": [HUGE]},
    "managed: one too many": {"managed": 301},
    "removed: negative": {"removed": -HUGE, "managed": 100},
    "removed: negative, nobody counted": {"removed": -HUGE},
    "removed: huge": {"removed": HUGE, "managed": HUGE},
    "removed: as many as the brake wants": {"removed": 700, "managed": 1_000},
    "gained: negative": {"counts": {"attached/missing": -HUGE}, "managed": HUGE},
    "gained: huge": {"counts": {"attached/missing": HUGE}, "managed": HUGE},
    "counts: of nothing": {"counts": {"x\ny": 1}, "managed": HUGE},
    "not braked": {"braked": False, "managed": HUGE},
    "braked: null": {"braked": None, "managed": HUGE},
    "uncounted": {"uncounted": True, "managed": HUGE},
    "the first link": {"link": 0, "managed": HUGE},
    "a link before the first": {"link": -1, "managed": HUGE},
    "a link beyond the last": {"link": 501, "managed": HUGE},
    "the last link": {"link": 500, "managed": HUGE},
    "a link of text": {"link": "1", "managed": HUGE},
    "restarts: negative": {"restarts": -9, "managed": HUGE},
    "restarts: too many": {"restarts": 3, "managed": HUGE},
    "spent: negative": {"spent": -HUGE, "managed": HUGE},
    "stalled: negative": {"stalled": -9, "managed": HUGE},
    "failed, tried: negative": {"failed": -1, "tried": -1, "managed": HUGE},
    "stopped by the brake": {"stopped": "brake", "managed": HUGE},
    "stopped by nothing known": {"stopped": "now", "managed": HUGE},
    "pages: huge": {"pages": HUGE, "managed": HUGE},
    "pages: negative": {"pages": -1, "managed": HUGE},
    "used: as much as can be, in a year to come": {
        "used": {"at": 99_999_999_999, "apis": {"DescribeInstances": [60, [9_999_999] * 13]}},
        "managed": HUGE,
    },
    "used: of another API": {"used": {"at": 1, "apis": {"RunInstances": [0, [1]]}}, "managed": HUGE},
    "an unknown key": {"manged": 1, "managed": HUGE},
    "a cursor in the cursor": {"cursor": {"managed": HUGE}, "managed": HUGE},
    "a run_id with a line": {"run_id": "run-1\nrun-2", "managed": HUGE},
    "a token with a line": {"token": "a\nb", "managed": HUGE},
    "an id twice": {"instance_ids": ["i-1", "i-1"], "managed": HUGE},
    "no id": {"instance_ids": ["../x"], "managed": HUGE},
}
TEXTS = {
    "LTAI": "by LTAI5tAbCdEf12345678", "STS": "STS.NTAbCdEf1234", "a line": "a\nb", "bidi": "a\u202eb", "a mark": "a\u061cb",
    "tags of text": "a\U000e0041b", "ESC": "a\x1b[2Jb", "C1": "a\x9bb", "long": "x" * 300, "a separator": "a\u2028b",
}  # fmt: skip
PLACES: dict[str, tuple[str, ...]] = {
    name: (name,) for name in ("source", "actor", "event_id", "event_time", "event_name")
} | {f"remedy.{name}": ("remedy", name) for name in ("operator", "reason", "rule", "role")}


def crowded(fleet: Fleet, *keys: str) -> list[Instance]:
    """30 hold a role that no rule gives them, 70 one that a rule gives: the brake lets a tenth of them through, no more."""
    fleet.ten(brake="{max_removals: 10%, at_least: 10}")
    fleet.functions()
    fleet.env.setenv("ROLEKEEPER_PROOF_KEYS", ",".join(keys))
    wrong = fleet.instances(WRONG, role="r3")
    fleet.instances(70, "r0", role="r0")
    return wrong


def forged(kind: str, cursor: dict[str, Any], **more: Any) -> dict[str, Any]:
    remedy = {"remedy": {"everything": True}} if kind == "remediate" else {}
    return {
        "kind": kind,
        "source": "timer",
        "region": REGION,
        "account_id": ACCOUNT,
        "cursor": cursor,
        **remedy,
        **more,
    }


@pytest.mark.each_value
@pytest.mark.parametrize("listed", [False, True], ids=["by page", "by name"])
@pytest.mark.parametrize("kind", ["reconcile", "remediate"])
@pytest.mark.parametrize("name", CURSORS)
def test_no_forged_cursor_lifts_the_brake(fleet: Fleet, name: str, kind: str, listed: bool) -> None:
    wrong = crowded(fleet)
    named = {"listed": True, "instance_ids": [i.instance_id for i in wrong]} if listed else {}
    cursor = {"run_id": "r", "link": 1, **named, **CURSORS[name]}
    for body in ({"rolekeeper": forged(kind, cursor)}, [{"rolekeeper": forged(kind, cursor)}] * 2):
        fleet.run(kind, body)
        while new := fleet.waiting():
            for payload in new:
                fleet.run(kind, payload)
    assert {i.role for i in wrong} == {"r3"}
    assert DETACH not in [call.action for call in fleet.journal]


def test_of_a_key_that_is_there_twice_the_last_is_held_against_the_same_bounds(fleet: Fleet) -> None:
    wrong = crowded(fleet)
    text = json.dumps({"rolekeeper": forged("reconcile", {"run_id": "r", "managed": 1})})
    for one, other in (
        ("1", str(HUGE)),
        (str(HUGE), "1"),
        ("1", "-1"),
        ("1", "NaN"),
        ("1", "Infinity"),
        ("1", "1e999"),
    ):
        fleet.run("reconcile", text.replace('"managed": 1', f'"managed": {one}, "managed": {other}').encode())
    assert {i.role for i in wrong} == {"r3"}


@pytest.mark.parametrize("keys", [(), (KEY,)], ids=["no key", "with a key"])
def test_a_genuine_run_over_the_same_fleet_does_what_the_brake_allows(fleet: Fleet, keys: tuple[str, ...]) -> None:
    """The measure is right, not only strict: ten of the hundred may go, and go."""
    wrong = crowded(fleet, *keys)
    for instance in wrong[10:]:
        fleet.hold(instance, "")
    fleet.instances(20, "r1", role="r1")
    ids = tuple(i.instance_id for i in wrong[:10])
    cursor = Progress(run_id="r", link=1, listed=True, instance_ids=ids, managed=100)
    trigger = Trigger(kind="reconcile", source="timer", region=REGION, progress=cursor)
    from shared.proof import Key

    assert fleet.run("reconcile", handed_over(trigger, tuple(map(Key, keys)))).result["outcomes"] == {"detached": 10}


@pytest.mark.each_value
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_not_clean_is_refused_with_the_whole(fleet: Fleet, name: str, place: str) -> None:
    wrong = crowded(fleet)
    payload = forged("remediate", {"run_id": "r"})
    inner = payload
    for key in PLACES[place][:-1]:
        inner = inner[key]
    inner[PLACES[place][-1]] = TEXTS[name]
    run = fleet.run("remediate", {"rolekeeper": payload})
    assert [item["reason"] for item in run.result["ignored"]] == ["bad-payload"]
    assert run.calls == []
    assert {i.role for i in wrong} == {"r3"}
    assert TEXTS[name][:60] not in "".join(fleet.printed)


@pytest.mark.each_value
@pytest.mark.parametrize("where", ["tag key", "tag value"])
@pytest.mark.parametrize("name", TEXTS)
def test_a_selection_by_what_cannot_be_shown_is_refused_from_ourselves_and_from_operators(
    fleet: Fleet, name: str, where: str
) -> None:
    crowded(fleet)
    tags = {TEXTS[name]: "x"} if where == "tag key" else {"x": TEXTS[name]}
    for payload in (
        {"rolekeeper": forged("remediate", {}, remedy={"tags": tags})},
        remediate(tags=tags),
    ):
        run = fleet.run("remediate", payload)
        assert [item["reason"] for item in run.result["ignored"]] == ["bad-payload"]
        assert run.calls == []


WHOLE: dict[str, dict[str, Any]] = {
    "no cursor": {"cursor": None},
    "another kind": {"kind": "tags_changed"},
    "an unknown key": {"x": 1},
    "a time of nowhere": {"event_at": "2026-11-23T08:00:00"},
    "two times": {"event_at": "2026-11-23T08:00:00Z", "event_time": "2026-11-23T09:00:00Z"},
    "a share of everything": {"remedy": {"everything": True, "max_errors": {"part": 1e300}}},
    "a negative share": {"remedy": {"everything": True, "concurrency": {"count": -1}}},
    "a budget below none": {"remedy": {"everything": True, "max_calls": -1}},
    "canaries below none": {"remedy": {"everything": True, "canary": -1}},
    "more tags than ECS can be asked for": {"remedy": {"tags": {str(n): "x" for n in range(21)}}},
    "a region of somebody": {"region": "evil.example/?"},
    "an account of text": {"account_id": "1/2"},
}


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_never_handed_over_is_refused_and_says_why(fleet: Fleet, name: str) -> None:
    crowded(fleet)
    run = fleet.run("remediate", {"rolekeeper": forged("remediate", {"run_id": "r"}) | WHOLE[name]})
    (refused,) = run.result["ignored"]
    assert refused["reason"] == "bad-payload"
    assert refused["detail"].startswith("a hand-over that is not taken: ")
    assert (run.error, run.calls) == (None, [])
