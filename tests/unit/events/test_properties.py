"""For whatever comes: the reader answers, in order, the same each time, in clean words."""

from __future__ import annotations

import copy
import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import read
from shared.model.ignored import Ignored, IgnoredReason
from shared.model.trigger import Trigger
from tests.unit.events.builders import SAMPLES

TEXTS = st.text(max_size=20) | st.sampled_from(
    ["i-bp1", "[]", "{", '{"a":[1]}', "acs:ecs:*:*:instance/i-1", "Ecs", "\n"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | TEXTS
SAMPLE_FILES = sorted(SAMPLES.rglob("*.json"))
LOADED = [json.loads(path.read_text(encoding="utf-8")) for path in SAMPLE_FILES]
KEYS = sorted({key for sample in LOADED if isinstance(sample, dict) for key in (*sample, *(sample.get("data") or ()))})
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS) | TEXTS, inner, max_size=6),
    max_leaves=25,
)


def check(outcomes: tuple[Trigger | Ignored, ...]) -> None:
    assert outcomes
    for outcome in outcomes:
        for field in ("detail", "source", "region", "account_id", "actor", "event_id", "event_time", "event_name"):
            value = getattr(outcome, field, "")
            assert isinstance(value, str)
            assert len(value) <= 256
            assert not any(ord(character) < 32 for character in value)
        if isinstance(outcome, Ignored):
            assert outcome.reason in get_args(IgnoredReason)
            assert outcome.detail
        else:
            assert len(set(outcome.instance_ids)) == len(outcome.instance_ids)
            assert all(instance_id.startswith(("i-", "AY")) for instance_id in outcome.instance_ids)
            assert outcome.request is not None or outcome.kind != "remediate"
            assert bool(outcome.instance_ids) or outcome.kind in {"reconcile", "remediate"}


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_bytes_are_answered(body: bytes | str) -> None:
    check(read(body, account_id="1", own_role="r", region="cn-hangzhou"))


@given(JSON)
def test_any_json_is_answered_the_same_each_time(value: object) -> None:
    body = json.dumps(value)
    outcomes = read(body, account_id="1", own_role="r")
    check(outcomes)
    assert read(body.encode(), account_id="1", own_role="r") == outcomes


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


@given(st.data(), st.sampled_from(LOADED))
def test_a_sample_with_anything_in_one_place_is_answered(data: st.DataObject, sample: Any) -> None:
    event = copy.deepcopy(sample)
    path = data.draw(st.sampled_from(places(event)[1:]))
    parent = event
    for key in path[:-1]:
        parent = parent[key]
    if isinstance(parent, dict) and data.draw(st.booleans()):
        del parent[path[-1]]
    else:
        parent[path[-1]] = data.draw(JSON)
    check(read(json.dumps(event), account_id="1234567890123456", own_role="rolekeeper-fc"))


@given(st.lists(st.sampled_from([sample for sample in LOADED if isinstance(sample, dict)]), min_size=1, max_size=8))
def test_a_list_is_answered_as_its_members_one_by_one(members: list[Any]) -> None:
    together = read(json.dumps(members))
    assert together == tuple(outcome for member in members for outcome in read(json.dumps(member)))
    assert len(together) == len(members)


@given(st.sampled_from([path.read_bytes() for path in SAMPLE_FILES]), st.data())
def test_a_sample_cut_off_anywhere_is_answered(body: bytes, data: st.DataObject) -> None:
    check(read(body[: data.draw(st.integers(0, len(body)))]))


@pytest.mark.parametrize("member", ["{}", '{"tags":{"a":1}}', '"[[[["', '{"eventName":"TagResources"}'])
def test_a_full_body_of_small_members_is_answered_whole(member: str) -> None:
    count = 1_000_000 // (len(member) + 1) // 20
    outcomes = read("[" + ",".join([member] * count) + "]")
    assert len(outcomes) == count
    check(outcomes[:2])
