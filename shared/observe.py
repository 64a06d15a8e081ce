"""Observing: what ECS says of instances and the roles on them, right now. Reads only; decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

from shared.errors import PermanentError
from shared.gateways.ecs import EcsGateway
from shared.model import Instance

T = TypeVar("T")
_ASIDE = ThreadPoolExecutor(
    4, thread_name_prefix="look"
)  # the process's: a thread anew for each event costs as much as a call
PAYS_FROM = 0.01
"""Seconds that a call takes from which on another one beside it pays. Only waiting is saved by that; handing over to a second
thread and back costs CPU (`make bench`: the bare calls of a warm event, side by side and in turn)."""
LAST_CALL = {"seconds": float("inf")}
"""How long the process's last DescribeInstances of a look took. Nothing is known of the first: another one goes beside it."""
GONE_CODE = "InvalidInstanceId.NotFound"
ITEM_CODES = (GONE_CODE, "InvalidNetworkType.MismatchRamRole", "InvalidInstanceIds.Malformed")
"""Codes that refuse a whole call for the sake of single instances in it."""


def by_halves(ids: Sequence[str], ask: Callable[[Sequence[str]], T]) -> list[T]:
    """Ask for all; where single instances refuse the whole call, ask by halves and leave those out.

    Returns the answers. Other errors are raised.
    """
    if not ids:
        return []
    try:
        return [ask(ids)]
    except PermanentError as error:
        if error.code not in ITEM_CODES:
            raise
    if len(ids) == 1:
        return []
    middle = len(ids) // 2
    return by_halves(ids[:middle], ask) + by_halves(ids[middle:], ask)


def look(ecs: EcsGateway, ids: Sequence[str]) -> dict[str, Instance]:
    """Instances by id, each with its role; one that ECS does not show is left out.

    The two describes go out side by side, unless ECS answers at once. An id that is gone, or an instance of the classic
    network, makes ECS refuse the look at all roles: then they are asked for again, for those that are shown and in a VPC.
    """
    aside = _ASIDE.submit(ecs.roles, ids) if LAST_CALL["seconds"] >= PAYS_FROM else None
    began = time.monotonic()
    try:
        shown = ecs.instances(ids)
        LAST_CALL["seconds"] = time.monotonic() - began
    finally:
        if aside:
            aside.exception()  # waits: an invocation must not end with a call of its own under way
    try:
        roles = aside.result() if aside else ecs.roles(ids)
    except PermanentError as error:
        if error.code not in ITEM_CODES:
            raise
        return {instance.instance_id: instance for instance in with_roles(ecs, shown)}
    return {instance.instance_id: instance for instance in _holding(shown, roles)}


def with_roles(ecs: EcsGateway, instances: Sequence[Instance]) -> list[Instance]:
    """The same instances, each with its role. Those of the classic network cannot have one and are not asked for."""
    answers = by_halves([i.instance_id for i in instances if i.network == "vpc"], ecs.roles)
    return _holding(instances, {key: role for answer in answers for key, role in answer.items()})


def held(ecs: EcsGateway, ids: Sequence[str]) -> dict[str, str]:
    """The role on each of the ids, "" for none; one that is gone counts as holding none."""
    answers = by_halves(ids, ecs.roles)
    return dict.fromkeys(ids, "") | {key: role for answer in answers for key, role in answer.items()}


def _holding(instances: Sequence[Instance], roles: dict[str, str]) -> list[Instance]:
    return [msgspec.structs.replace(i, role=roles.get(i.instance_id, "")) for i in instances]
