"""What an operator types is taken exactly, or refused with the place of the slip."""

from __future__ import annotations

import pytest

from shared.model import Remedy
from tests.unit.events.builders import A, B, Json, ignored, trigger


@pytest.mark.parametrize(
    ("payload", "ids", "remedy"),
    [
        pytest.param({"instance_ids": [A, B, A]}, (A, B), Remedy(), id="ids, once each"),
        pytest.param({"instance_ids": ["i-1"]}, ("i-1",), Remedy(), id="a short id"),
        pytest.param({"tags": {"app": "web"}}, (), Remedy(tags={"app": "web"}), id="tags"),
        pytest.param({"tags": {"app": ""}}, (), Remedy(tags={"app": ""}), id="a tag without a value"),
        pytest.param({"all": True}, (), Remedy(everything=True), id="all"),
        pytest.param(
            {"all": True, "dry_run": True, "reason": "drill", "operator": "alice"},
            (),
            Remedy(everything=True, dry_run=True, reason="drill", operator="alice"),
            id="with everything",
        ),
    ],
)
@pytest.mark.parametrize("wrapped", [pytest.param(True, id="wrapped"), pytest.param(False, id="bare")])
def test_a_request_is_taken(payload: Json, ids: tuple[str, ...], remedy: Remedy, wrapped: bool) -> None:
    outcome = trigger({"remediate": payload} if wrapped else payload, region="cn-hangzhou", account_id="1")
    assert (outcome.kind, outcome.source, outcome.instance_ids) == ("remediate", "manual", ids)
    assert outcome.remedy == remedy
    assert (outcome.region, outcome.account_id, outcome.actor) == ("cn-hangzhou", "", remedy.operator)
    assert (outcome.event_id, outcome.event_time, outcome.event_at) == ("", "", None)


def test_a_request_may_name_its_region() -> None:
    assert trigger({"remediate": {"all": True, "region": "cn-beijing"}}, region="cn-hangzhou").region == "cn-beijing"


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        pytest.param(
            {"remediate": {"instance_id": [A]}},
            "$.remediate: unknown key `instance_id`; did you mean `instance_ids`?",
            id="a key misspelt",
        ),
        pytest.param(
            {"instance_ids": [A], "dryrun": True},
            "$: unknown key `dryrun`; did you mean `dry_run`?",
            id="bare misspelt",
        ),
        pytest.param(
            {"all": True, "xyzzy": 1}, "$: unknown key `xyzzy`; known are instance_ids, tags, all", id="unlike any"
        ),
        pytest.param(
            {"remediate": {"all": True}, "dry_run": True}, "$: unknown key `dry_run`", id="outside the object"
        ),
        pytest.param({"remediate": {}}, "exactly one of instance_ids, tags, all; got none", id="no selector"),
        pytest.param({"remediate": {"dry_run": True}}, "got none", id="no selector but options"),
        pytest.param(
            {"instance_ids": [A], "all": True},
            "$: give exactly one of instance_ids, tags, all; got instance_ids, all",
            id="two",
        ),
        pytest.param({"all": False}, "$.all: must be true", id="all is false"),
        pytest.param({"all": "true"}, "Expected `bool`, got `str` - at `$.all`", id="all is text"),
        pytest.param({"all": 1}, "Expected `bool`, got `int` - at `$.all`", id="all is a number"),
        pytest.param({"instance_ids": []}, "$.instance_ids: the list is empty", id="no ids"),
        pytest.param({"instance_ids": A}, "Expected `array`, got `str` - at `$.instance_ids`", id="ids are no list"),
        pytest.param({"instance_ids": None}, "at `$.instance_ids`", id="ids are null"),
        pytest.param(
            {"remediate": {"instance_ids": [A, 7]}}, "got `int` - at `$.remediate.instance_ids[1]`", id="id is a number"
        ),
        pytest.param({"instance_ids": [A, "web-1"]}, "$.instance_ids[1]: 'web-1' is not an instance id", id="no id"),
        pytest.param({"instance_ids": ["i-"]}, "$.instance_ids[0]: 'i-' is not", id="an empty id"),
        pytest.param({"instance_ids": [A + "\n"]}, "$.instance_ids[0]", id="a line break after an id"),
        pytest.param({"instance_ids": ["i-bp1****"]}, "$.instance_ids[0]", id="a masked id"),
        pytest.param({"tags": {}}, "$.tags: give at least one tag", id="no tags"),
        pytest.param({"tags": {"": "x"}}, "no empty key", id="an empty key"),
        pytest.param({"tags": {"app": 1}}, "$.tags: the value of `app` is not text", id="a number for a value"),
        pytest.param({"tags": [{"Key": "app"}]}, "Expected `object`, got `array` - at `$.tags`", id="tags are a list"),
        pytest.param(
            {"all": True, "dry_run": "no"}, "Expected `bool`, got `str` - at `$.dry_run`", id="dry_run is text"
        ),
        pytest.param({"all": True, "region": "hangzhou!"}, "$.region: 'hangzhou!' is not a region id", id="no region"),
        pytest.param({"remediate": None}, "Expected `object`, got `null` - at `$.remediate`", id="null"),
        pytest.param({"remediate": [A]}, "Expected `object`, got `array` - at `$.remediate`", id="a list"),
        pytest.param({"remediate": "all"}, "got `str` - at `$.remediate`", id="text"),
    ],
)
def test_a_slip_is_refused_at_its_place(event: Json, detail: str) -> None:
    outcome = ignored(event)
    assert (outcome.reason, outcome.source) == ("bad-payload", "manual")
    assert detail in outcome.detail
    assert outcome.detail.isprintable()


def test_an_event_with_tags_is_no_request() -> None:
    event = {"specversion": "1.0", "id": "1", "source": "x", "type": "x:Y:Z", "all": True, "data": {"all": True}}
    assert ignored(event).reason == "not-for-us"
