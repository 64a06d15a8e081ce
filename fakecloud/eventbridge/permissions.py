"""The needs of each EventBridge call in the caller's policies, and how EventBridge refuses. Judges nothing itself.

Actions: EventBridge, "Custom policies". Resources follow the ARNs of buses and rules; the code of a refusal is a guess.
"""

from __future__ import annotations

from fakecloud.errors import CloudError, NotEmulated
from fakecloud.eventbridge.api import region_of
from fakecloud.judgements import Judgement, Need, Refused
from fakecloud.service import Call

RESOURCES: dict[str, str] = {
    "GetEventBus": "eventbus/{EventBusName}",
    "TestEventPattern": "eventbus/*",
    "CreateRule": "eventbus/{EventBusName}/rule/{RuleName}",
    "GetRule": "eventbus/{EventBusName}/rule/{RuleName}",
    "ListRules": "eventbus/{EventBusName}/rule/*",
    "DeleteRule": "eventbus/{EventBusName}/rule/{RuleName}",
    "EnableRule": "eventbus/{EventBusName}/rule/{RuleName}",
    "DisableRule": "eventbus/{EventBusName}/rule/{RuleName}",
    "ListTargets": "eventbus/{EventBusName}/rule/{RuleName}",
    "UpdateTargets": "eventbus/{EventBusName}/rule/{RuleName}",
    "DeleteTargets": "eventbus/{EventBusName}/rule/{RuleName}",
}


class ForbiddenRam(Refused):
    code, message = "Forbidden.RAM", "User not authorized to operate on the specified resource."


def needs(call: Call) -> list[Need]:
    if call.action not in RESOURCES:
        raise NotEmulated(f"the permissions of the EventBridge action {call.action}")
    named = {"EventBusName": call.args.get("EventBusName") or "default", "RuleName": call.args.get("RuleName") or "*"}
    resource = RESOURCES[call.action].format(**named)
    return [Need(f"eventbridge:{call.action}", f"acs:eventbridge:{region_of(call)}:{call.account}:{resource}")]


def refusal(call: Call, judgement: Judgement) -> CloudError:
    return ForbiddenRam(judgement)
