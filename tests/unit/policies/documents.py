"""Policy documents in a few words, for the tables of the lint."""

from __future__ import annotations

from typing import Any

INSTANCE = "acs:ecs:*:1:instance/*"
ROLE = "acs:ram:*:1:role/web"
ECS = {"StringEquals": {"acs:Service": "ecs.aliyuncs.com"}}
SAFE = ("Allow", "oss:GetObject", "acs:oss:*:*:b/*")


def policy(
    effect: Any = "Allow", action: Any = "oss:GetObject", resource: Any = SAFE[2], condition: Any = None
) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return {
        "Version": "1",
        "Statement": [{**statement, "Condition": condition} if condition is not None else statement],
    }


def raw(**statement: Any) -> dict[str, Any]:
    return {"Version": "1", "Statement": [statement]}


def trust(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    return raw(Effect="Allow", Action=action, Principal=principal, **more)


def a(action: Any, resource: Any, condition: Any = None) -> dict[str, Any]:
    return policy("Allow", action, resource, condition)
