"""Buses, rules and targets of EventBridge. No wire, no delivery."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict, get_args

import msgspec

from fakecloud.errors import NotEmulated
from fakecloud.eventbridge import exceptions
from fakecloud.eventbridge.conditions import PatternError, TooManyExpressions
from fakecloud.eventbridge.patterns import Pattern, compile_pattern
from fakecloud.mns.models import ARN as QUEUE_ARN

MAX_RULES, MAX_TARGETS = 50, 5
"""A bus, a rule (page "Limits")."""

FUNCTION, QUEUE = "acs.fc.function", "acs.mns.queue"
"""The kinds of target that are emulated (page "Event target parameters")."""
KEYS = {FUNCTION: {"body", "servicename", "functionname", "qualifier"}, QUEUE: {"body", "queue", "isbase64encode"}}
"""The resource keys of their ParamList, in lower case."""
Retry = Literal["BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY"]
_FUNCTION_ARN = re.compile(
    r"acs:fc:(?P<region>[^:]+):(?P<account>[^:]*):"
    r"(?:services/(?P<service>[^/.]+)(?:\.(?P<qualifier>[^/]+))?/)?functions/(?P<function>[^/]+)"
)


@dataclass(frozen=True, slots=True)
class FunctionAddress:
    """name: as FC 3.0 calls it; a function of FC 2.0 is "service$function"."""

    region: str
    account: str
    name: str

    @classmethod
    def of(cls, arn: str) -> FunctionAddress | None:
        """From an ARN of either version of Function Compute; None for any other text."""
        found = _FUNCTION_ARN.fullmatch(arn.strip())
        if not found:
            return None
        name = f"{found['service']}${found['function']}" if found["service"] else found["function"]
        return cls(found["region"], found["account"], name)


class TargetShape(TypedDict, total=False):
    """One member of EventTargets, as CreateRule has it; Target.of() says which keys are emulated."""

    Id: str
    Type: str
    Endpoint: str
    PushRetryStrategy: str
    ErrorsTolerance: str
    DeadLetterQueue: dict[str, str] | None
    ParamList: list[dict[str, str]] | None


def shaped(given: Any, shape: Any) -> Any:
    """Return what a call gave in JSON, as it is. Raises TargetInvalid where it has another shape."""
    try:
        msgspec.convert(given, shape)
    except msgspec.ValidationError as error:
        raise exceptions.TargetInvalid(f"The target in event rule is invalid! {error}") from None
    return given


@dataclass(slots=True)
class Target:
    """async_invocation_type: a trigger's asyncInvocationType; what true means is the switch of that name.

    params: ParamList as sent. raw: only `data` is passed on (a trigger's eventSchema RawData).
    """

    id: str
    endpoint: str
    retry: Retry = "BACKOFF_RETRY"
    tolerance: Literal["ALL", "NONE"] = "ALL"
    dead_letter: str = ""
    params: list[dict[str, str]] = field(default_factory=list)
    async_invocation_type: bool = False
    raw: bool = False
    type: str = FUNCTION

    def param(self, key: str) -> dict[str, str] | None:
        """The member of ParamList with that resource key, whatever its case."""
        return next((p for p in self.params if p.get("ResourceKey", "").lower() == key), None)

    @property
    def place(self) -> tuple[str, str]:
        """Region and account of the endpoint. Raises TargetInvalid."""
        if self.type == FUNCTION:
            return self.address.region, self.address.account
        found = QUEUE_ARN.fullmatch(self.endpoint)
        if found is None or (self.param("queue") or {}).get("Value", found["name"]) != found["name"]:
            raise exceptions.TargetInvalid(f"The target in event rule is invalid! Endpoint is {self.endpoint}")
        return found["region"], found["account"]

    @property
    def address(self) -> FunctionAddress:
        found = FunctionAddress.of(self.endpoint)
        if found is None:
            raise exceptions.TargetInvalid(f"The target in event rule is invalid! Endpoint is {self.endpoint}")
        return found

    @classmethod
    def of(cls, given: Any, account: str, region: str) -> Target:
        """From one member of EventTargets. Raises TargetInvalid, or NotEmulated for anything but functions and queues."""
        given = shaped(given, TargetShape)
        kind = given.get("Type", "").strip()
        if not given.get("Id") or not kind:
            raise exceptions.TargetInvalid("The target in event rule is invalid! Id and Type are needed.")
        unknown = set(given) - {
            "Id",
            "Type",
            "Endpoint",
            "PushRetryStrategy",
            "DeadLetterQueue",
            "ErrorsTolerance",
            "ParamList",
            "ConcurrentConfig",
        }
        params = given.get("ParamList") or []
        unknown |= {
            p.get("ResourceKey", "") for p in params if p.get("ResourceKey", "").lower() not in KEYS.get(kind, ())
        }
        if kind not in KEYS or unknown:
            raise NotEmulated(f"event targets with {', '.join(sorted(unknown)) or f'the type {kind}'}")
        retry, tolerance = given.get("PushRetryStrategy", "BACKOFF_RETRY"), given.get("ErrorsTolerance", "ALL")
        if retry not in get_args(Retry) or tolerance not in ("ALL", "NONE"):
            raise exceptions.TargetInvalid(f"The target in event rule is invalid! {retry}, {tolerance}: unknown value")
        dead_letter = (given.get("DeadLetterQueue") or {}).get("Arn", "")
        target = cls(
            given["Id"],
            given.get("Endpoint", "").strip(),
            retry,
            tolerance,
            dead_letter,
            params,
            type=kind,
        )
        if target.place != (region, account):
            raise exceptions.TargetInvalid(
                f"The target in event rule is invalid! Endpoint is {target.endpoint}: another region or account"
            )
        return target


@dataclass(slots=True)
class Rule:
    """created: milliseconds since the epoch."""

    name: str
    arn: str
    filter_pattern: str
    pattern: Pattern
    targets: list[Target]
    created: int
    enabled: bool = True
    description: str = ""


class Bus:
    """The default bus of one account in one region; no other bus is emulated."""

    def __init__(self, account: str, region: str) -> None:
        self.account, self.region = account, region
        self.arn = f"acs:eventbridge:{region}:{account}:eventbus/default"
        self.rules: dict[str, Rule] = {}

    def put(
        self,
        name: str,
        pattern: str,
        targets: list[Target],
        created: int,
        *,
        enabled: bool = True,
        description: str = "",
    ) -> Rule:
        """A new rule. Raises RuleExists, RulesExceeded, TargetsExceeded, PatternEmpty, PatternInvalid or PatternTooLong."""
        if name in self.rules:
            raise exceptions.RuleExists()
        if len(self.rules) >= MAX_RULES:
            raise exceptions.RulesExceeded()
        if len(targets) > MAX_TARGETS:
            raise exceptions.TargetsExceeded()
        rule = Rule(name, f"{self.arn}/rule/{name}", pattern, compiled(pattern), targets, created, enabled, description)
        self.rules[name] = rule
        return rule

    def rule(self, name: str) -> Rule:
        if name not in self.rules:
            raise exceptions.RuleNotFound()
        return self.rules[name]


def compiled(pattern: str) -> Pattern:
    """The pattern; its faults as EventBridge's own errors."""
    if not pattern.strip():
        raise exceptions.PatternEmpty()
    try:
        return compile_pattern(pattern)
    except TooManyExpressions as error:
        raise exceptions.PatternTooLong(str(error)) from None
    except PatternError as error:
        raise exceptions.PatternInvalid(str(error)) from None
