"""The answers of AttachInstanceRamRole and DetachInstanceRamRole, in every shape that documents or SDKs show."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from shared.gateways import ecs_answers
from shared.gateways.ecs import BatchResult


def answer(verb: str, *items: dict[str, Any] | None, **top: Any) -> BatchResult:
    """What the gateway makes of an answer with these items, asked for i-1 and i-2."""
    body = {"RequestId": "R-1", **top}
    if items != (None,):
        body[f"{verb}InstanceRamRoleResults"] = {f"{verb}InstanceRamRoleResult": list(items)}
    return ecs_answers.result(f"{verb}InstanceRamRole", ["i-1", "i-2"], body)


BOTH = pytest.mark.parametrize("verb", ["Attach", "Detach"])
OK: dict[str, Any] = {"InstanceId": "i-2", "Success": True, "Code": "200"}


@BOTH
@pytest.mark.parametrize(
    "item",
    [
        {"Success": True, "Code": "200", "Message": "success"},
        {"Success": True, "Code": 200},
        {"Success": True},
        {"Code": "200"},
        {"Code": 200, "Message": "Success"},
    ],
)
def test_success_is_success_true_or_code_200(verb: str, item: dict[str, Any]) -> None:
    result = answer(verb, {"InstanceId": "i-1", **item}, OK)
    assert (set(result.done), dict(result.failed), result.request_ids) == ({"i-1", "i-2"}, {}, ("R-1",))


@BOTH
@pytest.mark.parametrize(
    ("item", "transient"),
    [
        ({"Success": False, "Code": "Forbidden.RAM"}, False),
        ({"Code": "Forbidden.RAM"}, False),
        ({"Success": False, "Code": "200"}, False),
        ({"Success": False, "Code": "Throttling.User"}, True),
        ({"Success": False, "Code": 500}, True),
        ({"Success": False}, True),
        ({}, True),
        ({"Success": False, "Code": "IncorrectInstanceStatus"}, True),
    ],
)
def test_all_else_is_a_failure_of_that_instance_alone(verb: str, item: dict[str, Any], transient: bool) -> None:
    result = answer(verb, {"InstanceId": "i-1", **item}, OK, FailCount=0)
    assert result.done == {"i-2"}
    failure = result.failed["i-1"]
    assert (failure.code, failure.transient, failure.lost) == (str(item.get("Code", "")), transient, False)


@BOTH
@pytest.mark.parametrize("items", [(), (None,), (OK,)], ids=["no items", "no list", "one of two"])
def test_an_instance_that_the_answer_does_not_name_is_to_be_read(verb: str, items: tuple[Any, ...]) -> None:
    failure = answer(verb, *items).failed["i-1"]
    assert (failure.code, failure.transient, failure.lost) == ("NoResult", True, True)


def test_a_detach_that_took_nothing_off_is_to_be_read() -> None:
    sets: dict[str, Any] = {"InstanceRamRoleSets": {"InstanceRamRoleSet": []}}
    taken = {"InstanceRamRoleSets": {"InstanceRamRoleSet": [{"InstanceId": "i-2", "RamRoleName": "web"}]}}
    result = answer("Detach", {"InstanceId": "i-1", "Success": True, "Code": "200", **sets}, {**OK, **taken})
    assert result.done == {"i-2"}
    assert (result.failed["i-1"].code, result.failed["i-1"].lost) == ("NothingDetached", True)


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        (None, {}),
        ([], {}),
        ([{"InstanceId": "i-1"}], {}),
        ([{"InstanceId": "i-1", "RamRoleName": ""}], {}),
        ([{"InstanceId": "i-1", "RamRoleName": "web"}], {"i-1": "web"}),
    ],
)
def test_no_row_and_a_row_without_a_name_both_mean_no_role(rows: Any, held: dict[str, str]) -> None:
    body = {"InstanceRamRoleSets": {"InstanceRamRoleSet": rows}} if rows is not None else {}
    assert ecs_answers.roles(body, ["i-1"]) == held


NO_TIMES = (
    "2026-11-23", "20261123", "2026-11-23Z", "2026-11-23+08:00", "2026-11-23 PRC", "0001-01-01T00:00Z", "0001-01-01T00:00:00Z",
    "1970-01-01T00:00Z", "0000000000", " 026-11-23T00:00Z", "2_26-11-23T00:00Z", "+026-11-23T00:00Z", "2026-11-23T00:00+99:99",
)  # fmt: skip
"""Days without an hour, what stands for no time, and forms that Python's int() takes all the same."""


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"Tags": {}},
        {"Tags": None},
        {"VpcAttributes": {}},
        {"CreationTime": "soon"},
        {"CreationTime": ""},
        {"CreationTime": "2026-13-01T00:00Z"},
        {"CreationTime": "2026-11-23T00-00Z"},
        *({"CreationTime": text} for text in NO_TIMES),
        {"RegionId": ""},
    ],
)
def test_an_instance_shown_with_little_is_an_instance(item: dict[str, Any]) -> None:
    body = {"Instances": {"Instance": [{"InstanceId": "i-1", **item}]}}
    (seen,) = ecs_answers.instances(body, "cn-hangzhou")
    assert (seen.instance_id, seen.region, seen.network, seen.tags, seen.unread) == (
        "i-1",
        "cn-hangzhou",
        "vpc",
        {},
        None,
    )
    assert seen.created_at == ecs_answers.UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T04:04Z",
        "2026-11-23T04:04:00Z",
        "2026-11-23T04:04:00.000Z",
        "2026-11-23T12:04+08:00",
        "2026-11-23T12:04:00+0800",
        "2026-11-23 04:04:00",
        "2026-11-22T20:04:00.0-08:00",
        "20261123T040400Z",
        "2026-11-23t04:04z",
        "1795406640",
        1795406640,
        1795406640000,
    ],
)
def test_a_creation_time_is_read_in_whatever_form_it_is_written(text: Any) -> None:
    body = {"Instances": {"Instance": [{"InstanceId": "i-1", "CreationTime": text}]}}
    (seen,) = ecs_answers.instances(body, "cn-hangzhou")
    assert seen.created_at == datetime(2026, 11, 23, 4, 4, tzinfo=timezone.utc)
