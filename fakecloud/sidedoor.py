"""The side door, /_fakecloud/...: how tests and clients in any language prepare and inspect the emulated cloud.

JSON over HTTP, unsigned; the server binds to loopback only. It is not part of any Alibaba Cloud API.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fakecloud.http import Request, Response
from fakecloud.identity import ACCOUNT

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud
    from fakecloud.ecs.models import Instance

PREFIX = "/_fakecloud/"


class SideDoor:
    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("POST", "reset"): self.reset,
            ("GET", "state"): self.state,
            ("GET", "calls"): lambda asked: self.cloud.calls.to_json(),
            ("DELETE", "calls"): self.clear_calls,
            ("POST", "faults"): self.faults,
            ("DELETE", "faults"): self.clear_faults,
            ("POST", "latency"): self.latency,
            ("POST", "instances"): self.instances,
            ("POST", "roles"): self.roles,
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
            return Response.json({"error": f"no {request.method} {request.path}; there are {known}"}, 404)
        try:
            asked = json.loads(request.body or b"{}")
            if not isinstance(asked, dict):
                raise ValueError("the body must be a JSON object")
            with self.cloud.lock:
                return Response.json(route({**asked, **dict(request.query)}))
        except (ValueError, TypeError, KeyError) as error:
            return Response.json({"error": f"{request.path}: {error}"}, 400)

    def reset(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.cloud.reset()
        return {}

    def state(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Counts, and up to `limit` (default 100) instances after the id `after`."""
        limit, after = int(asked.get("limit", 100)), str(asked.get("after", ""))
        places = self.cloud.ecs.regions()
        start = self.cloud.ecs.instance(after) if after else None
        number = start.number if start else -1
        shown: list[Instance] = []
        for place in places:
            shown += place.page([], number, limit, lambda i: True)[0]
        shown = sorted(shown, key=lambda i: i.number)[:limit]
        return {
            "time": self.cloud.clock.stamp(),
            "instances": {"count": sum(len(p.instances) for p in places), "items": [describe(i) for i in shown]},
            "roles": self.cloud.ram.summary(),
            "calls": len(self.cloud.calls),
            "pending": self.cloud.clock.pending(),
        }

    def clear_calls(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.cloud.calls.clear()
        return {}

    def clear_faults(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.cloud.faults.clear()
        return {}

    def switches(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"attach_while_pending": "item", ...}: see fakecloud/switches.py."""
        self.cloud.switches.set(asked)
        return {}

    def clock(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"advance": seconds}"""
        self.cloud.clock.advance(float(asked["advance"]))
        return {"time": self.cloud.clock.stamp()}

    def faults(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.cloud.faults.add(asked.pop("kind", ""), **asked)
        return {}

    def latency(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"ms": 50, "service": "ecs", "action": "DescribeInstances"}: the last two may be left out."""
        self.cloud.latency.set(float(asked["ms"]), asked.get("service", "*"), asked.get("action", "*"))
        return {}

    def instances(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"count": N, "tags": {...}, "region": ..., "age_seconds": ..., and any of the instance's properties}.

        They are Running at once and nothing is announced. Answers the ids of the first 1,000.
        """
        made = self.cloud.ecs.make(**asked)
        return {"count": len(made), "instance_ids": [i.instance_id for i in made[:1000]]}

    def roles(self, asked: dict[str, Any]) -> dict[str, Any]:
        """{"name": ..., "services": ["ecs.aliyuncs.com"], "policies": [system policy names], "account": ...}"""
        services = tuple(asked.get("services", ("ecs.aliyuncs.com",)))
        policies = tuple(asked.get("policies", ()))
        role = self.cloud.ram.put_role(
            asked.get("account", ACCOUNT), asked["name"], services=services, policies=policies
        )
        return {"name": role.name, "arn": role.arn}


def describe(i: Instance) -> dict[str, Any]:
    return {"instance_id": i.instance_id, "region": i.region, "status": i.status, "network": i.network, "vpc": i.vpc,
            "role": i.role, "tags": i.tags}  # fmt: skip
