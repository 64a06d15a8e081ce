"""The wire of buses and rules: parameters in, answers out. The rules themselves are in models.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakecloud.eventbridge import exceptions
from fakecloud.eventbridge.answers import page, success
from fakecloud.eventbridge.models import Rule, Target, compiled, shaped
from fakecloud.eventbridge.patterns import parse_json
from fakecloud.rpc import Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.eventbridge.api import EventBridge

BUS = Param(required=True)
RULE = Param(required=True, low=1, high=127)
STATUS = Param(values=("ENABLE", "DISABLE"), default="ENABLE")


def declare(service: EventBridge) -> None:
    @service.declare({"EventBusName": BUS})
    def GetEventBus(call: Call) -> dict[str, Any]:
        bus = service.bus_of(call, call.args["EventBusName"])
        data = {"EventBusName": "default", "EventBusARN": bus.arn, "Description": "", "CreateTimestamp": 1607071602000}
        return success(data)

    @service.declare(
        {
            "EventBusName": BUS,
            "RuleName": RULE,
            "FilterPattern": Param(),
            "Description": Param(default=""),
            "Status": STATUS,
            "EventTargets": Param("json", default=[]),
        },
        write=True,
    )
    def CreateRule(call: Call) -> dict[str, Any]:
        args, bus = call.args, service.bus_of(call, call.args["EventBusName"])
        if args["FilterPattern"] is None:
            raise exceptions.PatternEmpty()
        targets = [Target.of(given, bus.account, bus.region) for given in shaped(args["EventTargets"], list[Any])]
        rule = service.put_rule(
            bus.account,
            bus.region,
            args["RuleName"],
            args["FilterPattern"],
            targets,
            enabled=args["Status"] == "ENABLE",
            description=args["Description"],
        )
        return success({"RuleARN": rule.arn})

    @service.declare({"EventBusName": BUS, "RuleName": RULE})
    def GetRule(call: Call) -> dict[str, Any]:
        rule = service.bus_of(call, call.args["EventBusName"]).rule(call.args["RuleName"])
        return success({**shown(rule), "Targets": [shown_target(target, whole=True) for target in rule.targets]})

    @service.declare(
        {
            "EventBusName": BUS,
            "RuleNamePrefix": Param(default=""),
            "Limit": Param("int", low=1, high=100, default=100),
            "NextToken": Param(),
        }
    )
    def ListRules(call: Call) -> dict[str, Any]:
        args, bus = call.args, service.bus_of(call, call.args["EventBusName"])
        found = [rule for name, rule in sorted(bus.rules.items()) if name.startswith(args["RuleNamePrefix"])]
        members, token = page(found, args["Limit"], args["NextToken"])
        rules = [{**shown(rule), "Targets": [shown_target(target) for target in rule.targets]} for rule in members]
        return success({"Rules": rules, "Total": len(found), **({"NextToken": token} if token else {})})

    @service.declare({"EventBusName": BUS, "RuleName": RULE}, write=True)
    def DeleteRule(call: Call) -> dict[str, Any]:
        bus = service.bus_of(call, call.args["EventBusName"])
        del bus.rules[bus.rule(call.args["RuleName"]).name]
        return success(None)

    @service.declare({"EventBusName": BUS, "RuleName": RULE}, write=True)
    def EnableRule(call: Call) -> dict[str, Any]:
        service.bus_of(call, call.args["EventBusName"]).rule(call.args["RuleName"]).enabled = True
        return success(None)

    @service.declare({"EventBusName": BUS, "RuleName": RULE}, write=True)
    def DisableRule(call: Call) -> dict[str, Any]:
        service.bus_of(call, call.args["EventBusName"]).rule(call.args["RuleName"]).enabled = False
        return success(None)

    @service.declare({"Event": Param(required=True), "EventPattern": Param(required=True)})
    def TestEventPattern(call: Call) -> dict[str, Any]:
        try:
            event = parse_json(call.args["Event"])
        except ValueError:
            raise exceptions.EventInvalid() from None
        if not isinstance(event, dict):
            raise exceptions.EventInvalid()
        return success({"Result": compiled(call.args["EventPattern"]).matches(event)})


def shown(rule: Rule) -> dict[str, Any]:
    return {
        "RuleName": rule.name,
        "RuleARN": rule.arn,
        "EventBusName": "default",
        "FilterPattern": rule.filter_pattern,
        "Description": rule.description,
        "Status": "ENABLE" if rule.enabled else "DISABLE",
        "CreatedTimestamp": rule.created,
    }


def shown_target(target: Target, *, whole: bool = False) -> dict[str, Any]:
    """whole: with what only GetRule shows."""
    brief = {
        "Id": target.id,
        "Type": target.type,
        "Endpoint": target.endpoint,
        "ErrorsTolerance": target.tolerance,
        "PushSelector": "PARAM_TRANSFORMER",
    }
    if not whole:
        return brief
    dead_letter = {"DeadLetterQueue": {"Arn": target.dead_letter}} if target.dead_letter else {}
    return {**brief, "PushRetryStrategy": target.retry, "ParamList": target.params, **dead_letter}
