"""Flows of the functions over one or two instances, played again and again in one world: each from its beginning. Asserts nothing.

It knows the functions by their handlers, what they write by the emulated cloud, and names no module behind them.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fakecloud.ecs.models import Instance
from shared.errors import RolekeeperError
from tests.functional.handlers.world import LISTED, NOTE, World, remediate, tagged, timer

ATTACH, DETACH, DESCRIBE, ROLES, TAG, UNTAG = (
    "AttachInstanceRamRole",
    "DetachInstanceRamRole",
    "DescribeInstances",
    "DescribeInstanceRamRole",
    "TagResources",
    "UntagResources",
)
FOREIGN = "foreign"
TRIES = 4
"""Invocations that Function Compute makes of an event that fails."""


@dataclass(frozen=True)
class Flow:
    """What an instance is like before: its tag app, the role on it, and whether a signed note says that we displaced `foreign`."""

    name: str
    app: str = ""
    held: str = ""
    noted: bool = False
    ends: str = ""
    """The role that it is to hold in the end."""
    done: str = ""
    """Outcome and reason of its record where nothing fails."""


FLOWS = {
    flow.name: flow
    for flow in (
        Flow("attach", app="web", ends="web", done="attached missing"),
        Flow("swap", app="web", held="worker", ends="web", done="swapped wrong"),
        Flow("detach", held="web", done="detached no-longer-mapped"),
        Flow("displace", app="ours", held=FOREIGN, ends="web", done="swapped foreign-role"),
        Flow("put-back", held="web", noted=True, ends=FOREIGN, done="swapped put-back"),
        Flow("put-back on none", noted=True, ends=FOREIGN, done="attached put-back"),
    )
}
Asked = Callable[[list[str]], Any]
FUNCTIONS: dict[str, Asked] = {
    "tags_changed": tagged,
    "reconcile": lambda ids: timer(),
    "remediate": lambda ids: remediate(instance_ids=ids),
}


def begin(world: World, flow: Flow, count: int = 1) -> list[Instance]:
    """Empty the cloud of what was before, and make the flow's instances."""
    cloud = world.cloud
    cloud.between.clear()
    cloud.faults.clear()
    cloud.ecs.reset()
    cloud.sls.reset()
    world.add_logstore()
    world.handlers.clear()
    cloud.calls.clear()
    made = world.instances(count, flow.app, role=flow.held)
    for instance in made:
        if flow.noted:
            world.tag(instance, world.note(instance, FOREIGN))
    return made


def work(world: World, function: str, ids: list[str]) -> RolekeeperError | None:
    """One invocation, in a process of its own; its error."""
    importlib.import_module("functions")  # another test's functions may have taken its place
    handler = importlib.reload(importlib.import_module(f"functions.{function}")).handler
    try:
        handler(json.dumps(FUNCTIONS[function](ids)).encode(), world.context())
    except RolekeeperError as error:
        return error
    return None


def work_to_the_end(world: World, function: str, ids: list[str]) -> RolekeeperError | None:
    """As often as Function Compute makes it where it fails; the last error."""
    for _ in range(TRIES):
        error = work(world, function, ids)
        if error is None:
            return None
    return error


def settled(world: World, instance: Instance) -> bool:
    """Whether docs/mapping.md leaves the instance as it is, by the rules of world.RULES with `keep`."""
    app, role = instance.tags.get("app", ""), instance.role
    if instance.tags.get("rolekeeper") == "off":
        return True
    if app == "ours":
        return role == "web"
    if app in LISTED:
        return role in (app, FOREIGN)
    if instance.tags.get(NOTE) == world.note(instance, FOREIGN):
        return role == FOREIGN
    return role not in LISTED
