"""The side door, /_fakecloud/...: how tests and clients in any language prepare and inspect the emulated cloud.

JSON over HTTP, unsigned; the server binds to loopback only. It is not part of any Alibaba Cloud API.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fakecloud.ecs.models import number_of
from fakecloud.errors import CloudError
from fakecloud.http import Request, Response
from fakecloud.identity import ACCOUNT
from fakecloud.parsing import loads

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud
    from fakecloud.ecs.models import Instance

PREFIX = "/_fakecloud/"
MOST_SHOWN = 1000


class SideDoor:
    """Every route takes a JSON object (or the query's pairs), refuses keys it does not know, and answers JSON."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("POST", "reset"): self.reset,
            ("GET", "state"): self.state,
            ("GET", "calls"): self.calls,
            ("DELETE", "calls"): self.clear_calls,
            ("POST", "faults"): self.faults,
            ("DELETE", "faults"): self.clear_faults,
            ("POST", "latency"): self.latency,
            ("POST", "quotas"): self.quotas,
            ("POST", "instances"): self.instances,
            ("POST", "roles"): self.roles,
            ("POST", "queues"): self.make_queue,
            ("GET", "queues"): self.queues,
            ("POST", "switches"): self.switches,
            ("POST", "clock"): self.clock,
        }

    def matches(self, request: Request) -> bool:
        """All under /_fakecloud/ but the instances' metadata, which is a service."""
        return request.path.startswith(PREFIX) and not request.path.startswith(PREFIX + "instances/")

    def handle(self, request: Request) -> Response:
        route = self.routes.get((request.method, request.path.removeprefix(PREFIX)))
        if route is None:
            known = ", ".join(f"{method} {PREFIX}{path}" for method, path in self.routes)
            return Response.json(
                {"error": f"no {request.method} {request.path}; there are {known}: docs/emulator.md"}, 404
            )
        try:
            asked = loads(request.body or b"{}")
            if not isinstance(asked, dict):
                raise ValueError("the body must be a JSON object")
            # The clock runs tasks, and tasks of other threads take the cloud's lock: it must not be held meanwhile.
            with contextlib.nullcontext() if route == self.clock else self.cloud.lock:
                return Response.json(route({**asked, **dict(request.query)}))
        except (ValueError, TypeError, CloudError) as error:
            return Response.json({"error": f"{request.method} {request.path}: {error}"}, 400)

    def reset(self, asked: dict[str, Any]) -> dict[str, Any]:
        _only(asked)
        self.cloud.reset()
        return {}

    def state(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Counts, and up to `limit` (default 100) instances after the id `after`, in the order of their creation."""
        _only(asked, "limit", "after")
        limit = asked.get("limit", 100)
        if not re.fullmatch(r"[0-9]{1,4}", str(limit)) or not 0 <= int(limit) <= MOST_SHOWN:
            raise ValueError(f"limit must be 0 to {MOST_SHOWN}, not {limit!r}")
        after = number_of(str(asked["after"])) if asked.get("after") else -1
        places = self.cloud.ecs.regions()
        shown: list[Instance] = []
        for place in places:
            shown += place.page([], after, int(limit))[0]
        shown = sorted(shown, key=lambda i: i.number)[: int(limit)]
        return {
            "time": self.cloud.clock.stamp(),
            "instances": {"count": sum(len(p.instances) for p in places), "items": [describe(i) for i in shown]},
            "roles": [{"name": role.name, "arn": role.arn} for role in self.cloud.ram.account(ACCOUNT).roles.values()],
            "calls": len(self.cloud.calls),
            "pending": self.cloud.clock.pending(),
        }

    def calls(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        _only(asked)
        return self.cloud.calls.to_json()

    def clear_calls(self, asked: dict[str, Any]) -> dict[str, Any]:
        _only(asked)
        self.cloud.calls.clear()
        return {}

    def clear_faults(self, asked: dict[str, Any]) -> dict[str, Any]:
        _only(asked)
        self.cloud.faults.clear()
        return {}

    def switches(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"attach_while_pending": "item", ...}: see fakecloud/switches.py."""
        self.cloud.switches.set(asked)
        return {}

    def clock(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"advance": seconds} moves time; {"settle": true} lets all that is on its way happen, and says how much ran."""
        _only(asked, "advance", "settle")
        advance, settle = asked.get("advance", 0), asked.get("settle", False)
        if type(advance) not in (int, float) or not 0 <= advance < 1e10:
            raise ValueError(f"advance must be a number of seconds, 0 or more, not {advance!r}")
        if not isinstance(settle, bool) or not asked:
            raise ValueError('give {"advance": seconds} or {"settle": true}')
        self.cloud.clock.advance(advance)
        ran = self.cloud.settle() if settle else 0
        return {"time": self.cloud.clock.stamp(), "ran": ran}

    def faults(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"kind": "throttle", "action": "AttachInstanceRamRole", "count": 2, ...}: see fakecloud/faults.py."""
        kind = asked.pop("kind", "")
        self.cloud.faults.add(kind, **asked)
        return {}

    def latency(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"ms": 50, "service": "ecs", "action": "DescribeInstances"}: the last two may be left out."""
        _only(asked, "ms", "service", "action", needed="ms")
        self.cloud.latency.set(asked["ms"], _text(asked, "service", "*"), _text(asked, "action", "*"))
        return {}

    def quotas(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"calls_per_minute": 1000, "service": "ecs", "action": "DescribeInstances"}; null lifts it."""
        _only(asked, "calls_per_minute", "service", "action", needed="calls_per_minute")
        self.cloud.quotas.set(asked["calls_per_minute"], _text(asked, "service", "*"), _text(asked, "action", "*"))
        return {}

    def instances(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"count": N, "tags": {...}, "region": ..., "age_seconds": ..., and any of the instance's properties}.

        They are Running at once and nothing is announced. Answers the ids of the first 1,000.
        """
        made = self.cloud.ecs.make(**asked)
        return {"count": len(made), "instance_ids": [i.instance_id for i in made[:1000]]}

    def roles(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"name": ..., "services": ["ecs.aliyuncs.com"], "policies": [system policy names], "account": ...}"""
        _only(asked, "name", "services", "policies", "account", needed="name")
        services, policies = asked.get("services", ["ecs.aliyuncs.com"]), asked.get("policies", [])
        for key, value in (("services", services), ("policies", policies)):
            if not isinstance(value, list) or not all(
                isinstance(v, (str, dict) if key == "policies" else str) for v in value
            ):
                raise ValueError(f"{key} must be a list, not {value!r}")
        account = _text(asked, "account", ACCOUNT)
        role = self.cloud.ram.put_role(account, _text(asked, "name", ""), services=services, policies=policies)
        return {"name": role.name, "arn": role.arn}

    def make_queue(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"name": ..., "region": ..., "account": ..., "visibility_timeout": 30, ...}: see fakecloud/mns/models.py."""
        name, account = _text(asked, "name", ""), _text(asked, "account", ACCOUNT)
        region = _text(asked, "region", "cn-hangzhou")
        attributes = {key: value for key, value in asked.items() if key not in ("name", "account", "region")}
        self.cloud.mns.create(account, region, name, **attributes)
        return {}

    def queues(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """Every queue, how many of its messages can be received and are hidden, and the first 100 of the former."""
        _only(asked)
        return [
            {
                "account": q.key[0],
                "region": q.key[1],
                "name": q.name,
                "active": q.active(),
                "hidden": q.hidden(),
                "messages": [message.body for message in q.peek()[:100]],
            }
            for q in self.cloud.mns.queues()
        ]


def describe(i: Instance) -> dict[str, Any]:
    return {
        "instance_id": i.instance_id,
        "region": i.region,
        "status": i.status,
        "network": i.network,
        "vpc": i.vpc,
        "role": i.role,
        "tags": i.tags,
    }


def _only(asked: Mapping[str, Any], *known: str, needed: str = "") -> None:
    unknown = sorted(set(asked) - set(known))
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; known: {', '.join(known) or 'none'}")
    if needed and needed not in asked:
        raise ValueError(f"the key {needed!r} is missing")


def _text(asked: Mapping[str, Any], key: str, default: str) -> str:
    value = asked.get(key, default)
    if not isinstance(value, str):
        raise ValueError(f"{key} must be a text, not {value!r}")
    return value
