"""The wire of a rule's targets: parameters in, answers out. UpdateTargets' parameters are unverified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakecloud.eventbridge import exceptions
from fakecloud.eventbridge.answers import page, success
from fakecloud.eventbridge.models import MAX_TARGETS, Rule, Target, shaped
from fakecloud.eventbridge.rules_api import shown_target
from fakecloud.rpc import Param
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.eventbridge.api import EventBridge

WHERE = {"EventBusName": Param(required=True), "RuleName": Param(required=True, low=1, high=127)}


def declare(service: EventBridge) -> None:
    @service.declare(
        {
            "EventBusName": Param(),
            "RuleName": Param(),
            "Arn": Param(),
            "Limit": Param("int", low=1, high=100, default=100),
            "NextToken": Param(),
        }
    )
    def ListTargets(call: Call) -> dict[str, Any]:
        """Arn: in the definition "the ARN of the event rule"; the targets of one rule, of a bus, or of all."""
        args, bus = call.args, service.bus_of(call, call.args["EventBusName"] or "default")
        rules = [bus.rule(args["RuleName"])] if args["RuleName"] else list(bus.rules.values())
        if args["Arn"] is not None:
            rules = [rule for rule in rules if rule.arn == args["Arn"]]
        found = [(rule, target) for rule in rules for target in rule.targets]
        members, token = page(found, args["Limit"], args["NextToken"])
        shown = [_listed(rule, target) for rule, target in members]
        return success({"Targets": shown, "Total": len(found), **({"NextToken": token} if token else {})})

    @service.declare({**WHERE, "Targets": Param("json", required=True)}, write=True)
    def UpdateTargets(call: Call) -> dict[str, Any]:
        """Adds targets; one with an Id that is there takes its place."""
        bus = service.bus_of(call, call.args["EventBusName"])
        rule = bus.rule(call.args["RuleName"])
        given = [Target.of(target, bus.account, bus.region) for target in shaped(call.args["Targets"], list[Any])]
        merged = {target.id: target for target in (*rule.targets, *given)}
        if len(merged) > MAX_TARGETS:
            raise exceptions.TargetsExceeded()
        rule.targets = list(merged.values())
        return success({"ErrorEntriesCount": 0, "ErrorEntries": []})

    @service.declare({**WHERE, "TargetIds": Param("json", required=True)}, write=True)
    def DeleteTargets(call: Call) -> dict[str, Any]:
        rule = service.bus_of(call, call.args["EventBusName"]).rule(call.args["RuleName"])
        gone = shaped(call.args["TargetIds"], list[str])
        rule.targets = [target for target in rule.targets if target.id not in gone]
        return success({"ErrorEntriesCount": 0, "ErrorEntries": []})


def _listed(rule: Rule, target: Target) -> dict[str, Any]:
    return {**shown_target(target), "ParamList": target.params, "EventBusName": "default", "RuleName": rule.name}
