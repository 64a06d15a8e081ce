"""What is not acted on, and by which reason; nothing that comes makes the reader fail."""

from __future__ import annotations

import json

import pytest

from shared.events import MAX_EVENT_BYTES, read
from shared.model.ignored import Ignored
from tests.unit.events.builders import ACCOUNT, A, Json, call, envelope, ignored, state, tag_event

ARN = f"arn:acs:ecs:cn-hangzhou:{ACCOUNT}:"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "empty", id="no bytes"),
        pytest.param(b" \r\n", "empty", id="only spaces"),
        pytest.param(b"\xef\xbb\xbf", "empty", id="only a byte order mark"),
        pytest.param(b"[]", "empty", id="an empty list"),
        pytest.param(b"{", "not-json", id="cut off"),
        pytest.param(b"hello", "not-json", id="a word"),
        pytest.param(b"{'a': 1}", "not-json", id="single quotes"),
        pytest.param(b'{"a": 1} x', "not-json", id="something after it"),
        pytest.param(b"\xff\xfe{\x00}\x00", "not-json", id="UTF-16"),
        pytest.param(b'"\xff"', "not-json", id="not UTF-8"),
        pytest.param('{"a": "\ud800"}', "not-json", id="a lone surrogate"),
        pytest.param(b'{"a": "\\ud800"}', "not-json", id="a lone surrogate, escaped"),
        pytest.param(b'{"state": NaN}', "not-json", id="NaN"),
        pytest.param(b'{"state": Infinity}', "not-json", id="Infinity"),
        pytest.param(b"1e999", "not-json", id="a number out of range"),
        pytest.param(b"9" * 5000, "not-json", id="a number of 5000 digits"),
        pytest.param(b"[" * 100_000, "not-json", id="deep lists"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "not-json", id="deep objects"),
        pytest.param(b"[" * 12 + b"]" * 12, "unknown-event", id="lists in lists"),
        pytest.param(b" " * MAX_EVENT_BYTES + b"{}", "unknown-event", id="spaces do not count"),
        pytest.param(b'"' + b"x" * MAX_EVENT_BYTES + b'"', "too-large", id="too large"),
        pytest.param("é" * MAX_EVENT_BYTES, "too-large", id="too large as text"),
        pytest.param(b"null", "unknown-event", id="null"),
        pytest.param(b"true", "unknown-event", id="true"),
        pytest.param(b"1", "unknown-event", id="a number"),
        pytest.param(b'"text"', "unknown-event", id="text"),
        pytest.param(b"{}", "unknown-event", id="an empty object"),
        pytest.param(b'{"a": 1e300, "b": 99999999999999999999999}', "unknown-event", id="huge numbers"),
    ],
)
def test_a_body_that_is_no_event_is_ignored(body: bytes | str, reason: str) -> None:
    (outcome,) = read(body)
    assert isinstance(outcome, Ignored)
    assert outcome.reason == reason
    assert outcome.detail


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        pytest.param(state(state="Deleted"), "not-for-us", id="Deleted"),
        pytest.param(state(state="Frozen"), "not-for-us", id="an unheard-of state"),
        pytest.param(state(state=None), "unknown-event", id="no state"),
        pytest.param(state(state=["Created"]), "unknown-event", id="a list for the state"),
        pytest.param(state(resourceType="ALIYUN::ECS::Disk"), "not-an-instance", id="a disk's state"),
        pytest.param(state(resourceId="d-bp1"), "not-an-instance", id="a disk's id"),
        pytest.param(state(resourceId=None), "no-instance", id="no id"),
        pytest.param(state(resourceId="i-bp1ecr****"), "no-instance", id="a masked id"),
        pytest.param(state(resourceId=12), "no-instance", id="a number for an id"),
        pytest.param(envelope("ecs:Instance:StateChange", None), "unknown-event", id="no data"),
        pytest.param(envelope("ecs:Instance:StateChange", [1]), "unknown-event", id="data is a list"),
        pytest.param(envelope("rds:Instance:StateChange", state()["data"]), "not-for-us", id="another product's state"),
        pytest.param(envelope("", {}), "unknown-event", id="an envelope without a type"),
        pytest.param(envelope("ecs:ActionTrail:ApiCall", {}), "unknown-event", id="an empty record"),
        pytest.param(call("RunInstances"), "no-instance", id="RunInstances without an answer"),
        pytest.param(call("RunInstances", {"InstanceId": A}), "no-instance", id="creation is not told by the request"),
        pytest.param(call("RunInstances", errorCode="DryRunOperation"), "failed-call", id="a dry run of the caller's"),
        pytest.param(call("AddTags", {"ResourceId": A}, errorCode={"Code": 1}), "failed-call", id="an odd errorCode"),
        pytest.param(call("RunInstances", service="Rds"), "not-for-us", id="another product's call"),
        pytest.param(call("RunInstances", service="Tag"), "not-for-us", id="a call the Tag service does not have"),
        pytest.param(call("AddTags", service="Tag"), "not-for-us", id="AddTags is of ECS alone"),
        pytest.param(call("ModifyInstanceNetworkSpec", {"InstanceId": A}), "not-for-us", id="another call"),
        pytest.param(call("TagResources", {"ResourceType": "disk", "ResourceId": A}), "not-an-instance", id="ECS disk"),
        pytest.param(call("TagResources", {"ResourceId.1": "d-bp1"}), "not-an-instance", id="a disk by its id"),
        pytest.param(call("TagResources", {"ResourceARN": ARN + "disk/d-1"}, "Tag"), "not-an-instance", id="disk ARN"),
        pytest.param(
            call("TagResources", {"ResourceARN": "acs:vpc:*:*:vpc/i-1"}, "Tag"), "not-an-instance", id="vpc ARN"
        ),
        pytest.param(call("TagResources", {}), "no-instance", id="tags of nothing"),
        pytest.param(
            call("DeleteDisk", {"DiskId": "d-1"}, referencedResources={"ACS::ECS::Instance": [A]}),
            "not-for-us",
            id="an instance that is only referred to",
        ),
        pytest.param(tag_event(product="vpc"), "not-for-us", id="tags of another product"),
        pytest.param(tag_event(resourceType="disk"), "not-an-instance", id="tags of a disk"),
        pytest.param(tag_event(resourceId=""), "no-instance", id="tags of no id"),
        pytest.param(
            {"product": "ECS", "name": "Instance:SystemMaintenance.Reboot:Scheduled", "content": {}},
            "not-for-us",
            id="another system event",
        ),
        pytest.param(
            {"product": "RDS", "name": "Instance:StateChange", "content": {"state": "Running", "resourceId": A}},
            "not-for-us",
            id="another product's system event",
        ),
        pytest.param(envelope("oss:Object:Put", {"key": "a"}), "not-for-us", id="another product"),
        pytest.param({"hello": "world"}, "unknown-event", id="an unknown object"),
    ],
)
def test_an_event_that_asks_nothing_of_us_is_ignored(event: Json, reason: str) -> None:
    assert ignored(event).reason == reason


