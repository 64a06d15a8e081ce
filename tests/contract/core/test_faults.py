"""Every kind of fault through both ways in, as the real client meets it, and the journal's account of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException, ServerException, ThrottlingException
from darabonba.exceptions import UnretryableException
from Tea.exceptions import TeaException

from fakecloud.identity import ACCOUNT
from tests.contract import sdk
from tests.contract.core.conftest import Way
from tests.waiting import wait_until

LOSING = ["throttle", "5xx", "html", "timeout", "empty", "reset", "error"]


def caught(way: Way, action: str = "describe_regions", **fields: Any) -> Any:
    """The exception that the real client raises."""
    with pytest.raises(TeaException) as error:
        sdk.ecs(way.config(read_timeout=5000), action, **fields)
    return error.value


@pytest.mark.parametrize(
    ("fault", "error", "status", "code"),
    [
        pytest.param({"kind": "throttle"}, ClientException, 400, "Throttling", id="throttle"),
        pytest.param(
            {"kind": "throttle", "status": 429, "code": "Throttling.User", "message": "Slow."},
            ClientException,
            429,
            "Throttling.User",
            id="throttle of another code",
        ),
        pytest.param(
            {"kind": "throttle", "retry_after_ms": 1500}, ThrottlingException, 400, "Throttling", id="retry after"
        ),
        pytest.param({"kind": "5xx"}, ServerException, 503, "ServiceUnavailable", id="5xx"),
        pytest.param(
            {"kind": "5xx", "status": 500, "code": "InternalError"}, ServerException, 500, "InternalError", id="500"
        ),
        pytest.param({"kind": "error"}, ClientException, 400, "InternalError", id="error"),
        pytest.param(
            {"kind": "error", "status": 403, "code": "Forbidden.RAM"}, ClientException, 403, "Forbidden.RAM", id="403"
        ),
        pytest.param({"kind": "html"}, UnretryableException, 502, "", id="html"),
        pytest.param({"kind": "empty"}, UnretryableException, 200, "", id="empty"),
        pytest.param({"kind": "timeout", "seconds": 0.01}, UnretryableException, 0, "", id="timeout"),
        pytest.param({"kind": "reset"}, UnretryableException, 0, "", id="reset"),
    ],
)
def test_a_fault_is_met_as_the_clouds_own(
    way: Way, fault: dict[str, Any], error: type[Exception], status: int, code: str
) -> None:
    way.cloud.faults.add(**fault)
    met = caught(way, accept_language="en-US")
    kind: type[Exception] = type(met)
    assert kind is error
    if code:
        assert (met.code, met.statusCode) == (code, status)
        assert fault.get("message", "") in met.data["Message"]
    if "retry_after_ms" in fault:
        assert met.retry_after == 1500
    [call] = way.cloud.calls
    assert (call.service, call.action, call.status, call.code) == ("ecs", "DescribeRegions", status, code)
    assert call.params == {"AcceptLanguage": "en-US"}
    sdk.ecs(way.config(), "describe_regions")  # it hit once


def test_a_timeout_is_met_by_a_client_that_waits_less(way: Way) -> None:
    way.cloud.faults.add("timeout", seconds=3)
    with pytest.raises(UnretryableException):
        sdk.ecs(way.config(read_timeout=100), "describe_regions")


@pytest.mark.parametrize("lost", [True, False], ids=["answer lost", "not carried out"])
@pytest.mark.parametrize("kind", LOSING)
def test_an_answer_may_be_lost_after_the_call_is_carried_out(way: Way, kind: str, lost: bool) -> None:
    way.cloud.ram.put_role(ACCOUNT, "web")
    made = way.cloud.ecs.make()[0]
    way.cloud.faults.add(kind, action="AttachInstanceRamRole", lost_answer=lost, seconds=0.01)  # type: ignore[arg-type]
    caught(way, "attach_instance_ram_role", ram_role_name="web", instance_ids=json.dumps([made.instance_id]))
    assert made.role == ("web" if lost else "")


def test_a_refusal_may_be_lost_too(way: Way) -> None:
    way.cloud.faults.add("empty", lost_answer=True)
    assert isinstance(caught(way, "describe_instance_attribute", instance_id="i-nope"), UnretryableException)


def test_faults_leave_some_calls_and_come_again(way: Way) -> None:
    way.cloud.faults.add("throttle", action="DescribeRegions", after=2, every=3, count=2)
    met = []
    for _ in range(12):
        try:
            way.ecs("describe_regions")
            met.append("")
        except TeaException as error:
            met.append(error.code)
    assert [n for n, code in enumerate(met, 1) if code] == [5, 8]


def test_a_fault_hits_only_its_service_and_action_until_it_is_cleared(way: Way) -> None:
    way.cloud.faults.add("throttle", service="ram", count=None)
    way.cloud.faults.add("throttle", action="DescribeInstances", count=None)
    way.ecs("describe_regions")
    for _ in range(3):
        assert sdk.refusal(way.ecs, "describe_instances")[1] == "Throttling"
    way.cloud.faults.clear()
    way.ecs("describe_instances")


def test_a_page_token_can_be_refused(way: Way) -> None:
    way.cloud.ecs.make(25)
    asked = {"kind": "error", "action": "DescribeInstances", "param": "NextToken", "code": "InvalidParameter.NextToken"}
    assert way.door("POST", "faults", asked).status_code == 200
    token = way.ecs("describe_instances", max_results=10)["NextToken"]
    assert sdk.refusal(way.ecs, "describe_instances", max_results=10, next_token=token) == (
        400,
        "InvalidParameter.NextToken",
    )
    assert len(sdk.ids(way.ecs("describe_instances", max_results=10, next_token=token))) == 10


def test_one_item_of_each_batch_can_fail_for_as_long_as_it_is_told_to(way: Way) -> None:
    way.cloud.ram.put_role(ACCOUNT, "web")
    made = [i.instance_id for i in way.cloud.ecs.make(6)]
    way.cloud.faults.add("partial", items=1, count=None)
    fails = [
        way.ecs("attach_instance_ram_role", ram_role_name="web", instance_ids=json.dumps(batch))["FailCount"]
        for batch in (made[:3], made[3:])
    ]
    assert fails == [1, 1]


@pytest.mark.parametrize("named", [False, True], ids=["by count", "by ids"])
@pytest.mark.parametrize("verb", ["Attach", "Detach"])
def test_a_part_of_a_batch_fails_with_http_200(way: Way, verb: str, named: bool) -> None:
    way.cloud.ram.put_role(ACCOUNT, "web")
    made = [i.instance_id for i in way.cloud.ecs.make(4, role="" if verb == "Attach" else "web")]
    chosen: dict[str, Any] = {"instance_ids": [made[3], "i-nope"]} if named else {"items": 2}
    way.cloud.faults.add("partial", action=f"{verb}InstanceRamRole", code="Unlucky", message="No.", **chosen)
    given = {"ram_role_name": "web", "instance_ids": json.dumps(made)}
    action = f"{verb.lower()}_instance_ram_role"
    body = way.ecs(action, **given)
    items = body[f"{verb}InstanceRamRoleResults"][f"{verb}InstanceRamRoleResult"]
    bad = made[3:] if named else made[:2]
    assert body["FailCount"] == len(bad)
    assert {i["InstanceId"]: i["Code"] for i in items} == {i: "Unlucky" if i in bad else "200" for i in made}
    assert [i["Message"] for i in items if i["InstanceId"] in bad] == ["No."] * len(bad)
    left = "" if verb == "Attach" else "web"
    for i in made:
        instance = way.cloud.ecs.instance(i)
        assert instance is not None
        assert (instance.role == left) == (i in bad)


def test_a_partial_fault_waits_for_a_batch_it_can_hit(way: Way) -> None:
    way.cloud.ram.put_role(ACCOUNT, "web")
    one, two = (i.instance_id for i in way.cloud.ecs.make(2))
    way.cloud.faults.add("partial", instance_ids=[two])
    way.ecs("describe_regions")
    fails = [
        way.ecs("attach_instance_ram_role", ram_role_name="web", instance_ids=json.dumps([i]))["FailCount"]
        for i in (one, two, two)
    ]
    assert fails == [0, 1, 0]


def test_a_call_that_a_partial_fault_cannot_hit_is_not_counted(way: Way) -> None:
    way.cloud.ram.put_role(ACCOUNT, "web")
    one, two = (json.dumps([i.instance_id]) for i in way.cloud.ecs.make(2))
    way.cloud.faults.add("partial", every=2)
    assert way.ecs("attach_instance_ram_role", ram_role_name="web", instance_ids=one)["FailCount"] == 0
    way.ecs("describe_regions")
    assert way.ecs("attach_instance_ram_role", ram_role_name="web", instance_ids=two)["FailCount"] == 1


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"kind": "earthquake"}, id="kind"),
        pytest.param({"kind": "5xx", "colour": "red"}, id="unknown key"),
        pytest.param({"kind": "5xx", "count": "many"}, id="count"),
        pytest.param({"kind": "5xx", "count": 0}, id="count of none"),
        pytest.param({"kind": "5xx", "every": 0}, id="every"),
        pytest.param({"kind": "5xx", "after": -1}, id="after"),
        pytest.param({"kind": "partial", "items": True}, id="items"),
        pytest.param({"kind": "partial", "instance_ids": "i-1"}, id="ids"),
        pytest.param({"kind": "error", "status": 200}, id="status that is no error"),
        pytest.param({"kind": "timeout", "seconds": "long"}, id="seconds"),
        pytest.param({"kind": "reset", "lost_answer": "yes"}, id="lost_answer"),
        pytest.param({"kind": "error", "code": 7}, id="code"),
        pytest.param({"kind": "error", "param": 7}, id="param"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(way: Way, asked: dict[str, Any]) -> None:
    answer = way.door("POST", "faults", asked)
    assert answer.status_code == 400
    assert "fault" in answer.json()["error"]
    way.ecs("describe_regions")


def test_latency_is_in_the_journal_and_the_narrowest_wins(way: Way) -> None:
    for ms, where in ((1, {}), (20, {"service": "ecs"}), (40, {"service": "ecs", "action": "DescribeRegions"})):
        way.cloud.latency.set(ms, **where)
    way.ecs("describe_regions")
    way.ecs("describe_instances")
    regions, instances = way.cloud.calls
    assert regions.ms >= 40
    assert instances.ms >= 20


def test_an_answer_later_than_the_client_waits_is_a_timeout_and_the_call_is_carried_out(way: Way) -> None:
    way.cloud.latency.set(400, action="RunInstances")
    with pytest.raises(UnretryableException):
        sdk.ecs(way.config(read_timeout=50), "run_instances")
    wait_until(lambda: len(way.cloud.calls))
    assert [c.status for c in way.cloud.calls] == [200]
