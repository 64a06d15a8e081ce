"""The needs of each STS call in the caller's policies, and how STS refuses. The trust of the role is judged in models.py.

Source: RAM "How RAM evaluates policies when a role is assumed": the caller's policies and the role's trust must both allow.
"""

from __future__ import annotations

from collections.abc import Callable

from fakecloud.errors import CloudError, NotEmulated
from fakecloud.judgements import Judgement, Need, Refused
from fakecloud.service import Call
from fakecloud.sts import exceptions


class NoPermission(Refused):
    code, message = exceptions.NoPermission.code, exceptions.NoPermission.message


def needs(call: Call) -> list[Need]:
    if call.action not in NEEDS:
        raise NotEmulated(f"the permissions of the STS action {call.action}")
    return NEEDS[call.action](call)


def refusal(call: Call, judgement: Judgement) -> CloudError:
    return NoPermission(judgement)


def _assume(call: Call) -> list[Need]:
    """The role may be of another account. A SourceIdentity needs an action of its own: unverified."""
    try:
        call.cloud.ram.role_of_arn(call.args["RoleArn"])
    except ValueError:
        raise exceptions.InvalidRoleArn() from None
    role = call.args["RoleArn"].lower()
    actions = ["sts:AssumeRole", *(["sts:SetSourceIdentity"] if call.args["SourceIdentity"] else [])]
    return [Need(action, role) for action in actions]


NEEDS: dict[str, Callable[[Call], list[Need]]] = {
    "AssumeRole": _assume,
    "GetCallerIdentity": lambda call: [],  # needs no permission
}
