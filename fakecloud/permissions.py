"""The check whether the caller may make this call: the one place where the dispatch asks. What each call needs is in each
service's own permissions.py; how policies are read in ram/judge.py.

Off unless the switch `permissions` is "on". The metadata service has no callers with policies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from fakecloud.ecs import permissions as ecs
from fakecloud.errors import CloudError, NotEmulated
from fakecloud.eventbridge import permissions as eventbridge
from fakecloud.fc import permissions as fc
from fakecloud.http import Response
from fakecloud.ims import permissions as ims
from fakecloud.judgements import Judgement, Need
from fakecloud.ram import permissions as ram
from fakecloud.resourcemanager import permissions as resourcemanager
from fakecloud.rpc import COMMON, RpcService, parse
from fakecloud.service import Call, Service
from fakecloud.sls import permissions as sls
from fakecloud.sts import permissions as sts
from fakecloud.tag import permissions as tag

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud


class Rules(Protocol):
    """The contents of a service's permissions.py."""

    def needs(self, call: Call) -> Sequence[Need]:
        """All that the call needs; RPC-style services read it from call.args. Raises CloudError, NotEmulated."""

    def refusal(self, call: Call, judgement: Judgement) -> CloudError | dict[str, Any]:
        """The refusal of the service: an error, or the body of an answer that shows nothing."""


RULES: dict[str, Rules] = {
    "ecs": ecs, "ram": ram, "sts": sts, "sls": sls, "fc": fc, "tag": tag, "eventbridge": eventbridge,
    "ims": ims, "resourcemanager": resourcemanager,
}  # fmt: skip


def check(service: Service, call: Call) -> Response | None:
    """Judge the call by the caller's policies. Raises the service's own error for a refusal.

    None: it may go on. A response: the answer of a call that is refused by showing nothing (DescribeInstances).
    A malformed call is refused as such, before any policy is read. Refused writes are in ActionTrail.
    """
    cloud = call.cloud
    if cloud.switches.permissions == "off" or call.identity.kind == "Account":
        return None
    rules = RULES.get(service.name)
    if rules is None:
        raise NotEmulated(f"the permissions of {service.name}")
    write = False
    if isinstance(service, RpcService):
        action = service.actions.get(call.action)
        if action is None:
            return None  # respond() refuses it loudly
        call.params = {name: value for name, value in call.request.form().items() if name not in COMMON}
        call.args, write = parse(action, call.params), action.write
    try:
        with cloud.lock:
            judgement = cloud.judgements.refused(call.identity, rules.needs(call))
        if judgement is None:
            return None
        refusal = rules.refusal(call, judgement)
        if isinstance(refusal, CloudError):
            raise refusal
        return Response.json({"RequestId": call.request_id, **refusal})
    except CloudError as error:
        if write:
            cloud.trail(call, None, error)
        raise


def used(cloud: Cloud, caller: str = "") -> list[tuple[str, str]]:
    """The requests that were really made and allowed since the reset: (action, resource), each once, in the order first asked.

    caller: only of identities whose ARN begins so, as `acs:ram::ACCOUNT:assumed-role/NAME/`. An account itself is not
    judged and so does not show. Two needs of one call are beside each other.
    """
    allowed = (j for j in cloud.judgements if j.allowed and j.caller.arn.startswith(caller))
    return list(dict.fromkeys((j.action, j.resource) for j in allowed))
