"""Observing: what ECS says of instances and the roles on them, right now. Reads only; decides nothing."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from shared.bisection import may_be_one
from shared.bounds import BOUNDS
from shared.errors import CloudCallError, TransientError
from shared.gateways.ecs import EcsGateway
from shared.model.instance import Instance

_ASIDE = ThreadPoolExecutor(
    4, thread_name_prefix="look"
)  # the process's: a thread anew for each event costs as much as a call
LAST_CALL = {"seconds": float("inf")}
"""How long the process's last DescribeInstances of a look took. Nothing is known of the first: another one goes beside it."""
GONE_CODE = "InvalidInstanceId.NotFound"
CLASSIC_CODE = "InvalidNetworkType.MismatchRamRole"
DESCRIBE, LOOKUP = "DescribeInstances", "DescribeInstanceRamRole"


class Look(msgspec.Struct):
    """What ECS shows of the ids that were asked for; those that are in neither it does not show. unread: why it was refused."""

    shown: dict[str, Instance] = msgspec.field(default_factory=dict)
    unread: dict[str, CloudCallError] = msgspec.field(default_factory=dict)


class Roles(msgspec.Struct):
    """The role on each instance, "" for none; those that ECS does not show; those that it refused to tell of, and why."""

    held: dict[str, str] = msgspec.field(default_factory=dict)
    gone: set[str] = msgspec.field(default_factory=set)
    unread: dict[str, CloudCallError] = msgspec.field(default_factory=dict)


def look(ecs: EcsGateway, ids: Sequence[str]) -> Look:
    """Look at instances by id, each with its role. Raises what is meant for all of them.

    The two describes go out side by side, unless ECS answers at once. An id that is gone, or an instance of the classic
    network, makes ECS refuse the look at all roles: then they are asked for again, for those that are shown and in a VPC.
    """
    pays = LAST_CALL["seconds"] >= BOUNDS.pays_from if BOUNDS.side_by_side is None else BOUNDS.side_by_side
    aside = _ASIDE.submit(ecs.roles, ids) if pays else None
    began = time.monotonic()
    try:
        shown, unread = described(ecs, ids)
        LAST_CALL["seconds"] = time.monotonic() - began
    finally:
        if aside:
            aside.exception()  # waits: an invocation must not end with a call of its own under way
    try:
        roles = _sorted([aside.result() if aside else ecs.roles(ids)])
    except CloudCallError as error:
        alone = len(shown) == len(ids) == 1 and error.code not in (GONE_CODE, CLASSIC_CODE)
        if alone or not may_be_one(error):
            raise
        roles = roles_on(ecs, [name for name, instance in shown.items() if instance.network == "vpc"])
    for name in roles.unread.keys() | roles.gone:
        shown.pop(name, None)
    held = {name: msgspec.structs.replace(i, role=roles.held.get(name, "")) for name, i in shown.items()}
    return Look(shown=held, unread=unread | roles.unread)


def described(ecs: EcsGateway, ids: Sequence[str]) -> tuple[dict[str, Instance], dict[str, CloudCallError]]:
    """Those of the ids that ECS shows, without their roles; and those that it refused, or whose answer cannot be read. Raises what is
    meant for all."""
    found = ecs.bisection.ask(DESCRIBE, "", ids, ecs.instances)
    if found.refused and not found.answers and len({error.code for error in found.errors}) == 1:
        raise found.errors[0]
    answered = {i.instance_id: i for answer in found.answers for i in answer}
    unread = {name: instance.unread for name, instance in answered.items() if instance.unread}
    return {name: instance for name, instance in answered.items() if name not in unread}, found.refused | unread


def roles_on(ecs: EcsGateway, ids: Sequence[str], doubted: Collection[str] = ()) -> Roles:
    """Read the role on each instance. Raises nothing but Interrupted.

    An instance that is gone and one that has no role are told apart by reading: whether ECS shows it. doubted: those of the
    ids that another call did not find.
    """
    answers = ecs.bisection.ask(LOOKUP, "", ids, ecs.roles)
    found = _sorted(answers.answers)
    unsure = {name for name, error in answers.refused.items() if error.code == GONE_CODE}
    unsure |= {name for name in doubted if not found.held.get(name)}
    for name, error in answers.refused.items():
        if error.code == CLASSIC_CODE:
            found.held[name] = ""
        else:
            found.unread[name] = error
    if unsure:
        try:
            shown, refused = described(ecs, sorted(unsure))
        except CloudCallError as error:
            shown, refused = {}, dict.fromkeys(unsure, error)
        found.gone = unsure - shown.keys() - refused.keys()
        found.unread = {n: e for n, e in found.unread.items() if n not in found.gone} | refused
        for name in found.unread.keys() & shown.keys():  # it may be shown there in a moment
            found.unread[name] = _contradicted(found.unread[name])
    for name in ids:
        if name not in found.unread and name not in found.gone:
            found.held.setdefault(name, "")
    return found


def _sorted(answers: Sequence[Mapping[str, str | CloudCallError]]) -> Roles:
    """The roles that answers have, apart from those that cannot be read."""
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
