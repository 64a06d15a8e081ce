"""Rules and targets over the wire, and the declared parameters against the published definitions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from Tea.exceptions import TeaException

from fakecloud.cloud import Cloud
from fakecloud.eventbridge.models import FunctionAddress
from fakecloud.identity import ACCOUNT

from .conftest import ARN, Ask, event, seen

DEFINITIONS = Path(__file__).parents[4] / "shared" / "openapi" / "eventbridge"
PATTERN = '{"source": ["acs.test"]}'
TARGET = {"Id": "t1", "Type": "acs.fc.function", "Endpoint": ARN}
BUS = {"EventBusName": "default"}
R1 = {**BUS, "RuleName": "r1"}


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(TeaException) as caught:
        call()
    return str(caught.value.code)


def test_a_rule_is_made_shown_and_taken_away(eventbridge: Ask) -> None:
    made = eventbridge("CreateRule", **R1, FilterPattern=PATTERN, Description="d", EventTargets=[TARGET])
    arn = f"acs:eventbridge:cn-hangzhou:{ACCOUNT}:eventbus/default/rule/r1"
    assert (made["Code"], made["Success"], made["Data"]) == ("Success", True, {"RuleARN": arn})
    shown = eventbridge("GetRule", **R1)["Data"]
    assert (shown["RuleName"], shown["RuleARN"], shown["FilterPattern"]) == ("r1", arn, PATTERN)
    assert (shown["Status"], shown["Description"]) == ("ENABLE", "d")
    (target,) = shown["Targets"]
    assert (target["Id"], target["Endpoint"], target["PushRetryStrategy"]) == ("t1", ARN, "BACKOFF_RETRY")
    eventbridge("DeleteRule", **R1)
    assert refused(lambda: eventbridge("GetRule", **R1)) == "EventRuleNotExisted"
    assert refused(lambda: eventbridge("DeleteRule", **R1)) == "EventRuleNotExisted"


def test_a_rule_belongs_to_its_region(eventbridge: Ask) -> None:
    eventbridge("CreateRule", **R1, FilterPattern=PATTERN)
    assert refused(lambda: eventbridge("GetRule", region="cn-beijing", **R1)) == "EventRuleNotExisted"


def test_rules_and_targets_are_listed_in_pages(eventbridge: Ask) -> None:
    for name in ("a1", "a2", "b1"):
        eventbridge("CreateRule", **BUS, RuleName=name, FilterPattern=PATTERN, EventTargets=[{**TARGET, "Id": name}])
    first = eventbridge("ListRules", **BUS, Limit="2")["Data"]
    assert ([one["RuleName"] for one in first["Rules"]], first["Total"]) == (["a1", "a2"], 3)
    rest = eventbridge("ListRules", **BUS, Limit="2", NextToken=first["NextToken"])["Data"]
    assert [one["RuleName"] for one in rest["Rules"]] == ["b1"]
    assert "NextToken" not in rest
    assert eventbridge("ListRules", **BUS, RuleNamePrefix="b")["Data"]["Total"] == 1
    targets = eventbridge("ListTargets", **BUS)["Data"]["Targets"]
    assert [(one["RuleName"], one["Id"]) for one in targets] == [("a1", "a1"), ("a2", "a2"), ("b1", "b1")]
    assert eventbridge("ListTargets", **BUS, RuleName="a2")["Data"]["Total"] == 1
    assert eventbridge("ListTargets", Arn=first["Rules"][0]["RuleARN"])["Data"]["Targets"][0]["Id"] == "a1"


def test_targets_are_added_replaced_and_removed(eventbridge: Ask) -> None:
    eventbridge("CreateRule", **R1, FilterPattern=PATTERN, EventTargets=[TARGET])
    eventbridge("UpdateTargets", **R1, Targets=[{**TARGET, "ErrorsTolerance": "NONE"}, {**TARGET, "Id": "t2"}])
    shown = eventbridge("GetRule", **R1)["Data"]["Targets"]
    assert [(one["Id"], one["ErrorsTolerance"]) for one in shown] == [("t1", "NONE"), ("t2", "ALL")]
    eventbridge("DeleteTargets", **R1, TargetIds=["t1"])
    assert [one["Id"] for one in eventbridge("GetRule", **R1)["Data"]["Targets"]] == ["t2"]
    many = [{**TARGET, "Id": f"x{n}"} for n in range(5)]
    assert refused(lambda: eventbridge("UpdateTargets", **R1, Targets=many)) == "EventTargetCountExceedLimit"


REFUSALS = [
    pytest.param({"EventBusName": "mine"}, "EventBusNotExist", id="another bus"),
    pytest.param({"FilterPattern": "{"}, "EventRuleFilterPatternSchemaError", id="pattern that is no JSON"),
    pytest.param({"FilterPattern": '{"x": ["y"]}'}, "EventRuleFilterPatternSchemaError", id="unknown pattern key"),
    pytest.param(
        {"FilterPattern": json.dumps({"source": [{"prefix": c} for c in "abcdef"]})},
        "EventRuleFilterPatternExceedLimit",
        id="six expressions",
    ),
    pytest.param({"FilterPattern": ""}, "EventRuleFilterPatternEmpty", id="empty pattern"),
    pytest.param({"Status": "ON"}, "InvalidParameter.Status", id="unknown status"),
    pytest.param({"RuleName": "x" * 128}, "InvalidParameter.RuleName", id="name too long"),
    pytest.param({"RuleName": ""}, "MissingParameter.RuleName", id="no name"),
    pytest.param({"RuleName": "taken"}, "EventRuleExisted", id="name taken"),
    pytest.param({"EventTargets": [{"Type": "acs.fc.function"}]}, "EventTargetInvalid", id="target without id"),
    pytest.param({"EventTargets": [{**TARGET, "Endpoint": "acs:fc:x"}]}, "EventTargetInvalid", id="no function ARN"),
    pytest.param(
        {"EventTargets": [{**TARGET, "Endpoint": ARN.replace("hangzhou", "beijing")}]}, "EventTargetInvalid",
        id="function of another region",
    ),
    pytest.param({"EventTargets": [{**TARGET, "PushRetryStrategy": "NEVER"}]}, "EventTargetInvalid", id="strategy"),
    pytest.param({"EventTargets": [{**TARGET, "Id": f"t{n}"} for n in range(6)]}, "EventTargetCountExceedLimit",
                 id="six targets"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "code"), REFUSALS)
def test_a_rule_that_breaks_the_rules_is_refused(eventbridge: Ask, given: dict[str, Any], code: str) -> None:
    eventbridge("CreateRule", **BUS, RuleName="taken", FilterPattern=PATTERN)
    whole = {**R1, "FilterPattern": PATTERN, **given}
    assert refused(lambda: eventbridge("CreateRule", **whole)) == code
    assert eventbridge("ListRules", **BUS)["Data"]["Total"] == 1


def test_a_bus_has_at_most_fifty_rules(eventbridge: Ask, cloud: Cloud) -> None:
    for number in range(50):
        cloud.events.put_rule(ACCOUNT, "cn-hangzhou", f"r{number}", PATTERN, [])
    call = lambda: eventbridge("CreateRule", **BUS, RuleName="one-more", FilterPattern=PATTERN)  # noqa: E731
    assert refused(call) == "EventRuleCountExceedLimit"


def test_a_pattern_can_be_tried_against_an_event(eventbridge: Ask) -> None:
    for source, expected in (("acs.test", True), ("acs.ecs", False)):
        answer = eventbridge("TestEventPattern", Event=json.dumps(event(source=source)), EventPattern=PATTERN)
        assert answer["Data"] == {"Result": expected}
    assert refused(lambda: eventbridge("TestEventPattern", Event="[", EventPattern=PATTERN)) == "InvalidEvent"


def test_a_disabled_rule_pushes_nothing_until_it_is_enabled(eventbridge: Ask, cloud: Cloud, note: Any) -> None:
    note()
    eventbridge("CreateRule", **R1, FilterPattern=PATTERN, Status="DISABLE", EventTargets=[TARGET])
    for action, count in ((None, 0), ("EnableRule", 1), ("DisableRule", 1)):
        if action:
            eventbridge(action, **R1)
        cloud.events.emit(event())
        cloud.settle()
        assert len(seen(cloud)) == count, action


@pytest.mark.parametrize(
    ("param", "payload"),
    [
        pytest.param({"Form": "CONSTANT", "Value": '{"fixed": 1}'}, b'{"fixed": 1}', id="constant"),
        pytest.param({"Form": "JSONPATH", "Value": "$.data.name"}, b'"bob"', id="path"),
        pytest.param(
            {"Form": "TEMPLATE", "Value": '{"who": "$.data.name"}', "Template": '{"hello": "${who}"}'},
            b'{"hello": "bob"}',
            id="template",
        ),
    ],
)
def test_a_target_may_ask_for_another_body(
    eventbridge: Ask, cloud: Cloud, note: Any, param: dict[str, str], payload: bytes
) -> None:
    note()
    params = [{"ResourceKey": "Body", **param}]
    eventbridge("CreateRule", **R1, FilterPattern=PATTERN, EventTargets=[{**TARGET, "ParamList": params}])
    cloud.events.emit(event(data={"name": "bob"}))
    cloud.clock.settle(within=5)
    assert cloud.fc.invocations[0].payload == payload


@pytest.mark.not_emulated
@pytest.mark.parametrize(
    ("action", "given"),
    [
        pytest.param("PutEvents", {}, id="PutEvents"),
        pytest.param("CreateEventBus", {"EventBusName": "mine"}, id="custom buses"),
        pytest.param(
            "CreateRule",
            {**R1, "FilterPattern": PATTERN, "EventTargets": [{**TARGET, "Type": "acs.sls"}]},
            id="other targets",
        ),
    ],
)
def test_what_is_not_emulated_says_so(eventbridge: Ask, action: str, given: dict[str, Any]) -> None:
    assert refused(lambda: eventbridge(action, **given)) == "Fakecloud.NotEmulated"


@pytest.mark.parametrize(
    "action", ["CreateRule", "GetRule", "ListRules", "ListTargets", "TestEventPattern", "GetEventBus"]
)
def test_declared_parameters_are_those_of_the_published_definition(cloud: Cloud, action: str) -> None:
    file = DEFINITIONS / f"{action}.json"
    if not file.exists():
        pytest.skip("the published definitions are not here")
    published = {one["name"]: one["required"] for one in json.loads(file.read_text())["cli_2026_04"]["parameters"]}
    declared = cloud.events.actions[action].params
    assert set(declared) == set(published)
    own = {"FilterPattern"}  # required, but a missing one has a code of its own: EventRuleFilterPatternEmpty
    assert {n for n, p in declared.items() if p.required} == {n for n, r in published.items() if r} - own


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        pytest.param("acs:fc:cn-hangzhou:42:functions/f", "f", id="3.0"),
        pytest.param("acs:fc:cn-hangzhou:42:services/s.LATEST/functions/f ", "s$f", id="2.0 with a qualifier"),
        pytest.param("acs:fc:cn-hangzhou:42:services/s/functions/f", "s$f", id="2.0"),
        pytest.param("acs:mns:cn-hangzhou:42:/queues/q", None, id="a queue"),
    ],
)
def test_the_arn_of_a_function_is_read_in_both_forms(arn: str, name: str | None) -> None:
    found = FunctionAddress.of(arn)
    assert (found and (found.region, found.account, found.name)) == (name and ("cn-hangzhou", "42", name))
