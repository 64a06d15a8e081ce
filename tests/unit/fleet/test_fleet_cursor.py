"""The cursor, handed over and read again: nothing of it may be lost, nothing else be taken for one."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import events
from shared.bounds import BOUNDS
from shared.events.own import handed_over
from shared.events.times import parse
from shared.events.values import is_clean
from shared.model.decision import Outcome, Reason
from shared.model.ignored import Ignored
from shared.model.progress import MAX_RESTARTS, MAX_STALLED, Progress
from shared.model.rate_use import SLICES, ApiUse, RateUse
from shared.model.trigger import RemediationRequest, Share, Trigger
from shared.settings import APIS

shares = st.none() | st.builds(Share, count=st.integers(0, 999)) | st.builds(Share, part=st.floats(0, 1))
texts = st.text(max_size=20).filter(is_clean)
tokens = st.from_regex(r"[!-~]{0,20}", fullmatch=True)
words = st.from_regex(r"[A-Za-z0-9:/角色._-]{0,20}", fullmatch=True)
ids = st.lists(st.from_regex(r"i-[0-9a-z]{1,20}|AY[0-9]{12}[0-9a-f]{7}", fullmatch=True), max_size=5, unique=True).map(
    tuple
)
ends = st.builds(
    lambda outcome, reason: f"{outcome.value}/{reason.value}", st.sampled_from(Outcome), st.sampled_from(Reason)
)
uses = st.builds(
    RateUse,
    at=st.integers(0, 10**10),
    apis=st.dictionaries(
        st.sampled_from(APIS),
        st.builds(
            ApiUse,
            refused=st.integers(0, 60),
            calls=st.lists(st.integers(0, 999), max_size=SLICES).map(tuple),
        ),
    ),
)
cursors = st.builds(
    Progress,
    run_id=st.from_regex("[A-Za-z0-9_-]{0,100}", fullmatch=True),
    link=st.integers(0, 500),
    token=tokens,
    listed=st.booleans(),
    instance_ids=ids,
    held=st.integers(0, 5),
    places=st.sampled_from([(), ("1/cn-hangzhou", "/us-west-1")]),
    pages=st.integers(0, 9),
    managed=st.none() | st.integers(0, 99),
    removed=st.integers(0, 99),
    braked=st.booleans(),
    failed=st.integers(0, 99),
    tried=st.integers(0, 9),
    stopped=st.sampled_from([None, Reason.CANARY, Reason.MAX_ERRORS]),
    spent=st.integers(0, 99),
    restarts=st.integers(0, MAX_RESTARTS),
    stalled=st.integers(0, MAX_STALLED),
    uncounted=st.booleans(),
    used=st.none() | uses,
    counts=st.dictionaries(ends, st.integers(0, 99), max_size=3),
)
remedies = st.builds(
    RemediationRequest,
    everything=st.booleans(),
    tags=st.dictionaries(texts, texts, max_size=2),
    rule=texts,
    role=texts,
    drift=st.sampled_from([None, "missing", "wrong", "foreign", "orphaned"]),
    dry_run=st.booleans(),
    lift_brake=st.booleans(),
    concurrency=shares,
    max_errors=shares,
    canary=st.integers(0, 9),
    max_calls=st.none() | st.integers(0, 99),
    everywhere=st.booleans(),
    reason=texts,
    operator=texts,
)
triggers = st.builds(
    Trigger,
    kind=st.sampled_from(["reconcile", "remediate"]),
    source=words,
    region=st.sampled_from(["", "cn-hangzhou", "us-west-1"]),
    account_id=st.from_regex("[0-9]{0,20}", fullmatch=True),
    actor=words,
    event_id=words,
    event_time=words.filter(lambda word: parse(word) is None),
    event_name=words,
    instance_ids=ids,
    request=remedies,
    progress=cursors,
)


def read(body: bytes) -> Trigger | Ignored:
    (found,) = events.read(body, account_id="1", own_role="", region="cn-hangzhou")
    return found


@given(triggers)
def test_what_is_handed_over_is_what_is_read(trigger: Trigger) -> None:
    assert read(handed_over(trigger)) == trigger


def test_every_field_of_a_cursor_is_tried_here() -> None:
    """A field that is new must be added above."""
    given = {name for name in Progress.__struct_fields__ if f"{name}=" in Path(__file__).read_text(encoding="utf-8")}
    assert given == set(Progress.__struct_fields__)


def test_as_many_ids_as_may_be_carried_fit_into_a_report_of_the_failure() -> None:
    from shared.reported import REQUEST, size

    used = RateUse(at=2_000_000_000, apis=dict.fromkeys(APIS, ApiUse(refused=60, calls=(99,) * SLICES)))
    cursor = Progress(
        run_id="r" * 100, token="t" * 300, used=used, instance_ids=("i-bp" + "0" * 18,) * BOUNDS.handed_over
    )
    trigger = Trigger(kind="remediate", source="manual", request=RemediationRequest(reason="r" * 256), progress=cursor)
    assert size(handed_over(trigger)) < REQUEST


@pytest.mark.parametrize("kind", ["created", "changed"])
def test_an_event_is_never_taken_for_a_part_of_a_run(kind: str) -> None:
    body = json.dumps({"rolekeeper": {"kind": kind, "source": "x", "instance_ids": ["i-1"]}}).encode()
    found = read(body)
    assert isinstance(found, Ignored)
    assert "never handed over" in found.detail


@pytest.mark.parametrize(
    "slip",
    [
        {"cursor": {"used": {"at": 1, "apis": {"RunInstances": [0, [1]]}}}},
        {"cursor": {"used": {"apis": {}}}},
        {"cursor": {"used": {"at": -1}}},
        {"cursor": {"used": {"at": 1, "apis": {"DescribeInstances": [0, [-1]]}}}},
        {"cursor": {"link": "1"}},
        {"cursor": {"stopped": "no reason"}},
        {"kind": 1},
        {},
        {"kind": "remediate"},
        {"instance_ids": [""]},
        {"instance_ids": ["i-1", "i-1"]},
        {"cursor": {"instance_ids": ["x"]}},
        {"region": "evil.example/"},
        {"region": "CN-hangzhou"},
        {"account_id": "1/2"},
        {"actor": "a\nb"},
        {"source": "x" * 300},
    ],
    ids=str,
)
def test_what_is_malformed_is_ignored_and_told_of(slip: dict[str, object]) -> None:
    whole = msgspec.to_builtins(Trigger(kind="reconcile", source="own")) | slip if slip else []
    found = read(json.dumps({"rolekeeper": whole}).encode())
    assert isinstance(found, Ignored)
    assert found.reason == "bad-payload"


def test_a_hand_over_of_the_version_before_is_still_read() -> None:
    """As it wrote them, while a new version is deployed: what it did not know has its default."""
    cursor = {
        "run_id": "run-1",
        "link": 3,
        "token": "t",
        "listed": False,
        "instance_ids": ["i-1"],
        "pages": 4,
        "managed": 90,
        "removed": 2,
        "braked": True,
        "uncounted": False,
        "failed": 1,
        "tried": 1,
        "stopped": "canary",
        "spent": 30,
        "restarts": 1,
        "stalled": 0,
        "counts": {"attached/missing": 5},
    }
    remedy = {
        "everything": True,
        "tags": {},
        "rule": "",
        "role": "",
        "drift": None,
        "dry_run": False,
        "lift_brake": True,
        "concurrency": {"count": 5, "part": None},
        "max_errors": None,
        "canary": 1,
        "max_calls": None,
        "everywhere": False,
        "reason": "r",
        "operator": "o",
    }
    whole: dict[str, object] = {
        "kind": "remediate",
        "source": "manual",
        "instance_ids": [],
        "region": "cn-hangzhou",
        "account_id": "1",
        "actor": "o",
        "event_id": "",
        "event_time": "",
        "event_at": None,
        "event_name": "remediate",
        "remedy": remedy,
        "cursor": cursor,
    }
    found = read(json.dumps({"rolekeeper": whole}).encode())
    assert isinstance(found, Trigger), found
    assert found.progress
    assert found.request
    assert (found.progress.link, found.progress.instance_ids, found.progress.held) == (3, ("i-1",), 0)
    assert (found.progress.stopped, found.progress.gained, found.request.lift_brake) == (Reason.CANARY, 5, True)