SYSTEM = {"content": {}, "name": "Instance:StateChange"}
NO_ID, NOWHERE = "no instance id in", "no instance id where it belongs"


@pytest.mark.parametrize(
    ("event", "reason", "detail"),
    [
        pytest.param(
            call("TagResources", {"ResourceId": ["d-1", "d-2", "d-3", "d-4"]}),
            "not-an-instance",
            "about d-1, d-2, d-3",
            id="disks",
        ),
        pytest.param(
            call("TagResources", {"ResourceId": ["i-", "x"]}),
            "no-instance",
            f"{NO_ID} i-, x",
            id="no id of an instance",
        ),
        pytest.param(call("TagResources", {"ResourceId": ["AY"]}), "no-instance", f"{NO_ID} AY", id="no old id"),
        pytest.param(call("TagResources", {}), "no-instance", NOWHERE, id="nothing named"),
        pytest.param(
            SYSTEM | {"name": "", "product": ""},
            "not-for-us",
            "system event without a name of an unknown product",
            id="nameless",
        ),
        pytest.param(
            SYSTEM | {"name": "X:Y", "product": "RDS"}, "not-for-us", "system event X:Y of rds", id="of another product"
        ),
        pytest.param(
            SYSTEM | {"content": {"state": "Stopped"}},
            "not-for-us",
            "state Stopped is not creation",
            id="of no product",
        ),
        pytest.param(
            tag_event(product="oss", resourceType="bucket"), "not-for-us", "tags of oss bucket", id="tags of a bucket"
        ),
        pytest.param(tag_event(resourceType="disk"), "not-an-instance", "tags of disk", id="tags of a disk"),
        pytest.param(state(state=""), "unknown-event", "a change of state that names no state", id="no state"),
        pytest.param(state(state=1), "not-for-us", "state 1 is not creation", id="a number for a state"),
        pytest.param(
            state(resourceType="disk"), "not-an-instance", "a change of state of disk", id="the state of a disk"
        ),
    ],
)
def test_what_is_ignored_says_what_it_is_about(event: Json, reason: str, detail: str) -> None:
    found = ignored(event)
    assert (found.reason, found.detail) == (reason, detail)


def test_each_member_of_a_list_is_judged_alone() -> None:
    members = [state(), 1, None, {}, [], state(state="Stopped"), [tag_event()], json.dumps(state(state="Pending"))]
    outcomes = read(json.dumps(members))
    told = [getattr(outcome, "kind", None) or getattr(outcome, "reason", "") for outcome in outcomes]
    assert told == [
        "created",
        *("unknown-event",) * 3,
        "empty",
        "not-for-us",
        "changed",
        "created",
    ]


def test_a_byte_order_mark_and_a_double_encoding_are_tolerated() -> None:
    text = json.dumps(state())
    plain = read(text)
    assert read("\ufeff" + text) == read(b"\xef\xbb\xbf" + text.encode()) == read(json.dumps(text)) == plain
    assert plain[0] == read(text.encode())[0]


def test_something_else_than_a_body_is_told_as_such() -> None:
    (outcome,) = read({"a": 1})  # type: ignore[arg-type]
    assert isinstance(outcome, Ignored)
    assert (outcome.reason, outcome.detail) == ("not-json", "expected the bytes of an event, got dict")


@pytest.mark.parametrize(
    "key", ["LTAI5tAbCdEfGhIjKlMnOpQr", "STS.NUyaLUZx8Mu5yLvm3p9q", "CAIShwJ1q6Ft5B2yfSj+Ir5eB/L9f=="]
)
def test_a_detail_is_one_short_line_without_keys_of_an_account(key: str) -> None:
    outcome = ignored(call("Del\x1b[31m\r\nete\u2028" + key + "x" * 5000, errorCode=None))
    assert outcome.detail.isprintable()
    assert len(outcome.detail) <= 240
    assert key not in outcome.detail
    outcome = ignored({key: 1, "a\nb": 2, **{f"key-{n}": n for n in range(100)}})
    assert key not in outcome.detail
    assert outcome.detail.isprintable()
