"""EventBridge's errors, one class a code.

Seen in published sources: the three pattern codes, EventBusNotExist, EventRuleNotExisted, and 409 for ExceedLimit. The other codes
and HTTP statuses are guesses.
"""

from __future__ import annotations

from fakecloud.errors import CloudError


class PatternEmpty(CloudError):
    status, code, message = 409, "EventRuleFilterPatternEmpty", "The filter pattern of the event rule is empty."


class PatternInvalid(CloudError):
    status, code, message = (
        409,
        "EventRuleFilterPatternSchemaError",
        "The filter pattern of the event rule is not valid.",
    )


class PatternTooLong(CloudError):
    status, code = 409, "EventRuleFilterPatternExceedLimit"
    message = "A field of the filter pattern has more than 5 expressions."


class BusNotFound(CloudError):
    status, code, message = 404, "EventBusNotExist", "The event bus not existed!"


class RuleNotFound(CloudError):
    status, code, message = 404, "EventRuleNotExisted", "The event rule not existed!"


class RuleExists(CloudError):
    status, code, message = 409, "EventRuleExisted", "The event rule existed!"


class RulesExceeded(CloudError):
    status, code, message = 409, "EventRuleCountExceedLimit", "The event bus already has 50 event rules."


class TargetsExceeded(CloudError):
    status, code, message = 409, "EventTargetCountExceedLimit", "An event rule has at most 5 event targets."


class TargetInvalid(CloudError):
    status, code, message = 409, "EventTargetInvalid", "The target in event rule is invalid!"


class EventInvalid(CloudError):
    status, code, message = 409, "InvalidEvent", "The event is not a CloudEvents object in JSON."
