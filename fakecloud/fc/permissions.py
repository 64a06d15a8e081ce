"""The needs of each FC call in the caller's policies, how FC refuses, and what FC itself may do in a function's role.

Sources: Function Compute, "Policies and sample policies"; "Use function roles to grant Function Compute access to other
Alibaba Cloud services": with a role of its own, a function's logs and destinations go by that role.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fakecloud.errors import CloudError
from fakecloud.fc import routes
from fakecloud.fc.models import Function
from fakecloud.judgements import Judgement, Need, Refused
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

_MNS = re.compile(r"(acs:mns:[^:]*:[^:]*:/(queues|topics)/[^/]+)(/messages)?")


class AccessDenied(Refused):
    code = "AccessDenied"


def needs(call: Call) -> list[Need]:
    """The endpoint's name tells the region; where it does not, it is that of the function."""
    fc = call.cloud.fc
    action, resource = fc.needs(call)
    found = routes.route(call.request)
    if found and found.function and not routes.place(call.request)[1]:
        same = [f for f in fc.functions(call.account) if f.name == found.function]
        resource = resource.replace("acs:fc:*:", f"acs:fc:{same[0].region}:", 1) if same else resource
    return [Need(action, resource)]


def refusal(call: Call, judgement: Judgement) -> CloudError:
    text = f"the caller is not authorized to perform '{judgement.action}' on resource '{judgement.resource}'"
    return AccessDenied(judgement, text)


def may_log(cloud: Cloud, function: Function) -> bool:
    """Return whether FC may write what the function prints to the logstore of its logConfig."""
    where = f"project/{function.log_project}/logstore/{function.log_store}"
    return _may(cloud, function, Need("log:PostLogStoreLogs", f"acs:log:{function.region}:{function.account}:{where}"))


def may_report(cloud: Cloud, function: Function, destination: str) -> bool:
    """Return whether FC may send the outcome of an asynchronous invocation there: a queue, a topic or a function."""
    found = _MNS.fullmatch(destination)
    if found:
        action = "mns:SendMessage" if found[2] == "queues" else "mns:PublishMessage"
        return _may(cloud, function, Need(action, f"{found[1]}/messages"))
    return not destination.startswith("acs:fc:") or _may(cloud, function, Need("fc:InvokeFunction", destination))


def _may(cloud: Cloud, function: Function, need: Need) -> bool:
    """A function without a role goes by FC's service-linked role, which may do all this."""
    switches = cloud.switches
    if switches.permissions == "off" or switches.fc_own_calls == "service-role" or not function.role:
        return True
    try:
        role = cloud.ram.role_of_arn(function.role)
    except ValueError:
        return False
    return role is not None and cloud.judgements.refused(role.identity(function.name), [need]) is None
