"""Reads by id, made exact: each instance either shown, or not, or refused with the reason. Decides nothing.

A refusal of the whole call for the sake of single instances is bisected; an instance that is gone and one without a role are told
apart by reading.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from shared.errors import CloudCallError, TransientError
from shared.gateways.bisection import ask
from shared.gateways.ecs import EcsGateway
from shared.model.instance import Instance

GONE_CODE = "InvalidInstanceId.NotFound"
CLASSIC_CODE = "InvalidNetworkType.MismatchRamRole"
DESCRIBE, LOOKUP = "DescribeInstances", "DescribeInstanceRamRole"


class Shown(msgspec.Struct):
    """Instances that ECS shows, by id; an id that is in neither it does not show. unread: ids that it refused, and why."""

    instances: dict[str, Instance] = msgspec.field(default_factory=dict)
    unread: dict[str, CloudCallError] = msgspec.field(default_factory=dict)


class Roles(msgspec.Struct):
    """The role on each instance, "" for none; those that ECS does not show; those that it refused to tell of, and why."""

    held: dict[str, str] = msgspec.field(default_factory=dict)
    not_found: set[str] = msgspec.field(default_factory=set)
    unread: dict[str, CloudCallError] = msgspec.field(default_factory=dict)


def described(ecs: EcsGateway, ids: Sequence[str]) -> Shown:
    """Observe instances without their roles. Raises what is meant for all of them."""
    found = ask(ecs.bisection, DESCRIBE, "", ids, ecs.instances)
    if found.refusals and not found.answers and len({error.code for error in found.errors}) == 1:
        raise found.errors[0]
    answered = {i.instance_id: i for answer in found.answers for i in answer}
    unread = {name: instance.unread for name, instance in answered.items() if instance.unread}
    instances = {name: instance for name, instance in answered.items() if name not in unread}
    return Shown(instances=instances, unread=found.refusals | unread)


def roles_on(ecs: EcsGateway, ids: Sequence[str], doubted: Collection[str] = ()) -> Roles:
    """Read the role on each instance. Raises nothing but Interrupted.

    An instance that is gone and one that has no role are told apart by reading: whether ECS shows it. doubted: those of the
    ids that another call did not find.
    """
    answers = ask(ecs.bisection, LOOKUP, "", ids, ecs.roles)
    found = roles_told(answers.answers)
    unsure = {name for name, error in answers.refusals.items() if error.code == GONE_CODE}
    unsure |= {name for name in doubted if not found.held.get(name)}
    for name, error in answers.refusals.items():
        if error.code == CLASSIC_CODE:
            found.held[name] = ""
        else:
            found.unread[name] = error
    if unsure:
        try:
            shown = described(ecs, sorted(unsure))
        except CloudCallError as error:
            shown = Shown(unread=dict.fromkeys(unsure, error))
        found.not_found = unsure - shown.instances.keys() - shown.unread.keys()
        found.unread = {n: e for n, e in found.unread.items() if n not in found.not_found} | shown.unread
        for name in found.unread.keys() & shown.instances.keys():  # it may be shown there in a moment
            found.unread[name] = _contradicted(found.unread[name])
    for name in ids:
        if name not in found.unread and name not in found.not_found:
            found.held.setdefault(name, "")
    return found


def roles_told(answers: Sequence[Mapping[str, str | CloudCallError]]) -> Roles:
    """Return the roles that answers have, apart from those that cannot be read."""
    found = Roles()
    for name, role in ((name, role) for answer in answers for name, role in answer.items()):
        if isinstance(role, str):
            found.held[name] = role
        else:
            found.unread[name] = role
    return found


def _contradicted(error: CloudCallError) -> CloudCallError:
    if error.code != GONE_CODE:
        return error
    message = f"{error.message}; but {DESCRIBE} shows the instance"
    return TransientError(error.call, error.code, message, error.request_id)
