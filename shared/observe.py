"""Observing: what ECS says of instances and the roles on them, right now. Reads only; decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

from shared.errors import PermanentError
from shared.gateways.ecs import EcsGateway
from shared.model import Instance

T = TypeVar("T")
ITEM_CODES = ("InvalidInstanceId.NotFound", "InvalidNetworkType.MismatchRamRole")
"""Codes that refuse a whole call for the sake of single instances in it."""


def by_halves(ids: Sequence[str], ask: Callable[[Sequence[str]], T]) -> tuple[list[T], dict[str, PermanentError]]:
    """Ask for all; where one bad instance refuses the whole call, ask by halves until the bad ones are found.

    Returns the answers and, by id, the errors of those that fail alone. Other errors are raised.
    """
    if not ids:
        return [], {}
    try:
        return [ask(ids)], {}
    except PermanentError as error:
        if error.code not in ITEM_CODES:
            raise
        if len(ids) == 1:
            return [], {ids[0]: error}
    middle = len(ids) // 2
    answers, errors = by_halves(ids[:middle], ask)
    more, further = by_halves(ids[middle:], ask)
    return answers + more, errors | further


def look(ecs: EcsGateway, ids: Sequence[str]) -> dict[str, Instance]:
    """Instances by id, each with its role; one that ECS does not show is left out.

    The two describes go out side by side. An id that is gone, or an instance of the classic network, makes ECS refuse
    the look at all roles: then they are asked for again, for those that are shown and in a VPC.
    """
    with ThreadPoolExecutor(2) as pool:
        asked = pool.submit(ecs.roles, ids)
        shown = {instance.instance_id: instance for instance in ecs.instances(ids)}
        try:
            roles = asked.result()
        except PermanentError as error:
            if error.code not in ITEM_CODES:
                raise
            roles = roles_of(ecs, list(shown.values()))
    return {key: msgspec.structs.replace(instance, role=roles.get(key, "")) for key, instance in shown.items()}


def with_roles(ecs: EcsGateway, instances: Sequence[Instance]) -> list[Instance]:
    """The same instances, each with its role."""
    roles = roles_of(ecs, instances)
    return [msgspec.structs.replace(i, role=roles.get(i.instance_id, "")) for i in instances]


def roles_of(ecs: EcsGateway, instances: Sequence[Instance]) -> dict[str, str]:
    """Roles by id. Instances of the classic network cannot have one and are not asked for."""
    answers, _ = by_halves([i.instance_id for i in instances if i.network == "vpc"], ecs.roles)
    return {key: role for answer in answers for key, role in answer.items()}
